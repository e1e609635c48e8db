"""Blurred photos and near twins are left out with a word each; photos that differ, or show a plain wall, stay."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from reconstruction.configs import FramesConfig
from reconstruction.errors import BlurredPhoto
from reconstruction.errors import NearTwin
from reconstruction.frames.blur import MOST_DROPPED
from reconstruction.frames.blur import blurred_among
from reconstruction.frames.look import look_at
from reconstruction.frames.twins import are_twins
from reconstruction.frames.twins import runs_of_twins
from tests.places import shared_data
from tests.reconstruction.frames_world import Rgb
from tests.reconstruction.frames_world import frames_of
from tests.reconstruction.frames_world import save_views
from tests.reconstruction.frames_world import view


SIZE_PX = (640, 480)
CONFIG = FramesConfig()


@pytest.mark.parametrize(
    ("capture", "photos"),
    [("fox/images", 50), ("kitchen_small", 25), ("sceaux_castle", 11), ("fountain_half", 11), ("lund", 29)],
)
def test_photos_worth_having_are_all_kept(tmp_path: Path, capture: str, photos: int) -> None:
    frames, ear = frames_of([shared_data(capture)], tmp_path, FramesConfig(long_side_px=640))
    assert len(frames.frames) == photos
    assert not ear.warnings


def test_a_real_photo_out_of_focus_is_found_among_its_neighbours(tmp_path: Path) -> None:
    photos = sorted(shared_data("fox/images").iterdir())[:12]
    for place, path in enumerate(photos):
        image = Image.open(path).resize((540, 960))
        pixels = np.asarray(image)
        Image.fromarray(_blurred(pixels, 4.0) if place == 5 else pixels).save(tmp_path / path.name, quality=95)
    frames, ear = frames_of([tmp_path], tmp_path / "frames")
    assert ear.of(BlurredPhoto) == [photos[5].name]
    assert len(frames.frames) == 11
    assert [(entry.source, entry.why) for entry in frames.dropped] == [(photos[5].name, "blurred")]
    assert not (tmp_path / "frames" / "images" / photos[5].name).exists()


@pytest.mark.parametrize("sigma_px", [3.0, 6.0, 12.0])
def test_blur_of_every_strength_is_found(sigma_px: float) -> None:
    pictures = [view(float(step), SIZE_PX) for step in range(10)]
    pictures[4] = _blurred(pictures[4], sigma_px)
    assert list(_blurred_among(pictures)) == [4]


def test_a_photo_shaken_while_the_shutter_was_open_is_found() -> None:
    pictures = [view(float(step), SIZE_PX) for step in range(10)]
    streak = np.zeros((41, 41), np.float32)
    np.fill_diagonal(streak, 1 / 41)
    pictures[7] = np.asarray(cv2.filter2D(pictures[7], -1, streak), np.uint8)
    assert list(_blurred_among(pictures)) == [7]


def test_a_plain_wall_among_textured_photos_is_not_blurred() -> None:
    pictures = [view(float(step), SIZE_PX) for step in range(10)]
    pictures[4] = np.clip(128 + (pictures[4].astype(float) - 128) * 0.1, 0, 255).astype(np.uint8)
    assert not _blurred_among(pictures)


def test_a_door_in_a_plain_wall_among_gravel_is_not_blurred() -> None:
    """It has next to no fine detail and much coarse detail, as a blurred photo has, but its edges are sharp."""
    gravel = [_noisy(np.full((480, 640, 3), 128, np.uint8), 40.0, seed) for seed in range(10)]
    door = np.full((480, 640, 3), 240, np.uint8)
    door[100:, 250:390] = 10
    assert not _blurred_among([*gravel[:5], door, *gravel[5:]])
    assert list(_blurred_among([*gravel[:5], _blurred(door, 6.0), *gravel[5:]])) == [5]


def test_photos_are_only_compared_with_those_of_their_camera() -> None:
    """A soft lens is not a blurred photo."""
    sharp = [view(float(step), SIZE_PX) for step in range(6)]
    soft = [_blurred(view(float(step), SIZE_PX), 4.0) for step in range(6)]
    looks = [look_at(picture) for pair in zip(sharp, soft) for picture in pair]
    assert not blurred_among(looks, [0, 1] * 6, CONFIG.blurred_below)


def test_never_more_than_a_fifth_of_a_set_is_called_blurred() -> None:
    pictures = [view(float(step), SIZE_PX) for step in range(15)]
    for index in (1, 4, 7, 10, 13):
        pictures[index] = _blurred(pictures[index], 3.0 + index / 10)
    blurred = _blurred_among(pictures)
    assert list(blurred) == [7, 10, 13]  # the worst three of fifteen
    assert len(blurred) <= MOST_DROPPED * len(pictures)


def test_two_photos_alone_cannot_call_each_other_blurred() -> None:
    assert not _blurred_among([view(0.0, SIZE_PX), _blurred(view(1.0, SIZE_PX), 6.0)])


def test_a_copy_and_a_repeated_shot_are_left_out(tmp_path: Path) -> None:
    paths = save_views(tmp_path, count=5)
    (tmp_path / "zz_copy.jpg").write_bytes(paths[1].read_bytes())
    Image.fromarray(_noisy(view(2.0), 2.0)).save(tmp_path / "view_2_again.jpg", quality=90)
    frames, ear = frames_of([tmp_path], tmp_path / "frames")
    assert len(frames.frames) == 5
    twins = {warning.photo: warning.twin for warning in ear.warnings if isinstance(warning, NearTwin)}
    assert twins.pop("zz_copy.jpg") == "view_1.jpg"
    assert {*twins, *twins.values()} == {"view_2.jpg", "view_2_again.jpg"}


def test_of_twins_the_sharpest_stays(tmp_path: Path) -> None:
    save_views(tmp_path, count=5)
    Image.fromarray(_blurred(view(2.0), 0.6)).save(tmp_path / "view_1b.png")
    Image.fromarray(view(2.0)).save(tmp_path / "view_2.png")
    (tmp_path / "view_2.jpg").unlink()
    _, ear = frames_of([tmp_path], tmp_path / "frames", FramesConfig(twin_above=0.97))
    assert ear.of(NearTwin) == ["view_1b.png"]


def test_nothing_is_left_out_where_the_person_wants_everything(tmp_path: Path) -> None:
    paths = save_views(tmp_path, count=5)
    (tmp_path / "copy.jpg").write_bytes(paths[1].read_bytes())
    Image.fromarray(_blurred(view(2.5), 8.0)).save(tmp_path / "soft.jpg")
    everything = FramesConfig(drop_blurred=False, drop_twins=False)
    frames, ear = frames_of([tmp_path], tmp_path / "frames", everything)
    assert len(frames.frames) == 7
    assert not ear.warnings


def test_a_tripods_exposure_bracket_is_one_view() -> None:
    dark = (view(0.0, SIZE_PX) * 0.6).astype(np.uint8)
    assert are_twins(look_at(dark), look_at(_noisy(dark * 1.3, 1.5)), CONFIG.twin_above)


def test_a_small_step_to_the_side_is_no_twin() -> None:
    assert not are_twins(look_at(view(0.0, SIZE_PX)), look_at(view(1.0, SIZE_PX)), CONFIG.twin_above)


def test_parallax_counts_where_correlation_sees_nothing() -> None:
    """A smooth room correlates almost perfectly even when its few things have moved."""
    still, moved = _smooth_room(0.0), _smooth_room(4.0)
    correlation = np.corrcoef(still.ravel(), moved.ravel())[0, 1]
    assert correlation > CONFIG.twin_above
    assert not are_twins(look_at(still), look_at(moved), CONFIG.twin_above)
    assert are_twins(look_at(still), look_at(_noisy(still, 1.0)), CONFIG.twin_above)


def test_pictures_of_different_shape_or_of_nothing_are_no_twins() -> None:
    assert not are_twins(look_at(view(0.0, (640, 480))), look_at(view(0.0, (480, 640))), 0.0)
    blank = np.full((240, 320, 3), 90, np.uint8)
    assert not are_twins(look_at(_noisy(blank, 1.0, seed=1)), look_at(_noisy(blank, 1.0, seed=2)), CONFIG.twin_above)


def test_a_slow_walk_is_thinned_but_not_swallowed() -> None:
    """Each step alone is too small to be seen; together they are a walk."""
    looks = [look_at(view(0.05 * step, SIZE_PX)) for step in range(40)]
    runs = runs_of_twins(looks, 0.97)
    assert 3 <= len(runs) < 40
    assert [index for run in runs for index in run] == list(range(40))


def _blurred_among(pictures: list[Rgb]) -> dict[int, float]:
    return blurred_among([look_at(picture) for picture in pictures], [0] * len(pictures), CONFIG.blurred_below)


def _blurred(picture: Rgb, sigma_px: float) -> Rgb:
    """With the sensor's noise, which a blurred photo has like any other."""
    return _noisy(cv2.GaussianBlur(picture, (0, 0), sigma_px), 1.0)


def _noisy(picture: np.ndarray, levels: float, seed: int = 0) -> Rgb:
    noise = np.random.default_rng(seed).normal(scale=levels, size=picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _smooth_room(shift_px: float) -> Rgb:
    """A bright gradient with sixty small dots, the nearer half of which moves."""
    gray = np.tile(np.linspace(20, 235, 640, dtype=np.float32), (480, 1))
    random = np.random.default_rng(3)
    for index in range(60):
        x, y = random.uniform(30, 600), random.uniform(30, 450)
        centre = (int(16 * (x + shift_px * (index % 2))), int(16 * y))
        cv2.circle(gray, centre, 16 * 4, float(gray[int(y), int(x)]) - 18.0, -1, cv2.LINE_AA, 4)
    return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
