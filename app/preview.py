"""The newest splats for whoever is looking: three files and a pointer.

The writer fills the slot that is named longest ago and only then points to it; the file is put in place whole, so that
a reader that still has an older one open keeps reading what it opened.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.write_done import write_done
from reconstruction.gaussians import Gaussians


SLOTS = 3
MOST_GAUSSIANS = 200_000
MOST_DEGREE = 1
"""Colour that changes a little with the direction: enough to recognise the place, a third of the bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What a training looked like at one moment."""

    number: int
    gaussians: Gaussians


def write_preview(folder: Path, gaussians: Gaussians) -> int:
    """The number of the preview that now is the newest."""
    folder.mkdir(exist_ok=True)
    newest = _newest(folder)
    number = newest["number"] + 1 if newest else 0
    sample = gaussians.sample(MOST_GAUSSIANS)
    sample = sample.with_degree(min(sample.degree, MOST_DEGREE))
    slot = _fill(folder, newest["slot"] if newest else 0, _packed(sample))
    write_done(folder / "latest.json", json.dumps({"number": number, "slot": slot}))
    return number


def read_preview(folder: Path) -> Preview | None:
    """The newest preview; None where there is none."""
    newest = _newest(folder)
    if newest is None:
        return None
    try:
        rows = np.load(folder / f"{newest['slot']}.npy")
    except FileNotFoundError:
        return None
    return Preview(newest["number"], _unpacked(rows))


def _newest(folder: Path) -> dict[str, int] | None:
    try:
        return json.loads((folder / "latest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _fill(folder: Path, newest_slot: int, rows: np.ndarray) -> int:
    """The slot that took the rows. Windows refuses to replace a file that a slow reader holds: then the other one."""
    beside = folder / "next.npy"
    with beside.open("wb") as file:
        np.save(file, rows)
    oldest, other = (newest_slot + 1) % SLOTS, (newest_slot + 2) % SLOTS
    try:
        beside.replace(folder / f"{oldest}.npy")
        return oldest
    except PermissionError:
        beside.replace(folder / f"{other}.npy")
        return other


def _packed(gaussians: Gaussians) -> np.ndarray:
    """(N, 11 + 3K) float32: means, quats, log_scales, logit_opacities, sh"""
    columns = (
        gaussians.means,
        gaussians.quats,
        gaussians.log_scales,
        gaussians.logit_opacities[:, None],
        gaussians.sh.reshape(len(gaussians), -1),
    )
    return np.concatenate(columns, axis=1)


def _unpacked(rows: np.ndarray) -> Gaussians:
    means, quats, log_scales, logit_opacities, sh = np.split(rows, (3, 7, 10, 11), axis=1)
    whole = map(np.ascontiguousarray, (means, quats, log_scales, logit_opacities[:, 0], sh.reshape(len(rows), -1, 3)))
    return Gaussians(*whole)
