"""Pictures taken from the same spot: they cost time in every later stage and tell it nothing."""

from collections.abc import Sequence

import cv2
import numpy as np

from reconstruction.frames.look import Look
from reconstruction.frames.picture import Pixels


STILL_SHARE = 0.004
"""Of the long side: what moved less has too little parallax to measure depth by."""
_PLAIN_LEVELS = 2.0
"""A picture whose gray levels deviate less is noise, and noise never correlates."""
_LEAST_TRACKS = 20


def runs_of_twins(looks: Sequence[Look], twin_above: float) -> tuple[tuple[int, ...], ...]:
    """Neighbours in order, cut where something moved: each run holds the indices of one picture and its twins.

    All are compared with the first of their run, so that a slow walk, each step of which is hardly seen, is still cut.
    """
    runs: list[list[int]] = []
    for index, look in enumerate(looks):
        if runs and are_twins(looks[runs[-1][0]], look, twin_above):
            runs[-1].append(index)
        else:
            runs.append([index])
    return tuple(tuple(run) for run in runs)


def are_twins(first: Look, second: Look, twin_above: float) -> bool:
    """Whether two pictures show the same from the same spot: they correlate, and no tenth of their features moved."""
    if first.gray.shape != second.gray.shape:
        return False
    return _correlation(first.gray, second.gray) >= twin_above and not _moved(first.gray, second.gray)


def _correlation(first: Pixels, second: Pixels) -> float:
    """Pearson's, of gray levels: indifferent to exposure. 0 where one picture is plain."""
    first_levels = first.astype(np.float32) - first.mean()
    second_levels = second.astype(np.float32) - second.mean()
    first_deviation, second_deviation = float(first_levels.std()), float(second_levels.std())
    if min(first_deviation, second_deviation) < _PLAIN_LEVELS:
        return 0.0
    return float((first_levels * second_levels).mean()) / (first_deviation * second_deviation)


def _moved(first: Pixels, second: Pixels) -> bool:
    """By the ninth decile of how far corners travelled (Lucas-Kanade); correlation alone misses small parallax."""
    corners = cv2.goodFeaturesToTrack(first, maxCorners=300, qualityLevel=0.01, minDistance=5)
    if corners is None or len(corners) < _LEAST_TRACKS:
        return False
    moved_to, found, _ = cv2.calcOpticalFlowPyrLK(first, second, corners, np.empty_like(corners))
    tracked = found.ravel() == 1
    if tracked.sum() < _LEAST_TRACKS:
        return True
    distances_px = np.linalg.norm((moved_to - corners).reshape(-1, 2)[tracked], axis=1)
    return float(np.quantile(distances_px, 0.9)) > STILL_SHARE * max(first.shape)
