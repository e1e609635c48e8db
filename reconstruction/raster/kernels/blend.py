"""The picture: each tile's splats, front to back, sixteen pixels at once.

A pixel's transmittance T is kept negative once the pixel is finished. The exponential is exact to 1e-7 without calling
one: alpha >= ALPHA_LEAST bounds log2(alpha) to [-8, 0], so 2**(x / 16) is a polynomial, squared four times.
"""

import numpy as np
from numba import njit
from numba import prange

from reconstruction.raster.base import ALPHA_LEAST
from reconstruction.raster.base import ALPHA_MOST
from reconstruction.raster.base import TRANSMITTANCE_LEAST
from reconstruction.raster.kernels.bin import MARGIN_PX
from reconstruction.raster.kernels.layout import BLUE
from reconstruction.raster.kernels.layout import CONIC_XX
from reconstruction.raster.kernels.layout import CONIC_XY
from reconstruction.raster.kernels.layout import CONIC_YY
from reconstruction.raster.kernels.layout import GREEN
from reconstruction.raster.kernels.layout import HALF_HEIGHT
from reconstruction.raster.kernels.layout import LEVEL
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import RED
from reconstruction.raster.kernels.layout import RUN
from reconstruction.raster.kernels.layout import TILE
from reconstruction.raster.kernels.layout import TILE_HEIGHT
from reconstruction.raster.kernels.layout import TILE_WIDTH
from reconstruction.raster.kernels.layout import X
from reconstruction.raster.kernels.layout import Y
from reconstruction.raster.kernels.layout import scratch
from reconstruction.raster.kernels.simd import JIT
from reconstruction.raster.kernels.simd import PART
from reconstruction.raster.kernels.simd import bits_of
from reconstruction.raster.kernels.simd import load
from reconstruction.raster.kernels.simd import magnitude
from reconstruction.raster.kernels.simd import maximum
from reconstruction.raster.kernels.simd import minimum
from reconstruction.raster.kernels.simd import pick
from reconstruction.raster.kernels.simd import ramp
from reconstruction.raster.kernels.simd import select
from reconstruction.raster.kernels.simd import spread
from reconstruction.raster.kernels.simd import store


LOG2_E = 1.4426950408889634
SQUARINGS = 4
LOWEST = -0.55
"""2**(16 * -0.55) is below ALPHA_LEAST: smaller exponents need not be told apart."""
LOOK_EVERY = 16
"""Splats between two looks at whether a tile is finished."""


def power_of_two_polynomial() -> tuple[float, ...]:
    """c1..c4 of 2**x = 1 + c1 x + ... + c4 x**4 on [LOWEST, 0], of least relative error at Chebyshev nodes."""
    x = LOWEST / 2 * (1 + np.cos(np.pi * (np.arange(400) + 0.5) / 400))
    powers = np.stack([x**k for k in range(1, 5)], axis=1)
    solution = np.linalg.lstsq(powers / 2.0 ** x[:, None], (2.0**x - 1) / 2.0**x, rcond=None)[0]
    return tuple(float(np.float32(value)) for value in solution)


C1, C2, C3, C4 = power_of_two_polynomial()


@njit(inline="always")
def row_terms(drawn, record, left):
    """What a splat gives to every row of a tile: dx, and its exponent as level - dx**2 ..., in sixteenths of a bit."""
    scale = np.float32(LOG2_E / 2**SQUARINGS)
    dx = ramp() + (left + np.float32(0.5) - pick(drawn, record + X))
    across = pick(drawn, record + LEVEL) * np.float32(1 / 2**SQUARINGS) - dx * dx * (
        pick(drawn, record + CONIC_XX) * (scale * np.float32(0.5))
    )
    slant = dx * (pick(drawn, record + CONIC_XY) * scale)
    fall = pick(drawn, record + CONIC_YY) * (scale * np.float32(0.5))
    return dx, across, slant, fall


@njit(inline="always")
def opacity_of_row(across, slant, fall, dy):
    """Opacity times the gaussian in one row, not yet limited to ALPHA_MOST; meaningless below ALPHA_LEAST."""
    x = maximum((across - fall * dy * dy) - slant * dy, LOWEST)
    power = 1.0 + x * (C1 + x * (C2 + x * (C3 + x * C4)))
    power = power * power
    power = power * power
    power = power * power
    return power * power


@njit(inline="always")
def rows_of(drawn, record, top):
    """How far below row 0 of the tile the centre lies, and the first and last row that the splat reaches."""
    centre = pick(drawn, record + Y) - np.float32(0.5) - top
    half = pick(drawn, record + HALF_HEIGHT) + MARGIN_PX
    first = max(0, int(np.ceil(centre - half)))
    last = min(TILE_HEIGHT - 1, int(np.floor(centre + half)))
    return centre, first, last


@njit(inline="always")
def unfinished_rows(tile, alive):
    """Notes which rows still have an unfinished pixel; returns how many."""
    count = 0
    for row in range(TILE_HEIGHT):
        alive[row] = bits_of(load(tile, row * LINE) > 0.0) != 0
        count += alive[row]
    return count


@njit(**PART)
def blend_tile(left, top, first, last, pair_splats, drawn, tile, alive):
    """Blends pairs first..last into ``tile``, planes T, red, green, blue of TILE pixels; returns where it stopped."""
    for pixel in range(0, TILE, LINE):
        store(tile, pixel, spread(1.0))
        store(tile, TILE + pixel, spread(0.0))
        store(tile, 2 * TILE + pixel, spread(0.0))
        store(tile, 3 * TILE + pixel, spread(0.0))
    alive[:] = 1
    for pair in range(first, last):
        if (pair - first) % LOOK_EVERY == LOOK_EVERY - 1 and unfinished_rows(tile, alive) == 0:
            return pair
        record = np.int64(pair_splats[pair]) * LINE
        _, across, slant, fall = row_terms(drawn, record, left)
        centre, first_row, last_row = rows_of(drawn, record, top)
        red, green, blue = pick(drawn, record + RED), pick(drawn, record + GREEN), pick(drawn, record + BLUE)
        for row in range(first_row, last_row + 1):
            if not alive[row]:
                continue
            at = row * LINE
            alpha = minimum(opacity_of_row(across, slant, fall, np.float32(row) - centre), ALPHA_MOST)
            light = load(tile, at)
            reached = alpha >= ALPHA_LEAST
            left_over = light - alpha * light
            weight = alpha * light
            adds = reached & (left_over > TRANSMITTANCE_LEAST)
            weight = select(adds, weight, 0.0)
            store(tile, TILE + at, load(tile, TILE + at) + weight * red)
            store(tile, 2 * TILE + at, load(tile, 2 * TILE + at) + weight * green)
            store(tile, 3 * TILE + at, load(tile, 3 * TILE + at) + weight * blue)
            ends = reached & (left_over <= TRANSMITTANCE_LEAST)
            store(tile, at, select(ends, -magnitude(light), light - weight))
    return last


@njit(inline="always")
def spread_run(nth, runs):
    """A permutation of runs of tiles that gives every thread's share some of the sky and some of the ground."""
    half = (runs + 1) // 2
    return 2 * nth if nth < half else 2 * (nth - half) + 1


@njit(inline="always")
def store_tile(tile, left, top, width, plane, background, picture, light):
    """A blended tile's planes into the picture, over the background."""
    for line in range(TILE_HEIGHT):
        rest = magnitude(load(tile, line * LINE))
        at = (top + line) * width + left
        store(light, at, rest)
        for channel in range(3):
            colour = load(tile, (1 + channel) * TILE + line * LINE)
            store(picture, channel * plane + at, colour + rest * background[channel])


@njit(parallel=True, **JIT)
def blend(tile_starts, pair_splats, drawn, columns, rows, background, picture, light, stops):
    """Draws all tiles.

    picture (3 planes, rows * TILE_HEIGHT, columns * TILE_WIDTH) flat, over ``background`` (3,).
    light   one such plane: the transmittance left over.
    stops   (tiles,): the first pair of each tile that was not looked at.
    """
    width, tiles = columns * TILE_WIDTH, columns * rows
    plane = rows * TILE_HEIGHT * width
    runs = (tiles + RUN - 1) // RUN
    for nth in prange(runs):
        room = scratch(4 * TILE // LINE)
        alive = np.empty(TILE_HEIGHT, np.uint8)
        start = spread_run(nth, runs) * RUN
        for tile in range(start, min(start + RUN, tiles)):
            left, top = tile % columns * TILE_WIDTH, tile // columns * TILE_HEIGHT
            first, last = tile_starts[tile], tile_starts[tile + 1]
            stops[tile] = blend_tile(np.float32(left), np.float32(top), first, last, pair_splats, drawn, room, alive)
            store_tile(room, left, top, width, plane, background, picture, light)
