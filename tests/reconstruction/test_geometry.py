"""Rotations, quaternions and similarities keep their promises for any input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconstruction.geometry import Similarity
from reconstruction.geometry import align
from reconstruction.geometry import multiply_quats
from reconstruction.geometry import quats_from_rotations
from reconstruction.geometry import rotation_angles
from reconstruction.geometry import rotation_between
from reconstruction.geometry import rotations_from_quats


seeds = st.integers(0, 2**32 - 1)


def random_quats(seed: int, count: int = 20) -> np.ndarray:
    quats = np.random.default_rng(seed).normal(size=(count, 4))
    return quats / np.linalg.norm(quats, axis=1, keepdims=True)


def random_similarity(seed: int) -> Similarity:
    rng = np.random.default_rng(seed)
    return Similarity(float(rng.uniform(0.1, 10)), rotations_from_quats(random_quats(seed, 1))[0], rng.normal(size=3))


@given(seeds)
def test_quaternions_survive_the_way_through_rotations_but_for_their_sign(seed: int) -> None:
    quats = random_quats(seed)
    back = quats_from_rotations(rotations_from_quats(quats))
    signs = np.sign((quats * back).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(back * signs, quats, atol=1e-9)  # an eigenvector in float64
    assert (back[:, 0] >= 0).all()


def test_half_turns_are_no_special_case() -> None:
    for axis in np.eye(3):
        quat = np.concatenate([[0.0], axis])[None]
        np.testing.assert_allclose(np.abs(quats_from_rotations(rotations_from_quats(quat))), quat, atol=1e-12)


@given(seeds)
def test_rotations_are_orthogonal_and_keep_handedness(seed: int) -> None:
    rotations = rotations_from_quats(random_quats(seed) * 3.7)
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (20, 3, 3)), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-12)


@given(seeds)
def test_multiplying_quaternions_is_turning_one_after_the_other(seed: int) -> None:
    left, right = random_quats(seed), random_quats(seed + 1)
    expected = rotations_from_quats(left) @ rotations_from_quats(right)
    np.testing.assert_allclose(rotations_from_quats(multiply_quats(left, right)), expected, atol=1e-12)


@given(seeds)
def test_rotation_between_turns_one_direction_into_the_other_by_the_smallest_angle(seed: int) -> None:
    start, end = np.random.default_rng(seed).normal(size=(2, 3))
    turn = rotation_between(start, end)
    np.testing.assert_allclose(turn @ start / np.linalg.norm(start), end / np.linalg.norm(end), atol=1e-9)
    cosine = start @ end / np.linalg.norm(start) / np.linalg.norm(end)
    assert rotation_angles(turn[None])[0] == pytest.approx(np.arccos(np.clip(cosine, -1, 1)), abs=1e-6)


def test_rotation_between_opposite_directions_is_half_a_turn() -> None:
    turn = rotation_between(np.array([0.0, 1, 0]), np.array([0.0, -1, 0]))
    np.testing.assert_allclose(turn @ [0, 1, 0], [0, -1, 0], atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


@given(seeds)
def test_a_similarity_and_its_inverse_cancel(seed: int) -> None:
    moved = random_similarity(seed)
    points = np.random.default_rng(seed).normal(size=(9, 3))
    np.testing.assert_allclose((moved.inverse() @ moved)(points), points, atol=1e-9)


@given(seeds)
def test_align_finds_the_similarity_that_moved_the_points(seed: int) -> None:
    moved = random_similarity(seed)
    points = np.random.default_rng(seed).normal(size=(9, 3))
    found = align(points, moved(points))
    np.testing.assert_allclose(found(points), moved(points), atol=1e-8)
    assert found.scale == pytest.approx(moved.scale)


def test_align_never_mirrors_even_where_that_would_fit_better() -> None:
    points = np.random.default_rng(3).normal(size=(9, 3))
    assert np.linalg.det(align(points, points * [1, 1, -1]).rotation) == pytest.approx(1)


@given(seeds)
def test_a_moved_camera_sees_moved_points_where_it_saw_them_before(seed: int) -> None:
    moved = random_similarity(seed)
    pose = np.eye(4)
    pose[:3, :3] = rotations_from_quats(random_quats(seed + 7, 1))[0]
    pose[:3, 3] = [0.3, -0.2, 4.0]
    points = np.random.default_rng(seed).normal(size=(9, 3))
    before = points @ pose[:3, :3].T + pose[:3, 3]
    pose_after = moved.move_camera(pose)
    after = moved(points) @ pose_after[:3, :3].T + pose_after[:3, 3]
    np.testing.assert_allclose(after, moved.scale * before, atol=1e-8)
