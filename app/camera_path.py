"""A file of camera poses, from which ``render --path`` draws one picture each.

It is a JSON list; every entry is a pinhole camera (x right, y down, z forward, as everywhere here)::

    [{"camera_from_world": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]],
      "focal_px": [800, 800], "centre_px": [480, 270], "size_px": [960, 540]}]
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import BadCameraPath


LONGEST_SIDE_PX = 16_384


@dataclass(frozen=True, slots=True)
class Pose:
    """One camera, in plain numbers: the process that only counts poses needs no numpy."""

    camera_from_world: tuple[tuple[float, ...], ...]
    """4 rows of 4"""
    lens: tuple[tuple[float, float], tuple[float, float], tuple[int, int]]
    """focal_px, centre_px, size_px"""


def read_poses(path: Path) -> tuple[Pose, ...]:
    """The poses in their order. Raises BadCameraPath, OSError."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadCameraPath(path, f"it is not JSON: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise BadCameraPath(path, "it is not a list of cameras")
    return tuple(_pose(path, number, entry) for number, entry in enumerate(entries))


def _pose(path: Path, number: int, entry: Any) -> Pose:
    try:
        rows = tuple(tuple(float(value) for value in row) for row in entry["camera_from_world"])
        (fx, fy), (cx, cy), (width, height) = (entry[name] for name in ("focal_px", "centre_px", "size_px"))
        lens = ((float(fx), float(fy)), (float(cx), float(cy)), (int(width), int(height)))
    except (KeyError, TypeError, ValueError) as error:
        raise BadCameraPath(path, f"camera {number} lacks something or holds something else ({error!r})") from error
    if [len(row) for row in rows] != [4, 4, 4, 4] or rows[3] != (0.0, 0.0, 0.0, 1.0) or not _turns(rows):
        raise BadCameraPath(path, f"camera_from_world of camera {number} is not a rigid 4x4 matrix")
    if not all(map(math.isfinite, (*sum(rows, ()), *lens[0], *lens[1]))) or min(lens[0]) <= 0:
        raise BadCameraPath(path, f"camera {number} has a number that makes no sense")
    if not 1 <= min(lens[2]) <= max(lens[2]) <= LONGEST_SIDE_PX:
        raise BadCameraPath(path, f"size_px of camera {number} is not between 1 and {LONGEST_SIDE_PX}")
    return Pose(rows, lens)


def _turns(rows: tuple[tuple[float, ...], ...]) -> bool:
    """Whether the first three columns only turn: their axes have length one and stand upright on each other."""
    axes = [row[:3] for row in rows[:3]]
    products = (sum(a * b for a, b in zip(axes[i], axes[j])) - (i == j) for i in range(3) for j in range(3))
    return all(abs(product) < ROUNDED for product in products)


ROUNDED = 1e-3
"""A file may have been written with few digits."""
