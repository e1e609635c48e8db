"""Splats into the image: where each lands, how large, of which colour towards the camera."""

import numpy as np
from numba import njit
from numba import prange

from reconstruction.raster.base import ALPHA_LEAST
from reconstruction.raster.base import EPS_2D_PX2
from reconstruction.raster.kernels.bin import tile_box
from reconstruction.raster.kernels.ewa import camera_point
from reconstruction.raster.kernels.ewa import held_tangents
from reconstruction.raster.kernels.ewa import jacobian
from reconstruction.raster.kernels.ewa import rotation
from reconstruction.raster.kernels.ewa import times
from reconstruction.raster.kernels.ewa import unit_quat
from reconstruction.raster.kernels.harmonics import store_basis
from reconstruction.raster.kernels.layout import BLUE
from reconstruction.raster.kernels.layout import CHUNK
from reconstruction.raster.kernels.layout import CONIC_XX
from reconstruction.raster.kernels.layout import CONIC_XY
from reconstruction.raster.kernels.layout import CONIC_YY
from reconstruction.raster.kernels.layout import DEPTH
from reconstruction.raster.kernels.layout import GREEN
from reconstruction.raster.kernels.layout import HALF_HEIGHT
from reconstruction.raster.kernels.layout import HALF_WIDTH
from reconstruction.raster.kernels.layout import LEVEL
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import LOG_SCALE
from reconstruction.raster.kernels.layout import LOGIT
from reconstruction.raster.kernels.layout import MEAN
from reconstruction.raster.kernels.layout import QUAT
from reconstruction.raster.kernels.layout import RADIUS
from reconstruction.raster.kernels.layout import REACH
from reconstruction.raster.kernels.layout import RED
from reconstruction.raster.kernels.layout import X
from reconstruction.raster.kernels.layout import Y
from reconstruction.raster.kernels.layout import scratch
from reconstruction.raster.kernels.simd import JIT
from reconstruction.raster.kernels.simd import PART
from reconstruction.raster.kernels.simd import bits_of
from reconstruction.raster.kernels.simd import ceil
from reconstruction.raster.kernels.simd import exp
from reconstruction.raster.kernels.simd import load
from reconstruction.raster.kernels.simd import log2
from reconstruction.raster.kernels.simd import maximum
from reconstruction.raster.kernels.simd import root
from reconstruction.raster.kernels.simd import spread
from reconstruction.raster.kernels.simd import store
from reconstruction.raster.kernels.simd import turn


LN_4 = 1.3862943611198906
LOG2_255 = 7.994353436858858
"""log2(1 / ALPHA_LEAST)"""
assert abs(2**-LOG2_255 - ALPHA_LEAST) < 1e-12

SMALL = 1e-30
"""Keeps logarithms and divisors of splats that are not drawn within the numbers."""


@njit(inline="always")
def copy_line(source, source_line, target, target_line):
    store(target, target_line * LINE, load(source, source_line * LINE))


@njit(**PART)
def project_sixteen(lens, lines):
    """Sixteen shape lines become sixteen drawn lines, in place; the bits of the result say which are drawn.

    The determinant is summed from squares (Lagrange's identity), since the plain difference of products loses all
    digits of a float32 for a long thin splat.
    """
    turn(lines, 0)
    x, y, z = camera_point(
        lens, load(lines, MEAN * LINE), load(lines, (MEAN + 1) * LINE), load(lines, (MEAN + 2) * LINE)
    )
    quat = unit_quat(
        load(lines, QUAT * LINE),
        load(lines, (QUAT + 1) * LINE),
        load(lines, (QUAT + 2) * LINE),
        load(lines, (QUAT + 3) * LINE),
    )
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = rotation(quat[0], quat[1], quat[2], quat[3])
    s0 = exp(load(lines, LOG_SCALE * LINE))
    s1 = exp(load(lines, (LOG_SCALE + 1) * LINE))
    s2 = exp(load(lines, (LOG_SCALE + 2) * LINE))
    level = -log2(1.0 + exp(-load(lines, LOGIT * LINE)))
    reach = maximum((level + LOG2_255) * LN_4, 0.0)
    inverse_z = 1.0 / maximum(z, SMALL)
    u, v = held_tangents(lens, x, y, inverse_z)
    a0, a1, a2, b0, b1, b2 = jacobian(lens, u, v, inverse_z)
    p0, p1, p2 = times(
        a0, a1, a2, r00 * s0, r01 * s1, r02 * s2, r10 * s0, r11 * s1, r12 * s2, r20 * s0, r21 * s1, r22 * s2
    )
    q0, q1, q2 = times(
        b0, b1, b2, r00 * s0, r01 * s1, r02 * s2, r10 * s0, r11 * s1, r12 * s2, r20 * s0, r21 * s1, r22 * s2
    )
    pp, qq, pq = p0 * p0 + p1 * p1 + p2 * p2, q0 * q0 + q1 * q1 + q2 * q2, p0 * q0 + p1 * q1 + p2 * q2
    c0, c1, c2 = p1 * q2 - p2 * q1, p2 * q0 - p0 * q2, p0 * q1 - p1 * q0
    determinant = c0 * c0 + c1 * c1 + c2 * c2 + EPS_2D_PX2 * (pp + qq) + EPS_2D_PX2 * EPS_2D_PX2
    inverse = 1.0 / determinant
    centre_x = lens.focal_x * x * inverse_z + lens.centre_x
    centre_y = lens.focal_y * y * inverse_z + lens.centre_y
    half_width, half_height = root(reach * (pp + EPS_2D_PX2)), root(reach * (qq + EPS_2D_PX2))
    box_x, box_y = ceil(half_width), ceil(half_height)
    drawn = (z > lens.near) & (level > -LOG2_255) & (determinant < 1e30)
    drawn = drawn & (centre_x + box_x > 0.0) & (centre_x - box_x < lens.width)
    drawn = drawn & (centre_y + box_y > 0.0) & (centre_y - box_y < lens.height)
    store(lines, X * LINE, centre_x)
    store(lines, Y * LINE, centre_y)
    store(lines, CONIC_XX * LINE, (qq + EPS_2D_PX2) * inverse)
    store(lines, CONIC_XY * LINE, -pq * inverse)
    store(lines, CONIC_YY * LINE, (pp + EPS_2D_PX2) * inverse)
    store(lines, LEVEL * LINE, level)
    store(lines, HALF_WIDTH * LINE, half_width)
    store(lines, HALF_HEIGHT * LINE, half_height)
    store(lines, DEPTH * LINE, z)
    store(lines, REACH * LINE, reach)
    store(lines, RADIUS * LINE, maximum(box_x, box_y))
    turn(lines, 0)
    return bits_of(drawn)


@njit(**PART)
def store_directions(lens, degree, rows, stride, ids, count, lines, basis):
    """Sixteen splats' basis functions towards the camera, in ``basis``; returns directions and 1 / distances in lanes.

    Lanes from ``count`` on repeat the last splat.
    """
    for lane in range(LINE):
        copy_line(rows, ids[min(lane, count - 1)] * stride, lines, lane)
    turn(lines, 0)
    dx = load(lines, MEAN * LINE) - lens.position_x
    dy = load(lines, (MEAN + 1) * LINE) - lens.position_y
    dz = load(lines, (MEAN + 2) * LINE) - lens.position_z
    inverse = 1.0 / root(maximum(dx * dx + dy * dy + dz * dz, SMALL))
    x, y, z = dx * inverse, dy * inverse, dz * inverse
    store_basis(degree, x, y, z, basis)
    return x, y, z, inverse


@njit(inline="always")
def gather_colours(degree, rows, stride, ids, count, colours):
    """Sixteen splats' SH coefficients in lanes: line 3 k + channel of ``colours``."""
    lines = (3 * (degree + 1) * (degree + 1) + LINE - 1) // LINE
    for line in range(lines):
        for lane in range(LINE):
            copy_line(rows, ids[min(lane, count - 1)] * stride + 1 + line, colours, line * LINE + lane)
        turn(colours, line * LINE * LINE)


@njit(**PART)
def colour_sixteen(lens, degree, rows, stride, ids, count, drawn, room):
    """Writes the colours of ``count`` <= 16 splats into their drawn lines."""
    lines, basis, colours = room[: LINE * LINE], room[LINE * LINE : 2 * LINE * LINE], room[2 * LINE * LINE :]
    store_directions(lens, degree, rows, stride, ids, count, lines, basis)
    gather_colours(degree, rows, stride, ids, count, colours)
    red, green, blue = spread(0.5), spread(0.5), spread(0.5)
    for k in range((degree + 1) * (degree + 1)):
        weight = load(basis, k * LINE)
        red = red + weight * load(colours, (3 * k) * LINE)
        green = green + weight * load(colours, (3 * k + 1) * LINE)
        blue = blue + weight * load(colours, (3 * k + 2) * LINE)
    store(lines, 0, maximum(red, 0.0))
    store(lines, LINE, maximum(green, 0.0))
    store(lines, 2 * LINE, maximum(blue, 0.0))
    for lane in range(count):
        record = ids[lane] * LINE
        drawn[record + RED] = lines[lane]
        drawn[record + GREEN] = lines[LINE + lane]
        drawn[record + BLUE] = lines[2 * LINE + lane]


@njit(**PART)
def project_chunk(lens, degree, rows, stride, first, last, drawn, boxes):
    room = scratch(5 * LINE)
    ids = np.empty(CHUNK, np.int32)
    found = 0
    for start in range(first, last, LINE):
        count = min(LINE, last - start)
        for lane in range(LINE):
            copy_line(rows, (start + min(lane, count - 1)) * stride, room, lane)
        bits = project_sixteen(lens, room)
        for lane in range(count):
            splat = start + lane
            boxes[splat] = 0
            if bits >> lane & 1:
                copy_line(room, lane, drawn, splat)
                first_column, last_column, first_row, last_row = tile_box(drawn, splat * LINE, lens)
                boxes[splat] = max(1, (last_column - first_column + 1) * (last_row - first_row + 1))
                ids[found] = splat
                found += 1
    for start in range(0, found, LINE):
        colour_sixteen(lens, degree, rows, stride, ids[start:], min(LINE, found - start), drawn, room)


@njit(parallel=True, **JIT)
def project(lens, degree, rows, stride, count, drawn, boxes):
    """Fills the lines of ``drawn`` for splats that touch the picture.

    rows (count * stride lines) splats; degree of the colours that are drawn.
    boxes (count,) int32: 0 where a splat is not drawn, else how many tiles its box covers, at least 1.
    """
    for chunk in prange((count + CHUNK - 1) // CHUNK):
        project_chunk(lens, degree, rows, stride, chunk * CHUNK, min(count, (chunk + 1) * CHUNK), drawn, boxes)
