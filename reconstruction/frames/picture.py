"""Picture: upright 8-bit sRGB pixels, and where they are to be ignored."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reconstruction.durable import write_whole


Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """rgb (h, w, 3) uint8 sRGB; mask (h, w) uint8, 0 where the pixel is to be ignored and 255 elsewhere, or None."""

    rgb: Pixels
    mask: Pixels | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        height, width = self.rgb.shape[:2]
        return width, height

    def scaled(self, size_px: tuple[int, int]) -> "Picture":
        if size_px == self.size_px:
            return self
        mask = None if self.mask is None else _resized(self.mask, size_px)
        # A pixel half of which is to be ignored would carry the hidden colour into the frame.
        return Picture(_resized(self.rgb, size_px), None if mask is None else np.where(mask == 255, mask, 0))

    def turned(self, orientation: int) -> "Picture":
        """Upright, from a picture stored in that EXIF orientation (1..8)."""
        return Picture(_turned(self.rgb, orientation), None if self.mask is None else _turned(self.mask, orientation))


def write_jpeg(path: Path, picture: Picture, quality: int) -> None:
    """Whole or not there. Colour is kept at full resolution: what is trained on should not be smeared."""
    bgr = cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2BGR)
    sampling = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    encoded = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, quality, *sampling))[1]
    write_whole(path, encoded.tobytes())


def write_mask(path: Path, mask: Pixels) -> None:
    encoded = cv2.imencode(".png", mask)[1]
    write_whole(path, encoded.tobytes())


def _resized(pixels: Pixels, size_px: tuple[int, int]) -> Pixels:
    return np.asarray(cv2.resize(pixels, size_px, interpolation=cv2.INTER_AREA), np.uint8)


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """EXIF 2.32, tag Orientation: which side of the scene the stored first row and first column are."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
