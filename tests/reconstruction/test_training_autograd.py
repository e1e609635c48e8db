"""The engine that lets torch go back: CUDA's, here on the reference rasteriser."""

from dataclasses import fields
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reconstruction.gaussians import Gaussians
from reconstruction.raster.base import Splats
from reconstruction.raster.reference import ReferenceRasterizer
from reconstruction.scene import Scene
from reconstruction.training.engine.autograd import AdamStep
from reconstruction.training.engine.autograd import AutogradEngine
from reconstruction.training.engine.autograd import Trained
from reconstruction.training.engine.autograd import move_rows
from reconstruction.training.engine.base import PARAMETERS
from reconstruction.training.engine.base import Rates
from reconstruction.training.engine.base import Revision
from reconstruction.training.engine.base import View
from reconstruction.training.engine.reference import ReferenceEngine
from reconstruction.training.views import both_sizes
from tests.synthetic import known_gaussians
from tests.synthetic import ring


RATES = Rates(1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3, sh_degree=1, ssim_weight=0.2, background=(0.1, 0.2, 0.3))
BEHIND = np.array([0, 0, 0, 1, 0], bool)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return ring(tmp_path_factory.mktemp("ring"), cameras=3, splats=12, size_px=(24, 20))


@pytest.fixture(scope="module")
def view(scene: Scene) -> View:
    return both_sizes(scene.photos[0], 24).fine


@pytest.fixture
def start(scene: Scene) -> Gaussians:
    """Five splats near the world's centre, of which one lies behind the camera."""
    few = known_gaussians(5, seed=3, degree=2)
    few.means[BEHIND] = 3 * scene.photos[0].camera.position
    return few


def engine_for(gaussians: Gaussians) -> AutogradEngine:
    return AutogradEngine(gaussians, ReferenceRasterizer())


def test_the_first_step_moves_each_drawn_number_by_its_rate_and_nothing_else(start: Gaussians, view: View) -> None:
    engine = engine_for(start)
    engine.step(view, RATES)
    after = engine.state().arrays
    for name in ("means", "log_scales", "logit_opacities"):
        moved = np.abs(after[name] - getattr(start, name))
        np.testing.assert_allclose(moved[~BEHIND], getattr(RATES, name), rtol=1e-3)  # Adam's first step is the rate
        assert not moved[BEHIND].any()
    moved = np.abs(after["sh"] - start.sh)
    dark = moved[:, :1] == 0  # a colour cut off at black has no slope
    assert dark.sum() < 3 + 3 * BEHIND.sum()
    np.testing.assert_allclose(moved[:, 0][~dark[:, 0]], RATES.sh_constant, rtol=1e-3)
    np.testing.assert_allclose(moved[:, 1:4][~dark.repeat(3, axis=1)], RATES.sh_rest, rtol=1e-3)
    assert not moved[:, 4:].any()  # of a degree that is not trained yet


def test_steps_make_the_picture_more_like_the_photo(start: Gaussians, view: View) -> None:
    engine = engine_for(start)
    brisk = replace(RATES, means=1e-2, log_scales=3e-2, logit_opacities=1e-1, sh_constant=5e-2)
    losses = [engine.step(view, brisk).read()["loss"] for _ in range(10)]
    assert losses[-1] < 0.95 * losses[0]


def test_what_a_step_tells_adds_up(start: Gaussians, view: View) -> None:
    facts = engine_for(start).step(view, RATES).read()
    assert facts["loss"] == pytest.approx(0.8 * facts["l1"] + 0.2 * (1 - facts["ssim"]), abs=1e-6)


def test_steps_are_the_reference_engine_s(start: Gaussians, view: View) -> None:
    half = np.ones(view.pixels.shape[:2], bool)
    half[:, 12:] = False
    ours, theirs = engine_for(start), ReferenceEngine(start)
    for taught in (view, replace(view, name="masked", mask=half), view):
        told = [engine.step(taught, RATES).read() for engine in (ours, theirs)]
        for name in ("loss", "l1", "ssim"):
            assert told[0][name] == pytest.approx(told[1][name], rel=1e-4), name
    mine, reference = ours.state(), theirs.state()
    assert mine.steps == reference.steps == 3
    assert mine.arrays.keys() == reference.arrays.keys()
    for name, array in reference.arrays.items():
        distance = np.linalg.norm(mine.arrays[name] - array)
        assert distance <= 1e-3 * np.linalg.norm(array), name  # float32 against float64


def test_folded_bias_correction_is_adam() -> None:
    """Against Kingma & Ba 2015, algorithm 1, as it is written."""
    chance = np.random.default_rng(0)
    value = chance.random((4, 3))
    ours = Trained.of(torch.tensor(value))
    first, second = np.zeros_like(value), np.zeros_like(value)
    for time in range(1, 8):
        gradient = chance.normal(size=(4, 3))
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        value -= 0.01 * (first / (1 - 0.9**time)) / (np.sqrt(second / (1 - 0.999**time)) + 1e-15)
        ours.value.grad = torch.tensor(gradient)
        move_rows(ours, torch.ones(4, dtype=torch.bool), AdamStep.at(0.01, time))
    np.testing.assert_allclose(ours.value.detach().numpy(), value, rtol=1e-10)  # float64, other order of operations


def test_statistics_are_gradients_of_centres_in_half_pictures(start: Gaussians, view: View) -> None:
    engine = engine_for(start)
    engine.step(view, RATES)
    statistics = engine.statistics()
    np.testing.assert_array_equal(statistics.seen, ~BEHIND)
    np.testing.assert_array_equal(statistics.gradients > 0, ~BEHIND)
    splats = Splats.of(start.with_degree(1))
    splats.means.requires_grad_()
    rendering = ReferenceRasterizer().render(splats, view.camera, torch.tensor(RATES.background))
    rendering.centres_px.retain_grad()
    photo = torch.tensor(view.pixels) / 255
    (rendering.rgb - photo).abs().mean().backward()
    assert rendering.centres_px.grad is not None
    expected = (rendering.centres_px.grad * torch.tensor([12.0, 10.0])).norm(dim=1).numpy()
    only_l1 = engine_for(start)
    only_l1.step(view, replace(RATES, ssim_weight=0.0))
    np.testing.assert_allclose(only_l1.statistics().gradients, expected, rtol=1e-4)
    engine.step(view, RATES)
    np.testing.assert_array_equal(engine.statistics().seen, 2 * ~BEHIND)


def test_masked_pixels_teach_nothing(start: Gaussians, view: View) -> None:
    half = np.ones(view.pixels.shape[:2], bool)
    half[:, 12:] = False
    spoilt = view.pixels.copy()
    spoilt[~half] = 255
    engines = []
    for pixels, mask in ((view.pixels, None), (view.pixels, half), (spoilt, None)):
        engine = engine_for(start)
        engine.step(replace(view, pixels=pixels, mask=mask), replace(RATES, ssim_weight=0.0))
        engines.append(engine.state().arrays["means.first"])
    whole, masked, misled = engines
    assert np.abs(masked - whole).max() > 0
    assert np.abs(masked - misled).max() > 0
    nothing = engine_for(start)
    nothing.step(replace(view, mask=np.zeros_like(half)), RATES)
    assert not nothing.state().arrays["means.first"].any()


def test_a_revision_takes_rows_with_their_moments_and_fresh_rows_without(start: Gaussians, view: View) -> None:
    engine = engine_for(start)
    engine.step(view, RATES)
    before = engine.state().arrays
    means = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)
    engine.revise(
        Revision(
            sources=np.array([4, 0, 0]),
            fresh=np.array([False, True, True]),
            means=means,
            log_scales=-means,
            logit_opacities=means[:, 0],
        )
    )
    after = engine.state().arrays
    assert len(engine) == 3
    for name in PARAMETERS:
        np.testing.assert_array_equal(after[name][0], before[name][4])
        np.testing.assert_array_equal(after[f"{name}.first"][0], before[f"{name}.first"][4])
        assert not after[f"{name}.first"][1:].any()
        assert not after[f"{name}.second"][1:].any()
    np.testing.assert_array_equal(after["means"][1:], means)
    np.testing.assert_array_equal(after["log_scales"][1:], -means)
    np.testing.assert_array_equal(after["logit_opacities"][1:], [1, 4])
    np.testing.assert_array_equal(after["sh"][2], before["sh"][0])
    assert not engine.statistics().seen.any()
    engine.step(view, RATES)


def test_a_restored_engine_takes_the_same_next_step(start: Gaussians, view: View) -> None:
    engine = engine_for(start)
    for _ in range(3):
        engine.step(view, RATES)
    other = engine_for(known_gaussians(5, seed=9, degree=2))
    other.restore(engine.state())
    for each in (engine, other):
        each.step(view, RATES)
    for name, array in engine.state().arrays.items():
        np.testing.assert_array_equal(array, other.state().arrays[name], err_msg=name)


def test_what_is_rendered_is_what_the_rasteriser_draws(start: Gaussians, view: View, tmp_path: Path) -> None:
    picture = engine_for(start).render(view.camera, (0, 0, 0), 2)
    drawn = ReferenceRasterizer().render(Splats.of(start), view.camera, torch.zeros(3))
    np.testing.assert_allclose(picture.rgb, drawn.rgb.numpy(), atol=1e-6)
    seen = picture.alpha > 0.5
    assert seen.any()
    assert (np.abs(picture.depth[seen] - 1.5) < 0.7).all()  # the camera stands 1.5 from the ball of radius 0.5
    assert not picture.depth[picture.alpha == 0].any()


def test_gaussians_come_back_with_unit_quaternions(start: Gaussians, view: View) -> None:
    engine = engine_for(start)
    engine.step(view, RATES)
    gaussians = engine.gaussians()
    np.testing.assert_allclose(np.linalg.norm(gaussians.quats, axis=1), 1, atol=1e-6)
    assert {entry.name for entry in fields(gaussians)} == set(PARAMETERS)
    assert gaussians.degree == 2


def test_an_engine_without_splats_sees_the_background(start: Gaussians, view: View) -> None:
    engine = engine_for(start.select(np.arange(0)))
    assert engine.step(view, RATES).read()["l1"] > 0
    np.testing.assert_allclose(engine.render(view.camera, (0.1, 0.2, 0.3), 0).rgb[3, 4], [0.1, 0.2, 0.3])
    assert len(engine) == 0


def test_a_view_in_which_no_splat_is_drawn_teaches_nothing(start: Gaussians, view: View) -> None:
    engine = engine_for(start.select(BEHIND))
    before = engine.state().arrays
    engine.step(view, RATES)
    for name, array in engine.state().arrays.items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)
