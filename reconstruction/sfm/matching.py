"""Matching: which features of two photos show the same point, and what the two cameras' relation can be."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pycolmap
from numpy.typing import NDArray

from reconstruction.sfm.features import Features


STRONGEST = 300
"""So many of the largest features decide whether two photos are worth matching in full."""
LEAST_INLIERS = 15
"""Fewer matches that obey one geometry are chance."""
RATIO = 0.8
"""Lowe 2004: the best match must be nearer than the second best by this factor (angles between descriptors)."""
FARTHEST_RAD = 0.7
"""As in COLMAP: descriptors farther apart than this show different things."""
INLIER_PX = 4.0
"""Of the frame, as in COLMAP."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two photos that share at least ``LEAST_INLIERS`` points in one geometry."""

    first: int
    second: int
    """Places in the frame set, first < second."""
    matches: NDArray[np.uint32]
    """(M, 2) rows of the two photos' features: the inliers"""
    geometry: pycolmap.TwoViewGeometry

    @property
    def inliers(self) -> int:
        return len(self.geometry.inlier_matches)

    @property
    def shows_depth(self) -> bool:
        """Whether the two views differ by more than a turn of the camera or a flat scene can explain."""
        kinds = pycolmap.TwoViewGeometryConfiguration
        return self.geometry.config in (kinds.CALIBRATED, kinds.UNCALIBRATED)


def match(first: NDArray[np.float32], second: NDArray[np.float32], ratio: float = RATIO) -> NDArray[np.uint32]:
    """Rows (M, 2) of mutual nearest neighbours that pass the ratio test, the surest first.

    first (N, 128), second (K, 128): unit descriptors
    """
    if len(first) < 2 or len(second) < 2:
        return np.zeros((0, 2), np.uint32)
    likeness = first @ second.T
    rows = np.arange(len(first))
    best = likeness.argmax(axis=1)
    nearest = likeness[rows, best]
    mutual = nearest >= likeness.max(axis=0)[best]
    rows, best, nearest = rows[mutual], best[mutual], nearest[mutual]
    others = likeness[rows]
    others[np.arange(len(rows)), best] = -1
    angles = np.arccos(np.clip(nearest, -1, 1))
    next_angles = np.arccos(np.clip(others.max(axis=1), -1, 1))
    good = (angles < ratio * next_angles) & (angles < FARTHEST_RAD)
    surest = np.argsort((angles / np.maximum(next_angles, 1e-9))[good], kind="stable")
    return np.column_stack([rows[good], best[good]]).astype(np.uint32)[surest]


def likely_matches(strongest: Sequence[NDArray[np.float32]], first: int, second: int) -> int:
    """How many of two photos' largest features match: a hundredth of the work tells whether the rest is worth it.

    Wu 2013 (preemptive matching), with a laxer ratio than for real matches.
    """
    return len(match(strongest[first], strongest[second], ratio=0.85))


def verify(
    cameras: tuple[pycolmap.Camera, pycolmap.Camera], features: tuple[Features, Features], matches: NDArray[np.uint32]
) -> tuple[NDArray[np.uint32], pycolmap.TwoViewGeometry] | None:
    """The matches that one fundamental matrix explains, and the kind of geometry; None where there are too few.

    OpenCV's USAC with PROSAC sampling removes the outliers in a sixtieth of the time that COLMAP's RANSAC takes for
    pairs with few inliers; COLMAP then only classifies what is left.
    """
    if len(matches) < LEAST_INLIERS:
        return None
    first_px = features[0].keypoints[matches[:, 0], :2].astype(np.float64)
    second_px = features[1].keypoints[matches[:, 1], :2].astype(np.float64)
    fundamental, kept = cv2.findFundamentalMat(first_px, second_px, _usac())
    if fundamental is None or kept is None or kept.sum() < LEAST_INLIERS:
        return None
    matches = np.ascontiguousarray(matches[kept.ravel() > 0])
    options = pycolmap.TwoViewGeometryOptions(min_num_inliers=LEAST_INLIERS)
    options.ransac.random_seed = 0
    options.ransac.max_error = INLIER_PX
    points = [part.keypoints[:, :2].astype(np.float64) for part in features]
    geometry = pycolmap.estimate_two_view_geometry(cameras[0], points[0], cameras[1], points[1], matches, options)
    return (matches, geometry) if len(geometry.inlier_matches) >= LEAST_INLIERS else None


def _usac() -> cv2.UsacParams:
    usac = cv2.UsacParams()
    usac.threshold = INLIER_PX
    usac.confidence = 0.999
    usac.maxIterations = 2000
    usac.sampler = cv2.SAMPLING_PROSAC
    usac.score = cv2.SCORE_METHOD_MSAC
    usac.loMethod = cv2.LOCAL_OPTIM_INNER_LO
    usac.loIterations = 5
    usac.loSampleSize = 14
    usac.randomGeneratorState = 1
    return usac
