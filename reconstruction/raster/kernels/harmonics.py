"""The SH basis and its gradient for sixteen directions at once, by the formulas of ``reconstruction.harmonics``."""

from numba import njit

from reconstruction.harmonics import Y0
from reconstruction.harmonics import Y1
from reconstruction.harmonics import Y2
from reconstruction.harmonics import Y3
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.simd import load
from reconstruction.raster.kernels.simd import spread
from reconstruction.raster.kernels.simd import store


Y2A, Y2B, Y2C, Y2D, Y2E = Y2
Y3A, Y3B, Y3C, Y3D, Y3E, Y3F, Y3G = Y3


@njit(inline="always")
def store_basis(degree, x, y, z, basis):
    """Line k of ``basis`` becomes the k-th function of degree <= ``degree`` in the unit directions (x, y, z)."""
    store(basis, 0, spread(Y0))
    if degree > 0:
        store(basis, LINE, y * -Y1)
        store(basis, 2 * LINE, z * Y1)
        store(basis, 3 * LINE, x * -Y1)
    if degree > 1:
        xx, yy, zz = x * x, y * y, z * z
        store(basis, 4 * LINE, Y2A * x * y)
        store(basis, 5 * LINE, Y2B * y * z)
        store(basis, 6 * LINE, Y2C * (2.0 * zz - xx - yy))
        store(basis, 7 * LINE, Y2D * x * z)
        store(basis, 8 * LINE, Y2E * (xx - yy))
        if degree > 2:
            store(basis, 9 * LINE, Y3A * y * (3.0 * xx - yy))
            store(basis, 10 * LINE, Y3B * x * y * z)
            store(basis, 11 * LINE, Y3C * y * (4.0 * zz - xx - yy))
            store(basis, 12 * LINE, Y3D * z * (2.0 * zz - 3.0 * xx - 3.0 * yy))
            store(basis, 13 * LINE, Y3E * x * (4.0 * zz - xx - yy))
            store(basis, 14 * LINE, Y3F * z * (xx - yy))
            store(basis, 15 * LINE, Y3G * x * (xx - 3.0 * yy))


@njit(inline="always")
def direction_gradient(degree, x, y, z, by_basis):
    """The gradient by (x, y, z), taken as free, of what has line k of ``by_basis`` as gradient by function k."""
    gx, gy, gz = spread(0.0), spread(0.0), spread(0.0)
    if degree > 0:
        gx = load(by_basis, 3 * LINE) * -Y1
        gy = load(by_basis, LINE) * -Y1
        gz = load(by_basis, 2 * LINE) * Y1
    if degree > 1:
        b4, b5, b6 = load(by_basis, 4 * LINE), load(by_basis, 5 * LINE), load(by_basis, 6 * LINE)
        b7, b8 = load(by_basis, 7 * LINE), load(by_basis, 8 * LINE)
        gx = gx + Y2A * y * b4 - 2.0 * Y2C * x * b6 + Y2D * z * b7 + 2.0 * Y2E * x * b8
        gy = gy + Y2A * x * b4 + Y2B * z * b5 - 2.0 * Y2C * y * b6 - 2.0 * Y2E * y * b8
        gz = gz + Y2B * y * b5 + 4.0 * Y2C * z * b6 + Y2D * x * b7
    if degree > 2:
        xx, yy, zz = x * x, y * y, z * z
        b9, b10, b11 = load(by_basis, 9 * LINE), load(by_basis, 10 * LINE), load(by_basis, 11 * LINE)
        b12, b13, b14 = load(by_basis, 12 * LINE), load(by_basis, 13 * LINE), load(by_basis, 14 * LINE)
        b15 = load(by_basis, 15 * LINE)
        gx = gx + 6.0 * Y3A * x * y * b9 + Y3B * y * z * b10 - 2.0 * Y3C * x * y * b11 - 6.0 * Y3D * x * z * b12
        gx = gx + Y3E * (4.0 * zz - 3.0 * xx - yy) * b13 + 2.0 * Y3F * x * z * b14 + 3.0 * Y3G * (xx - yy) * b15
        gy = gy + 3.0 * Y3A * (xx - yy) * b9 + Y3B * x * z * b10 + Y3C * (4.0 * zz - xx - 3.0 * yy) * b11
        gy = gy - 6.0 * Y3D * y * z * b12 - 2.0 * Y3E * x * y * b13 - 2.0 * Y3F * y * z * b14
        gy = gy - 6.0 * Y3G * x * y * b15
        gz = gz + Y3B * x * y * b10 + 8.0 * Y3C * y * z * b11 + Y3D * (6.0 * zz - 3.0 * xx - 3.0 * yy) * b12
        gz = gz + 8.0 * Y3E * x * z * b13 + Y3F * (xx - yy) * b14
    return gx, gy, gz
