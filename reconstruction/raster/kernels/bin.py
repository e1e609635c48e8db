"""Which tiles each splat touches, and each tile's splats from front to back.

The spans are exact: a tile is listed where the ellipse alpha = ALPHA_LEAST reaches one of its pixel centres, give or
take MARGIN_PX. They are computed once, in ``span_tiles``; everything after counts what was written there.
"""

import numpy as np
from numba import njit
from numba import prange

from reconstruction.raster.kernels.layout import CHUNK
from reconstruction.raster.kernels.layout import CONIC_XX
from reconstruction.raster.kernels.layout import CONIC_XY
from reconstruction.raster.kernels.layout import CONIC_YY
from reconstruction.raster.kernels.layout import DEPTH
from reconstruction.raster.kernels.layout import HALF_HEIGHT
from reconstruction.raster.kernels.layout import HALF_WIDTH
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import REACH
from reconstruction.raster.kernels.layout import TILE_HEIGHT
from reconstruction.raster.kernels.layout import TILE_WIDTH
from reconstruction.raster.kernels.layout import X
from reconstruction.raster.kernels.layout import Y
from reconstruction.raster.kernels.layout import scratch
from reconstruction.raster.kernels.simd import JIT
from reconstruction.raster.kernels.simd import PART
from reconstruction.raster.kernels.simd import ceil
from reconstruction.raster.kernels.simd import floor
from reconstruction.raster.kernels.simd import maximum
from reconstruction.raster.kernels.simd import minimum
from reconstruction.raster.kernels.simd import pick
from reconstruction.raster.kernels.simd import ramp
from reconstruction.raster.kernels.simd import root
from reconstruction.raster.kernels.simd import select
from reconstruction.raster.kernels.simd import spread
from reconstruction.raster.kernels.simd import store


MARGIN_PX = np.float32(2e-3)
"""Rounding must not lose a pixel at the rim: the ellipse is taken so much larger."""
DIGIT_BITS = 11
DIGITS = 1 << DIGIT_BITS


@njit(inline="always")
def tile_box(drawn, record, lens):
    """First and last column, first and last row of tiles in the box of a drawn splat; empty: last < first."""
    left = pick(drawn, record + X) - pick(drawn, record + HALF_WIDTH) - MARGIN_PX
    right = pick(drawn, record + X) + pick(drawn, record + HALF_WIDTH) + MARGIN_PX
    top = pick(drawn, record + Y) - pick(drawn, record + HALF_HEIGHT) - MARGIN_PX
    bottom = pick(drawn, record + Y) + pick(drawn, record + HALF_HEIGHT) + MARGIN_PX
    half = np.float32(0.5)
    left = max(np.ceil(left - half), np.float32(0))
    right = min(np.floor(right - half), lens.width - np.float32(1))
    top = max(np.ceil(top - half), np.float32(0))
    bottom = min(np.floor(bottom - half), lens.height - np.float32(1))
    if right < left or bottom < top:
        return 0, -1, 0, -1
    return int(left) // TILE_WIDTH, int(right) // TILE_WIDTH, int(top) // TILE_HEIGHT, int(bottom) // TILE_HEIGHT


@njit(**PART)
def store_spans(drawn, record, lens, first_row, spans):
    """The first and last tile column that a splat reaches in sixteen rows of tiles, in two lines of ``spans``.

    Line 0 may be larger than line 1: nothing is reached. The ellipse x^T conic x = REACH: its leftmost and rightmost
    points lie at dy = -/+ conic_xy / conic_yy * HALF_WIDTH, held inside each row of tiles.
    """
    a, b, c = pick(drawn, record + CONIC_XX), pick(drawn, record + CONIC_XY), pick(drawn, record + CONIC_YY)
    x, y = pick(drawn, record + X), pick(drawn, record + Y)
    half_height = pick(drawn, record + HALF_HEIGHT) + MARGIN_PX
    inverse = np.float32(1) / a
    slope = b * inverse
    determinant = a * c - b * b
    widest = -b / c * pick(drawn, record + HALF_WIDTH)
    rows = ramp() + np.float32(first_row)
    top = maximum(rows * TILE_HEIGHT + (np.float32(0.5) - y), -half_height)
    bottom = minimum(rows * TILE_HEIGHT + (np.float32(TILE_HEIGHT - 0.5) - y), half_height)
    bottom = minimum(bottom, spread(lens.height - np.float32(0.5) - y))
    at_right = minimum(maximum(spread(widest), top), bottom)
    at_left = minimum(maximum(spread(-widest), top), bottom)
    reach = pick(drawn, record + REACH) * a
    right = root(maximum(reach - at_right * at_right * determinant, 0.0)) * inverse - at_right * slope + (x + MARGIN_PX)
    left = (x - MARGIN_PX) - at_left * slope - root(maximum(reach - at_left * at_left * determinant, 0.0)) * inverse
    left = maximum(ceil(left - 0.5), 0.0)
    right = minimum(floor(right - 0.5), lens.width - np.float32(1))
    reached = (left <= right) & (top <= bottom)
    store(spans, 0, select(reached, floor(left * (1 / TILE_WIDTH)), 1.0))
    store(spans, LINE, select(reached, floor(right * (1 / TILE_WIDTH)), 0.0))


@njit(**PART)
def span_splat(drawn, splat, lens, columns, tiles, first, spans):
    """Writes the tiles of one splat from ``tiles[first]`` on, row by row; returns how many."""
    first_column, last_column, first_row, last_row = tile_box(drawn, splat * LINE, lens)
    end = first
    for start in range(first_row, last_row + 1, LINE):
        store_spans(drawn, splat * LINE, lens, start, spans)
        for row in range(start, min(start + LINE, last_row + 1)):
            left = max(int(spans[row - start]), first_column)
            right = min(int(spans[LINE + row - start]), last_column)
            for column in range(left, right + 1):
                tiles[end] = row * columns + column
                end += 1
    return end - first


@njit(parallel=True, **JIT)
def span_tiles(drawn, lens, columns, boxes, box_starts, tiles, touched):
    """Writes each drawn splat's tiles from ``tiles[box_starts[splat]]`` on, and how many into ``touched``."""
    count = boxes.size
    for chunk in prange((count + CHUNK - 1) // CHUNK):
        spans = scratch(2)
        for splat in range(chunk * CHUNK, min(count, (chunk + 1) * CHUNK)):
            touched[splat] = 0
            if boxes[splat] > 0:
                touched[splat] = span_splat(drawn, splat, lens, columns, tiles, box_starts[splat], spans)


@njit(**JIT)
def running_sum(counts, starts):
    """starts[i] = the sum of counts before i; returns the whole sum."""
    total = np.int64(0)
    for i in range(counts.size):
        starts[i] = total
        total += counts[i]
    starts[counts.size] = total
    return total


@njit(**JIT)
def depth_order(drawn, touched):
    """The splats that touch a tile, nearest first; equal depths in order of their numbers.

    Radix sort by the bits of the depth, which order positive floats as integers do.
    """
    found = 0
    for splat in range(touched.size):
        if touched[splat] > 0:
            found += 1
    splats, keys = np.empty(found, np.int32), np.empty(found, np.uint32)
    others, other_keys = np.empty_like(splats), np.empty_like(keys)
    bits = drawn.view(np.uint32)
    ends = np.zeros((3, DIGITS), np.int32)
    at = 0
    for splat in range(touched.size):
        if touched[splat] > 0:
            key = bits[splat * LINE + DEPTH]
            splats[at], keys[at] = splat, key
            at += 1
            ends[0, key & (DIGITS - 1)] += 1
            ends[1, (key >> DIGIT_BITS) & (DIGITS - 1)] += 1
            ends[2, key >> (2 * DIGIT_BITS)] += 1
    for digit in range(3):
        place = np.int32(0)
        for value in range(DIGITS):
            here = ends[digit, value]
            ends[digit, value] = place
            place += here
        for i in range(found):
            value = (keys[i] >> np.uint32(DIGIT_BITS * digit)) & np.uint32(DIGITS - 1)
            place = ends[digit, value]
            ends[digit, value] = place + 1
            other_keys[place], others[place] = keys[i], splats[i]
        splats, others = others, splats
        keys, other_keys = other_keys, keys
    return splats


@njit(parallel=True, **JIT)
def scatter(parts, order, touched, box_starts, slot_starts, tiles, tile_count, tile_starts, pair_splats, pair_slots):
    """Sorts (tile, splat) pairs by tile, in depth order: a counting sort, ``parts`` of that order side by side.

    tile_starts (tile_count + 1,): where each tile's pairs begin. pair_slots: the pair's place in splat order.
    """
    ends = np.zeros((parts, tile_count), np.int32)
    found = order.size
    for part in prange(parts):
        for i in range(found * part // parts, found * (part + 1) // parts):
            start = box_starts[order[i]]
            for at in range(start, start + touched[order[i]]):
                ends[part, tiles[at]] += 1
    place = np.int32(0)
    for tile in range(tile_count):
        tile_starts[tile] = place
        for part in range(parts):
            here = ends[part, tile]
            ends[part, tile] = place
            place += here
    tile_starts[tile_count] = place
    for part in prange(parts):
        for i in range(found * part // parts, found * (part + 1) // parts):
            splat = order[i]
            start = box_starts[splat]
            for nth in range(touched[splat]):
                tile = tiles[start + nth]
                place_here = ends[part, tile]
                ends[part, tile] = place_here + 1
                pair_splats[place_here] = splat
                pair_slots[place_here] = slot_starts[splat] + nth
