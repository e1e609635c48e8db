"""The CPU rasteriser against the slow reference, in pictures and gradients, and at the edges of what can be drawn."""

import inspect

import numpy as np
import pytest
import torch
from gsplat.rendering import rasterization

from reconstruction.camera import Camera
from reconstruction.raster.base import EPS_2D_PX2
from reconstruction.raster.base import NEAR
from reconstruction.raster.base import Splats
from reconstruction.raster.choose import choose_device
from reconstruction.raster.choose import choose_rasterizer
from reconstruction.raster.cpu import CpuRasterizer
from reconstruction.raster.cuda_state import cuda_state
from reconstruction.raster.reference import ReferenceRasterizer
from tests.reconstruction.raster_world import BACKGROUND
from tests.reconstruction.raster_world import check_gradients
from tests.reconstruction.raster_world import check_pictures
from tests.reconstruction.raster_world import crowded_splats
from tests.reconstruction.raster_world import draw
from tests.reconstruction.raster_world import slanted_camera


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_the_cpu_draws_what_the_reference_draws(degree):
    check_pictures(CpuRasterizer(), crowded_splats(degree=degree, seed=degree), slanted_camera())


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_the_cpu_goes_back_as_the_reference_does(degree):
    check_gradients(CpuRasterizer(), crowded_splats(degree=degree, seed=degree), slanted_camera())


@pytest.mark.parametrize("size_px", [(1, 1), (16, 8), (17, 9), (15, 7), (64, 3)])
def test_pictures_of_any_size_are_drawn(size_px):
    check_pictures(CpuRasterizer(), crowded_splats(), slanted_camera(size_px))
    check_gradients(CpuRasterizer(), crowded_splats(), slanted_camera(size_px))


def test_long_thin_splats_keep_their_shape():
    """A needle a hundred pixels long and a tenth wide: its determinant is lost in plain float32."""
    splats = crowded_splats(count=30, degree=0)
    splats.log_scales[:] = torch.tensor([0.5, -7.0, -7.0])
    check_pictures(CpuRasterizer(), splats, slanted_camera((96, 80)))
    # along a needle the exponent is a small difference of terms a thousand times as large
    check_gradients(CpuRasterizer(), splats, slanted_camera((96, 80)), tolerance=2e-2)


def test_a_huge_splat_covers_everything():
    splats = one_splat(log_scale=4.0)
    camera = slanted_camera((200, 90))
    rendering = draw(CpuRasterizer(), splats, camera, torch.float32).rendering
    assert rendering.alpha.min() > 0.99
    check_pictures(CpuRasterizer(), splats, camera)


def test_splats_over_very_many_tiles_are_drawn():
    splats = crowded_splats(count=12)
    splats.log_scales += 3
    rendering = draw(CpuRasterizer(), splats, slanted_camera((1900, 1300)), torch.float32).rendering
    assert torch.isfinite(rendering.rgb).all()
    assert rendering.alpha.mean() > 0.9


def test_no_splats_give_the_background():
    empty = Splats(*(tensor[:0] for tensor in crowded_splats().tensors().values()))
    drawn = draw(CpuRasterizer(), empty, slanted_camera(), torch.float32, back=True)
    assert torch.allclose(drawn.rendering.rgb, torch.tensor(BACKGROUND).expand(37, 45, 3))
    assert drawn.rendering.alpha.abs().max() == 0


def test_a_splat_behind_the_camera_is_not_drawn():
    splats = one_splat(log_scale=-1.0)
    splats.means[:, 2] = -3
    rendering = draw(CpuRasterizer(), splats, slanted_camera(), torch.float32).rendering
    assert rendering.radii_px.tolist() == [0]
    assert rendering.alpha.abs().max() == 0


@pytest.mark.parametrize("rasterizer", [CpuRasterizer(), ReferenceRasterizer()])
def test_a_splat_is_drawn_from_gsplats_near_plane_on(rasterizer):
    limits = inspect.signature(rasterization).parameters
    assert (limits["near_plane"].default, limits["eps2d"].default) == (NEAR, EPS_2D_PX2)
    camera = Camera(np.eye(4), (50.0, 50.0), (20.0, 15.0), (40, 30))
    drawn = []
    for depth in (0.9 * NEAR, 1.1 * NEAR):
        splats = one_splat(log_scale=-7.0)
        splats.means[:, 2] = depth
        rendering = draw(rasterizer, splats, camera, torch.float32).rendering
        drawn.append((bool(rendering.radii_px.item() > 0), bool(rendering.alpha.max() > 0.5)))
    assert drawn == [(False, False), (True, True)]


def test_a_splat_that_is_not_a_number_disturbs_no_other():
    splats = crowded_splats()
    spoilt = Splats(**{name: tensor.clone() for name, tensor in splats.tensors().items()})
    for tensor in spoilt.tensors().values():
        tensor[20] = torch.nan
    kept = Splats(**{name: torch.cat([t[:20], t[21:]]) for name, t in splats.tensors().items()})
    ours = draw(CpuRasterizer(), spoilt, slanted_camera(), torch.float32).rendering
    truth = draw(CpuRasterizer(), kept, slanted_camera(), torch.float32).rendering
    assert torch.equal(ours.rgb, truth.rgb)


def test_depth_over_alpha_is_the_splats_distance():
    splats = one_splat(log_scale=2.0)
    camera = Camera(np.eye(4), (50.0, 50.0), (20.0, 15.0), (40, 30))
    rendering = draw(CpuRasterizer(), splats, camera, torch.float32).rendering
    assert torch.allclose(rendering.depth / rendering.alpha, torch.tensor(3.0), atol=1e-4)  # float32 sums


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_one_bit(threads):
    splats, camera = crowded_splats(count=3000), slanted_camera((150, 110))
    alone = draw(CpuRasterizer(1), splats, camera, torch.float32, back=True)
    together = draw(CpuRasterizer(threads), splats, camera, torch.float32, back=True)
    assert torch.equal(alone.rendering.rgb, together.rendering.rgb)
    for name, tensor in alone.splats.tensors().items():
        assert tensor.grad is not None
        assert torch.equal(tensor.grad, getattr(together.splats, name).grad), name


def test_the_background_gets_its_gradient():
    splats, camera = crowded_splats(), slanted_camera()
    background = torch.tensor(BACKGROUND, requires_grad=True)
    rendering = CpuRasterizer().render(splats, camera, background)
    rendering.rgb.sum().backward()
    assert background.grad is not None
    assert torch.allclose(background.grad, (1 - rendering.alpha).sum().expand(3), rtol=1e-4)


@pytest.mark.skipif(cuda_state().usable, reason="this machine can draw on a card")
def test_demanding_cuda_without_a_card_says_why():
    assert choose_device("auto") == "cpu"
    assert isinstance(choose_rasterizer("auto"), CpuRasterizer)
    with pytest.raises(RuntimeError, match="CUDA cannot be used: "):
        choose_rasterizer("cuda")


def one_splat(log_scale: float) -> Splats:
    """A nearly opaque ball three units ahead."""
    return Splats(
        torch.tensor([[0.0, 0.0, 3.0]]),
        torch.tensor([[1.0, 0.0, 0.0, 0.0]]),
        torch.full((1, 3), log_scale),
        torch.tensor([8.0]),
        torch.zeros(1, 1, 3),
    )
