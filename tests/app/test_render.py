"""Pictures of a result: by a photo's camera, or along a path of poses from a file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.camera_path import read_poses
from app.errors import BadCameraPath
from app.project import Project
from app.settings import HOME_VARIABLE
from reconstruction.formats.files import write
from tests.places import ROOT
from tests.synthetic import known_gaussians
from tests.synthetic import ring


IDENTITY = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]]
POSE = {"camera_from_world": IDENTITY, "focal_px": [80, 81], "centre_px": [48, 27], "size_px": [96, 54]}


def test_a_path_is_read_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "path.json"
    path.write_text(json.dumps([POSE, POSE | {"size_px": [32, 20]}]))
    first, second = read_poses(path)
    assert first.camera_from_world[2] == (0.0, 0.0, 1.0, 2.0)
    assert first.lens == ((80.0, 81.0), (48.0, 27.0), (96, 54))
    assert second.lens[2] == (32, 20)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[1]",
        json.dumps([{}]),
        json.dumps([POSE | {"camera_from_world": [[1, 2], [3, 4]]}]),
        json.dumps([POSE | {"camera_from_world": [*IDENTITY[:3], [0, 0, 1, 1]]}]),
        json.dumps([POSE | {"camera_from_world": [[9, 0, 0, 0], *IDENTITY[1:]]}]),  # stretches: no camera does
        json.dumps([POSE | {"focal_px": [0, 1]}]),
        json.dumps([POSE | {"focal_px": [float("nan"), 1]}]),
        json.dumps([POSE | {"size_px": [1, 10**9]}]),
        json.dumps([POSE | {"size_px": [0, 10]}]),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "path.json"
    path.write_text(text)
    with pytest.raises(BadCameraPath):
        read_poses(path)


@pytest.mark.slow
def test_a_view_of_the_true_gaussians_looks_like_the_photo(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "ring.splatroom", "ring")
    project.write()
    (project.folder / "splats").mkdir()
    scene = ring(project.folder / "cameras", cameras=4)
    scene.write(project.folder / "cameras")
    write(project.folder / "splats" / "splats.ply", known_gaussians(120))

    def render(*words: object) -> tuple[int, dict]:
        environment = {**os.environ, HOME_VARIABLE: str(tmp_path / "home")}
        command = [sys.executable, "-m", "app", "render", *map(str, (project.folder, *words)), "--json"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    picture = tmp_path / "view.png"
    code, answer = render("--camera", 2, "--side-by-side", "--device", "cpu", "-o", picture)
    assert (code, answer["files"]) == (0, [str(picture)])
    both = np.asarray(Image.open(picture), np.float64)
    photo, view = both[:, :64], both[:, 64:]
    assert (photo == np.asarray(Image.open(scene.photos[2].path))).all()
    assert np.abs(view - photo).mean() < 2  # of 255: the painter neither bounds footprints nor widens thin splats alike

    camera = scene.photos[1].camera
    path = tmp_path / "path.json"
    pose = {"camera_from_world": camera.camera_from_world.tolist(), "focal_px": camera.focal_px}
    path.write_text(json.dumps([pose | {"centre_px": camera.centre_px, "size_px": camera.size_px}] * 2))
    code, answer = render("--path", path, "--device", "cpu", "-o", tmp_path / "frame.png")
    assert [Path(file).name for file in answer["files"]] == ["frame_0000.png", "frame_0001.png"]
    along = np.asarray(Image.open(tmp_path / "frame_0001.png"), np.float64)
    assert np.abs(along - np.asarray(Image.open(scene.photos[1].path))).mean() < 2

    code, answer = render("--camera", 4, "-o", tmp_path / "none.png")
    assert (code, answer["problem"]["title"]) == (1, "There is no such photo")
