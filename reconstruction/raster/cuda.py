"""The gsplat backend: NVIDIA cards.

gsplat compiles its CUDA kernels at first use; importing this file needs neither a card nor gsplat.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reconstruction.camera import Camera
from reconstruction.harmonics import degree_of
from reconstruction.raster.base import EPS_2D_PX2
from reconstruction.raster.base import NEAR
from reconstruction.raster.base import Rendering
from reconstruction.raster.base import Splats
from reconstruction.raster.cuda_state import cuda_state


FAR = 1e10


class CudaRasterizer:
    """Draws float32 splats that lie on a card. Raises RuntimeError, saying why, where CUDA cannot be used."""

    device = torch.device("cuda")

    def __init__(self) -> None:
        state = cuda_state()
        if not state.usable:
            raise RuntimeError(f"CUDA cannot be used: {state.reason}")
        from gsplat.rendering import rasterization  # touching it without a card starts a build that fails

        self._rasterization = rasterization

    def render(self, splats: Splats, camera: Camera, background: Tensor) -> Rendering:
        """As ``Rasterizer.render``. gsplat's "D" is the sum of weight * depth, and has no background."""
        means = splats.means
        if not len(means):
            return nothing_drawn(splats, camera, background)  # gsplat's C++ divides by the number of splats
        pose = _uploaded(camera.camera_from_world, means)
        intrinsics = _uploaded(camera.intrinsics, means)
        width, height = camera.size_px
        images, alphas, meta = self._rasterization(
            means=means,
            quats=splats.quats,
            scales=splats.log_scales.exp(),
            opacities=torch.sigmoid(splats.logit_opacities),
            colors=splats.sh,
            viewmats=pose[None],
            Ks=intrinsics[None],
            width=width,
            height=height,
            near_plane=NEAR,
            far_plane=FAR,
            eps2d=EPS_2D_PX2,
            sh_degree=degree_of(splats.sh.shape[1]),
            packed=False,
            backgrounds=background.to(means)[None],
            render_mode="RGB+D",
        )
        return Rendering(
            rgb=images[0, ..., :3],
            alpha=alphas[0, ..., 0],
            depth=images[0, ..., 3],
            centres_px=watched(meta["means2d"]),
            radii_px=meta["radii"][0].amax(-1).to(means.dtype),
        )


def nothing_drawn(splats: Splats, camera: Camera, background: Tensor) -> Rendering:
    """What a camera sees of no splats at all: the background."""
    width, height = camera.size_px
    dark = splats.means.new_zeros(height, width)
    return Rendering(
        rgb=background.to(splats.means).expand(height, width, 3),
        alpha=dark,
        depth=dark,
        centres_px=splats.means[:, :2],
        radii_px=splats.means.new_zeros(0),
    )


def _uploaded(matrix: NDArray[np.floating], like: Tensor) -> Tensor:
    """The matrix beside ``like``; pinned, since an ordinary upload would wait for the card in every step."""
    tensor = torch.as_tensor(matrix, dtype=like.dtype)
    return tensor.pin_memory().to(like.device, non_blocking=True) if like.is_cuda else tensor.to(like.device)


def watched(means2d: Tensor) -> Tensor:
    """gsplat's centres (1, N, 2) as (N, 2), with the same gradient once it is known.

    Indexing would give a tensor that the pictures do not depend on, and that never gets a gradient.
    """
    centres_px = means2d.detach()[0].requires_grad_(means2d.requires_grad)
    if means2d.requires_grad:

        def keep(gradient: Tensor) -> None:
            centres_px.grad = gradient[0]

        means2d.register_hook(keep)
    return centres_px
