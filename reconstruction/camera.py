"""Camera: a pinhole lens and a pose."""

from dataclasses import dataclass
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray


Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A pinhole camera; x right, y down, z forward (OpenCV, COLMAP); pixel centres at half-integers."""

    camera_from_world: Array
    """(4, 4) float64, rigid"""
    focal_px: tuple[float, float]
    """(fx, fy)"""
    centre_px: tuple[float, float]
    """(cx, cy) in the image whose top left corner is (0, 0)"""
    size_px: tuple[int, int]
    """(width, height)"""

    def __post_init__(self) -> None:
        if self.camera_from_world.shape != (4, 4):
            raise ValueError(f"camera_from_world is {self.camera_from_world.shape}, not (4, 4)")

    @property
    def position(self) -> Array:
        """Where the camera stands (3,), world."""
        return -self.camera_from_world[:3, :3].T @ self.camera_from_world[:3, 3]

    @property
    def forward(self) -> Array:
        """The unit direction (3,) in which it looks, world."""
        return self.camera_from_world[2, :3]

    @property
    def up(self) -> Array:
        """The unit direction (3,) of the picture's top, world."""
        return -self.camera_from_world[1, :3]

    @property
    def intrinsics(self) -> Array:
        """The matrix K (3, 3) float64."""
        (fx, fy), (cx, cy) = self.focal_px, self.centre_px
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)

    def resized(self, size_px: tuple[int, int]) -> "Camera":
        """The same camera with a picture of another size."""
        x, y = size_px[0] / self.size_px[0], size_px[1] / self.size_px[1]
        return replace(
            self,
            focal_px=(self.focal_px[0] * x, self.focal_px[1] * y),
            centre_px=(self.centre_px[0] * x, self.centre_px[1] * y),
            size_px=size_px,
        )

    def fitted(self, long_side_px: int) -> "Camera":
        """The same camera with a picture whose long side is at most this."""
        return self.resized(fit(self.size_px, long_side_px))

    def project(self, points: Array) -> tuple[Array, Array]:
        """Where points land in the image.

        points     (N, 3) world
        centres_px (N, 2) image; depths (N,) camera z, world units. Behind the camera: depth <= 0, centre meaningless.
        """
        camera_points = points @ self.camera_from_world[:3, :3].T + self.camera_from_world[:3, 3]
        depths = camera_points[:, 2]
        safe = np.where(depths > 0, depths, 1.0)
        centres_px = camera_points[:, :2] / safe[:, None] * self.focal_px + self.centre_px
        return centres_px, depths


def fit(size_px: tuple[int, int], long_side_px: int) -> tuple[int, int]:
    """The size with the same proportions whose long side is at most ``long_side_px``; never larger, never below 1."""
    share = min(1.0, long_side_px / max(size_px))
    return max(1, round(size_px[0] * share)), max(1, round(size_px[1] * share))
