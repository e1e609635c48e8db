"""CUDA's engine on a real card: the same steps as the reference, and a whole training.

These tests and ``benchmarks/training.py --device cuda`` need, beside torch, gsplat and pytest: numpy, scipy,
opencv-python-headless, pillow, plyfile and psutil; a machine prepared by shared/facts/gpu.md lacks the last of them:
EXTRA_WHEELS="psutil==7.2.2".
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reconstruction.configs import SplatsConfig
from reconstruction.progress import Progress
from reconstruction.raster.cuda_state import cuda_state
from reconstruction.scene import Scene
from reconstruction.training.engine.autograd import AdamStep
from reconstruction.training.engine.autograd import Trained
from reconstruction.training.engine.autograd import move_rows
from reconstruction.training.engine.base import Engine
from reconstruction.training.engine.base import Rates
from reconstruction.training.engine.base import Revision
from reconstruction.training.engine.reference import ReferenceEngine
from reconstruction.training.train import train
from reconstruction.training.views import both_sizes
from tests.synthetic import known_gaussians
from tests.synthetic import ring


STATE = cuda_state()
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not STATE.usable, reason=f"CUDA cannot be used: {STATE.reason}"),
]

RATES = Rates(1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3, sh_degree=1, ssim_weight=0.2, background=(0.1, 0.2, 0.3))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return ring(tmp_path_factory.mktemp("ring"), cameras=24, splats=120)


@pytest.fixture
def engines() -> tuple[Engine, Engine]:
    """On the card and by the reference, with the same splats."""
    from reconstruction.training.engine.cuda import cuda_engine  # gsplat is not installed on every system

    start = known_gaussians(40, seed=3, degree=2)
    return cuda_engine(start), ReferenceEngine(start)


def assert_near(ours: np.ndarray, theirs: np.ndarray, share: float, name: str) -> None:
    """Relative L2 distance: single splats may differ where a pixel lies on the rim of a footprint."""
    assert np.linalg.norm(ours - theirs) <= share * np.linalg.norm(theirs) + 1e-12, name


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_moments_and_statistics_are_the_reference_s(
    scene: Scene, engines: tuple[Engine, Engine], masked: bool
) -> None:
    view = both_sizes(scene.photos[0], 64).fine
    left = np.arange(64) < 30
    view = replace(view, mask=np.tile(left, (48, 1)) if masked else None)
    ours, theirs = (engine.step(view, RATES).read() for engine in engines)
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
    ours, theirs = (engine.state().arrays for engine in engines)
    for name in ("means", "quats", "log_scales", "logit_opacities", "sh"):
        assert_near(ours[f"{name}.first"], theirs[f"{name}.first"], 2e-3, name)  # float32 against float64
        assert_near(ours[f"{name}.second"], theirs[f"{name}.second"], 4e-3, name)
    assert_near(ours["gradients"], theirs["gradients"], 2e-3, "gradients")
    np.testing.assert_array_equal(ours["seen"], theirs["seen"])


def test_the_fused_kernel_moves_as_plain_torch_does() -> None:
    from reconstruction.training.engine.cuda import move_rows_fused

    chance = torch.Generator().manual_seed(0)
    value = torch.rand(50, 16, 3, generator=chance).cuda()
    fused, plain = Trained.of(value.clone()), Trained.of(value.clone())
    for time in range(1, 6):
        gradient = torch.randn(50, 16, 3, generator=chance).cuda()
        drawn = (torch.rand(50, generator=chance) > 0.4).cuda()
        for trained, move in ((fused, move_rows_fused), (plain, move_rows)):
            trained.value.grad = gradient.clone()
            move(trained, drawn, AdamStep.at(0.01, time))
    torch.testing.assert_close(fused.value, plain.value, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(fused.second, plain.second, rtol=1e-5, atol=1e-8)


def test_a_step_does_not_wait_for_the_card(scene: Scene, engines: tuple[Engine, Engine]) -> None:
    """The step of Python is handed over before the card has done it; only reading waits."""
    engine, _ = engines
    view = both_sizes(scene.photos[0], 64).fine
    engine.step(view, RATES)  # photos are uploaded once
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with pytest.warns() as caught:
            engine.step(view, RATES).read()
        waits = [warning for warning in caught if "synchroniz" in str(warning.message)]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert len(waits) <= 4  # one for reading, and gsplat's own count of tiles


def test_a_revised_engine_goes_on(scene: Scene, engines: tuple[Engine, Engine]) -> None:
    engine, _ = engines
    means = np.zeros((1, 3), np.float32)
    engine.revise(
        Revision(np.array([3, 5, 7]), np.array([False, False, True]), means, means - 3, np.zeros(1, np.float32))
    )
    assert len(engine) == 3
    facts = engine.step(both_sizes(scene.photos[1], 64).fine, replace(RATES, sh_degree=2)).read()
    assert np.isfinite(facts["loss"])
    picture = engine.render(scene.photos[1].camera, (0, 0, 0), 2)
    assert picture.rgb.shape == (48, 64, 3)
    assert picture.alpha.max() > 0.1


def test_an_engine_without_splats_sees_the_background(scene: Scene) -> None:
    """gsplat's C++ divides by the number of splats: the process would end with SIGFPE."""
    from reconstruction.training.engine.cuda import cuda_engine

    engine = cuda_engine(known_gaussians(5, seed=3).select(np.arange(0)))
    view = both_sizes(scene.photos[0], 64).fine
    assert engine.step(view, RATES).read()["l1"] > 0
    np.testing.assert_allclose(engine.render(view.camera, (0.1, 0.2, 0.3), 0).rgb[7, 8], [0.1, 0.2, 0.3], rtol=1e-6)


def test_a_view_in_which_no_splat_is_drawn_teaches_nothing(scene: Scene) -> None:
    from reconstruction.training.engine.cuda import cuda_engine

    view = both_sizes(scene.photos[0], 64).fine
    start = known_gaussians(5, seed=3)
    start.means[:] = 3 * view.camera.position  # behind the camera, which looks at the origin
    engine = cuda_engine(start)
    before = engine.state().arrays
    engine.step(view, RATES)
    for name, array in engine.state().arrays.items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)


def test_a_known_world_is_found_again_on_the_card(scene: Scene, tmp_path: Path) -> None:
    config = SplatsConfig(long_side_px=64, max_gaussians=600, max_steps=900)
    report = train(scene, config, Progress(), folder=tmp_path, device="cuda").report
    assert report.device == "cuda"
    assert report.psnr is not None
    assert report.psnr > 30  # as on the CPU
    assert report.peak_memory_bytes > 0
