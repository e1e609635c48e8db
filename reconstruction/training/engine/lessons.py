"""What the CPU engine keeps of each photo between the steps that learn from it."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from reconstruction.raster.kernels.canvas import Grid
from reconstruction.raster.kernels.layout import Floats
from reconstruction.raster.kernels.ssim import photo_statistics
from reconstruction.training.engine.base import View


MOST_BYTES = 1 << 30
"""Kept in all; beyond it, what was not used for longest is made anew when its turn comes."""


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
    """Lessons by view and size, the least recently used ones dropped beyond MOST_BYTES."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, tuple[int, int]], Lesson] = OrderedDict()
        self._bytes = 0

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def of(self, view: View, grid: Grid) -> Lesson:
        key = (view.name, grid.size_px)
        lesson = self._kept.pop(key, None)
        if lesson is None:
            lesson = lesson_of(view, grid)
            self._bytes += lesson.size_bytes
        self._kept[key] = lesson
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.size_bytes
        return lesson
