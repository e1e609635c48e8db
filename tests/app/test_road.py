"""The whole road with the real stages, taken by the command line as a person takes it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.settings import HOME_VARIABLE
from reconstruction.formats import files
from reconstruction.scene import Scene
from tests.places import ROOT
from tests.places import shared_data


SMALL = ("frames.long_side_px=960", "cameras.long_side_px=640", "splats.long_side_px=160", "splats.max_steps=300")


def splatroom(*words: str | Path) -> tuple[int, dict]:
    """Exit code and JSON answer of a command."""
    command = [sys.executable, "-m", "app", *map(str, words), "--json"]
    environment = {
        **os.environ,
        HOME_VARIABLE: str(Path(tempfile.gettempdir()) / "splatroom-tests"),
    }  # nobody's settings
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def fox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every second fox photo, taken down the whole road at a reduced size."""
    folder = tmp_path_factory.mktemp("fox")
    photos = folder / "photos"
    photos.mkdir()
    for path in sorted((shared_data("fox") / "images").glob("*.jpg"))[::2]:
        shutil.copy(path, photos)
    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    project = folder / "fox.splatroom"
    knobs = [word for knob in SMALL for word in ("--set", knob)]
    code, answer = splatroom("run", photos, "--project", project, "--device", "cpu", *knobs)
    assert (code, answer["ok"], answer["problem"]) == (0, True, None)
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before  # originals are untouched
    return project


@pytest.mark.slow
def test_real_photos_become_a_splat_that_draws_what_training_never_saw(fox: Path) -> None:
    code, answer = splatroom("status", fox)
    assert code == 0
    assert [stage["state"] for stage in answer["stages"]] == ["done", "done", "done", "done"]
    assert answer["quality"]["psnr"] > 21  # 300 steps at 160 px reach 23 dB; the photos' mean colour alone gives 12
    report = json.loads((fox / "splats" / "report.json").read_text(encoding="utf-8"))
    assert {"psnr", "ssim", "gaussians", "seconds", "peak_memory_bytes", "held_out"} <= report.keys()
    scene = Scene.read(fox / "cameras")
    assert len(scene.photos) >= 24
    assert len(report["held_out"]) == len(scene.photos[::8])
    assert (fox / "assets" / "poster.jpg").stat().st_size > 1000


@pytest.mark.slow
def test_the_finished_road_is_not_taken_twice_and_a_longer_training_goes_on(fox: Path) -> None:
    before = (fox / "cameras" / "stage.json").read_bytes()
    code, answer = splatroom("run", fox, "--set", "splats.max_steps=340")
    assert (code, answer["ok"]) == (0, True)
    report = json.loads((fox / "splats" / "report.json").read_text(encoding="utf-8"))
    assert report["steps"] == 340
    assert (fox / "cameras" / "stage.json").read_bytes() == before


@pytest.mark.slow
def test_the_result_is_exported_and_drawn(fox: Path, tmp_path: Path) -> None:
    code, _ = splatroom("export", fox, "--format", "ply", "-o", tmp_path / "fox.ply")
    assert code == 0
    assert len(files.read(tmp_path / "fox.ply")) > 500
    code, _ = splatroom("render", fox, "--camera", "8", "-o", tmp_path / "view.png")
    assert code == 0
    drawn = cv2.imread(str(tmp_path / "view.png"))
    photo = cv2.imread(str(Scene.read(fox / "cameras").photos[8].path))
    assert drawn is not None
    assert photo is not None
    photo = cv2.resize(photo, (drawn.shape[1], drawn.shape[0]), interpolation=cv2.INTER_AREA)
    error = np.mean((drawn.astype(float) - photo) ** 2)
    assert 10 * np.log10(255**2 / error) > 18  # a held-out view at full size, from a splat trained on small pictures


@pytest.mark.slow
def test_an_edited_knob_makes_the_stages_after_it_stale_and_only_these(fox: Path) -> None:
    text = (fox / "project.toml").read_text(encoding="utf-8")
    try:
        (fox / "project.toml").write_text(text.replace("long_side_px = 160", "long_side_px = 150"), encoding="utf-8")
        _, answer = splatroom("status", fox)
        assert [stage["state"] for stage in answer["stages"]] == ["done", "done", "stale", "stale"]
    finally:
        (fox / "project.toml").write_text(text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("what", ["blank wall", "one photo", "same photo", "two places", "nothing readable"])
def test_photos_that_cannot_work_end_in_words(tmp_path: Path, what: str) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    bad_photos(photos, what)
    code, answer = splatroom("run", photos, "--project", tmp_path / "bad.splatroom", "--until", "cameras")
    assert (code, answer["ok"]) == (1, False)
    assert answer["problem"]["title"] != "This is our fault"
    assert answer["problem"]["try_this"]


def bad_photos(folder: Path, what: str) -> None:
    fox, kitchen = sorted((shared_data("fox") / "images").glob("*.jpg")), shared_data("kitchen_small")
    if what == "blank wall":
        grain = np.random.default_rng(0)
        for index in range(6):
            wall = np.full((480, 640, 3), 190 + index, np.uint8) + grain.integers(0, 2, (480, 640, 3), np.uint8)
            cv2.imwrite(str(folder / f"{index}.png"), wall)
    elif what == "one photo":
        shutil.copy(fox[0], folder)
    elif what == "same photo":
        for index in range(5):
            shutil.copy(fox[0], folder / f"{index}.jpg")
    elif what == "two places":
        for path in [*fox[:5], *sorted(kitchen.glob("*.png"))[:5]]:
            shutil.copy(path, folder)
    else:
        (folder / "a.jpg").write_text("not a picture", encoding="utf-8")
        (folder / "b.jpg").write_bytes(b"")
