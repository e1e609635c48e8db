"""The sample capture: photos of a rendered room, their true cameras, and the script that makes both."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reconstruction.camera import Camera
from resources.sample.render_room import DRAFT
from resources.sample.render_room import render
from resources.sample.render_room import walk_around
from resources.sample.studio.photograph import depths
from resources.sample.studio.room import BACK
from resources.sample.studio.room import FRONT
from resources.sample.studio.room import HEIGHT
from resources.sample.studio.room import LEFT
from resources.sample.studio.room import RIGHT
from resources.sample.studio.room import furnish
from tests.places import ROOT


SAMPLE = ROOT / "resources" / "sample"


@pytest.fixture(scope="module")
def photos() -> list[Path]:
    return sorted((SAMPLE / "photos").iterdir())


@pytest.fixture(scope="module")
def cameras() -> list[Camera]:
    """As truth.json tells them."""
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    focal_px, centre_px, size_px = (tuple(truth[key]) for key in ("focal_px", "centre_px", "size_px"))
    return [Camera(np.array(shot["camera_from_world"]), focal_px, centre_px, size_px) for shot in truth["photos"]]


def test_every_photo_has_its_true_camera_and_size(photos: list[Path], cameras: list[Camera]) -> None:
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert [SAMPLE / shot["photo"] for shot in truth["photos"]] == photos
    assert 30 <= len(photos) <= 40
    for photo, camera in zip(photos, cameras, strict=True):
        with Image.open(photo) as picture:
            assert (picture.format, picture.size) == ("JPEG", camera.size_px)


def test_all_photos_together_stay_below_two_megabytes(photos: list[Path]) -> None:
    assert sum(photo.stat().st_size for photo in photos) <= 2_000_000


def test_the_true_cameras_are_those_of_the_script(cameras: list[Camera]) -> None:
    for told, made in zip(cameras, walk_around(), strict=True):
        np.testing.assert_allclose(told.camera_from_world, made.camera_from_world, atol=1e-8)  # nine digits are written
        assert replace(told, camera_from_world=np.eye(4)).intrinsics == pytest.approx(made.intrinsics)


def test_camera_poses_are_upright_rotations_inside_the_room(cameras: list[Camera]) -> None:
    for camera in cameras:
        rotation = camera.camera_from_world[:3, :3]
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-8)  # nine digits are written
        assert np.linalg.det(rotation) > 0
        assert camera.up[2] > 0.8
        assert np.all(camera.position > [LEFT, FRONT, 0.0])
        assert np.all(camera.position < [RIGHT, BACK, HEIGHT])


def test_every_ninth_of_every_photo_has_texture(photos: list[Path]) -> None:
    for photo in photos:
        grey = np.asarray(Image.open(photo).convert("L"), np.float64)
        down, right = np.gradient(grey)
        slopes = np.hypot(down, right)
        for strip in np.array_split(slopes, 3, axis=0):
            for part in np.array_split(strip, 3, axis=1):
                # The emptiest, plaster above the desk, has 0.13; on a blank wall there is no slope at all.
                assert np.mean(part > 12) > 0.08, photo.name


@pytest.mark.slow  # compiles the renderer on its first run
def test_neighbouring_photos_see_the_same_things(cameras: list[Camera]) -> None:
    place, _ = furnish(coarser=30)
    small = [camera.fitted(48) for camera in cameras]
    depths_m = [depths(place, camera) for camera in small]
    for here, there, near, far in zip(small, small[1:], depths_m, depths_m[1:]):
        assert _share_seen(here, near, there, far) > 0.6


@pytest.mark.slow  # compiles the renderer on its first run
def test_the_script_renders_the_same_picture_again_and_it_is_the_photo(
    photos: list[Path], cameras: list[Camera]
) -> None:
    thumbnails = [cameras[number].fitted(48) for number in (3, 20)]
    first, again = list(render(thumbnails, DRAFT)), list(render(thumbnails, DRAFT))
    for picture, repeated, number in zip(first, again, (3, 20)):
        np.testing.assert_array_equal(picture, repeated)
        photo = np.asarray(Image.open(photos[number]).resize((48, 32), Image.Resampling.BILINEAR))
        # Rough light, few rays and JPEG leave 24.5 dB; the photos taken before and after give 17 to 19.
        assert _psnr(picture, photo) > 22


def _share_seen(here: Camera, depths_here: NDArray, there: Camera, depths_there: NDArray) -> float:
    """The share of the surface seen by one camera that the other sees too, neither cut off nor hidden."""
    width, height = here.size_px
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    ways = np.stack([columns, rows, np.ones_like(columns)], axis=-1) @ np.linalg.inv(here.intrinsics).T
    points = (ways * depths_here[..., None]).reshape(-1, 3)
    world_from_camera = np.linalg.inv(here.camera_from_world)
    centres_px, distances = there.project(points @ world_from_camera[:3, :3].T + world_from_camera[:3, 3])
    x, y = np.floor(centres_px).astype(int).T
    inside = (distances > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    seen = np.abs(depths_there[y[inside], x[inside]] / distances[inside] - 1) < 0.1  # a pixel here is 4 cm wide
    return float(seen.sum() / len(points))


def _psnr(picture: NDArray, other: NDArray) -> float:
    return float(-10 * np.log10(np.mean((picture / 255.0 - other / 255.0) ** 2)))
