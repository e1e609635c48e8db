"""Whatever a file holds - gray, CMYK, palette, 16 bit, wide gamut, alpha - as 8-bit sRGB and a mask."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL import ImageCms

from reconstruction.frames.picture import Picture
from reconstruction.frames.picture import Pixels


OPAQUE = 128
"""From this alpha on a pixel counts as seen."""


def to_picture(image: Image.Image) -> Picture:
    """The pixels of a loaded image; a partly transparent one is laid on black and gets a mask.

    Gray, palette and alpha as Pillow defines them; 16-bit gray is scaled by 1/257, CMYK goes through its profile where
    it has one. Wide-gamut RGB is left as it is for ``to_srgb``, which is cheaper once the picture is small.
    Raises ValueError for what has no place between black and white (floating-point pixels).
    """
    if image.mode.startswith("I"):
        gray = _eight_bits(np.asarray(image))
        return Picture(np.repeat(gray[..., None], 3, axis=2))
    if image.mode == "F":
        raise ValueError("pixels are floating-point numbers")
    if image.mode == "CMYK":
        return Picture(np.asarray(_from_cmyk(image)))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _on_black(np.asarray(image.convert("RGBA")))
    return Picture(np.asarray(image.convert("RGB")))


def to_srgb(rgb: Pixels, profile: bytes) -> Pixels:
    """The same colours in sRGB; unchanged where the profile is broken or not one of RGB."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            Image.fromarray(rgb), source, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except (ImageCms.PyCMSError, OSError):
        return rgb
    return rgb if converted is None else np.asarray(converted)


def is_srgb(profile: bytes) -> bool:
    """Whether an ICC profile says that it is sRGB, or says nothing that can be read."""
    try:
        return "srgb" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).lower()
    except (ImageCms.PyCMSError, OSError):
        return True


def _eight_bits(gray: NDArray[np.generic]) -> Pixels:
    """From 16-bit gray; Pillow also hands out 16-bit files as 32-bit integers."""
    values = np.clip(gray.astype(np.int64), 0, 65535)
    return ((values + 128) // 257).astype(np.uint8)


def _from_cmyk(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")


def _on_black(rgba: Pixels) -> Picture:
    alpha = rgba[..., 3]
    # Some programs write an alpha of nothing but zeros and mean nothing by it.
    if alpha.min() == 255 or alpha.max() == 0:
        return Picture(np.ascontiguousarray(rgba[..., :3]))
    weighted = rgba[..., :3].astype(np.uint16) * alpha[..., None]
    mask = np.where(alpha >= OPAQUE, 255, 0).astype(np.uint8)
    return Picture(((weighted + 127) // 255).astype(np.uint8), mask)
