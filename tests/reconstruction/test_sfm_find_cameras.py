"""From real photos to a Scene, at a reduced size."""

import threading
import time
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import cv2
import numpy as np
import psutil
import pycolmap
import pytest

from reconstruction.configs import CamerasConfig
from reconstruction.errors import PhotoWarning
from reconstruction.errors import TooFewPhotos
from reconstruction.progress import Cancelled
from reconstruction.progress import Fact
from reconstruction.progress import Progress
from reconstruction.progress import Silence
from reconstruction.scene import Scene
from reconstruction.sfm.find_cameras import find_cameras
from reconstruction.sfm.pose_error import pose_error
from tests.places import shared_data
from tests.reconstruction.sfm_world import clutter
from tests.reconstruction.sfm_world import frame_set


QUICK = CamerasConfig(long_side_px=640, features=1200)


@dataclass
class Heard(Silence):
    steps: list[str] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)
    warnings: list[PhotoWarning] = field(default_factory=list)

    def advanced(self, done: int, total: int, facts: dict[str, Fact]) -> None:
        self.steps.append(str(facts.get("doing")))
        self.shares.append(done / total)
        self.facts |= facts

    def warned(self, warning: PhotoWarning) -> None:
        self.warnings.append(warning)


def fountain_pictures() -> list[np.ndarray]:
    """Eleven photos, 768 x 512."""
    photos = sorted((shared_data("fountain_half") / "images").glob("*.jpg"))
    pictures = [cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2) for path in photos]
    return [picture for picture in pictures if picture is not None]


def fountain_truth() -> dict[str, np.ndarray]:
    """camera_from_world by our frames' names; the files say x = K R^T (X - C)."""
    truth = {}
    paths = sorted((shared_data("fountain_half") / "gt_dense_cameras").glob("*.camera"))
    for number, path in enumerate(paths):
        rows = [[float(word) for word in line.split()] for line in path.read_text().splitlines() if line.strip()]
        pose = np.eye(4)
        pose[:3, :3] = np.array(rows[4:7]).T
        pose[:3, 3] = -pose[:3, :3] @ np.array(rows[7])
        truth[f"{number:03d}.jpg"] = pose
    return truth


@pytest.mark.slow
def test_the_fountain_is_found_and_a_photo_of_another_place_is_named(tmp_path: Path):
    truth = fountain_truth()
    photos = fountain_pictures()
    stranger = clutter((photos[0].shape[1], photos[0].shape[0]))
    frames = frame_set(tmp_path / "more", [*photos, stranger])
    heard, out = Heard(), tmp_path / "cameras"
    out.mkdir()

    scene = find_cameras(frames, out, QUICK, Progress(heard, min_gap_s=0), threads=2)

    assert scene.doubts == ()
    assert scene.left_out == ("011.jpg",)
    assert [str(warning) for warning in heard.warnings] == ["IMG_11.JPG was left out: it matches no other photo."]
    found = {photo.name: photo.camera.camera_from_world for photo in scene.photos}
    error = pose_error(found, truth)
    assert error.photos == 11
    assert error.centres < 0.005  # at 640 px; 0.0006 at the full size
    assert error.rotation_deg < 0.8  # the principal point cannot be found from 11 photos
    assert {"finding features", "matching photos", "placing photos", "straightening photos"} <= set(heard.steps)
    assert heard.shares == sorted(heard.shares)
    assert heard.shares[-1] == 1
    assert heard.facts["registered"] == 11
    assert heard.facts["points"] == len(scene.points)
    assert_result_is_whole(scene, out)


def assert_result_is_whole(scene: Scene, out: Path) -> None:
    """What lies on the disk is the scene, a COLMAP model that fits the pictures, and no scratch."""
    again = Scene.read(out)
    assert [photo.name for photo in again.photos] == [photo.name for photo in scene.photos]
    assert {path.name for path in out.iterdir()} == {
        "database.db",
        "images",
        "mapping.log",
        "points.npz",
        "scene.json",
        "sparse",
    }
    model = pycolmap.Reconstruction(out / "sparse" / "0")
    assert model.num_reg_images() == len(scene.photos)
    assert abs(model.compute_mean_reprojection_error()) < 1.5
    assert all(camera.model_name == "PINHOLE" for camera in model.cameras.values())
    for photo in again.photos:
        picture = cv2.imread(str(photo.path))
        assert picture is not None
        assert (picture.shape[1], picture.shape[0]) == photo.camera.size_px
    points_px, depths = again.photos[0].camera.project(again.points)
    assert (depths > 0).mean() > 0.9
    inside = (points_px > 0).all(axis=1) & (points_px < again.photos[0].camera.size_px).all(axis=1)
    assert inside.mean() > 0.2


def test_two_photos_are_too_few(tmp_path: Path):
    frames = frame_set(tmp_path / "frames", [clutter((300, 200)), clutter((300, 200), 1)])
    with pytest.raises(TooFewPhotos) as caught:
        find_cameras(frames, tmp_path, QUICK, Progress())
    assert (caught.value.found, caught.value.needed) == (2, 3)


@pytest.mark.slow
def test_cancelling_is_heard_within_a_second_and_leaves_no_process(tmp_path: Path):
    frames = frame_set(tmp_path / "frames", fountain_pictures())
    out = tmp_path / "cameras"
    out.mkdir()
    stop = threading.Event()
    asked_s: list[float] = []

    class StopWhilePlacing(Silence):
        def advanced(self, done: int, total: int, facts: dict[str, Fact]) -> None:
            if facts.get("doing") == "placing photos" and not stop.is_set():
                asked_s.append(time.monotonic())
                stop.set()

    with pytest.raises(Cancelled):
        find_cameras(frames, out, QUICK, Progress(StopWhilePlacing(), stop, min_gap_s=0), threads=1)
    assert time.monotonic() - asked_s[0] < 1
    assert not [c for c in psutil.Process().children() if "spawn_main" in " ".join(c.cmdline())]
    assert not (out / "scene.json").exists()
