"""Every kernel called once, with the types that drawing and training call it with."""

import numpy as np

from reconstruction.camera import Camera
from reconstruction.raster.kernels.adam import learn
from reconstruction.raster.kernels.canvas import Canvas
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import MEAN
from reconstruction.raster.kernels.layout import QUAT
from reconstruction.raster.kernels.layout import aligned_zeros
from reconstruction.raster.kernels.project_backward import project_backward
from reconstruction.raster.kernels.ssim import loss
from reconstruction.raster.kernels.ssim import photo_statistics


SIZE_PX = (16, 16)
DEGREE = 0


def rehearse() -> None:
    """Draws one splat of one coefficient, compares it with a black photo, goes back and learns."""
    rows = aligned_zeros(2).reshape(1, 2 * LINE)
    rows[0, MEAN + 2] = rows[0, QUAT] = 1
    flat = rows.reshape(-1)
    canvas = Canvas(SIZE_PX, 1)
    canvas.draw(rows, Camera(np.eye(4), (9, 9), (8, 8), SIZE_PX), DEGREE, np.zeros(3, np.float32))
    width, height = SIZE_PX
    photo, mean, variance = (canvas.grid.planes(3) for _ in range(3))
    photo_statistics(photo, height, height, width, mean, variance)
    loss(canvas.picture, photo, mean, variance, height, height, width, width, np.float32(0.2), canvas.by_picture)
    canvas.go_back(canvas.drawn)
    seen = (canvas.boxes, canvas.drawn, canvas.slot_starts, canvas.sums)
    project_backward(canvas.lens, DEGREE, flat, 2, *seen, np.zeros_like(flat))
    firsts, seconds, rates = (aligned_zeros(2) for _ in range(3))
    watched = np.zeros((1, 2), np.float32)
    learn(canvas.lens, DEGREE, flat, firsts, seconds, 2, *seen, rates, np.float32(1), watched)
