"""How splats lie in memory: everything is a line of sixteen float32, one cache line and one SIMD value.

A splat is a row of lines: its shape, then its colour (SH coefficients in the order of ``Gaussians.sh``, padded with
zeros). Gradients and Adam's moments have the same rows, so that the optimiser is four plain SIMD operations a splat.
Kernels see all arrays flat.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians
from reconstruction.raster.base import NEAR
from reconstruction.raster.kernels.simd import PART


Floats = NDArray[np.float32]

LINE = 16
LINE_BYTES = 64
CHUNK = 1024
"""Splats that one thread takes at a time."""

TILE_WIDTH = 16
"""Pixels; one SIMD value is one row of a tile."""
TILE_HEIGHT = 16
RUN = 8
"""Neighbouring tiles that one thread takes at a time."""
TILE = TILE_WIDTH * TILE_HEIGHT

# the shape line of a splat
MEAN, LOG_SCALE, QUAT, LOGIT = 0, 3, 6, 10

# a drawn splat
X, Y = 0, 1
"""Centre, image px"""
CONIC_XX, CONIC_XY, CONIC_YY = 2, 3, 4
"""The inverse covariance, 1 / px2"""
LEVEL = 5
"""log2 of the opacity"""
RED, GREEN, BLUE = 6, 7, 8
HALF_WIDTH, HALF_HEIGHT = 9, 10
"""Of the ellipse where alpha falls below ALPHA_LEAST, px"""
DEPTH = 11
"""Camera z, world units"""
REACH = 12
"""Squared distance, in standard deviations, of that ellipse: 2 ln(255 * opacity)"""
RADIUS = 13
"""Half the larger side of the box in whole pixels, as gsplat rounds it up"""

# gradient sums of a drawn splat over pixels; d is pixel - centre, v the loss's gradient by the exponent
SUM, SUM_X, SUM_Y, SUM_XX, SUM_XY, SUM_YY, SUM_RED, SUM_GREEN, SUM_BLUE = range(9)


class Lens(NamedTuple):
    """A camera in the kernels' words."""

    xx: np.float32
    """camera_from_world: rotation row by row, then translation"""
    xy: np.float32
    xz: np.float32
    yx: np.float32
    yy: np.float32
    yz: np.float32
    zx: np.float32
    zy: np.float32
    zz: np.float32
    x: np.float32
    y: np.float32
    z: np.float32
    focal_x: np.float32
    focal_y: np.float32
    centre_x: np.float32
    centre_y: np.float32
    tan_left: np.float32
    """Where x / z is held when the projection is linearised: the picture plus 15 % on each side; likewise below"""
    tan_right: np.float32
    tan_top: np.float32
    tan_bottom: np.float32
    position_x: np.float32
    """Where the camera stands, world"""
    position_y: np.float32
    position_z: np.float32
    width: np.float32
    height: np.float32
    near: np.float32


def lens_of(camera: Camera) -> Lens:
    rotation, translation = camera.camera_from_world[:3, :3], camera.camera_from_world[:3, 3]
    (fx, fy), (cx, cy), (width, height) = camera.focal_px, camera.centre_px, camera.size_px
    tans = (
        -cx / fx - 0.15 * width / fx,
        (width - cx) / fx + 0.15 * width / fx,
        -cy / fy - 0.15 * height / fy,
        (height - cy) / fy + 0.15 * height / fy,
    )
    numbers = (*rotation.ravel(), *translation, fx, fy, cx, cy, *tans, *camera.position, width, height, NEAR)
    return Lens(*(np.float32(number) for number in numbers))


def aligned_zeros(lines: int) -> Floats:
    """Flat zeros for so many lines, the first at the start of a cache line."""
    buffer = np.zeros(lines * LINE + LINE, np.float32)
    start = -buffer.ctypes.data % LINE_BYTES // 4
    return buffer[start : start + lines * LINE]


@njit(**PART)
def scratch(lines):
    """Flat room for so many lines, the first at the start of a cache line; not cleared."""
    buffer = np.empty(lines * LINE + LINE, np.float32)
    start = -np.int64(buffer.ctypes.data) % LINE_BYTES // 4
    return buffer[start : start + lines * LINE]


def lines_for(coefficients: int) -> int:
    """Lines of a splat with so many SH coefficients a channel."""
    return 1 + -(-3 * coefficients // LINE)


def pack(gaussians: Gaussians) -> Floats:
    """Gaussians as rows (N, lines * 16)."""
    return pack_arrays(gaussians.means, gaussians.quats, gaussians.log_scales, gaussians.logit_opacities, gaussians.sh)


def pack_arrays(means: Floats, quats: Floats, log_scales: Floats, logit_opacities: Floats, sh: Floats) -> Floats:
    """Rows (N, lines * 16) of anything shaped like the parameters: themselves, gradients or moments."""
    n, k = len(means), sh.shape[1]
    lines = lines_for(k)
    rows = aligned_zeros(n * lines).reshape(n, lines * LINE)
    rows[:, MEAN : MEAN + 3] = means
    rows[:, LOG_SCALE : LOG_SCALE + 3] = log_scales
    rows[:, QUAT : QUAT + 4] = quats
    rows[:, LOGIT] = logit_opacities
    rows[:, LINE : LINE + 3 * k] = sh.reshape(n, 3 * k)
    return rows


def unpack(rows: Floats, coefficients: int) -> dict[str, Floats]:
    """The parameters' arrays by name, copied out of rows."""
    return {
        "means": rows[:, MEAN : MEAN + 3].copy(),
        "quats": rows[:, QUAT : QUAT + 4].copy(),
        "log_scales": rows[:, LOG_SCALE : LOG_SCALE + 3].copy(),
        "logit_opacities": rows[:, LOGIT].copy(),
        "sh": rows[:, LINE : LINE + 3 * coefficients].reshape(len(rows), coefficients, 3).copy(),
    }
