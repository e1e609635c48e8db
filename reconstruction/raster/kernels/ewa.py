"""Parts of the EWA projection that going forward and going back share, in lanes: sixteen splats at once.

Zwicker et al. 2001, eq. 24-29; the covariance in the image is P P^T + EPS_2D_PX2 with P = J W R S, where J is the
projection's Jacobian at the centre, W the camera's rotation, R and S the splat's rotation and scales.
"""

from numba import njit

from reconstruction.raster.kernels.simd import maximum
from reconstruction.raster.kernels.simd import minimum
from reconstruction.raster.kernels.simd import root


@njit(inline="always")
def camera_point(lens, x, y, z):
    """World points in camera space."""
    return (
        lens.xx * x + lens.xy * y + lens.xz * z + lens.x,
        lens.yx * x + lens.yy * y + lens.yz * z + lens.y,
        lens.zx * x + lens.zy * y + lens.zz * z + lens.z,
    )


@njit(inline="always")
def unit_quat(w, x, y, z):
    """The quaternion of length 1, and 1 / the length it had."""
    inverse = 1.0 / root(w * w + x * x + y * y + z * z)
    return w * inverse, x * inverse, y * inverse, z * inverse, inverse


@njit(inline="always")
def rotation(w, x, y, z):
    """The rotation of a unit quaternion, row by row."""
    return (
        1.0 - 2.0 * (y * y + z * z),
        2.0 * (x * y - w * z),
        2.0 * (x * z + w * y),
        2.0 * (x * y + w * z),
        1.0 - 2.0 * (x * x + z * z),
        2.0 * (y * z - w * x),
        2.0 * (x * z - w * y),
        2.0 * (y * z + w * x),
        1.0 - 2.0 * (x * x + y * y),
    )


@njit(inline="always")
def held_tangents(lens, x, y, inverse_z):
    """x / z and y / z, held inside the picture plus 15 %: the linearisation is poor beyond."""
    u = minimum(maximum(x * inverse_z, lens.tan_left), lens.tan_right)
    v = minimum(maximum(y * inverse_z, lens.tan_top), lens.tan_bottom)
    return u, v


@njit(inline="always")
def jacobian(lens, u, v, inverse_z):
    """The two rows of J W: how image x and y change with world x, y, z."""
    ax, az = lens.focal_x * inverse_z, -lens.focal_x * u * inverse_z
    by, bz = lens.focal_y * inverse_z, -lens.focal_y * v * inverse_z
    return (
        ax * lens.xx + az * lens.zx,
        ax * lens.xy + az * lens.zy,
        ax * lens.xz + az * lens.zz,
        by * lens.yx + bz * lens.zx,
        by * lens.yy + bz * lens.zy,
        by * lens.yz + bz * lens.zz,
    )


@njit(inline="always")
def times(a0, a1, a2, m00, m01, m02, m10, m11, m12, m20, m21, m22):
    """The row a times the matrix m."""
    return a0 * m00 + a1 * m10 + a2 * m20, a0 * m01 + a1 * m11 + a2 * m21, a0 * m02 + a1 * m12 + a2 * m22
