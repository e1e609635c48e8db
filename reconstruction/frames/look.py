"""Look: what a picture shows from afar, enough to tell whether it is blurred or the twin of another."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reconstruction.camera import fit
from reconstruction.frames.picture import Pixels


FINE_LONG_SIDE_PX = 640
COARSE_LONG_SIDES_PX = (160, 40)
TWIN_LONG_SIDE_PX = 240


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    gray: Pixels
    """(h, w) uint8, long side 240 px"""
    sharpness: float
    """Variance of the Laplacian at 640 px: Pech-Pacheco et al. 2000, 'Diatom autofocusing in brightfield microscopy'"""
    coarse: tuple[float, ...]
    """The same at 160 and 40 px, where only heavy blur is felt"""
    edge: float
    """The strongest edges at 640 px: what one thousandth of the Laplacian's magnitudes exceeds"""


def look_at(rgb: Pixels) -> Look:
    """rgb (h, w, 3) uint8 of any size; a picture smaller than 640 px is measured as it is."""
    gray = shrunk(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8), FINE_LONG_SIDE_PX)
    detail = cv2.Laplacian(gray, cv2.CV_32F)
    return Look(
        gray=shrunk(gray, TWIN_LONG_SIDE_PX),
        sharpness=float(detail.var()),
        coarse=tuple(sharpness_of(shrunk(gray, long_side_px)) for long_side_px in COARSE_LONG_SIDES_PX),
        edge=_highest_thousandth(np.abs(detail)),
    )


def sharpness_of(gray: Pixels) -> float:
    """Variance of the Laplacian of a gray picture (h, w) uint8; comparable between pictures of one size."""
    return float(cv2.Laplacian(gray, cv2.CV_32F).var())


def shrunk(gray: Pixels, long_side_px: int) -> Pixels:
    height, width = gray.shape
    return np.asarray(cv2.resize(gray, fit((width, height), long_side_px), interpolation=cv2.INTER_AREA), np.uint8)


def _highest_thousandth(values: NDArray[np.float32]) -> float:
    flat = values.ravel()
    at = flat.size - 1 - flat.size // 1000
    return float(np.partition(flat, at)[at])
