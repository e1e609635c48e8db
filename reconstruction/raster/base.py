"""What every rasteriser takes and gives."""

from dataclasses import dataclass
from dataclasses import fields
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians


EPS_2D_PX2 = 0.3
"""Added to the diagonal of every projected covariance: no splat is thinner than half a pixel (Kerbl et al. 2023)."""
NEAR = 0.01
"""Splats nearer than this, world units, are not drawn."""
ALPHA_LEAST = 1 / 255
ALPHA_MOST = 0.999
TRANSMITTANCE_LEAST = 1e-4
"""A pixel is finished before the splat that would let less than this through."""


@dataclass(slots=True, eq=False)
class Splats:
    """The torch twin of Gaussians: same names, same shapes; any float dtype, any device."""

    means: Tensor
    quats: Tensor
    """(N, 4) wxyz of any length: rasterisers normalise"""
    log_scales: Tensor
    logit_opacities: Tensor
    sh: Tensor

    @staticmethod
    def of(gaussians: Gaussians, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32) -> "Splats":
        arrays = (getattr(gaussians, field.name) for field in fields(gaussians))
        return Splats(*(torch.tensor(array, device=device, dtype=dtype) for array in arrays))

    def tensors(self) -> dict[str, Tensor]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def gaussians(self) -> Gaussians:
        """Back in numpy, quaternions normalised."""
        arrays = {name: tensor.detach().cpu().numpy().astype(np.float32) for name, tensor in self.tensors().items()}
        arrays["quats"] = arrays["quats"] / np.linalg.norm(arrays["quats"], axis=1, keepdims=True)
        return Gaussians(**arrays)


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What one camera (height H, width W) sees of N splats."""

    rgb: Tensor
    """(H, W, 3), composed over the background; not clipped"""
    alpha: Tensor
    """(H, W), 1 - transmittance"""
    depth: Tensor
    """(H, W) sum of weight * camera z: divide by alpha for the expected depth"""
    centres_px: Tensor
    """(N, 2) image; its gradient is what density control watches. Meaningless where radii_px is 0."""
    radii_px: Tensor
    """(N,) half the larger side of the splat's box in the image; 0: not drawn"""


class Rasterizer(Protocol):
    """Draws splats, differentiably in every parameter: reference, cpu or cuda.

    Conventions are gsplat 1.5.3's (csrc/ProjectionEWA3DGSFused.cu, RasterizeToPixels3DGSFwd.cu): EWA projection
    linearised at the centre with tan(angle) clamped to the picture plus 15 %, EPS_2D_PX2 on the diagonal, a splat's
    footprint ends where its alpha falls below ALPHA_LEAST, alpha at most ALPHA_MOST, front to back until
    TRANSMITTANCE_LEAST would be passed, colour max(0, 0.5 + sum(basis * sh)).
    """

    @property
    def device(self) -> torch.device:
        """Where the splats must lie."""
        ...

    def render(self, splats: Splats, camera: Camera, background: Tensor) -> Rendering:
        """``background`` is (3,). Uses all coefficients of ``splats.sh``."""
        ...
