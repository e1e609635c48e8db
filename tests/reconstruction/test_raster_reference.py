"""The reference against gsplat's own torch functions, and against finite differences."""

import pytest
import torch
from gsplat.cuda._torch_impl import _fully_fused_projection
from gsplat.cuda._torch_impl import _quat_scale_to_covar_preci
from gsplat.cuda._torch_impl import _spherical_harmonics

from reconstruction.raster.base import EPS_2D_PX2
from reconstruction.raster.base import Splats
from reconstruction.raster.reference import ReferenceRasterizer
from reconstruction.raster.reference import basis
from reconstruction.raster.reference import image_covariances
from tests.reconstruction.raster_world import BACKGROUND
from tests.reconstruction.raster_world import at
from tests.reconstruction.raster_world import crowded_splats
from tests.reconstruction.raster_world import slanted_camera


def test_projection_is_gsplats():
    splats = Splats(**{name: tensor.double() for name, tensor in crowded_splats().tensors().items()})
    camera = slanted_camera()
    pose = torch.from_numpy(camera.camera_from_world)
    world_covariances, _ = _quat_scale_to_covar_preci(splats.quats, splats.log_scales.exp(), True, False, triu=False)
    assert world_covariances is not None
    width, height = camera.size_px
    _, centres, depths, conics, _ = _fully_fused_projection(
        splats.means, world_covariances, pose[None], torch.from_numpy(camera.intrinsics)[None], width, height,
        eps2d=EPS_2D_PX2,
    )  # fmt: skip
    camera_points = splats.means @ pose[:3, :3].T + pose[:3, 3]
    ahead = depths[0] > 0.01
    ours = torch.linalg.inv(image_covariances(splats, camera_points, pose[:3, :3], camera))
    assert ahead.sum() > 90
    triangle = torch.stack([ours[:, 0, 0], ours[:, 0, 1], ours[:, 1, 1]], -1)
    assert torch.allclose(triangle[ahead], conics[0][ahead], atol=1e-9)  # both float64
    rendering = ReferenceRasterizer().render(splats, camera, torch.zeros(3, dtype=torch.float64))
    assert torch.allclose(rendering.centres_px[ahead], centres[0][ahead], atol=1e-9)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_colour_is_gsplats(degree):
    splats = crowded_splats(degree=degree)
    directions = torch.nn.functional.normalize(splats.means.double(), dim=-1)
    theirs = _spherical_harmonics(degree, directions, splats.sh.double())
    ours = torch.einsum("nk,nkc->nc", basis(directions, (degree + 1) ** 2), splats.sh.double())
    assert torch.allclose(ours, theirs, atol=1e-9)  # constants agree to nine digits


def test_gradients_are_slopes():
    """Central differences along random directions of all parameters at once, in float64."""
    splats = crowded_splats(count=25, degree=2, seed=4)
    splats.logit_opacities[:] = torch.linspace(-2, 3, 25)  # away from the alpha clamp, where the slope jumps
    camera = slanted_camera((20, 14))
    leaves = Splats(**{name: at(t, torch.float64, "cpu").requires_grad_() for name, t in splats.tensors().items()})
    chance = torch.Generator().manual_seed(2)
    weights = torch.randn(14, 20, 5, generator=chance, dtype=torch.float64)

    def value(of: Splats) -> torch.Tensor:
        rendering = ReferenceRasterizer().render(of, camera, torch.tensor(BACKGROUND, dtype=torch.float64))
        layers = [rendering.rgb, rendering.alpha[..., None], rendering.depth[..., None]]
        return (torch.cat(layers, -1) * weights).sum()

    value(leaves).backward()
    for _ in range(5):
        ways = {n: torch.randn(t.shape, generator=chance, dtype=torch.float64) for n, t in leaves.tensors().items()}
        step = 1e-7  # small enough that no splat's rim crosses a pixel's centre
        with torch.no_grad():
            ahead, behind = (
                value(Splats(**{n: t + sign * step * ways[n] for n, t in leaves.tensors().items()})) for sign in (1, -1)
            )
        slope = (ahead - behind) / (2 * step)
        predicted = sum((t.grad * ways[n]).sum() for n, t in leaves.tensors().items() if t.grad is not None)
        assert torch.allclose(slope, torch.as_tensor(predicted), rtol=1e-4)
