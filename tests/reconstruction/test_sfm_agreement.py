"""Two models of the same photos: what counts as the same, and what must not."""

from dataclasses import replace

import numpy as np
import pytest

from reconstruction.configs import CamerasConfig
from reconstruction.geometry import Similarity
from reconstruction.geometry import rotations_from_quats
from reconstruction.sfm.agreement import compare
from reconstruction.sfm.model import Model
from reconstruction.sfm.pose_error import pose_error
from tests.reconstruction.sfm_world import moved_poses
from tests.reconstruction.sfm_world import ring_model


CONFIG = CamerasConfig()
ELSEWHERE = Similarity(
    3.7, rotations_from_quats(np.array([[0.3, -0.5, 0.7, 0.2]]))[0].astype(np.float64), np.array([5.0, -2.0, 9.0])
)


def with_poses(model: Model, poses: np.ndarray) -> Model:
    return replace(model, camera_from_world=poses)


def pushed(model: Model, photos: slice, by: tuple[float, float, float]) -> Model:
    """The same model with some cameras moved in the world, turned as before."""
    poses = model.camera_from_world.copy()
    poses[photos, :3, 3] -= poses[photos, :3, :3] @ np.array(by)
    return with_poses(model, poses)


def test_a_model_agrees_with_itself_in_any_other_world():
    model = ring_model()
    comparison = compare(model, with_poses(model, moved_poses(model.camera_from_world, ELSEWHERE)))
    assert comparison.disagreement(CONFIG) is None
    assert comparison.centres.max() < 1e-9  # float64 all the way
    assert comparison.rotations_deg.max() < 1e-4  # arccos near one loses half of the digits


def test_cameras_on_one_line_can_be_compared():
    model = ring_model()
    poses = np.tile(np.eye(4), (len(model), 1, 1))
    poses[:, 0, 3] = np.arange(len(model))
    line = with_poses(model, poses)
    comparison = compare(line, with_poses(line, moved_poses(poses, ELSEWHERE)))
    assert comparison.disagreement(CONFIG) is None


def test_a_shifted_block_is_a_disagreement():
    """The failure seen on fox at 1600 px: a third of the photos shifted by a quarter of the extent, rotations right."""
    model = ring_model(50)
    shifted = pushed(model, slice(31, 48), (0.5, 0.1, 0.2))
    said = compare(model, shifted).disagreement(CONFIG)
    assert said is not None
    assert "elsewhere" in said


def test_a_bent_model_is_a_disagreement():
    model = ring_model(30)
    angles = np.linspace(0, np.radians(30), 30)
    poses = model.camera_from_world.copy()
    for pose, angle in zip(poses, angles):
        turn = np.eye(4)
        turn[:3, :3] = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
        pose[:] = pose @ turn
    assert compare(model, with_poses(model, poses)).disagreement(CONFIG) is not None


def test_one_stray_photo_is_named_and_the_rest_confirmed():
    model = ring_model(20)
    comparison = compare(model, pushed(model, slice(7, 8), (0.6, 0.0, 0.0)))
    assert comparison.disagreement(CONFIG) is None
    assert comparison.strays(CONFIG) == ("007.jpg",)


def test_the_end_of_a_walk_that_bends_away_is_named_and_turns_no_other_photo():
    """lund: the last six of 28 photos bent away by up to 60 degrees made a plain mean call all 28 strays."""
    model = ring_model(28)
    poses = model.camera_from_world.copy()
    for place, angle in enumerate(np.radians(np.linspace(10, 60, 6)), start=22):
        turn = np.eye(4)
        turn[:3, :3] = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
        poses[place] = poses[place] @ turn
    comparison = compare(model, with_poses(model, moved_poses(poses, ELSEWHERE)))
    assert comparison.strays(CONFIG) == model.names[22:]
    assert comparison.disagreement(CONFIG) is None


def test_another_focal_length_is_a_disagreement():
    model = ring_model()
    said = compare(model, replace(model, focal_px=1.08 * model.focal_px)).disagreement(CONFIG)
    assert said is not None
    assert "focal length" in said


@pytest.mark.parametrize("kept", [2, 12])
def test_a_model_of_a_few_photos_confirms_nothing(kept: int):
    model = ring_model(20)
    said = compare(model, model.only(model.names[:kept])).disagreement(CONFIG)
    assert said is not None
    assert f"{kept / 20:.0%}" in said


def test_pose_error_is_zero_in_any_world_and_measures_a_push():
    model = ring_model(20)
    truth = dict(zip(model.names, model.camera_from_world))
    found = dict(zip(model.names, moved_poses(model.camera_from_world, ELSEWHERE)))
    assert pose_error(found, truth).centres < 1e-9
    assert pose_error(found, truth).rotation_deg < 1e-4
    noise = np.random.default_rng(0).normal(0, 0.01, (20, 3))
    pushed_poses = model.camera_from_world.copy()
    pushed_poses[:, :3, 3] -= np.einsum("nij,nj->ni", pushed_poses[:, :3, :3], noise)
    error = pose_error(dict(zip(model.names, pushed_poses)), truth)
    # The similarity takes up a little of the noise; the extent is about two.
    assert error.centres == pytest.approx(0.01 * np.sqrt(3) / model.extent, rel=0.2)
