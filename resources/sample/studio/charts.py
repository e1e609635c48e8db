"""Charts: little pictures laid over the faces of all solids, on which light is stored."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from resources.sample.studio.noise import Colour
from resources.sample.studio.rays import Vector
from resources.sample.studio.solids import Columns
from resources.sample.studio.solids import Floats
from resources.sample.studio.solids import Integers
from resources.sample.studio.solids import Shape
from resources.sample.studio.solids import Solid


BOX = int(Shape.BOX)
FRUSTUM = int(Shape.FRUSTUM)


class Charts(NamedTuple):
    """The little pictures of light."""

    starts: Integers
    """(n, 6) the first texel of each face of each solid"""
    sizes: Integers
    """(n, 6, 2) columns, rows"""


def lay_charts(solids: list[Solid], coarser: float) -> tuple[Charts, Integers]:
    """Charts for all faces, and of each texel (t, 4) its solid, face, column and row."""
    starts = np.zeros((len(solids), 6), np.int64)
    sizes = np.ones((len(solids), 6, 2), np.int64)
    texels: list[Integers] = []
    count = 0
    for index, solid in enumerate(solids):
        for face in range(6):
            lengths = _face_lengths(solid, face) / (solid.finish.texel_m * coarser)
            columns, rows = np.clip(np.ceil(lengths), 2, 2000).astype(int)
            starts[index, face], sizes[index, face] = count, (columns, rows)
            grid = np.mgrid[index : index + 1, face : face + 1, 0:rows, 0:columns].reshape(4, -1)
            texels.append(grid[[0, 1, 3, 2]].T)
            count += columns * rows
    return Charts(starts, sizes), np.concatenate(texels)


def _face_lengths(solid: Solid, face: int) -> Floats:
    across, up = ((1, 2), (0, 2), (0, 1))[face // 2]
    lengths = 2 * solid.half_sizes[[across, up]]
    if solid.shape != Shape.FRUSTUM or face > 3:
        return lengths * max(1.0, solid.taper)
    if face > 0:
        return np.zeros(2)
    girth = math.pi * 2 * solid.half_sizes[0] * max(1.0, solid.taper)
    return np.array([girth, 2 * solid.half_sizes[2]])


@njit(cache=True, error_model="numpy")
def irradiance(solids: Columns, charts: Charts, light: Floats, solid: int, local: Vector, face: int) -> Colour:
    """The stored light at a point of a surface, between its four nearest texels. ``light``: (t, 3)."""
    u, v = _chart_point(solids, solid, local, face)
    columns, rows = charts.sizes[solid, face, 0], charts.sizes[solid, face, 1]
    x, y = u * columns - 0.5, v * rows - 0.5
    i, j = math.floor(x), math.floor(y)
    f, g = x - i, y - j
    j0, j1 = min(max(j, 0), rows - 1), min(max(j + 1, 0), rows - 1)
    i0, i1 = min(max(i, 0), columns - 1), min(max(i + 1, 0), columns - 1)
    if face == 0 and solids.shapes[solid] == FRUSTUM:
        i0, i1 = i % columns, (i + 1) % columns
    start = charts.starts[solid, face]
    a, b = start + j0 * columns + i0, start + j0 * columns + i1
    c, d = start + j1 * columns + i0, start + j1 * columns + i1
    wa, wb, wc, wd = (1 - f) * (1 - g), f * (1 - g), (1 - f) * g, f * g
    return (
        wa * light[a, 0] + wb * light[b, 0] + wc * light[c, 0] + wd * light[d, 0],
        wa * light[a, 1] + wb * light[b, 1] + wc * light[c, 1] + wd * light[d, 1],
        wa * light[a, 2] + wb * light[b, 2] + wc * light[c, 2] + wd * light[d, 2],
    )


@njit(cache=True, error_model="numpy")
def _chart_point(solids: Columns, solid: int, local: Vector, face: int) -> tuple[float, float]:
    """Where (u, v) in [0, 1] a local point lies on its chart: a cube around bodies, a band around frustums."""
    x, y, z = local
    if solids.shapes[solid] == FRUSTUM:
        if face == 0:
            return math.atan2(y, x) / (2 * math.pi) + 0.5, (z + 1) / 2
        wide = max(1.0, solids.tapers[solid])
        return (x / wide + 1) / 2, (y / wide + 1) / 2
    largest = max(abs(x), abs(y), abs(z))
    if face < 2:
        return (y / largest + 1) / 2, (z / largest + 1) / 2
    if face < 4:
        return (x / largest + 1) / 2, (z / largest + 1) / 2
    return (x / largest + 1) / 2, (y / largest + 1) / 2


@njit(cache=True, error_model="numpy")
def surface_point(solids: Columns, solid: int, face: int, u: float, v: float) -> Vector:
    """The local point of a place on a chart: turns `_chart_point` round."""
    side = 2.0 * (face % 2) - 1.0
    a, b = 2 * u - 1, 2 * v - 1
    if solids.shapes[solid] == FRUSTUM:
        taper = solids.tapers[solid]
        if face == 0:
            radius = (1 + taper) / 2 + (taper - 1) / 2 * b
            return -radius * math.cos(2 * math.pi * u), -radius * math.sin(2 * math.pi * u), b
        radius = taper if face == 5 else 1.0
        a, b = a * max(1.0, taper), b * max(1.0, taper)
        inward = min(1.0, 0.999 * radius / math.sqrt(a * a + b * b + 1e-12))
        return a * inward, b * inward, side
    x, y, z = side, a, b
    if face > 3:
        x, y, z = a, b, side
    elif face > 1:
        x, y, z = a, side, b
    if solids.shapes[solid] == BOX:
        return x, y, z
    length = math.sqrt(x * x + y * y + z * z)
    return x / length, y / length, z / length
