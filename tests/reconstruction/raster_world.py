"""One test body for every rasteriser: a crowded little world, and what a backend must share with the reference."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reconstruction.camera import Camera
from reconstruction.raster.base import Rasterizer
from reconstruction.raster.base import Rendering
from reconstruction.raster.base import Splats
from reconstruction.raster.reference import ReferenceRasterizer


BACKGROUND = (0.3, 0.6, 0.1)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A rendering, and the splats and background that hold its gradients."""

    rendering: Rendering
    splats: Splats
    background: Tensor


def crowded_splats(count: int = 110, degree: int = 3, seed: int = 0) -> Splats:
    """Splats of all sizes, many overlapping; some off screen, some behind the camera, some at the alpha clamp."""
    chance = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=chance)

    means = normal(count, 3) * 0.8 + torch.tensor([0.0, 0.0, 3.0])
    means[:6] *= 4
    means[6:9, 2] = -2
    logit_opacities = normal(count) * 2 + 1
    logit_opacities[10:40] = 9
    logit_opacities[40:43] = -7
    sh = normal(count, (degree + 1) ** 2, 3) * 0.2
    return Splats(means, normal(count, 4), normal(count, 3) * 0.6 - 2.2, logit_opacities, sh)


def slanted_camera(size_px: tuple[int, int] = (45, 37)) -> Camera:
    """A camera a little turned, whose principal point is off the middle and whose size fits no tile."""
    angle = 0.2
    pose = np.eye(4)
    pose[:3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    pose[:3, 3] = [0.1, -0.05, 0.6]
    width, height = size_px
    return Camera(pose, (0.83 * width, 0.87 * width), (0.48 * width, 0.52 * height), size_px)


def draw(
    rasterizer: Rasterizer, splats: Splats, camera: Camera, dtype: torch.dtype, device: str = "cpu", back: bool = False
) -> Drawn:
    """Draws, and goes back from fixed random weights of colour, alpha and depth where ``back`` says so."""
    leaves = Splats(**{name: at(tensor, dtype, device).requires_grad_() for name, tensor in splats.tensors().items()})
    background = at(torch.tensor(BACKGROUND), dtype, device)
    rendering = rasterizer.render(leaves, camera, background)
    if back:
        chance = torch.Generator().manual_seed(1)
        loss = torch.zeros((), dtype=dtype, device=device)
        for layer in (rendering.rgb, rendering.alpha, rendering.depth):
            weights = torch.randn(layer.shape, generator=chance, dtype=torch.float64)
            loss = loss + (layer * at(weights, dtype, device)).sum()
        loss.backward()
    return Drawn(rendering, leaves, background)


def at(tensor: Tensor, dtype: torch.dtype, device: str) -> Tensor:
    return tensor.detach().clone().to(device=device, dtype=dtype)


def check_pictures(rasterizer: Rasterizer, splats: Splats, camera: Camera, device: str = "cpu") -> None:
    """Colour, alpha, depth, radii and centres are the reference's."""
    truth = draw(ReferenceRasterizer(), splats, camera, torch.float64).rendering
    ours = draw(rasterizer, splats, camera, torch.float32, device).rendering
    for name in ("rgb", "alpha", "depth"):
        difference = (getattr(ours, name).detach().double().cpu() - getattr(truth, name).detach()).abs()
        # float32 moves a splat's rim, alpha = 1/255, across a pixel's centre here and there: at most 1 % of pixels
        assert difference.shape == getattr(truth, name).shape
        assert (difference > 2e-4).double().mean() < 0.01, name
        assert difference.max() < 0.02 * (1 + getattr(truth, name).abs().max()), name
    radii = ours.radii_px.cpu().double()
    assert (radii == truth.radii_px).double().mean() > 0.97  # a side within rounding of a whole pixel may go either way
    assert (radii - truth.radii_px).abs().max() <= 1
    drawn = (truth.radii_px > 0) & (radii > 0)
    centres = ours.centres_px.detach().double().cpu()
    assert torch.allclose(centres[drawn], truth.centres_px.detach()[drawn], atol=2e-3)  # float32 at a few hundred px


def check_gradients(
    rasterizer: Rasterizer, splats: Splats, camera: Camera, device: str = "cpu", tolerance: float = 2e-3
) -> None:
    """Gradients of colour, alpha and depth by every parameter, and by the centres, are the reference's.

    The tolerance is relative, in the L2 norm. Measured 2e-5; a rim that float32 moves by one pixel costs up to 1e-3.
    """
    truth = draw(ReferenceRasterizer(), splats, camera, torch.float64, back=True)
    ours = draw(rasterizer, splats, camera, torch.float32, device, back=True)
    for name, tensor in truth.splats.tensors().items():
        near(getattr(ours.splats, name).grad, tensor.grad, name, tolerance)
    near(ours.rendering.centres_px.grad, truth.rendering.centres_px.grad, "centres_px", tolerance)


def near(ours: Tensor | None, truth: Tensor | None, name: str, tolerance: float) -> None:
    assert ours is not None, name
    assert truth is not None, name
    error = (ours.double().cpu() - truth).norm() / truth.norm().clamp_min(1e-12)
    assert error < tolerance, f"{name}: {error:.2e}"
