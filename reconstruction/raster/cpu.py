"""The numba backend as a differentiable torch function.

Training does not come this way: ``training.engine.cpu`` keeps loss and optimiser in numba too, which halves the step.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from reconstruction.camera import Camera
from reconstruction.harmonics import degree_of
from reconstruction.raster.base import NEAR
from reconstruction.raster.base import Rendering
from reconstruction.raster.base import Splats
from reconstruction.raster.kernels.canvas import Canvas
from reconstruction.raster.kernels.compiled import ensure_compiled
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import RADIUS
from reconstruction.raster.kernels.layout import SUM_RED
from reconstruction.raster.kernels.layout import SUM_YY
from reconstruction.raster.kernels.layout import Floats
from reconstruction.raster.kernels.layout import pack_arrays
from reconstruction.raster.kernels.layout import unpack
from reconstruction.raster.kernels.project_backward import GRADIENT_X
from reconstruction.raster.kernels.project_backward import project_backward
from reconstruction.raster.kernels.threads import use_threads


BLACK = np.zeros(3, np.float32)


class CpuRasterizer:
    """Draws float32 splats on the CPU."""

    device = torch.device("cpu")

    def __init__(self, threads: int | None = None) -> None:
        """``threads``: None for as many as numba finds."""
        self._threads = threads

    def render(self, splats: Splats, camera: Camera, background: Tensor) -> Rendering:
        ensure_compiled()
        use_threads(self._threads)
        centres_px = project_centres(splats.means, camera)
        if centres_px.requires_grad:
            centres_px.retain_grad()
        rgb, alpha, depth, radii_px = _Draw.apply(*splats.tensors().values(), centres_px, camera, background)
        return Rendering(rgb, alpha, depth, centres_px, radii_px)


def project_centres(means: Tensor, camera: Camera) -> Tensor:
    """Where means (N, 3) land in the image (N, 2) px; meaningless behind the camera."""
    pose = torch.as_tensor(camera.camera_from_world, dtype=means.dtype)
    points = means @ pose[:3, :3].T + pose[:3, 3]
    depths = torch.where(points[:, 2:] > NEAR, points[:, 2:], torch.ones_like(points[:, 2:]))
    return points[:, :2] / depths * means.new_tensor(camera.focal_px) + means.new_tensor(camera.centre_px)


class _Draw(torch.autograd.Function):
    """Parameters and centres to rgb, alpha, depth and radii. The gradient that passes through the centres goes to them
    alone, so that it can be watched there."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        *parameters, _, camera, background = inputs
        means, quats, log_scales, logit_opacities, sh = (tensor.detach().numpy() for tensor in parameters)
        rows = pack_arrays(means, quats, log_scales, logit_opacities, sh)
        canvas = Canvas(camera.size_px, len(means))
        canvas.draw(rows, camera, degree_of(sh.shape[1]), background.detach().numpy().astype(np.float32))
        rgb = canvas.grid.cropped(canvas.picture).transpose(1, 2, 0).copy()
        light = canvas.grid.cropped(canvas.light)[0].copy()
        canvas.blend(canvas.depth_as_colour(), BLACK)
        depth = canvas.grid.cropped(canvas.picture)[0].copy()
        radii_px = np.where(canvas.boxes > 0, canvas.drawn.reshape(-1, LINE)[:, RADIUS], np.float32(0))
        ctx.canvas, ctx.rows, ctx.camera, ctx.coefficients = canvas, rows, camera, sh.shape[1]
        ctx.save_for_backward(background)
        ctx.set_materialize_grads(False)
        radii = torch.from_numpy(radii_px)
        ctx.mark_non_differentiable(radii)
        return torch.from_numpy(rgb), torch.from_numpy(1 - light), torch.from_numpy(depth), radii

    @staticmethod
    def backward(ctx: Any, *by_outputs: Any) -> Any:
        by_rgb, by_alpha, by_depth, _ = by_outputs
        canvas: Canvas = ctx.canvas
        (background,) = ctx.saved_tensors
        shape_sums, by_splat_depth = _depth_sums(canvas, by_depth)
        canvas.blend(canvas.drawn, background.detach().numpy().astype(np.float32))
        _set_gradients(canvas, by_rgb, by_alpha)
        canvas.go_back(canvas.drawn)
        canvas.sums.reshape(-1, LINE)[: canvas.pairs] += shape_sums
        gradients = np.zeros_like(ctx.rows)
        project_backward(
            canvas.lens,
            degree_of(ctx.coefficients),
            ctx.rows.reshape(-1),
            ctx.rows.shape[1] // LINE,
            canvas.boxes,
            canvas.drawn,
            canvas.slot_starts,
            canvas.sums,
            gradients.reshape(-1),
        )
        by_centres = gradients[:, GRADIENT_X : GRADIENT_X + 2].copy()
        by_parameters = unpack(gradients, ctx.coefficients)
        by_parameters["means"] += by_splat_depth[:, None] * ctx.camera.forward.astype(np.float32)
        by_parameters["means"] -= _through_centres(ctx.rows[:, :3], by_centres, ctx.camera)
        by_background = None
        if by_rgb is not None and background.requires_grad:
            light = torch.from_numpy(canvas.grid.cropped(canvas.light)[0].copy())
            by_background = (by_rgb * light[..., None]).sum((0, 1))
        arrays = (*by_parameters.values(), by_centres)
        return *(torch.from_numpy(array) for array in arrays), None, by_background


def _set_gradients(canvas: Canvas, by_rgb: Tensor | None, by_alpha: Tensor | None) -> None:
    canvas.by_picture[:] = 0
    canvas.by_light[:] = 0
    if by_rgb is not None:
        canvas.grid.cropped(canvas.by_picture)[:] = by_rgb.numpy().transpose(2, 0, 1)
    if by_alpha is not None:
        canvas.grid.cropped(canvas.by_light)[0] = -by_alpha.numpy()


def _depth_sums(canvas: Canvas, by_depth: Tensor | None) -> tuple[Floats, Floats]:
    """What the depth picture adds to the gradient sums (pairs, 16) of shapes, and its gradient (N,) by splats' depths.

    Depth is drawn as if it were a colour; the canvas still holds that picture.
    """
    sums = np.zeros((canvas.pairs, LINE), np.float32)
    by_splat = np.zeros(canvas.count, np.float32)
    if by_depth is None or not canvas.pairs:
        return sums, by_splat
    canvas.blend(canvas.depth_as_colour(), BLACK)
    _set_gradients(canvas, torch.stack([by_depth, torch.zeros_like(by_depth), torch.zeros_like(by_depth)], -1), None)
    canvas.go_back(canvas.depth_as_colour())
    drawn_sums = canvas.sums.reshape(-1, LINE)[: canvas.pairs]
    sums[:, : SUM_YY + 1] = drawn_sums[:, : SUM_YY + 1]
    splats = np.repeat(np.arange(canvas.count), np.diff(canvas.slot_starts))
    by_splat += np.bincount(splats, drawn_sums[:, SUM_RED], canvas.count).astype(np.float32)
    return sums, by_splat


def _through_centres(means: Floats, by_centres: Floats, camera: Camera) -> Floats:
    """The part of the gradient by means (N, 3) that passes through the centres in the image."""
    with torch.enable_grad():
        leaf = torch.tensor(means, requires_grad=True)
        (gradient,) = torch.autograd.grad(project_centres(leaf, camera), leaf, torch.from_numpy(by_centres))
    return gradient.numpy()
