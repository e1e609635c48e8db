"""Quaternions (wxyz), rigid and similarity transforms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


Array = NDArray[np.floating]


def rotations_from_quats(quats: Array) -> Array:
    """The rotations (N, 3, 3) of quaternions (N, 4) wxyz of any length but zero."""
    w, x, y, z = np.moveaxis(quats / np.linalg.norm(quats, axis=-1, keepdims=True), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quats_from_rotations(rotations: Array) -> Array:
    """Unit quaternions (N, 4) wxyz, w >= 0, of rotations (N, 3, 3).

    The eigenvector of the largest eigenvalue of Bar-Itzhack's matrix (2000, eq. 5): no case distinctions, and it gives
    the nearest rotation where the input is slightly off.
    """
    r = np.asarray(rotations, np.float64)
    xx, yy, zz = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    k = np.empty((*r.shape[:-2], 4, 4), np.float64)
    k[..., 0, 0] = xx + yy + zz
    k[..., 1, 1] = xx - yy - zz
    k[..., 2, 2] = yy - xx - zz
    k[..., 3, 3] = zz - xx - yy
    k[..., 0, 1] = k[..., 1, 0] = r[..., 2, 1] - r[..., 1, 2]
    k[..., 0, 2] = k[..., 2, 0] = r[..., 0, 2] - r[..., 2, 0]
    k[..., 0, 3] = k[..., 3, 0] = r[..., 1, 0] - r[..., 0, 1]
    k[..., 1, 2] = k[..., 2, 1] = r[..., 0, 1] + r[..., 1, 0]
    k[..., 1, 3] = k[..., 3, 1] = r[..., 0, 2] + r[..., 2, 0]
    k[..., 2, 3] = k[..., 3, 2] = r[..., 1, 2] + r[..., 2, 1]
    quats = np.asarray(np.linalg.eigh(k)[1][..., :, -1], np.float64)
    return np.where(quats[..., :1] < 0, -quats, quats)


def multiply_quats(left: Array, right: Array) -> Array:
    """The quaternions (N, 4) that rotate by ``right`` first, then by ``left``."""
    aw, ax, ay, az = np.moveaxis(np.asarray(left), -1, 0)
    bw, bx, by, bz = np.moveaxis(np.asarray(right), -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def rotation_angles(rotations: Array) -> Array:
    """How far (N,) radians each rotation (N, 3, 3) turns."""
    cosines = (np.trace(rotations, axis1=-2, axis2=-1) - 1) / 2
    return np.arccos(np.clip(cosines, -1, 1))


def rotation_between(start: Array, end: Array) -> Array:
    """The smallest rotation (3, 3) that turns direction ``start`` (3,) into direction ``end`` (3,). Rodrigues."""
    a = np.asarray(start, np.float64) / np.linalg.norm(start)
    b = np.asarray(end, np.float64) / np.linalg.norm(end)
    cosine = float(a @ b)
    if cosine < -1 + 1e-12:  # opposite: half a turn about any axis across
        across = np.asarray(np.cross(a, np.eye(3)[np.argmin(np.abs(a))]), np.float64)
        across /= np.linalg.norm(across)
        return 2 * across[:, None] * across - np.eye(3)
    v = np.cross(a, b)
    skew = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + skew + skew @ skew / (1 + cosine)


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """p_to = scale * rotation @ p_from + translation."""

    scale: float
    rotation: Array
    """(3, 3) float64"""
    translation: Array
    """(3,) float64, in the units of the target"""

    @staticmethod
    def identity() -> "Similarity":
        return Similarity(1.0, np.eye(3), np.zeros(3))

    def __call__(self, points: Array) -> Array:
        """Points (N, 3), moved."""
        return self.scale * np.asarray(points, np.float64) @ self.rotation.T + self.translation

    def __matmul__(self, other: "Similarity") -> "Similarity":
        """First ``other``, then this."""
        return Similarity(self.scale * other.scale, self.rotation @ other.rotation, self(other.translation[None])[0])

    def inverse(self) -> "Similarity":
        return Similarity(1 / self.scale, self.rotation.T, -(self.rotation.T @ self.translation) / self.scale)

    def move_camera(self, camera_from_world: Array) -> Array:
        """The pose (4, 4) of the same camera seen from the moved world; its camera axes keep unit length."""
        moved = np.eye(4)
        rotation = camera_from_world[:3, :3] @ self.rotation.T
        moved[:3, :3] = rotation
        moved[:3, 3] = self.scale * camera_from_world[:3, 3] - rotation @ self.translation
        return moved


def align(start: Array, end: Array) -> Similarity:
    """The similarity that brings points ``start`` (N, 3) nearest to ``end`` (N, 3), N >= 3, in least squares.

    Umeyama 1991, eq. 40-42. Points on one line leave the turn about it undetermined.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    start_centre, end_centre = start.mean(axis=0), end.mean(axis=0)
    a, b = start - start_centre, end - end_centre
    u, singular, vt = np.linalg.svd(b.T @ a / len(a))
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    rotation = u @ np.diag(signs) @ vt
    variance = (a**2).sum() / len(a)
    scale = float((singular * signs).sum() / variance) if variance > 0 else 1.0
    return Similarity(scale, rotation, end_centre - scale * rotation @ start_centre)
