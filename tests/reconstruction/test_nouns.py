"""Cameras, scenes, frame sets, gaussians and progress: the values that travel between the rooms."""

import threading
from pathlib import Path

import numpy as np
import pytest

from reconstruction.camera import Camera
from reconstruction.camera import fit
from reconstruction.errors import LeftOut
from reconstruction.errors import PhotoWarning
from reconstruction.frames.frame_set import Dropped
from reconstruction.frames.frame_set import Frame
from reconstruction.frames.frame_set import FrameSet
from reconstruction.gaussians import Gaussians
from reconstruction.geometry import Similarity
from reconstruction.progress import SHARES
from reconstruction.progress import Cancelled
from reconstruction.progress import Fact
from reconstruction.progress import Progress
from reconstruction.progress import Silence
from reconstruction.scene import PosedPhoto
from reconstruction.scene import Scene


def looking_at(position: np.ndarray, target: np.ndarray, up: np.ndarray) -> np.ndarray:
    """camera_from_world (4, 4) of a camera that stands there, looks there and has that up in its picture."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, up) / np.linalg.norm(np.cross(forward, up))
    rotation = np.stack([right, np.cross(forward, right), forward])
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = -rotation @ position
    return pose


def ring_scene(folder: Path, up: np.ndarray, centre: np.ndarray, radius: float) -> Scene:
    """Twelve cameras on a half circle about ``centre``, in a world whose up is ``up``."""
    side = np.cross(up, [0.3, 0.5, -0.8])
    side /= np.linalg.norm(side)
    front = np.cross(up, side)
    photos = []
    for index, angle in enumerate(np.linspace(0, np.pi, 12)):
        position = centre + radius * (np.cos(angle) * side + np.sin(angle) * front) + 0.2 * radius * up
        camera = Camera(looking_at(position, centre, up), (500.0, 500.0), (320.0, 240.0), (640, 480))
        photos.append(PosedPhoto(f"{index}.jpg", folder / "images" / f"{index}.jpg", camera))
    cloud = np.random.default_rng(0).normal(size=(40, 3))
    points = centre + (cloud - cloud.mean(axis=0)) * 0.1 * radius
    return Scene(
        tuple(photos), points.astype(np.float32), np.zeros((40, 3), np.uint8), Similarity.identity(), ("7.jpg",), ("x",)
    )


def test_a_point_lands_where_the_pinhole_formula_says() -> None:
    camera = Camera(
        looking_at(np.zeros(3), np.array([0.0, 0, 1]), np.array([0.0, -1, 0])), (100.0, 200.0), (50.0, 40.0), (100, 80)
    )
    centres_px, depths = camera.project(np.array([[0.5, 0.25, 2.0], [0, 0, -1.0]]))
    np.testing.assert_allclose(centres_px[0], [100 * 0.25 + 50, 200 * 0.125 + 40])
    assert depths[0] == 2.0
    assert depths[1] < 0


def test_a_resized_camera_sees_the_same_picture_smaller() -> None:
    camera = ring_scene(Path(), np.array([0.0, -1, 0]), np.zeros(3), 2.0).photos[0].camera
    points = np.random.default_rng(1).normal(size=(9, 3)) * 0.2
    half = camera.fitted(320)
    assert half.size_px == (320, 240)
    np.testing.assert_allclose(half.project(points)[0] * 2, camera.project(points)[0])


@pytest.mark.parametrize(
    ("size_px", "expected"), [((4000, 1), (100, 1)), ((80, 60), (80, 60)), ((300, 400), (75, 100))]
)
def test_a_size_is_fitted_without_growing_or_vanishing(size_px: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fit(size_px, 100) == expected


def test_a_normalised_scene_is_upright_centred_and_of_size_one_wherever_it_was(tmp_path: Path) -> None:
    up = np.array([0.6, 0.0, 0.8])
    scene = ring_scene(tmp_path, up, np.array([120.0, -40, 9]), 37.0)
    after = scene.normalised()
    ups = np.mean([photo.camera.up for photo in after.photos], axis=0)
    np.testing.assert_allclose(ups / np.linalg.norm(ups), [0, -1, 0], atol=1e-6)  # up is against +y, which is down
    assert np.linalg.norm(after.positions, axis=1).max() == pytest.approx(1, abs=1e-6)
    # What the cameras look at lies in the middle; a weak pull towards the cameras moves it by a hundredth.
    np.testing.assert_allclose(after.points.mean(axis=0), 0, atol=0.01)
    before_px = scene.photos[3].camera.project(scene.points)[0]
    np.testing.assert_allclose(after.photos[3].camera.project(after.points)[0], before_px, atol=0.05)  # float32 points


def test_a_scene_survives_the_disk_also_when_its_folder_moved(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    scene = ring_scene(tmp_path / "a", np.array([0.0, -1, 0]), np.zeros(3), 2.0).normalised()
    scene.write(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    back = Scene.read(tmp_path / "b")
    assert [photo.path for photo in back.photos] == [tmp_path / "b" / "images" / f"{i}.jpg" for i in range(12)]
    assert (back.left_out, back.doubts) == (("7.jpg",), ("x",))
    np.testing.assert_array_equal(back.points, scene.points)
    np.testing.assert_array_equal(back.photos[5].camera.camera_from_world, scene.photos[5].camera.camera_from_world)
    np.testing.assert_array_equal(back.scene_from_sfm.rotation, scene.scene_from_sfm.rotation)


def test_a_frame_set_survives_the_disk(tmp_path: Path) -> None:
    frames = (
        Frame("a.jpg", "ä b.JPG", (640, 480), 0, 12.5, 512.0, None, (47.1, 8.2, 410.0)),
        Frame("v_000001.jpg", "v.mp4", (320, 240), 1, 3.5, None, 1.25),
    )
    frame_set = FrameSet(tmp_path, frames, (Dropped("c.jpg", "blurred", "soft"),), ordered=False)
    frame_set.write()
    assert FrameSet.read(tmp_path) == frame_set


def test_gaussians_of_wrong_shape_or_type_are_refused() -> None:
    good = {
        "means": np.zeros((2, 3), np.float32),
        "quats": np.tile(np.array([1, 0, 0, 0], np.float32), (2, 1)),
        "log_scales": np.zeros((2, 3), np.float32),
        "logit_opacities": np.zeros(2, np.float32),
        "sh": np.zeros((2, 4, 3), np.float32),
    }
    assert Gaussians(**good).degree == 1
    for name, bad in {
        "means": np.zeros((2, 2), np.float32),
        "logit_opacities": np.zeros(2),
        "quats": np.zeros((3, 4), np.float32),
    }.items():
        with pytest.raises(ValueError, match=name):
            Gaussians(**good | {name: bad})


def test_a_sample_of_gaussians_is_the_same_each_time_and_no_larger_than_asked() -> None:
    n = 1000
    rng = np.random.default_rng(0)
    gaussians = Gaussians(
        rng.normal(size=(n, 3)).astype(np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1)),
        np.zeros((n, 3), np.float32),
        np.full(n, 800, np.float32),
        np.zeros((n, 1, 3), np.float32),
    )
    assert len(gaussians.sample(64)) == 64
    np.testing.assert_array_equal(gaussians.sample(64).means, gaussians.sample(64).means)
    assert gaussians.sample(5000) is gaussians
    assert gaussians.opacities.max() == 1  # a logit of 800 is no overflow
    assert gaussians.with_degree(2).with_degree(0).sh.shape == (n, 1, 3)


class Heard(Silence):
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, dict[str, Fact]]] = []
        self.warnings: list[PhotoWarning] = []

    def advanced(self, done: int, total: int, facts: dict[str, Fact]) -> None:
        self.calls.append((done, total, facts))

    def warned(self, warning: PhotoWarning) -> None:
        self.warnings.append(warning)


def test_progress_travels_at_most_ten_times_a_second_but_the_last_call_always() -> None:
    heard, now = Heard(), [0.0]
    progress = Progress(heard, clock=lambda: now[0])
    for done in range(1, 101):
        now[0] += 0.01
        progress(done, 100, kept=done)
    assert 10 <= len(heard.calls) <= 12
    assert heard.calls[-1] == (100, 100, {"kept": 100})


def test_parts_of_progress_add_up_to_the_whole() -> None:
    heard = Heard()
    progress = Progress(heard, min_gap_s=0)
    second_half = progress.part(0.5, 1.0)
    second_half.part(0.0, 0.5)(1, 2)
    second_half.part(0.5, 1.0)(2, 2)
    assert [(done, total) for done, total, _ in heard.calls] == [(0.625 * SHARES, SHARES), (SHARES, SHARES)]


def test_calling_progress_is_where_cancelling_happens_also_in_a_part() -> None:
    stop = threading.Event()
    part = Progress(stop=stop).part(0, 0.5)
    part(1, 10)
    stop.set()
    with pytest.raises(Cancelled):
        part(2, 10)


def test_a_warning_is_one_plain_sentence() -> None:
    heard = Heard()
    Progress(heard).warn(LeftOut("IMG_1.jpg", "it shares nothing with the others"))
    assert str(heard.warnings[0]) == "IMG_1.jpg was left out: it shares nothing with the others."
