"""What the CPU engine keeps of each photo between the steps that learn from it."""

from dataclasses import dataclass

import numpy as np

from reconstruction.raster.kernels.canvas import Grid
from reconstruction.raster.kernels.layout import Floats
from reconstruction.raster.kernels.ssim import photo_statistics
from reconstruction.training.engine.base import View
from reconstruction.training.shelf import Shelf


MOST_BYTES = 1 << 30
"""Kept in all; what does not fit is made anew whenever its turn comes."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A photo as the loss kernel wants it: flat planes with the grid's margin."""

    photo: Floats
    """red, green, blue in 0..1; margin 0"""
    mean: Floats
    """filtered with SSIM's window, like the variance"""
    variance: Floats
    taught: Floats | None
    """One plane: 1 where a pixel teaches, 0 where it is masked; None: all do"""

    @property
    def size_bytes(self) -> int:
        return 3 * self.photo.nbytes + (self.taught.nbytes if self.taught is not None else 0)


def lesson_of(view: View, grid: Grid) -> Lesson:
    photo, mean, variance = grid.planes(3), grid.planes(3), grid.planes(3)
    grid.cropped(photo)[:] = view.pixels.transpose(2, 0, 1) * np.float32(1 / 255)
    height, width = grid.plane_shape
    photo_statistics(photo, grid.size_px[1], height, width, mean, variance)
    taught = None
    if view.mask is not None:
        taught = grid.planes(1)
        grid.cropped(taught)[0] = view.mask
    return Lesson(photo, mean, variance, taught)


class Lessons:
    """The lesson of each view, kept while there is room."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._kept: Shelf[Lesson] = Shelf(most_bytes)

    def of(self, view: View, grid: Grid) -> Lesson:
        return self._kept.of(view.name, grid.size_px, lambda: lesson_of(view, grid))
