"""How far found cameras are from the truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reconstruction.geometry import Array
from reconstruction.geometry import align
from reconstruction.geometry import rotation_angles
from reconstruction.sfm.agreement import centres_of


@dataclass(frozen=True, slots=True)
class PoseError:
    """After the similarity that brings the found centres nearest to the true ones."""

    photos: int
    """How many were compared"""
    centres: float
    """Root mean square distance of the centres, as a share of the true extent (largest distance from their mean)"""
    rotation_deg: float
    """Median angle; the similarity's own rotation is used, so that a shifted principal point shows"""
    worst_centre: float
    worst_rotation_deg: float


def pose_error(found: Mapping[str, Array], truth: Mapping[str, Array]) -> PoseError:
    """Both map names to camera_from_world (4, 4); photos that only one has are not compared."""
    names = sorted(found.keys() & truth.keys())
    mine = np.stack([found[name] for name in names])
    true = np.stack([truth[name] for name in names])
    true_centres = centres_of(true)
    move = align(centres_of(mine), true_centres)
    moved = np.stack([move.move_camera(pose) for pose in mine])
    extent = np.linalg.norm(true_centres - true_centres.mean(axis=0), axis=1).max()
    apart = np.linalg.norm(centres_of(moved) - true_centres, axis=1) / extent
    turned = np.degrees(rotation_angles(moved[:, :3, :3] @ true[:, :3, :3].transpose(0, 2, 1)))
    return PoseError(
        len(names),
        float(np.sqrt((apart**2).mean())),
        float(np.median(turned)),
        float(apart.max()),
        float(turned.max()),
    )
