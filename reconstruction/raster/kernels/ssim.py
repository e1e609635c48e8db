"""The loss (1 - w) L1 + w (1 - SSIM) and its gradient by the picture, in one pass over the rows.

SSIM as in Wang et al. 2004 with a gaussian window of 11 pixels, sigma 1.5, and zeros beyond the border as in the 3DGS
code. The window is separable: each row is filtered along x into a ring of the last eleven rows, and along y from that
ring, so that everything stays in the cache. What depends on the photo alone is computed once a view.
"""

import numpy as np
from numba import njit
from numba import prange

from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import scratch
from reconstruction.raster.kernels.simd import JIT
from reconstruction.raster.kernels.simd import PART
from reconstruction.raster.kernels.simd import load
from reconstruction.raster.kernels.simd import magnitude
from reconstruction.raster.kernels.simd import ramp
from reconstruction.raster.kernels.simd import select
from reconstruction.raster.kernels.simd import spread
from reconstruction.raster.kernels.simd import store
from reconstruction.raster.kernels.simd import sum_of


WINDOW = 11
HALF = WINDOW // 2
SIGMA_PX = 1.5
C1 = 0.01**2
C2 = 0.03**2
BAND = 160
"""Rows of one channel that one thread takes at a time; ten more on each side are filtered again."""


def window() -> np.ndarray:
    """The gaussian weights (11,) float32, of sum 1."""
    weights = np.exp(-((np.arange(WINDOW) - HALF) ** 2) / (2 * SIGMA_PX**2))
    return (weights / weights.sum()).astype(np.float32)


WEIGHTS = window()


@njit(inline="always")
def ring_place(row, width):
    """Where a row (from -11 on) lies in a ring of eleven."""
    return (row + WINDOW) % WINDOW * width


@njit(inline="always")
def filter_along_x(padded, x):
    """Sixteen filtered values; ``padded`` is a row that begins LINE places in, between zeros."""
    total = spread(0.0)
    for k in range(WINDOW):
        total = total + WEIGHTS[k] * load(padded, x + (LINE - HALF + k))
    return total


@njit(inline="always")
def filter_along_y(ring, places, x):
    total = spread(0.0)
    for k in range(WINDOW):
        total = total + WEIGHTS[k] * load(ring, places[k] + x)
    return total


@njit(inline="always")
def clear(row, count):
    for x in range(0, count, LINE):
        store(row, x, spread(0.0))


@njit(inline="always")
def ring_rows(around, width, places):
    """Places of the eleven rows around a row."""
    for k in range(WINDOW):
        places[k] = ring_place(around - HALF + k, width)


@njit(**PART)
def filter_three(first, second, third, width, ring, place, plane):
    """Three padded rows, filtered along x into the three planes of a ring."""
    for x in range(0, width, LINE):
        store(ring, place + x, filter_along_x(first, x))
        store(ring, plane + place + x, filter_along_x(second, x))
        store(ring, 2 * plane + place + x, filter_along_x(third, x))


@njit(**PART)
def clear_three(width, ring, place, plane):
    for x in range(0, width, LINE):
        store(ring, place + x, spread(0.0))
        store(ring, plane + place + x, spread(0.0))
        store(ring, 2 * plane + place + x, spread(0.0))


@njit(**PART)
def pad_products(picture, photo, at, width, true_width, rows):
    """The drawn row, its square and its product with the photo's, padded; beyond the picture zeros."""
    padded = width + 2 * LINE
    for x in range(0, width, LINE):
        inside = ramp() + np.float32(x) < np.float32(true_width)
        drawn = select(inside, load(picture, at + x), 0.0)
        store(rows, LINE + x, drawn)
        store(rows, padded + LINE + x, drawn * drawn)
        store(rows, 2 * padded + LINE + x, drawn * load(photo, at + x))


@njit(**PART)
def similarity_row(ring, plane, places, mean, variance, at, width, true_width, rows):
    """SSIM of one row, summed, and its derivatives by the drawn mean, square and product, padded, in ``rows``."""
    padded = width + 2 * LINE
    total = spread(0.0)
    for x in range(0, width, LINE):
        m1, m2 = filter_along_y(ring, places, x), load(mean, at + x)
        s1 = filter_along_y(ring[plane:], places, x) - m1 * m1
        s12 = filter_along_y(ring[2 * plane :], places, x) - m1 * m2
        a1, a2 = 2.0 * m1 * m2 + C1, 2.0 * s12 + C2
        b1, b2 = m1 * m1 + m2 * m2 + C1, s1 + load(variance, at + x) + C2
        inverse = 1.0 / (b1 * b2)
        ssim = a1 * a2 * inverse
        by_s12 = 2.0 * a1 * inverse
        by_s1 = -ssim * b1 * inverse
        by_m1 = 2.0 * (m2 * a2 - ssim * m1 * b2) * inverse - 2.0 * m1 * by_s1 - m2 * by_s12
        inside = ramp() + np.float32(x) < np.float32(true_width)
        total = total + select(inside, ssim, 0.0)
        store(rows, LINE + x, select(inside, by_m1, 0.0))
        store(rows, padded + LINE + x, select(inside, by_s1, 0.0))
        store(rows, 2 * padded + LINE + x, select(inside, by_s12, 0.0))
    return sum_of(total)


@njit(**PART)
def gradient_row(ring, plane, places, picture, photo, at, width, true_width, l1_scale, ssim_scale, gradient):
    """Writes one row of the gradient; returns the row's sum of absolute differences."""
    total = spread(0.0)
    for x in range(0, width, LINE):
        drawn, true = load(picture, at + x), load(photo, at + x)
        inside = ramp() + np.float32(x) < np.float32(true_width)
        difference = select(inside, drawn - true, 0.0)
        total = total + magnitude(difference)
        sign = select(difference > 0.0, 1.0, select(difference < 0.0, spread(-1.0), 0.0))
        by_ssim = filter_along_y(ring, places, x)
        by_ssim = by_ssim + 2.0 * drawn * filter_along_y(ring[plane:], places, x)
        by_ssim = by_ssim + true * filter_along_y(ring[2 * plane :], places, x)
        store(gradient, at + x, select(inside, l1_scale * sign - ssim_scale * by_ssim, 0.0))
    return sum_of(total)


@njit(**PART)
def loss_band(picture, photo, mean, variance, start, first, last, height, width, true_width, scales, gradient):
    """Rows first..last of one channel, which begins at ``start``; returns the sums of |difference| and of SSIM."""
    plane = WINDOW * width
    room = scratch((6 * plane + 3 * (width + 2 * LINE)) // LINE)
    ring, back_ring, rows = room[: 3 * plane], room[3 * plane : 6 * plane], room[6 * plane :]
    clear(rows, 3 * (width + 2 * LINE))
    second, third = rows[width + 2 * LINE :], rows[2 * (width + 2 * LINE) :]
    places = np.empty(WINDOW, np.int64)
    l1, ssim = 0.0, 0.0
    for ahead in range(first - 2 * HALF, last + 2 * HALF):
        if 0 <= ahead < height:
            pad_products(picture, photo, start + ahead * width, width, true_width, rows)
            filter_three(rows, second, third, width, ring, ring_place(ahead, width), plane)
        else:
            clear_three(width, ring, ring_place(ahead, width), plane)
        middle = ahead - HALF
        if middle < first - HALF:
            continue
        if 0 <= middle < height:
            ring_rows(middle, width, places)
            here = similarity_row(ring, plane, places, mean, variance, start + middle * width, width, true_width, rows)
            ssim += here if first <= middle < last else 0.0
            filter_three(rows, second, third, width, back_ring, ring_place(middle, width), plane)
        else:
            clear_three(width, back_ring, ring_place(middle, width), plane)
        row = middle - HALF
        if row >= first:
            ring_rows(row, width, places)
            at = start + row * width
            l1 += gradient_row(
                back_ring, plane, places, picture, photo, at, width, true_width, scales[0], scales[1], gradient
            )
    return l1, ssim


@njit(parallel=True, **JIT)
def loss(picture, photo, mean, variance, height, rows, width, true_width, ssim_weight, gradient):
    """L1 and SSIM, means over the picture, of three flat planes (rows, width); writes the loss's ``gradient``.

    height <= rows and true_width <= width are the picture's own size; the margin may hold anything in ``picture``, and
    gets gradient 0 in its columns; its rows are not touched. mean, variance: of the photo, by ``photo_statistics``.
    """
    bands = (height + BAND - 1) // BAND
    sums = np.zeros((3 * bands, 2), np.float64)
    count = 3.0 * height * true_width
    scales = (np.float32((1.0 - ssim_weight) / count), np.float32(ssim_weight / count))
    for task in prange(3 * bands):
        channel, band = task // bands, task % bands
        first, last = height * band // bands, height * (band + 1) // bands
        l1, ssim = loss_band(
            picture,
            photo,
            mean,
            variance,
            channel * rows * width,
            first,
            last,
            height,
            width,
            true_width,
            scales,
            gradient,
        )
        sums[task, 0] = l1
        sums[task, 1] = ssim
    return sums[:, 0].sum() / count, sums[:, 1].sum() / count


@njit(**JIT)
def photo_statistics(photo, height, rows, width, mean, variance):
    """The filtered mean and variance of a photo's three flat planes, whose margin is 0."""
    plane = WINDOW * width
    room = scratch((3 * plane + 3 * (width + 2 * LINE)) // LINE)
    ring, lines = room[: 3 * plane], room[3 * plane :]
    clear(lines, 3 * (width + 2 * LINE))
    second, third = lines[width + 2 * LINE :], lines[2 * (width + 2 * LINE) :]
    places = np.empty(WINDOW, np.int64)
    for channel in range(3):
        start = channel * rows * width
        for ahead in range(-HALF, height + HALF):
            if 0 <= ahead < height:
                pad_products(photo, photo, start + ahead * width, width, width, lines)
                filter_three(lines, second, third, width, ring, ring_place(ahead, width), plane)
            else:
                clear_three(width, ring, ring_place(ahead, width), plane)
            row = ahead - HALF
            if row >= 0:
                ring_rows(row, width, places)
                for x in range(0, width, LINE):
                    here = filter_along_y(ring, places, x)
                    square = filter_along_y(ring[plane:], places, x)
                    store(mean, start + row * width + x, here)
                    store(variance, start + row * width + x, square - here * here)
