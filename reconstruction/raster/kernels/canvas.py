"""Canvas: the buffers between the kernels, and their order."""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from reconstruction.camera import Camera
from reconstruction.raster.kernels.bin import depth_order
from reconstruction.raster.kernels.bin import running_sum
from reconstruction.raster.kernels.bin import scatter
from reconstruction.raster.kernels.bin import span_tiles
from reconstruction.raster.kernels.blend import blend
from reconstruction.raster.kernels.blend_backward import blend_backward
from reconstruction.raster.kernels.layout import DEPTH
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import RED
from reconstruction.raster.kernels.layout import TILE_HEIGHT
from reconstruction.raster.kernels.layout import TILE_WIDTH
from reconstruction.raster.kernels.layout import Floats
from reconstruction.raster.kernels.layout import Lens
from reconstruction.raster.kernels.layout import aligned_zeros
from reconstruction.raster.kernels.layout import lens_of
from reconstruction.raster.kernels.project import project


Integers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture's tiles; its planes are as large as the tiles together."""

    size_px: tuple[int, int]
    """(width, height) of the picture itself"""

    @property
    def columns(self) -> int:
        return -(-self.size_px[0] // TILE_WIDTH)

    @property
    def rows(self) -> int:
        return -(-self.size_px[1] // TILE_HEIGHT)

    @property
    def tiles(self) -> int:
        return self.columns * self.rows

    @property
    def plane_shape(self) -> tuple[int, int]:
        """(height, width) with the margin"""
        return self.rows * TILE_HEIGHT, self.columns * TILE_WIDTH

    def planes(self, count: int) -> Floats:
        """So many zero planes, flat."""
        height, width = self.plane_shape
        return aligned_zeros(count * height * width // LINE)

    def cropped(self, planes: Floats) -> Floats:
        """Flat planes as pictures (planes, height, width) without the margin; a view."""
        width, height = self.size_px
        return planes.reshape(-1, *self.plane_shape)[:, :height, :width]


class Canvas:
    """Draws splats of one size of picture and one number of splats, and goes back; buffers live between calls."""

    def __init__(self, size_px: tuple[int, int], count: int) -> None:
        self.grid = Grid(size_px)
        self.count = count
        self.picture = self.grid.planes(3)
        """Drawn by ``draw``: planes of red, green, blue"""
        self.light = self.grid.planes(1)
        """Drawn by ``draw``: transmittance left over"""
        self.by_picture = self.grid.planes(3)
        """The loss's gradient by ``picture``, for ``go_back``; the margin must stay 0"""
        self.by_light = self.grid.planes(1)
        self.drawn = aligned_zeros(count)
        """Lines of the splats in the image; meaningless where ``boxes`` is 0"""
        self.boxes = np.zeros(count, np.int32)
        """0: not drawn"""
        self.slot_starts = np.zeros(count + 1, np.int64)
        self.sums = aligned_zeros(0)
        self.lens: Lens | None = None
        self._box_starts = np.zeros(count + 1, np.int64)
        self._touched = np.zeros(count, np.int32)
        self._tiles = np.zeros(0, np.int32)
        self.pair_splats = np.zeros(0, np.int32)
        self._pair_slots = np.zeros(0, np.int32)
        self.tile_starts = np.zeros(self.grid.tiles + 1, np.int32)
        self._stops = np.zeros(self.grid.tiles, np.int32)

    def draw(self, rows: Floats, camera: Camera, degree: int, background: Floats) -> None:
        """Fills ``picture`` and ``light``. rows (N, stride * 16); colours up to ``degree``; background (3,)."""
        self.place(rows, camera, degree)
        self.blend(self.drawn, background)

    def place(self, rows: Floats, camera: Camera, degree: int) -> None:
        """Projects the splats and sorts them into tiles."""
        self.lens = lens_of(camera)
        project(self.lens, degree, rows.reshape(-1), rows.shape[1] // LINE, self.count, self.drawn, self.boxes)
        self._tiles = _at_least(self._tiles, running_sum(self.boxes, self._box_starts))
        span_tiles(self.drawn, self.lens, self.grid.columns, self.boxes, self._box_starts, self._tiles, self._touched)
        pairs = running_sum(self._touched, self.slot_starts)
        self.pair_splats = _at_least(self.pair_splats, pairs)
        self._pair_slots = _at_least(self._pair_slots, pairs)
        scatter(
            numba.get_num_threads(),  # of no influence on the result
            depth_order(self.drawn, self._touched),
            self._touched,
            self._box_starts,
            self.slot_starts,
            self._tiles,
            self.grid.tiles,
            self.tile_starts,
            self.pair_splats,
            self._pair_slots,
        )

    def blend(self, drawn: Floats, background: Floats) -> None:
        """Fills ``picture`` and ``light`` with splats placed before; ``drawn`` may carry other colours."""
        blend(
            self.tile_starts,
            self.pair_splats,
            drawn,
            self.grid.columns,
            self.grid.rows,
            background,
            self.picture,
            self.light,
            self._stops,
        )

    def go_back(self, drawn: Floats) -> None:
        """Fills ``sums`` from ``by_picture`` and ``by_light``; ``drawn`` as it was blended last."""
        if len(self.sums) < self.pairs * LINE:
            self.sums = aligned_zeros(int(self.pairs * 1.25))
        blend_backward(
            self.tile_starts,
            self.pair_splats,
            self._pair_slots,
            drawn,
            self.grid.columns,
            self.grid.rows,
            self.picture,
            self.light,
            self._stops,
            self.by_picture,
            self.by_light,
            self.sums,
        )

    @property
    def pairs(self) -> int:
        """How many (tile, splat) pairs the last ``place`` found."""
        return int(self.slot_starts[-1])

    def depth_as_colour(self) -> Floats:
        """The drawn lines with the depth in the place of all colours: blending them gives the depth picture."""
        painted = aligned_zeros(self.count)
        painted[:] = self.drawn
        lines = painted.reshape(-1, LINE)
        lines[:, RED : RED + 3] = lines[:, DEPTH : DEPTH + 1]
        return painted


def _at_least(array: Integers, count: np.integer | int) -> Integers:
    """An array with room for so many, its content lost when it must grow."""
    return array if len(array) >= count else np.zeros(int(1.25 * count), np.int32)
