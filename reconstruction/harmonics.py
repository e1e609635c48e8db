"""Spherical harmonics: colour in and out. Real basis, sign and order of the original 3DGS code (Kerbl et al. 2023)."""

import numpy as np
from numpy.typing import NDArray


Array = NDArray[np.floating]

Y0 = 0.28209479177387814
"""The constant basis function, 1 / (2 sqrt(pi))."""
Y1 = 0.4886025119029199
Y2 = (1.0925484305920792, -1.0925484305920792, 0.31539156525252005, -1.0925484305920792, 0.5462742152960396)
Y3 = (
    -0.5900435899266435,
    2.890611442640554,
    -0.4570457994644658,
    0.3731763325901154,
    -0.4570457994644658,
    1.445305721320277,
    -0.5900435899266435,
)


def coefficients(degree: int) -> int:
    """How many coefficients a colour channel has at that degree."""
    return (degree + 1) ** 2


def degree_of(count: int) -> int:
    """The degree (0-3) that has so many coefficients; raises ValueError for any other count."""
    for degree in range(4):
        if coefficients(degree) == count:
            return degree
    raise ValueError(f"{count} coefficients are of no degree from 0 to 3")


def basis(directions: Array, degree: int) -> Array:
    """The basis functions (N, (degree + 1)**2) in unit directions (N, 3) from the camera to the splat."""
    x, y, z = np.moveaxis(np.asarray(directions), -1, 0)
    values = [np.full_like(x, Y0)]
    if degree > 0:
        values += [-Y1 * y, Y1 * z, -Y1 * x]
    xx, yy, zz = x * x, y * y, z * z
    if degree > 1:
        values += [
            Y2[0] * x * y,
            Y2[1] * y * z,
            Y2[2] * (2 * zz - xx - yy),
            Y2[3] * x * z,
            Y2[4] * (xx - yy),
        ]
    if degree > 2:
        values += [
            Y3[0] * y * (3 * xx - yy),
            Y3[1] * x * y * z,
            Y3[2] * y * (4 * zz - xx - yy),
            Y3[3] * z * (2 * zz - 3 * xx - 3 * yy),
            Y3[4] * x * (4 * zz - xx - yy),
            Y3[5] * z * (xx - yy),
            Y3[6] * x * (xx - 3 * yy),
        ]
    return np.stack(values, axis=-1)


def sh_from_colour(colours: Array) -> Array:
    """The constant coefficients (..., 3) of colours (..., 3) in 0..1."""
    return (np.asarray(colours) - 0.5) / Y0


def colour_from_sh(constants: Array) -> Array:
    """The colours (..., 3) that constant coefficients (..., 3) mean alone; not clipped."""
    return np.asarray(constants) * Y0 + 0.5


def colours_towards(sh: Array, directions: Array) -> Array:
    """The colours (N, 3), clipped at 0 from below, of coefficients (N, K, 3) seen along unit directions (N, 3)."""
    values = np.einsum("nk,nkc->nc", basis(directions, degree_of(sh.shape[1])), sh)
    return np.maximum(values + 0.5, 0.0)
