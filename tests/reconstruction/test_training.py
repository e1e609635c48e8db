"""Training as a whole: on the CPU engine, in a small world that is known."""

import json
import threading
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from reconstruction.configs import SplatsConfig
from reconstruction.errors import NothingToTrainOn
from reconstruction.errors import PhotoWarning
from reconstruction.errors import TrainingDiverged
from reconstruction.gaussians import Gaussians
from reconstruction.progress import Cancelled
from reconstruction.progress import Fact
from reconstruction.progress import Progress
from reconstruction.raster.reference import ReferenceRasterizer
from reconstruction.scene import Scene
from reconstruction.training import keeper
from reconstruction.training.engine.autograd import AutogradEngine
from reconstruction.training.engine.base import Rates
from reconstruction.training.engine.base import StepFacts
from reconstruction.training.engine.base import View
from reconstruction.training.engine.choose import EngineKind
from reconstruction.training.engine.cpu import CpuEngine
from reconstruction.training.engine.cpu import CpuStepFacts
from reconstruction.training.train import Trained
from reconstruction.training.train import train
from reconstruction.training.train import train_with
from tests.synthetic import ring


SHORT = SplatsConfig(long_side_px=64, max_gaussians=220, max_steps=320, sh_degree=3, hold_out=4)
"""Long enough for a round of density control (step 200), the change of picture size and all degrees of colour."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return ring(tmp_path_factory.mktemp("ring"), cameras=12, splats=60)


@pytest.fixture(scope="module")
def undisturbed(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return run(scene, SHORT, tmp_path_factory.mktemp("undisturbed"))


@dataclass
class Person:
    """Listens, and asks to stop when so many steps are done."""

    stop_at: int = 10**9
    told: list[tuple[int, int, dict[str, Fact]]] = field(default_factory=list)
    previews: list[Gaussians] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def advanced(self, done: int, total: int, facts: dict[str, Fact]) -> None:
        if facts.get("doing") != "getting ready":
            self.told.append((done, total, facts))
        if done >= self.stop_at:
            self.stop.set()

    def warned(self, warning: PhotoWarning) -> None: ...

    def preview_due(self) -> bool:
        return len(self.previews) < 3

    def preview(self, gaussians: Gaussians) -> None:
        self.previews.append(gaussians)

    def progress(self) -> Progress:
        return Progress(self, self.stop, min_gap_s=0)


def run(
    scene: Scene, config: SplatsConfig, folder: Path, person: Person | None = None, fingerprint: str = "a"
) -> Trained:
    progress = person.progress() if person else Progress()
    return train(scene, config, progress, folder=folder, device="cpu", threads=1, fingerprint=fingerprint)


def interrupted(scene: Scene, config: SplatsConfig, folder: Path, stop_at: int) -> None:
    with pytest.raises(Cancelled):
        run(scene, config, folder, Person(stop_at))


def assert_same(first: Trained, second: Trained) -> None:
    for name in (entry.name for entry in fields(Gaussians)):
        np.testing.assert_array_equal(getattr(first.gaussians, name), getattr(second.gaussians, name), err_msg=name)
    assert first.report.held_out == second.report.held_out


@pytest.mark.slow
def test_a_known_world_is_found_again(tmp_path: Path) -> None:
    scene = ring(tmp_path / "photos", cameras=24, splats=120)
    config = replace(SHORT, max_gaussians=600, max_steps=900, hold_out=8)
    trained = run(scene, config, tmp_path / "splats")
    report = trained.report
    assert report.psnr is not None
    assert report.psnr > 30  # measured 32.7; the photos that were learned from come to 37.5
    assert report.train_psnr is not None
    assert report.train_psnr > report.psnr
    assert report.ssim is not None
    assert report.ssim > 0.94
    assert len(trained.gaussians) == report.gaussians <= 600
    history = [json.loads(line) for line in (tmp_path / "splats" / "history.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in history] == list(range(90, 901, 90))
    assert history[-1]["psnr"] > history[0]["psnr"] + 3


@pytest.mark.parametrize("stop_at", [1, 77, 150, 250, 318])
def test_cancelled_training_goes_on_as_if_never_stopped(
    scene: Scene, undisturbed: Trained, tmp_path: Path, stop_at: int
) -> None:
    interrupted(scene, SHORT, tmp_path, stop_at)
    person = Person()
    assert_same(run(scene, SHORT, tmp_path, person), undisturbed)
    assert person.told[0][0] == stop_at + 2  # the listener hears of a step, asks to stop, and the next step is the last


def test_a_power_cut_costs_only_the_steps_since_the_last_whole_checkpoint(
    scene: Scene, undisturbed: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "EVERY_S", 0.0)  # a checkpoint after each step
    interrupted(scene, SHORT, tmp_path, 287)  # its last step, 288, is noted in the history before the cut
    monkeypatch.undo()
    newest = max((tmp_path / "checkpoints").iterdir())
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write('{"step": 2')
    person = Person()
    assert_same(run(scene, SHORT, tmp_path, person), undisturbed)
    assert person.told[0][0] == 288
    steps = [json.loads(line)["step"] for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert steps == list(range(32, 321, 32))


def test_finished_training_is_only_judged_again(scene: Scene, undisturbed: Trained, tmp_path: Path) -> None:
    first = run(scene, SHORT, tmp_path)
    person = Person()
    again = run(scene, SHORT, tmp_path, person)
    assert_same(first, again)
    assert_same(first, undisturbed)
    assert person.told == []


def test_training_longer_goes_on_from_the_end(scene: Scene, undisturbed: Trained, tmp_path: Path) -> None:
    run(scene, SHORT, tmp_path)
    person = Person(stop_at=400)
    longer = replace(SHORT, max_steps=600)
    with pytest.raises(Cancelled):
        run(scene, longer, tmp_path, person)
    assert person.told[0][:2] == (321, 600)
    trained = run(scene, longer, tmp_path)
    assert trained.report.steps == 600
    assert trained.report.psnr is not None
    assert undisturbed.report.psnr is not None
    assert trained.report.psnr > undisturbed.report.psnr
    straight = tmp_path / "straight"
    run(scene, SHORT, straight)
    assert_same(run(scene, longer, straight), trained)


def test_other_inputs_begin_anew(scene: Scene, tmp_path: Path) -> None:
    interrupted(scene, SHORT, tmp_path, 20)
    person = Person(stop_at=1)
    with pytest.raises(Cancelled):
        run(scene, SHORT, tmp_path, person, fingerprint="b")
    assert person.told[0][0] == 1


def test_held_out_photos_teach_nothing(scene: Scene, undisturbed: Trained, tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    photos = list(scene.photos)
    for number in range(0, len(photos), SHORT.hold_out):
        path = tmp_path / photos[number].name
        cv2.imwrite(str(path), chance.integers(0, 255, (48, 64, 3)).astype(np.uint8))
        photos[number] = replace(photos[number], path=path)
    trained = run(replace(scene, photos=tuple(photos)), SHORT, tmp_path / "splats")
    np.testing.assert_array_equal(trained.gaussians.means, undisturbed.gaussians.means)
    np.testing.assert_array_equal(trained.gaussians.sh, undisturbed.gaussians.sh)
    assert {photo.photo for photo in trained.report.held_out} == {photos[0].name, photos[4].name, photos[8].name}
    assert trained.report.psnr is not None
    assert trained.report.psnr < 12


def test_without_held_out_photos_there_is_no_figure_to_boast_of(scene: Scene, tmp_path: Path) -> None:
    report = run(scene, replace(SHORT, hold_out=0, max_steps=5), tmp_path).report
    assert (report.psnr, report.ssim, report.held_out) == (None, None, ())
    assert report.train_psnr is not None
    assert np.isfinite(report.train_psnr)


def test_the_person_hears_figures_and_sees_previews(scene: Scene, tmp_path: Path) -> None:
    person = Person()
    trained = run(scene, SHORT, tmp_path, person)
    assert [done for done, _, _ in person.told] == list(range(1, 321))
    last = person.told[-1][2]
    assert last["gaussians"] == trained.report.gaussians
    assert isinstance(last["loss"], float)
    assert isinstance(last["psnr"], float)
    assert len(person.previews) == 3
    report = trained.report.as_dict()
    assert json.loads(json.dumps(report, allow_nan=False))["held_out"][0].keys() == {"photo", "psnr", "ssim"}
    assert report["device"] == "cpu"
    assert report["seconds"] > 0
    assert report["peak_memory_bytes"] > 10_000_000


def test_work_is_counted_over_all_sittings(scene: Scene, tmp_path: Path) -> None:
    interrupted(scene, SHORT, tmp_path, 300)
    with np.load(max((tmp_path / "checkpoints").iterdir())) as content:
        before = json.loads(str(content["about"]))
    after = run(scene, SHORT, tmp_path).report
    assert after.seconds > before["wall_s"] > 0
    assert after.cpu_seconds > before["cpu_s"] > 0


def test_a_background_may_be_random_and_the_result_still_exact(scene: Scene, tmp_path: Path) -> None:
    config = replace(SHORT, background="random", max_steps=40)
    whole = run(scene, config, tmp_path / "whole")
    interrupted(scene, config, tmp_path / "cut", 17)
    assert_same(run(scene, config, tmp_path / "cut"), whole)


def test_nothing_to_train_on_is_said(scene: Scene, tmp_path: Path) -> None:
    empty = replace(scene, photos=())
    with pytest.raises(NothingToTrainOn):
        run(empty, SHORT, tmp_path)


@dataclass
class Lecture:
    """What an engine was taught, step by step."""

    steps: list[tuple[View, Rates]] = field(default_factory=list)

    def engine(self, gaussians: Gaussians) -> CpuEngine:
        lecture = self.steps

        class Listening(CpuEngine):
            def step(self, view: View, rates: Rates) -> CpuStepFacts:
                lecture.append((view, rates))
                return super().step(view, rates)

        return Listening(gaussians, 1)


def test_training_begins_with_half_size_pictures_and_plain_colour(scene: Scene, tmp_path: Path) -> None:
    lecture = Lecture()
    config = replace(SHORT, max_steps=20)
    train_with(EngineKind("cpu", lecture.engine), scene, config, Progress(), folder=tmp_path)
    assert [view.camera.size_px[0] for view, _ in lecture.steps] == [32] * 14 + [64] * 6
    assert [rates.sh_degree for _, rates in lecture.steps] == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 8
    assert {view.name for view, _ in lecture.steps} == {photo.name for photo in scene.photos} - {
        photo.name for photo in scene.photos[:: SHORT.hold_out]
    }


class Spoilt(CpuEngine):
    """An engine whose first splat rounding has destroyed."""

    def gaussians(self) -> Gaussians:
        gaussians = super().gaussians()
        gaussians.means[0, 1] = np.nan
        return gaussians


def test_a_splat_destroyed_by_rounding_is_not_part_of_the_result(scene: Scene, tmp_path: Path) -> None:
    kind = EngineKind("cpu", lambda gaussians: Spoilt(gaussians, 1))
    trained = train_with(kind, scene, replace(SHORT, max_steps=3), Progress(), folder=tmp_path)
    assert np.isfinite(trained.gaussians.means).all()
    assert len(trained.gaussians) == trained.report.gaussians == 0.2 * SHORT.max_gaussians - 1


def test_photos_without_a_pixel_to_judge_by_leave_the_report_readable(scene: Scene, tmp_path: Path) -> None:
    """A held-out photo that was masked away made the mean, and with it report.json, NaN."""
    mask = tmp_path / "nothing.png"
    cv2.imwrite(str(mask), np.zeros((48, 64), np.uint8))
    photos = tuple(
        replace(photo, mask_path=mask) if number in (0, 4) else photo for number, photo in enumerate(scene.photos)
    )
    report = run(replace(scene, photos=photos), replace(SHORT, max_steps=20), tmp_path).report
    assert [photo.photo for photo in report.held_out] == [photos[8].name]
    assert report.psnr == report.held_out[0].psnr
    json.dumps(report.as_dict(), allow_nan=False)
    for line in (tmp_path / "history.jsonl").read_text().splitlines():
        assert np.isfinite(json.loads(line)["psnr"])


class Diverging(AutogradEngine):
    """An engine whose loss is not a number from a certain step on."""

    def step(self, view: View, rates: Rates) -> StepFacts:
        facts = super().step(view, rates)
        return NotANumber() if self.state().steps >= 5 else facts


class NotANumber:
    def read(self) -> dict[str, float]:
        return {"loss": float("nan"), "l1": 0.0, "ssim": 0.0}


def test_a_loss_that_is_not_a_number_stops_training_and_is_not_kept(scene: Scene, tmp_path: Path) -> None:
    kind = EngineKind("cpu", lambda gaussians: Diverging(gaussians, ReferenceRasterizer()))
    with pytest.raises(TrainingDiverged) as caught:
        train_with(kind, scene, SHORT, Person().progress(), folder=tmp_path)
    assert caught.value.step == 5
    assert not list((tmp_path / "checkpoints").glob("*"))
