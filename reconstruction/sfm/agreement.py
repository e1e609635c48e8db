"""Agreement: how far two models of the same photos lie apart."""

from dataclasses import dataclass

import numpy as np

from reconstruction.configs import CamerasConfig
from reconstruction.geometry import Array
from reconstruction.geometry import Similarity
from reconstruction.geometry import rotation_angles
from reconstruction.sfm.model import Model


LEAST_COMMON = 0.8
"""A model is only confirmed by one that has so much of its photos."""
STRAYS = 0.25
"""At most this share of the photos may stand elsewhere in the other model; they are left out, the rest is confirmed."""
NEAREST = 0.5
"""The alignment begins from this share of the photos, those that fit best: the end of a walk that one mapping bends
away must not turn all the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two models on their common photos, C of them, the second brought onto the first."""

    names: tuple[str, ...]
    centres: Array
    """(C,) distances between the two places of each camera, as a share of the extent"""
    rotations_deg: Array
    """(C,)"""
    focal: float
    """The largest relative difference of a focal length"""
    coverage: float
    """Share of the first model's photos that the second has too"""

    def strays(self, config: CamerasConfig) -> tuple[str, ...]:
        """Photos that stand or look elsewhere in the other model."""
        off = (self.centres > config.agree_centres) | (self.rotations_deg > config.agree_rotation_deg)
        return tuple(name for name, bad in zip(self.names, off) if bad)

    def disagreement(self, config: CamerasConfig) -> str | None:
        """Why the second model does not confirm the first, as the end of a sentence; None when it does."""
        if self.coverage < LEAST_COMMON:
            return f"a second, independent mapping placed only {self.coverage:.0%} of the photos"
        strays = len(self.strays(config))
        if strays > STRAYS * len(self.names):
            return (
                f"a second, independent mapping places {strays} of {len(self.names)} photos elsewhere "
                f"(centres by {np.quantile(self.centres, 0.9):.1%} of the extent, "
                f"directions by {np.quantile(self.rotations_deg, 0.9):.1f} degrees)"
            )
        if self.focal > config.agree_focal:
            return f"a second, independent mapping finds a focal length that differs by {self.focal:.0%}"
        return None


def compare(first: Model, second: Model) -> Comparison:
    """The second model against the first, best aligned."""
    places = {name: place for place, name in enumerate(second.names)}
    common = [(place, places[name]) for place, name in enumerate(first.names) if name in places]
    coverage = len(common) / max(len(first), 1)
    if len(common) < 3:
        return Comparison((), np.zeros(0), np.zeros(0), 0.0, coverage)
    mine, theirs = np.array(common).T
    move = align_poses(second.camera_from_world[theirs], first.camera_from_world[mine])
    moved = np.stack([move.move_camera(pose) for pose in second.camera_from_world[theirs]])
    apart = np.linalg.norm(centres_of(moved) - first.centres[mine], axis=1)
    turned = rotation_angles(moved[:, :3, :3] @ first.camera_from_world[mine, :3, :3].transpose(0, 2, 1))
    focal = second.focal_px[theirs].mean(axis=1) / first.focal_px[mine].mean(axis=1)
    return Comparison(
        tuple(first.names[place] for place in mine),
        apart / max(first.extent, 1e-12),
        np.degrees(turned),
        float(abs(np.log(focal)).max()),
        coverage,
    )


def align_poses(start: Array, end: Array) -> Similarity:
    """The similarity of the world that brings most of the cameras ``start`` (N, 4, 4) onto ``end`` (N, 4, 4).

    The rotation is the chordal mean of the cameras' own, so that cameras on one line are no trouble; scale and place
    follow from the centres by least squares. Both use the better half only, begun at the camera that most others
    nearly agree with (least trimmed squares, Rousseeuw 1984).
    """
    relative = np.einsum("nji,njk->nik", end[:, :3, :3], start[:, :3, :3])
    apart = np.arccos(np.clip((np.einsum("nij,mij->nm", relative, relative) - 1) / 2, -1, 1))
    half = max(2, round(NEAREST * len(start)))
    middle = np.partition(apart, half - 1, axis=1)[:, half - 1].argmin()
    rotation = mean_rotation(relative[np.argsort(apart[middle], kind="stable")[:half]])
    a, b = centres_of(start), centres_of(end)
    kept = np.argsort(apart[middle], kind="stable")[:half]
    for _ in range(10):
        misses = np.linalg.norm(align_turned(a[kept], b[kept], rotation)(a) - b, axis=1)
        kept = np.argsort(misses, kind="stable")[: max(half, round(0.9 * (misses <= 3 * np.median(misses)).sum()))]
    return align_turned(a[kept], b[kept], rotation)


def mean_rotation(rotations: Array) -> Array:
    """The rotation nearest to all of them (N, 3, 3) in least squares of their entries."""
    u, _, vt = np.linalg.svd(rotations.mean(axis=0))
    return u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt


def align_turned(start: Array, end: Array, rotation: Array) -> Similarity:
    """The similarity with this rotation that brings points ``start`` (N, 3) nearest to ``end`` (N, 3)."""
    turned = start @ rotation.T
    a_mean, b_mean = turned.mean(axis=0), end.mean(axis=0)
    spread = ((turned - a_mean) ** 2).sum()
    scale = float(((turned - a_mean) * (end - b_mean)).sum() / spread) if spread > 0 else 1.0
    return Similarity(scale, rotation, b_mean - scale * a_mean)


def centres_of(camera_from_world: Array) -> Array:
    """Where cameras (N, 4, 4) stand (N, 3)."""
    return -np.einsum("nji,nj->ni", camera_from_world[:, :3, :3], camera_from_world[:, :3, 3])
