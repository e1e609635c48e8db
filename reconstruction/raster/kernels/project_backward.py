"""From gradients in the image to gradients of the splats' own parameters, sixteen splats at once."""

import numpy as np
from numba import njit
from numba import prange

from reconstruction.raster.kernels.ewa import camera_point
from reconstruction.raster.kernels.ewa import held_tangents
from reconstruction.raster.kernels.ewa import jacobian
from reconstruction.raster.kernels.ewa import rotation
from reconstruction.raster.kernels.ewa import times
from reconstruction.raster.kernels.ewa import unit_quat
from reconstruction.raster.kernels.harmonics import direction_gradient
from reconstruction.raster.kernels.layout import BLUE
from reconstruction.raster.kernels.layout import CHUNK
from reconstruction.raster.kernels.layout import CONIC_XX
from reconstruction.raster.kernels.layout import CONIC_XY
from reconstruction.raster.kernels.layout import CONIC_YY
from reconstruction.raster.kernels.layout import GREEN
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import LOG_SCALE
from reconstruction.raster.kernels.layout import LOGIT
from reconstruction.raster.kernels.layout import MEAN
from reconstruction.raster.kernels.layout import QUAT
from reconstruction.raster.kernels.layout import RED
from reconstruction.raster.kernels.layout import SUM
from reconstruction.raster.kernels.layout import SUM_BLUE
from reconstruction.raster.kernels.layout import SUM_GREEN
from reconstruction.raster.kernels.layout import SUM_RED
from reconstruction.raster.kernels.layout import SUM_X
from reconstruction.raster.kernels.layout import SUM_XX
from reconstruction.raster.kernels.layout import SUM_XY
from reconstruction.raster.kernels.layout import SUM_Y
from reconstruction.raster.kernels.layout import SUM_YY
from reconstruction.raster.kernels.layout import scratch
from reconstruction.raster.kernels.project import copy_line
from reconstruction.raster.kernels.project import gather_colours
from reconstruction.raster.kernels.project import store_directions
from reconstruction.raster.kernels.simd import JIT
from reconstruction.raster.kernels.simd import PART
from reconstruction.raster.kernels.simd import exp
from reconstruction.raster.kernels.simd import load
from reconstruction.raster.kernels.simd import select
from reconstruction.raster.kernels.simd import spread
from reconstruction.raster.kernels.simd import store
from reconstruction.raster.kernels.simd import turn


GRADIENT_X, GRADIENT_Y = 14, 15
"""Where a shape line of gradients keeps the gradient by the splat's centre in the image, per px."""

ROOM_LINES = 8 * LINE
"""Room that ``gradients_of_sixteen`` wants: shape gradients first, then colour gradients, then its own scratch."""


@njit(inline="always")
def gather_sums(ids, count, slot_starts, sums, lines):
    """Sixteen splats' gradient sums over all their tiles, in lanes."""
    for lane in range(LINE):
        splat = ids[min(lane, count - 1)]
        line = spread(0.0)
        for slot in range(slot_starts[splat], slot_starts[splat + 1]):
            line = line + load(sums, slot * LINE)
        store(lines, lane * LINE, line)
    turn(lines, 0)


@njit(inline="always")
def image_gradient(sums, drawn, gradient):
    """From sums over pixels to the gradient by centre and covariance in the image; all in lanes.

    Writes the lines GRADIENT_X and GRADIENT_Y. With conic Q and moments G: dCov = -Q G Q / 2.
    """
    a, b, c = load(drawn, CONIC_XX * LINE), load(drawn, CONIC_XY * LINE), load(drawn, CONIC_YY * LINE)
    by_dx, by_dy = load(sums, SUM_X * LINE), load(sums, SUM_Y * LINE)
    by_x, by_y = -(a * by_dx + b * by_dy), -(b * by_dx + c * by_dy)
    store(gradient, GRADIENT_X * LINE, by_x)
    store(gradient, GRADIENT_Y * LINE, by_y)
    xx, xy, yy = 0.5 * load(sums, SUM_XX * LINE), 0.5 * load(sums, SUM_XY * LINE), 0.5 * load(sums, SUM_YY * LINE)
    e00, e01, e10, e11 = a * xx + b * xy, a * xy + b * yy, b * xx + c * xy, b * xy + c * yy
    return by_x, by_y, -(e00 * a + e01 * b), -(e00 * b + e01 * c), -(e10 * b + e11 * c)


@njit(inline="always")
def store_quat_gradient(w, i, j, k, inverse_length, d00, d01, d02, d10, d11, d12, d20, d21, d22, gradient):
    """Writes the lines QUAT: the gradient by the quaternion as stored, from that by the rotation's entries."""
    by_w = 2.0 * (k * (d10 - d01) + j * (d02 - d20) + i * (d21 - d12))
    by_i = 2.0 * (j * (d01 + d10) + k * (d02 + d20) + w * (d21 - d12) - 2.0 * i * (d11 + d22))
    by_j = 2.0 * (i * (d01 + d10) + k * (d12 + d21) + w * (d02 - d20) - 2.0 * j * (d00 + d22))
    by_k = 2.0 * (i * (d02 + d20) + j * (d12 + d21) + w * (d10 - d01) - 2.0 * k * (d00 + d11))
    along = w * by_w + i * by_i + j * by_j + k * by_k
    store(gradient, QUAT * LINE, (by_w - along * w) * inverse_length)
    store(gradient, (QUAT + 1) * LINE, (by_i - along * i) * inverse_length)
    store(gradient, (QUAT + 2) * LINE, (by_j - along * j) * inverse_length)
    store(gradient, (QUAT + 3) * LINE, (by_k - along * k) * inverse_length)


@njit(inline="always")
def shape_gradient(lens, by_x, by_y, by_xx, by_xy, by_yy, shapes, gradient):
    """Writes the lines LOG_SCALE and QUAT of ``gradient`` and returns the gradient by the mean, world.

    by_x, by_y: the gradient by the centre in the image; by_xx, by_xy, by_yy: by the covariance there. With P = a^T M,
    M = R S: dP = 2 dCov P, dM = a dP^T, da = M dP, and from da through the Jacobian to the camera point.
    """
    x, y, z = camera_point(
        lens, load(shapes, MEAN * LINE), load(shapes, (MEAN + 1) * LINE), load(shapes, (MEAN + 2) * LINE)
    )
    inverse_z = 1.0 / z
    u, v = held_tangents(lens, x, y, inverse_z)
    a0, a1, a2, b0, b1, b2 = jacobian(lens, u, v, inverse_z)
    w, i, j, k, inverse_length = unit_quat(
        load(shapes, QUAT * LINE),
        load(shapes, (QUAT + 1) * LINE),
        load(shapes, (QUAT + 2) * LINE),
        load(shapes, (QUAT + 3) * LINE),
    )
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = rotation(w, i, j, k)
    s0 = exp(load(shapes, LOG_SCALE * LINE))
    s1 = exp(load(shapes, (LOG_SCALE + 1) * LINE))
    s2 = exp(load(shapes, (LOG_SCALE + 2) * LINE))
    m00, m01, m02, m10, m11, m12 = r00 * s0, r01 * s1, r02 * s2, r10 * s0, r11 * s1, r12 * s2
    m20, m21, m22 = r20 * s0, r21 * s1, r22 * s2
    p0, p1, p2 = times(a0, a1, a2, m00, m01, m02, m10, m11, m12, m20, m21, m22)
    q0, q1, q2 = times(b0, b1, b2, m00, m01, m02, m10, m11, m12, m20, m21, m22)
    dp0, dq0 = 2.0 * (by_xx * p0 + by_xy * q0), 2.0 * (by_xy * p0 + by_yy * q0)
    dp1, dq1 = 2.0 * (by_xx * p1 + by_xy * q1), 2.0 * (by_xy * p1 + by_yy * q1)
    dp2, dq2 = 2.0 * (by_xx * p2 + by_xy * q2), 2.0 * (by_xy * p2 + by_yy * q2)
    d00, d01, d02 = a0 * dp0 + b0 * dq0, a0 * dp1 + b0 * dq1, a0 * dp2 + b0 * dq2
    d10, d11, d12 = a1 * dp0 + b1 * dq0, a1 * dp1 + b1 * dq1, a1 * dp2 + b1 * dq2
    d20, d21, d22 = a2 * dp0 + b2 * dq0, a2 * dp1 + b2 * dq1, a2 * dp2 + b2 * dq2
    store(gradient, LOG_SCALE * LINE, d00 * m00 + d10 * m10 + d20 * m20)
    store(gradient, (LOG_SCALE + 1) * LINE, d01 * m01 + d11 * m11 + d21 * m21)
    store(gradient, (LOG_SCALE + 2) * LINE, d02 * m02 + d12 * m12 + d22 * m22)
    store_quat_gradient(
        w, i, j, k, inverse_length, d00 * s0, d01 * s1, d02 * s2, d10 * s0, d11 * s1, d12 * s2, d20 * s0, d21 * s1,
        d22 * s2, gradient,
    )  # fmt: skip
    da0, da1, da2 = times(dp0, dp1, dp2, m00, m10, m20, m01, m11, m21, m02, m12, m22)
    db0, db1, db2 = times(dq0, dq1, dq2, m00, m10, m20, m01, m11, m21, m02, m12, m22)
    by_ax = (da0 * lens.xx + da1 * lens.xy + da2 * lens.xz) * lens.focal_x
    by_az = (da0 * lens.zx + da1 * lens.zy + da2 * lens.zz) * lens.focal_x
    by_by = (db0 * lens.yx + db1 * lens.yy + db2 * lens.yz) * lens.focal_y
    by_bz = (db0 * lens.zx + db1 * lens.zy + db2 * lens.zz) * lens.focal_y
    return point_gradient(lens, x, y, u, v, inverse_z, by_x, by_y, by_ax, by_az, by_by, by_bz)


@njit(inline="always")
def point_gradient(lens, x, y, u, v, inverse_z, by_x, by_y, by_ax, by_az, by_by, by_bz):
    """The gradient by the world point, from that by its centre in the image and by the Jacobian's entries / focal.

    The entries are 1 / z, -u / z, 1 / z, -v / z; u and v no longer follow the point where they are held.
    """
    free_x = (u > lens.tan_left) & (u < lens.tan_right)
    free_y = (v > lens.tan_top) & (v < lens.tan_bottom)
    squared = inverse_z * inverse_z
    to_x = by_x * lens.focal_x * inverse_z - select(free_x, by_az * squared, 0.0)
    to_y = by_y * lens.focal_y * inverse_z - select(free_y, by_bz * squared, 0.0)
    to_z = -(by_x * lens.focal_x * x + by_y * lens.focal_y * y) * squared - (by_ax + by_by) * squared
    to_z = to_z + by_az * u * squared + select(free_x, by_az * u * squared, 0.0)
    to_z = to_z + by_bz * v * squared + select(free_y, by_bz * v * squared, 0.0)
    return (
        lens.xx * to_x + lens.yx * to_y + lens.zx * to_z,
        lens.xy * to_x + lens.yy * to_y + lens.zy * to_z,
        lens.xz * to_x + lens.yz * to_y + lens.zz * to_z,
    )


@njit(inline="always")
def colour_gradient(degree, by_red, by_green, by_blue, basis, by_basis, colours):
    """Coefficients in ``colours`` are replaced by their gradients, line by splat; ``by_basis`` gets the basis' own."""
    functions = (degree + 1) * (degree + 1)
    for k in range(functions):
        weight = load(basis, k * LINE)
        red, green, blue = 3 * k * LINE, (3 * k + 1) * LINE, (3 * k + 2) * LINE
        towards = by_red * load(colours, red) + by_green * load(colours, green) + by_blue * load(colours, blue)
        store(by_basis, k * LINE, towards)
        store(colours, red, by_red * weight)
        store(colours, green, by_green * weight)
        store(colours, blue, by_blue * weight)
    lines = (3 * functions + LINE - 1) // LINE
    for column in range(3 * functions, lines * LINE):
        store(colours, column * LINE, spread(0.0))
    for line in range(lines):
        turn(colours, line * LINE * LINE)


@njit(**PART)
def gradients_of_sixteen(lens, degree, rows, stride, ids, count, drawn, slot_starts, sums, room):
    """Gradients of ``count`` <= 16 splats, as lines at the beginning of ``room``.

    Line ``lane``: the shape's, with the centre's in GRADIENT_X and GRADIENT_Y. Line 16 * (1 + nth) + lane: the nth
    colour line's.
    """
    square = LINE * LINE
    gradient, colours = room[:square], room[square : 4 * square]
    shapes, basis = room[4 * square : 5 * square], room[5 * square : 6 * square]
    lines, total = room[6 * square : 7 * square], room[7 * square :]
    for lane in range(LINE):
        copy_line(drawn, ids[min(lane, count - 1)], lines, lane)
    turn(lines, 0)
    gather_sums(ids, count, slot_starts, sums, total)
    x, y, z, inverse_distance = store_directions(lens, degree, rows, stride, ids, count, shapes, basis)
    for line in (MEAN + 11, MEAN + 12, MEAN + 13):
        store(gradient, line * LINE, spread(0.0))
    by_x, by_y, by_xx, by_xy, by_yy = image_gradient(total, lines, gradient)
    mean_x, mean_y, mean_z = shape_gradient(lens, by_x, by_y, by_xx, by_xy, by_yy, shapes, gradient)
    odds = exp(-load(shapes, LOGIT * LINE))
    store(gradient, LOGIT * LINE, -load(total, SUM * LINE) * odds / (1.0 + odds))
    by_red = select(load(lines, RED * LINE) > 0.0, load(total, SUM_RED * LINE), 0.0)
    by_green = select(load(lines, GREEN * LINE) > 0.0, load(total, SUM_GREEN * LINE), 0.0)
    by_blue = select(load(lines, BLUE * LINE) > 0.0, load(total, SUM_BLUE * LINE), 0.0)
    gather_colours(degree, rows, stride, ids, count, colours)
    colour_gradient(degree, by_red, by_green, by_blue, basis, total, colours)
    to_x, to_y, to_z = direction_gradient(degree, x, y, z, total)
    along = x * to_x + y * to_y + z * to_z
    store(gradient, MEAN * LINE, mean_x + (to_x - along * x) * inverse_distance)
    store(gradient, (MEAN + 1) * LINE, mean_y + (to_y - along * y) * inverse_distance)
    store(gradient, (MEAN + 2) * LINE, mean_z + (to_z - along * z) * inverse_distance)
    turn(gradient, 0)


@njit(inline="always")
def drawn_ids(boxes, first, last, ids):
    """Numbers of the drawn splats in first..last; returns how many."""
    found = 0
    for splat in range(first, last):
        if boxes[splat] > 0:
            ids[found] = splat
            found += 1
    return found


@njit(parallel=True, **JIT)
def project_backward(lens, degree, rows, stride, boxes, drawn, slot_starts, sums, gradients):
    """Writes the rows of ``gradients`` for splats that were drawn; other rows are left as they are."""
    count = boxes.size
    colour_lines = (3 * (degree + 1) * (degree + 1) + LINE - 1) // LINE
    for chunk in prange((count + CHUNK - 1) // CHUNK):
        room = scratch(ROOM_LINES)
        ids = np.empty(CHUNK, np.int32)
        found = drawn_ids(boxes, chunk * CHUNK, min(count, (chunk + 1) * CHUNK), ids)
        for start in range(0, found, LINE):
            few = min(LINE, found - start)
            gradients_of_sixteen(lens, degree, rows, stride, ids[start:], few, drawn, slot_starts, sums, room)
            for lane in range(few):
                for line in range(1 + colour_lines):
                    copy_line(room, line * LINE + lane, gradients, ids[start + lane] * stride + line)
