"""What two mappings agree in and is wrong all the same: look-alikes, and a zoom that was changed on the way."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pycolmap
import pytest

from reconstruction.configs import CamerasConfig
from reconstruction.progress import Progress
from reconstruction.sfm.features import Features
from reconstruction.sfm.find_cameras import find_cameras
from reconstruction.sfm.gates import mixed_zooms
from reconstruction.sfm.lookalikes import Likeness
from reconstruction.sfm.lookalikes import likeness
from reconstruction.sfm.matching import Pair
from reconstruction.sfm.view_graph import ViewGraph
from tests.reconstruction.sfm_world import around_a_house
from tests.reconstruction.sfm_world import clutter
from tests.reconstruction.sfm_world import frame_set
from tests.reconstruction.sfm_world import ring_model


@pytest.mark.slow
def test_a_house_with_equal_sides_that_folds_into_one_is_not_accepted(tmp_path: Path):
    """Every photo was registered at 0.4 px and two mappings agreed, on a model of one side seen four times."""
    frames = frame_set(tmp_path / "frames", around_a_house(16, [clutter((400, 400), 7)] * 4))
    (tmp_path / "cameras").mkdir()
    scene = find_cameras(frames, tmp_path / "cameras", CamerasConfig(features=1200), Progress(), threads=2)
    assert scene.doubts
    assert "look alike" in scene.doubts[0]


def seen_twice(matched: Callable[[np.ndarray], np.ndarray], recognised: slice = slice(None)) -> Likeness:
    """One picture full of features, twice from the same spot; of its features only some match, others elsewhere."""
    x, y = np.meshgrid(np.arange(5, 1000, 10), np.arange(5, 750, 10))
    points = np.column_stack([x.ravel(), y.ravel(), np.ones((x.size, 2))]).astype(np.float32)
    features = Features(points, np.zeros((len(points), 128), np.uint8))
    rows = np.column_stack([np.flatnonzero(matched(points))] * 2).astype(np.uint32)
    pair = Pair(0, 1, rows, pycolmap.TwoViewGeometry(config=3, inlier_matches=rows))
    camera = pycolmap.Camera(model="SIMPLE_RADIAL", width=1000, height=750, params=[800, 500, 375, 0])
    graph = ViewGraph((features, features), (camera, camera), (pair,))
    model = replace(ring_model(2), camera_from_world=np.tile(np.eye(4), (2, 1, 1)))
    return likeness(pair, graph, [points[recognised, :2].astype(np.float64)] * 2, model, (0, 1))


def test_one_spot_must_show_one_thing():
    everywhere = seen_twice(lambda points: points[:, 0] % 20 < 10)
    assert everywhere.same > 40
    assert not everywhere.contradicts
    assert seen_twice(lambda points: points[:, 1] < 375).contradicts
    weak_everywhere = seen_twice(lambda points: points[:, 0] % 100 < 10)
    assert not weak_everywhere.contradicts


def test_grass_that_no_photo_recognises_contradicts_nothing():
    """The GoPro's walk: lawn and leaves below and above called 121 of 131 near pairs contradictory."""
    upper = slice(0, 38 * 100)  # rows of a hundred features
    assert not seen_twice(lambda points: points[:, 1] < 375, recognised=upper).contradicts


def test_half_of_the_photos_zoomed_is_not_accepted():
    """Half of fox cropped by 1.5: accepted with 24 of 25 photos, the centres off by 19 % of the extent."""
    model = ring_model(20)
    zoomed = model.focal_px * np.where(np.arange(20) < 10, 0.8, 1.17)[:, None]
    said = mixed_zooms(model, replace(model, focal_px=zoomed))
    assert said is not None
    assert "640 to 936 px" in said


def test_focal_lengths_that_scatter_a_little_or_at_two_photos_are_one_lens():
    model = ring_model(20)
    scatter = 1 + 0.03 * np.random.default_rng(0).standard_normal(20)[:, None].clip(-2, 2)
    scatter[3:5] = 1.4
    assert mixed_zooms(model, replace(model, focal_px=model.focal_px * scatter)) is None


def test_two_cameras_of_different_lenses_are_no_zoom():
    model = ring_model(20)
    two = replace(model, focal_px=model.focal_px * np.where(np.arange(20) < 10, 1, 2)[:, None])
    assert mixed_zooms(two, replace(two, focal_px=1.01 * two.focal_px)) is None
