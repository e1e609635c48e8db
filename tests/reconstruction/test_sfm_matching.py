"""Features, matches and the view graph, on pictures and numbers whose truth is known."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pycolmap
import pytest

from reconstruction.configs import CamerasConfig
from reconstruction.errors import IdenticalPhotos
from reconstruction.errors import PlainPhotos
from reconstruction.errors import TurnedOnTheSpot
from reconstruction.frames.frame_set import Frame
from reconstruction.frames.frame_set import FrameSet
from reconstruction.progress import Progress
from reconstruction.sfm.diagnosis import refuse_plain
from reconstruction.sfm.diagnosis import refuse_still
from reconstruction.sfm.diagnosis import refuse_turn
from reconstruction.sfm.diagnosis import separate_places
from reconstruction.sfm.diagnosis import why_left_out
from reconstruction.sfm.features import Features
from reconstruction.sfm.features import features_of
from reconstruction.sfm.features import find_features
from reconstruction.sfm.ladder import Verdict
from reconstruction.sfm.matching import Pair
from reconstruction.sfm.matching import match
from reconstruction.sfm.matching import verify
from reconstruction.sfm.model import Model
from reconstruction.sfm.search import loose_ends
from reconstruction.sfm.view_graph import ViewGraph
from reconstruction.sfm.view_graph import around_gaps
from reconstruction.sfm.view_graph import build_graph
from reconstruction.sfm.view_graph import components
from reconstruction.sfm.view_graph import likely_pairs
from reconstruction.sfm.view_graph import neighbours
from reconstruction.sfm.view_graph import shared_cameras
from reconstruction.sfm.view_graph import sparser
from tests.reconstruction.sfm_world import clutter
from tests.reconstruction.sfm_world import frame_set


def blank_features(count: int = 40) -> Features:
    return Features(np.zeros((count, 4), np.float32), np.zeros((count, 128), np.uint8))


def joined(photos: int, *edges: tuple[int, int, int]) -> ViewGraph:
    """A view graph of (first, second, inliers)."""
    pairs = []
    for first, second, inliers in edges:
        rows = np.column_stack([np.arange(inliers)] * 2).astype(np.uint32)
        geometry = pycolmap.TwoViewGeometry(config=3, inlier_matches=rows)
        pairs.append(Pair(first, second, rows, geometry))
    camera = pycolmap.Camera(model="SIMPLE_RADIAL", width=100, height=80, params=[120, 50, 40, 0])
    return ViewGraph((blank_features(),) * photos, (camera,) * photos, tuple(pairs))


def test_a_feature_lies_where_it_was_drawn_whatever_the_size_it_was_found_at(tmp_path: Path):
    y, x = np.mgrid[0:600, 0:800] + 0.5  # pixel centres
    centre = (301.7, 222.4)
    blob = 40 + 180 * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * 12**2))
    path = tmp_path / "blob.png"
    cv2.imwrite(str(path), np.rint(blob).astype(np.uint8))
    for long_side_px in (800, 500):
        found = features_of(path, None, long_side_px, 100)
        nearest = found.keypoints[np.argmin(abs(found.keypoints[:, 2] - 12))]
        # A tenth of a pixel of a blob 24 pixels wide: SIFT's own accuracy.
        assert nearest[:2] == pytest.approx(centre, abs=0.2)


def test_larger_blobs_come_first_and_masked_ones_not_at_all(tmp_path: Path):
    picture = clutter((400, 300))
    path, mask_path = tmp_path / "photo.png", tmp_path / "mask.png"
    cv2.imwrite(str(path), picture)
    mask = np.full((300, 400), 255, np.uint8)
    mask[:, 200:] = 0
    cv2.imwrite(str(mask_path), mask)
    found = features_of(path, mask_path, 400, 500)
    assert len(found) > 100
    assert (np.diff(found.keypoints[:, 2]) <= 0).all()
    assert found.keypoints[:, 0].max() <= 201  # half a pixel of doubling


def test_a_blank_or_broken_picture_has_no_features(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "blank.png"), np.full((200, 300), 90, np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    for name in ("blank.png", "broken.jpg"):
        assert len(features_of(tmp_path / name, None, 300, 100)) == 0


def test_matching_finds_a_shuffled_copy_and_refuses_what_is_ambiguous():
    chance = np.random.default_rng(0)
    first = chance.random((200, 128)).astype(np.float32)
    first[10] = first[11]  # twins: no ratio test can tell them apart
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    order = chance.permutation(200)
    found = {(int(a), int(b)) for a, b in match(first, first[order])}
    expected = {(int(old), new) for new, old in enumerate(order) if old not in (10, 11)}
    assert found == expected


def test_verification_drops_false_matches_and_keeps_true_ones():
    chance = np.random.default_rng(1)
    points = chance.uniform([-1, -1, 4], [1, 1, 8], (200, 3))
    camera = pycolmap.Camera(model="SIMPLE_RADIAL", width=1000, height=800, params=[900, 500, 400, 0])
    seen = [
        points[:, :2] / points[:, 2:] * 900 + [500, 400],
        (points[:, :2] - [0.8, 0.1]) / (points[:, 2:] + 0.2) * 900 + [500, 400],
    ]
    seen[1][150:] = chance.uniform(0, 800, (50, 2))
    features = [
        Features(np.column_stack([px, np.ones((200, 2))]).astype(np.float32), np.zeros((200, 128), np.uint8))
        for px in seen
    ]
    every = np.column_stack([np.arange(200)] * 2).astype(np.uint32)
    verified = verify((camera, camera), (features[0], features[1]), every)
    assert verified is not None
    kept, geometry = verified
    assert set(range(150)) - set(kept[:, 0].tolist()) == set()
    # A false match lies on its 8 px wide epipolar band in one of a hundred cases.
    assert (kept[:, 0] >= 150).sum() <= 5
    assert Pair(0, 1, kept, geometry).shows_depth


def test_groups_of_photos_come_largest_first():
    assert components(6, [(0, 1), (3, 4), (4, 5)]) == [(3, 4, 5), (0, 1), (2,)]


def test_a_gap_between_neighbours_asks_for_every_pair_across_it():
    chain = joined(8, *((place, place + 1, 40) for place in range(7) if place != 3))
    assert around_gaps(chain, overlap=2) == {(2, 4), (2, 5), (3, 4), (3, 5)}
    assert around_gaps(joined(3, (0, 1, 40), (1, 2, 40)), overlap=2) == set()


def test_the_check_has_fewer_pairs_but_every_photo():
    full = joined(20, *((a, b, 30 + (a * 7 + b) % 50) for a, b in neighbours(20, 19)))
    chosen = sparser(full, seed=0)
    assert 0.45 < len(chosen) / len(full.pairs) < 0.85
    assert {end for ends in chosen for end in ends} == set(range(20))


def test_two_places_are_two_groups_but_a_few_stray_photos_are_not():
    two = joined(10, *((a, a + 1, 60) for a in range(9) if a != 5))
    assert separate_places(two, CamerasConfig()) == [tuple(range(6)), (6, 7, 8, 9)]
    strays = joined(20, *((a, a + 1, 60) for a in range(19) if a != 16))
    assert separate_places(strays, CamerasConfig()) == []


def frames_of(photos: int, source: str = "IMG") -> FrameSet:
    frames = (Frame(f"{place:03d}.jpg", f"{source}_{place}.JPG", (100, 80), 0, 1.0) for place in range(photos))
    return FrameSet(Path(), tuple(frames))


def test_an_unproven_photo_amidst_proven_ones_stays_and_a_loose_end_goes():
    """The end of a walk that one mapping alone reached may be bent away from the rest."""
    graph = joined(8, (0, 1, 60), (1, 2, 60), (2, 6, 40), (0, 6, 40), (3, 6, 40), (5, 7, 90), (6, 7, 90), (4, 7, 20))
    model = Model(
        Path(),
        tuple(f.name for f in frames_of(8).frames),
        np.zeros(0),
        np.zeros(0),
        np.zeros(0, np.int64),
        np.zeros(0),
        0,
        0.0,
        0.0,
    )
    verdict = Verdict(model, (), ("006.jpg", "007.jpg"), None, Path())
    assert loose_ends(verdict, graph, frames_of(8)) == ("007.jpg",)


def test_a_photo_left_out_is_told_why_in_the_words_of_what_was_seen():
    graph = joined(6, (0, 1, 90), (1, 2, 20), (1, 3, 80), (4, 5, 70))
    many = (blank_features(500),) * 6
    frames = frames_of(6)
    rich = ViewGraph(many, graph.cameras, graph.pairs)
    said = [why_left_out(frame, frames, rich, {"000.jpg", "001.jpg"}) for frame in frames.frames[2:]]
    assert said[0] == "it shares only 20 points with its best match, IMG_1.JPG"
    assert said[1] == "it resembles IMG_1.JPG but no place for it agrees with the other photos"
    assert said[2] == "it matches only photos that were left out too, like IMG_5.JPG"
    alone = ViewGraph(many, graph.cameras, graph.pairs[:1])
    soft = replace(frames.frames[2], sharpness=0.3)
    assert (
        why_left_out(soft, frames, alone, set()) == "it matches no other photo; it is also less sharp than the others"
    )
    assert "too dark or blurred" in why_left_out(frames.frames[0], frames, graph, set())


def graph_of(pictures: list[np.ndarray], folder: Path) -> ViewGraph:
    frames = frame_set(folder, pictures)
    features = find_features(frames, 600, 800, Progress(), threads=1)
    chosen = likely_pairs(features, True, CamerasConfig(), 1, Progress())
    return build_graph(features, shared_cameras(frames, True), chosen, 1, Progress())


def test_blank_photos_are_plain(tmp_path: Path):
    frames = frame_set(tmp_path / "frames", [np.full((300, 400, 3), tone, np.uint8) for tone in (90, 120, 150)])
    with pytest.raises(PlainPhotos) as caught:
        refuse_plain(frames, find_features(frames, 400, 500, Progress(), threads=1))
    assert caught.value.total == 3
    assert caught.value.photos[0] == "IMG_0.JPG"


def test_the_same_picture_again_and_again_is_identical(tmp_path: Path):
    graph = graph_of([clutter((400, 300))] * 4, tmp_path / "frames")
    with pytest.raises(IdenticalPhotos):
        refuse_still(graph)


def test_a_turning_camera_is_told_from_one_that_moves(tmp_path: Path):
    """A homography K R K^-1 for the turn; for the walk, two layers that slide over each other."""
    far = clutter((1400, 900))
    k = np.array([[700.0, 0, 700], [0, 700, 450], [0, 0, 1]])
    turned = []
    for angle in np.radians([-9, -3, 3, 9]):
        turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        small = np.array([[1.0, 0, -400], [0, 1, -225], [0, 0, 1]])
        turned.append(cv2.warpPerspective(far, small @ k @ turn @ np.linalg.inv(k), (600, 450)))
    with pytest.raises(TurnedOnTheSpot):
        refuse_turn(graph_of(turned, tmp_path / "turned"))
    near = clutter((1400, 900), seed=1)
    walked = []
    for step in range(4):
        picture = far[200:650, 300 + 8 * step : 900 + 8 * step].copy()
        picture[225:] = near[425:650, 300 + 30 * step : 900 + 30 * step]
        walked.append(picture)
    refuse_turn(graph_of(walked, tmp_path / "walked"))
