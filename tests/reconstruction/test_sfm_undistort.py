"""Straight photos: no black border, and points land where the pinhole says."""

from pathlib import Path

import cv2
import numpy as np
import pycolmap
import pytest

from reconstruction.progress import Progress
from reconstruction.sfm.undistort import jpeg_name
from reconstruction.sfm.undistort import lens_for
from reconstruction.sfm.undistort import undistort
from tests.reconstruction.sfm_world import frame_set


BARREL = [400.0, 402.0, 305.0, 196.0, -0.25, 0.06, 0.001, -0.002]
CUSHION = [500.0, 498.0, 290.0, 205.0, 0.12, 0.02, -0.001, 0.001]
MUSTACHE = [420.0, 420.0, 300.0, 200.0, -0.3, 0.25, 0.0, 0.0]


def camera_of(params: list[float]) -> pycolmap.Camera:
    return pycolmap.Camera(model="OPENCV", width=600, height=400, params=params, camera_id=1)


@pytest.mark.parametrize("params", [BARREL, CUSHION, MUSTACHE])
def test_the_photo_fills_the_straight_picture_everywhere(params: list[float], tmp_path: Path):
    frames = frame_set(tmp_path / "frames", [np.full((400, 600, 3), 255, np.uint8)])
    lens = lens_for(camera_of(params))
    size_px = (600, 400)
    # Half a pixel in: remap counts from pixel centres, and what is drawn must come from the photo, not from beyond it.
    assert (lens.sources_px > -0.7).all()
    assert (lens.sources_px < np.array(size_px) - 0.3).all()
    path, mask_path = undistort(frames, {"000.jpg": lens}, tmp_path, Progress(), threads=1)["000.jpg"]
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.shape[:2] == (lens.pinhole.height, lens.pinhole.width)
    assert picture.min() > 250
    assert mask_path is None


@pytest.mark.parametrize("params", [BARREL, CUSHION])
def test_little_of_the_photo_is_lost(params: list[float]):
    pinhole = lens_for(camera_of(params)).pinhole
    assert pinhole.width * pinhole.height > 0.6 * 600 * 400


def test_a_straightened_point_and_the_picture_agree():
    lens = lens_for(camera_of(BARREL))
    rows, columns = [20, 200, 330], [30, 250, 500]
    sources_px = lens.sources_px[rows, columns].astype(np.float64) + 0.5
    expected = np.column_stack([columns, rows]) + 0.5
    # The lens is inverted by iteration; the map is float32.
    assert lens.straighten_points(sources_px) == pytest.approx(expected, abs=1e-3)


def test_masks_are_straightened_with_their_photos(tmp_path: Path):
    frames = frame_set(tmp_path / "frames", [np.full((400, 600, 3), 200, np.uint8)])
    (frames.folder / "masks").mkdir()
    mask = np.zeros((400, 600), np.uint8)
    mask[:, :300] = 255
    cv2.imwrite(str(frames.folder / "masks" / "000.jpg.png"), mask)
    lens = lens_for(camera_of(BARREL))
    _, mask_path = undistort(frames, {"000.jpg": lens}, tmp_path, Progress(), threads=1)["000.jpg"]
    assert mask_path is not None
    straight = cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE)
    assert straight is not None
    assert set(np.unique(straight)) == {0, 255}
    assert straight.shape == (lens.pinhole.height, lens.pinhole.width)


def test_names_stay_unique_when_the_suffix_changes():
    assert jpeg_name("a.jpg") == "a.jpg"
    assert jpeg_name("a.png") == "a.png.jpg"
