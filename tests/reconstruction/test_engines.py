"""The CPU engine against the slow reference engine, step by step, and what training above it relies on."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reconstruction.camera import Camera
from reconstruction.raster.kernels.canvas import Grid
from reconstruction.training.engine.base import PARAMETERS
from reconstruction.training.engine.base import Engine
from reconstruction.training.engine.base import Rates
from reconstruction.training.engine.base import Revision
from reconstruction.training.engine.base import View
from reconstruction.training.engine.cpu import CpuEngine
from reconstruction.training.engine.lessons import Lessons
from reconstruction.training.engine.reference import ReferenceEngine
from tests.places import ROOT
from tests.reconstruction.raster_world import crowded_splats
from tests.reconstruction.raster_world import slanted_camera


RATES = Rates(
    means=1e-3,
    quats=1e-3,
    log_scales=5e-3,
    logit_opacities=2e-2,
    sh_constant=2.5e-3,
    sh_rest=1e-4,
    sh_degree=3,
    ssim_weight=0.2,
    background=(0.1, 0.2, 0.3),
)


def view_of(camera: Camera, name: str = "a", masked: bool = False) -> View:
    """A smooth coloured photo; masked: its left third teaches nothing."""
    width, height = camera.size_px
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([255 * x, 255 * y, 127 + 120 * np.sin(9 * x * y)], -1).astype(np.uint8)
    mask = (x > 0.33) if masked else None
    return View(name, camera, pixels, mask)


def both(degree: int = 3) -> tuple[CpuEngine, ReferenceEngine]:
    gaussians = crowded_splats(degree=degree).gaussians()
    return CpuEngine(gaussians), ReferenceEngine(gaussians)


def assert_alike(ours: Engine, truth: Engine, rates: Rates, steps: int) -> None:
    """Parameters agree to a small part of what the steps moved them.

    Adam divides by the gradient's own size: where float32 makes a gradient of 0 into one of 1e-12, a number moves by
    the whole rate. Such numbers are few, and bounded by what the rate allows.
    """
    for name in PARAMETERS:
        rate = rates.sh_constant if name == "sh" else getattr(rates, name)
        difference = np.abs(ours.state().arrays[name] - truth.state().arrays[name])
        assert difference.max() <= 2.2 * steps * rate, name
        assert (difference > 0.02 * rate * steps + 1e-6).mean() < 0.02, name


@pytest.mark.parametrize("masked", [False, True])
def test_five_steps_are_the_references(masked):
    ours, truth = both()
    view = view_of(slanted_camera(), masked=masked)
    for _ in range(5):
        seen, true = ours.step(view, RATES).read(), truth.step(view, RATES).read()
        assert seen == pytest.approx(true, rel=1e-3)  # float32 rims, and steps that began a little apart
    assert_alike(ours, truth, RATES, steps=5)
    np.testing.assert_array_equal(ours.statistics().seen, truth.statistics().seen)
    np.testing.assert_allclose(ours.statistics().gradients, truth.statistics().gradients, rtol=0.05, atol=2e-5)


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_a_lower_degree_draws_and_trains_only_its_coefficients(degree):
    ours, truth = both()
    rates = replace(RATES, sh_degree=degree)
    before = ours.state().arrays["sh"]
    for _ in range(2):
        ours.step(view_of(slanted_camera()), rates)
        truth.step(view_of(slanted_camera()), rates)
    assert_alike(ours, truth, rates, steps=2)
    kept = (degree + 1) ** 2
    np.testing.assert_array_equal(ours.state().arrays["sh"][:, kept:], before[:, kept:])
    assert not ours.state().arrays["sh.second"][:, kept:].any()


def test_a_revised_population_goes_on_as_the_references():
    ours, truth = both()
    view = view_of(slanted_camera())
    sources = np.array([*range(20, 100), 30, 31, 32])
    fresh = np.zeros(83, bool)
    fresh[[10, 80, 81, 82]] = True
    gaussians = crowded_splats().gaussians().select(sources[fresh])
    revision = Revision(sources, fresh, gaussians.means + 0.05, gaussians.log_scales - 0.3, gaussians.logit_opacities)
    for engine in (ours, truth):
        for _ in range(2):
            engine.step(view, RATES)
        engine.revise(revision)
        assert len(engine) == 83
        assert not engine.statistics().seen.any()
        assert not engine.state().arrays["means.first"][fresh].any()
        for _ in range(2):
            engine.step(view, RATES)
    assert_alike(ours, truth, RATES, steps=4)


def test_a_restored_engine_goes_on_to_the_same_bits():
    views = [view_of(slanted_camera(), "a"), view_of(slanted_camera((30, 40)), "b", masked=True)]
    engine = CpuEngine(crowded_splats().gaussians())
    for step in range(4):
        engine.step(views[step % 2], RATES)
    other = CpuEngine(crowded_splats(count=7, seed=9).gaussians())
    other.restore(engine.state())
    for step in range(4):
        engine.step(views[step % 2], RATES)
        other.step(views[step % 2], RATES)
    for name, array in engine.state().arrays.items():
        np.testing.assert_array_equal(array, other.state().arrays[name], err_msg=name)
    assert engine.state().steps == other.state().steps == 8


def test_threads_do_not_change_one_bit_of_training():
    engines = [CpuEngine(crowded_splats(count=2500).gaussians(), threads) for threads in (1, 2)]
    view = view_of(slanted_camera((150, 210)))
    for engine in engines:
        for _ in range(3):
            engine.step(view, RATES)
    for name, array in engines[0].state().arrays.items():
        np.testing.assert_array_equal(array, engines[1].state().arrays[name], err_msg=name)


def test_splats_that_are_not_drawn_stay_as_they_are():
    engine = CpuEngine(crowded_splats().gaussians())
    before = engine.state().arrays
    for _ in range(3):
        engine.step(view_of(slanted_camera()), RATES)
    behind = slice(6, 9)
    for name in PARAMETERS:
        np.testing.assert_array_equal(engine.state().arrays[name][behind], before[name][behind])
    assert not engine.statistics().seen[behind].any()
    assert engine.statistics().seen[9:].max() == 3


def test_masked_pixels_teach_nothing():
    """Two photos that differ only where the mask hides them move the splats alike, to the bit."""
    view = view_of(slanted_camera(), masked=True)
    pixels = view.pixels.copy()
    assert view.mask is not None
    pixels[~view.mask] = 255 - pixels[~view.mask]
    engines = [CpuEngine(crowded_splats().gaussians()) for _ in range(2)]
    for engine, seen in zip(engines, (view, replace(view, pixels=pixels))):
        engine.step(seen, replace(RATES, ssim_weight=0.0))  # SSIM's window looks five pixels across the mask's edge
    for name in PARAMETERS:
        np.testing.assert_array_equal(engines[0].state().arrays[name], engines[1].state().arrays[name])


def test_training_brings_the_picture_near_the_photo():
    engine = CpuEngine(crowded_splats(count=300, degree=1).gaussians())
    view = view_of(slanted_camera())
    rates = replace(RATES, logit_opacities=5e-2, sh_constant=1e-2, means=3e-3)
    first = engine.step(view, rates).read()["l1"]
    for _ in range(149):
        engine.step(view, rates)
    last = engine.step(view, rates).read()["l1"]
    assert last < 0.2 * first
    picture = engine.render(view.camera, RATES.background, 1)
    # a step's figures are from before it moved anything; one step moves the loss by a few per cent
    assert np.abs(picture.rgb - view.pixels / 255).mean() == pytest.approx(last, rel=0.1)


def test_pictures_are_the_references():
    ours, truth = both(degree=2)
    for degree in (0, 2):
        drawn, true = (e.render(slanted_camera(), (0.5, 0.2, 0.1), degree) for e in (ours, truth))
        for name in ("rgb", "alpha", "depth"):
            difference = np.abs(getattr(drawn, name) - getattr(true, name))
            assert (difference > 2e-3).mean() < 0.02, name  # the rims, and the depth of a pixel that is all but empty


def test_a_splat_that_is_not_a_number_spoils_no_other():
    gaussians = crowded_splats().gaussians()
    gaussians.means[20] = np.nan
    gaussians.sh[21] = np.inf
    engine = CpuEngine(gaussians)
    for _ in range(3):
        engine.step(view_of(slanted_camera()), RATES)
    arrays = engine.state().arrays
    others = np.r_[:20, 22 : len(engine)]
    assert all(np.isfinite(arrays[name][others]).all() for name in PARAMETERS)


def test_an_engine_without_splats_sees_the_background():
    engine = CpuEngine(crowded_splats().gaussians().select(np.arange(0)))
    facts = engine.step(view_of(slanted_camera()), RATES).read()
    assert facts["l1"] > 0
    assert np.allclose(engine.render(slanted_camera(), (0.1, 0.2, 0.3), 0).rgb, [0.1, 0.2, 0.3])


def test_photos_beyond_the_budget_are_made_anew():
    grid = Grid((16, 8))
    views = [view_of(Camera(np.eye(4), (9.0, 9.0), (8.0, 4.0), (16, 8)), name) for name in "abc"]
    lessons = Lessons(most_bytes=2 * Lessons().of(views[0], grid).size_bytes)
    first = [lessons.of(view, grid) for view in views]
    again = [lessons.of(view, grid) for view in views]
    assert [one is other for one, other in zip(first, again)] == [True, True, False]
    np.testing.assert_array_equal(first[2].mean, again[2].mean)


def test_gaussians_come_back_with_unit_quaternions():
    splats = crowded_splats()
    engine = CpuEngine(splats.gaussians())
    engine.step(view_of(slanted_camera()), RATES)
    gaussians = engine.gaussians()
    np.testing.assert_allclose(np.linalg.norm(gaussians.quats, axis=1), 1, atol=1e-6)
    assert len(gaussians) == len(engine)
    assert engine.peak_memory_bytes() > 10_000_000


def start_twelve_steps(cache_folder: Path) -> subprocess.Popen:
    """A process of its own that trains with the kernels kept in that folder."""
    command = [sys.executable, "-m", "tests.reconstruction.twelve_steps"]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache_folder)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_processes_train_to_the_same_bits_whether_they_find_kernels_or_not(tmp_path):
    killed = start_twelve_steps(tmp_path)
    while killed.poll() is None and not list(tmp_path.rglob("*.lock")):
        time.sleep(0.05)
    killed.kill()
    killed.communicate(timeout=60)  # ends once the compiling child has left too
    assert not list(tmp_path.glob("*/compiled-*[!k]"))
    cold = [start_twelve_steps(tmp_path) for _ in range(2)]  # both at once: one compiles, the other waits
    said = [process.communicate(timeout=250) for process in cold]
    said.append(start_twelve_steps(tmp_path).communicate(timeout=100))
    assert [err.count("preparing this machine") for _, err in said] == [1, 1, 0], said
    outputs = [out for out, _ in said]
    assert outputs[0].endswith("compiled here:\n")
    assert outputs[0] == outputs[1] == outputs[2]
