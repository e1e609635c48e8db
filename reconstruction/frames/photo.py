"""One photo from the disk: decoded without mercy, upright, in sRGB, no larger than needed."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL import UnidentifiedImageError

from reconstruction.camera import fit
from reconstruction.frames.colour import is_srgb
from reconstruction.frames.colour import to_picture
from reconstruction.frames.colour import to_srgb
from reconstruction.frames.exif import Shot
from reconstruction.frames.exif import read_orientation
from reconstruction.frames.exif import read_shot
from reconstruction.frames.jpeg import without_metadata
from reconstruction.frames.picture import Picture
from reconstruction.frames.unusable import Unusable


SMALLEST_SIDE_PX = 64
LARGEST_ASPECT = 20
"""Beyond these SIFT's native code has crashed instead of answering (shared facts: a 4000 x 1 picture)."""

_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise on files that are not what they should be."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """One photo, ready to be written as a frame."""

    picture: Picture
    shot: Shot
    full_size_px: tuple[int, int]
    """(width, height), upright, as the camera stored it"""
    jpeg: bytes | None
    """The picture as an untouched JPEG stream, where the file is one that needs neither turning nor scaling."""


def read_photo(path: Path, long_side_px: int) -> Photo:
    """The photo at ``path``, at most that large. Raises Unusable."""
    with _opened(path) as image:
        _check_shape(*image.size)
        full_size_px = image.size
        # JPEG decodes straight to 1/2, 1/4 or 1/8, never below the size asked for: much faster for large photos.
        image.draft(None, fit(full_size_px, long_side_px))
        picture = _loaded(image)
        # Only now: PNG may carry its EXIF behind the pixels, and Pillow turns TIFF itself and takes the tag away.
        shot, orientation = read_shot(image), read_orientation(image)
        if image.format == "TIFF":
            full_size_px = image.size
        profile = _wide_profile(image)
        is_plain_jpeg = image.format == "JPEG" and image.mode == "RGB" and not profile and orientation == 1
    if is_plain_jpeg and max(full_size_px) <= long_side_px:
        return Photo(picture, shot, full_size_px, _picture_only(path))
    picture = picture.scaled(fit(full_size_px, long_side_px)).turned(orientation)
    if profile:
        picture = Picture(to_srgb(picture.rgb, profile), picture.mask)
    return Photo(picture, shot, _upright(full_size_px, orientation), None)


def _upright(size_px: tuple[int, int], orientation: int) -> tuple[int, int]:
    return size_px if orientation < 5 else (size_px[1], size_px[0])


def _opened(path: Path) -> Image.Image:
    try:
        if path.stat().st_size == 0:
            raise Unusable("unreadable", "the file is empty")
        return Image.open(path)
    except UnidentifiedImageError:
        raise Unusable("unreadable", "it is not a picture, whatever its name says") from None
    except Image.DecompressionBombError:
        raise Unusable("unreadable", f"it is larger than {_most_megapixels()} megapixels") from None
    except _DECODER_ERRORS as error:
        raise Unusable("unreadable", _reason(error)) from error


def _check_shape(width: int, height: int) -> None:
    if min(width, height) < SMALLEST_SIDE_PX:
        raise Unusable("unsuitable", f"{width} x {height} pixels are too few")
    if max(width, height) > LARGEST_ASPECT * min(width, height):
        raise Unusable("unsuitable", f"{width} x {height} pixels are too narrow a strip")


def _loaded(image: Image.Image) -> Picture:
    try:
        image.load()
        return to_picture(image)
    except _DECODER_ERRORS as error:
        raise Unusable("damaged", _reason(error)) from error


def _wide_profile(image: Image.Image) -> bytes | None:
    """The colour profile of an RGB photo that is not in sRGB."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "P") or is_srgb(profile):
        return None
    return profile


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if "truncated" in str(error):
        return "the file is cut off"
    return str(error) or type(error).__name__


def _most_megapixels() -> int:
    """Pillow refuses above twice its limit, where a small file could fill the memory."""
    return round(2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6)


def _picture_only(path: Path) -> bytes | None:
    try:
        return without_metadata(path.read_bytes())
    except ValueError:
        return None
