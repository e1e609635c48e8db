"""Adam (Kingma and Ba 2015) on the splats drawn in this step, straight from the gradient sums.

Gradients live for sixteen splats at a time and are never stored; parameters and moments are read and written once.
"""

import numpy as np
from numba import njit
from numba import prange

from reconstruction.raster.kernels.layout import CHUNK
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import LOGIT
from reconstruction.raster.kernels.layout import scratch
from reconstruction.raster.kernels.project_backward import GRADIENT_X
from reconstruction.raster.kernels.project_backward import GRADIENT_Y
from reconstruction.raster.kernels.project_backward import ROOM_LINES
from reconstruction.raster.kernels.project_backward import drawn_ids
from reconstruction.raster.kernels.project_backward import gradients_of_sixteen
from reconstruction.raster.kernels.simd import JIT
from reconstruction.raster.kernels.simd import bits_of
from reconstruction.raster.kernels.simd import load
from reconstruction.raster.kernels.simd import magnitude
from reconstruction.raster.kernels.simd import ramp
from reconstruction.raster.kernels.simd import root
from reconstruction.raster.kernels.simd import select
from reconstruction.raster.kernels.simd import store


BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-15
BOUND = 1e15
"""A splat with a larger gradient than this, or one that is not a number, stays as it is in this step."""
ALL_LANES = 2**LINE - 1


@njit(inline="always")
def move_line(values, firsts, seconds, at, gradient, rates, rate_at, second_scale):
    """Adam on sixteen numbers. ``rates`` are divided by the first moment's bias correction already."""
    first = load(firsts, at) * BETA_1 + gradient * (1.0 - BETA_1)
    second = load(seconds, at) * BETA_2 + gradient * gradient * (1.0 - BETA_2)
    store(firsts, at, first)
    store(seconds, at, second)
    change = load(rates, rate_at) * first / (root(second) * second_scale + EPSILON)
    store(values, at, load(values, at) - change)


@njit(inline="always")
def usable(room, lane, lines):
    """Whether all gradients of a splat are numbers within BOUND."""
    largest = magnitude(load(room, lane * LINE))
    for line in range(1, lines):
        largest = largest + magnitude(load(room, (line * LINE + lane) * LINE))
    return bits_of(largest < BOUND) == ALL_LANES


@njit(parallel=True, **JIT)
def learn(lens, degree, splats, firsts, seconds, stride, boxes, drawn, slot_starts, sums, rates, second_scale, watched):
    """Moves every drawn splat by its gradient.

    splats, firsts, seconds  rows of ``stride`` lines: parameters and Adam's moments.
    rates                    one row: the learning rate of each number / (1 - BETA_1**time).
    second_scale             1 / sqrt(1 - BETA_2**time).
    watched (count, 2)       gets the gradient's length in device coordinates, and one, added for each drawn splat.
    """
    count = boxes.size
    lines = 1 + (3 * (degree + 1) * (degree + 1) + LINE - 1) // LINE
    half_width, half_height = lens.width * np.float32(0.5), lens.height * np.float32(0.5)
    for chunk in prange((count + CHUNK - 1) // CHUNK):
        room = scratch(ROOM_LINES)
        ids = np.empty(CHUNK, np.int32)
        found = drawn_ids(boxes, chunk * CHUNK, min(count, (chunk + 1) * CHUNK), ids)
        for start in range(0, found, LINE):
            few = min(LINE, found - start)
            gradients_of_sixteen(lens, degree, splats, stride, ids[start:], few, drawn, slot_starts, sums, room)
            for lane in range(few):
                if not usable(room, lane, lines):
                    continue
                splat = np.int64(ids[start + lane])
                by_x = room[lane * LINE + GRADIENT_X] * half_width
                by_y = room[lane * LINE + GRADIENT_Y] * half_height
                watched[splat, 0] += np.sqrt(by_x * by_x + by_y * by_y)
                watched[splat, 1] += np.float32(1)
                shape = select(ramp() <= LOGIT, load(room, lane * LINE), 0.0)
                move_line(splats, firsts, seconds, splat * stride * LINE, shape, rates, 0, second_scale)
                for line in range(1, lines):
                    colour = load(room, (line * LINE + lane) * LINE)
                    at = (splat * stride + line) * LINE
                    move_line(splats, firsts, seconds, at, colour, rates, line * LINE, second_scale)
