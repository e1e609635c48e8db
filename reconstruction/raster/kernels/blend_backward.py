"""The gradient of a picture's loss by each splat's place, shape, opacity and colour in the image.

Front to back once more. Of what lies behind a splat only one number a pixel is needed: S, the loss's gradient times
the colour still to come; with w the gradient times the splat's colour, dL/dalpha = T w - S / (1 - alpha). No lists per
pixel, no division to win T back. Each (tile, splat) pair sums over its pixels into a line of its own: no atomics.
"""

import numpy as np
from numba import njit
from numba import prange

from reconstruction.raster.base import ALPHA_LEAST
from reconstruction.raster.base import ALPHA_MOST
from reconstruction.raster.base import TRANSMITTANCE_LEAST
from reconstruction.raster.kernels.blend import LOOK_EVERY
from reconstruction.raster.kernels.blend import opacity_of_row
from reconstruction.raster.kernels.blend import row_terms
from reconstruction.raster.kernels.blend import rows_of
from reconstruction.raster.kernels.blend import spread_run
from reconstruction.raster.kernels.blend import unfinished_rows
from reconstruction.raster.kernels.layout import BLUE
from reconstruction.raster.kernels.layout import GREEN
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import RED
from reconstruction.raster.kernels.layout import RUN
from reconstruction.raster.kernels.layout import TILE
from reconstruction.raster.kernels.layout import TILE_HEIGHT
from reconstruction.raster.kernels.layout import TILE_WIDTH
from reconstruction.raster.kernels.layout import scratch
from reconstruction.raster.kernels.simd import JIT
from reconstruction.raster.kernels.simd import PART
from reconstruction.raster.kernels.simd import load
from reconstruction.raster.kernels.simd import magnitude
from reconstruction.raster.kernels.simd import minimum
from reconstruction.raster.kernels.simd import pick
from reconstruction.raster.kernels.simd import select
from reconstruction.raster.kernels.simd import spread
from reconstruction.raster.kernels.simd import store
from reconstruction.raster.kernels.simd import sums_of_nine


@njit(**PART)
def sum_pair(record, left, top, drawn, tile, alive, sums, place):
    """One pair: goes over its rows and writes its gradient sums to line ``place`` of ``sums``.

    tile: planes T, S and the loss's gradient by red, green, blue.
    """
    dx, across, slant, fall = row_terms(drawn, record, left)
    centre, first_row, last_row = rows_of(drawn, record, top)
    red, green, blue = pick(drawn, record + RED), pick(drawn, record + GREEN), pick(drawn, record + BLUE)
    sum_, sum_y, sum_yy = spread(0.0), spread(0.0), spread(0.0)
    sum_red, sum_green, sum_blue = spread(0.0), spread(0.0), spread(0.0)
    for row in range(first_row, last_row + 1):
        if not alive[row]:
            continue
        at = row * LINE
        dy = np.float32(row) - centre
        opacity = opacity_of_row(across, slant, fall, dy)
        alpha = minimum(opacity, ALPHA_MOST)
        light = load(tile, at)
        reached = alpha >= ALPHA_LEAST
        left_over = light - alpha * light
        adds = reached & (left_over > TRANSMITTANCE_LEAST)
        weight = select(adds, alpha * light, 0.0)
        by_red, by_green, by_blue = load(tile, 2 * TILE + at), load(tile, 3 * TILE + at), load(tile, 4 * TILE + at)
        towards = by_red * red + by_green * green + by_blue * blue
        behind = load(tile, TILE + at) - weight * towards
        store(tile, TILE + at, behind)
        # by the exponent sigma of alpha = opacity * exp(-sigma): -alpha * dL/dalpha
        change = alpha * (behind / (1.0 - alpha) - light * towards)
        change = select(adds & (opacity <= ALPHA_MOST), change, 0.0)
        sum_ = sum_ + change
        sum_y = sum_y + change * dy
        sum_yy = sum_yy + change * (dy * dy)
        sum_red = sum_red + weight * by_red
        sum_green = sum_green + weight * by_green
        sum_blue = sum_blue + weight * by_blue
        ends = reached & (left_over <= TRANSMITTANCE_LEAST)
        store(tile, at, select(ends, -magnitude(light), light - weight))
    sum_x = sum_ * dx
    line = sums_of_nine(sum_, sum_x, sum_y, sum_x * dx, sum_y * dx, sum_yy, sum_red, sum_green, sum_blue)
    store(sums, place * LINE, line)


@njit(inline="always")
def load_tile(left, top, width, plane, picture, light, by_picture, by_light, tile):
    """Fills a tile's planes T = 1, S = what the whole pixel gives, and the loss's gradient."""
    for row in range(TILE_HEIGHT):
        at = (top + row) * width + left
        whole = load(by_light, at) * load(light, at)
        for channel in range(3):
            gradient = load(by_picture, channel * plane + at)
            whole = whole + gradient * load(picture, channel * plane + at)
            store(tile, (2 + channel) * TILE + row * LINE, gradient)
        store(tile, row * LINE, spread(1.0))
        store(tile, TILE + row * LINE, whole)


@njit(**PART)
def go_back_tile(left, top, first, last, pair_splats, pair_slots, drawn, tile, alive, sums):
    """Sums of the pairs first..last, which are all that were looked at when the tile was blended."""
    alive[:] = 1
    for pair in range(first, last):
        if (pair - first) % LOOK_EVERY == LOOK_EVERY - 1:
            unfinished_rows(tile, alive)
        record = np.int64(pair_splats[pair]) * LINE
        sum_pair(record, left, top, drawn, tile, alive, sums, np.int64(pair_slots[pair]))


@njit(parallel=True, **JIT)
def blend_backward(
    tile_starts, pair_splats, pair_slots, drawn, columns, rows, picture, light, stops, by_picture, by_light, sums
):
    """Writes one line of ``sums`` for every pair: sums over its pixels, in the order SUM ... SUM_BLUE of ``layout``.

    picture, light, stops as ``blend`` left them; by_picture, by_light: the loss's gradient by them, 0 in the margin.
    """
    width, tiles = columns * TILE_WIDTH, columns * rows
    plane = rows * TILE_HEIGHT * width
    runs = (tiles + RUN - 1) // RUN
    for nth in prange(runs):
        room = scratch(5 * TILE // LINE)
        alive = np.empty(TILE_HEIGHT, np.uint8)
        start = spread_run(nth, runs) * RUN
        for tile in range(start, min(start + RUN, tiles)):
            left, top = tile % columns * TILE_WIDTH, tile // columns * TILE_HEIGHT
            load_tile(left, top, width, plane, picture, light, by_picture, by_light, room)
            go_back_tile(
                np.float32(left),
                np.float32(top),
                tile_starts[tile],
                stops[tile],
                pair_splats,
                pair_slots,
                drawn,
                room,
                alive,
                sums,
            )
            for pair in range(stops[tile], tile_starts[tile + 1]):
                store(sums, np.int64(pair_slots[pair]) * LINE, spread(0.0))
