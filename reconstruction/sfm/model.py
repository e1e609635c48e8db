"""A model: where the mapper says the cameras stood, as arrays to be judged and compared."""

from collections.abc import Collection
from dataclasses import dataclass
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pycolmap
from numpy.typing import NDArray

from reconstruction.sfm.view_graph import Ends
from reconstruction.sfm.view_graph import components


Array = NDArray[np.float64]

COVISIBLE_POINTS = 10
"""Photos that share so many points hold each other in place."""
ANGLES_SAMPLED = 2000
"""Points whose triangulation angle is looked at: the median needs no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Photos with poses, P of them, by name in ascending order."""

    folder: Path
    """Where it lies as a COLMAP model; ``placed`` tells which of its photos count."""
    names: tuple[str, ...]
    camera_from_world: Array
    """(P, 4, 4)"""
    focal_px: Array
    """(P, 2) fx, fy"""
    size_px: NDArray[np.int64]
    """(P, 2) width, height"""
    distortion: Array
    """(P,) the first radial coefficient"""
    points: int
    error_px: float
    """Mean reprojection error"""
    angle_deg: float
    """Median over points of the largest angle between two of its rays"""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def centres(self) -> Array:
        """Where the cameras stand (P, 3)."""
        return -np.einsum("nji,nj->ni", self.camera_from_world[:, :3, :3], self.camera_from_world[:, :3, 3])

    @property
    def extent(self) -> float:
        """The largest distance of a camera from their mean."""
        centres = self.centres
        return float(np.linalg.norm(centres - centres.mean(axis=0), axis=1).max()) if len(centres) else 0.0

    def only(self, photos: Collection[str]) -> "Model":
        """The same model, reduced to these photos."""
        kept = np.array([name in photos for name in self.names], bool)
        return replace(
            self,
            names=tuple(name for name in self.names if name in photos),
            camera_from_world=self.camera_from_world[kept],
            focal_px=self.focal_px[kept],
            size_px=self.size_px[kept],
            distortion=self.distortion[kept],
        )


def read_models(folder: Path) -> list[Model]:
    """The sub-models that a mapping left, the one with most photos first: the mapper's own order means nothing."""
    models = [read_model(path) for path in sorted(folder.iterdir()) if (path / "images.bin").exists()]
    return sorted(models, key=lambda model: (len(model), model.points), reverse=True)


def read_model(folder: Path) -> Model:
    """One COLMAP model, without the photos that hang on to it by too few points."""
    return described(hold_together(pycolmap.Reconstruction(folder)), folder)


def hold_together(reconstruction: pycolmap.Reconstruction) -> pycolmap.Reconstruction:
    """The same reconstruction, reduced to its largest block of photos that share points.

    Blocks joined by fewer points stand at arbitrary scale and place: every wrong model of the global mapper was such.
    """
    placed = sorted(reconstruction.reg_image_ids())
    row = {image: place for place, image in enumerate(placed)}
    blocks = components(len(placed), [(row[a], row[b]) for a, b in covisible(reconstruction)])
    for place in (place for block in blocks[1:] for place in block):
        reconstruction.deregister_frame(reconstruction.image(placed[place]).frame_id)
    return reconstruction


def covisible(reconstruction: pycolmap.Reconstruction) -> list[Ends]:
    """Pairs of image ids that share at least ``COVISIBLE_POINTS`` points."""
    shared: dict[Ends, int] = {}
    for point in reconstruction.points3D.values():
        seen_by = sorted({element.image_id for element in point.track.elements})
        for ends in combinations(seen_by, 2):
            shared[ends] = shared.get(ends, 0) + 1
    return [ends for ends, count in shared.items() if count >= COVISIBLE_POINTS]


def described(reconstruction: pycolmap.Reconstruction, folder: Path) -> Model:
    """The arrays of a reconstruction that lies in ``folder``."""
    images = sorted((image for image in reconstruction.images.values() if image.has_pose), key=lambda image: image.name)
    poses = np.tile(np.eye(4), (len(images), 1, 1))
    for pose, image in zip(poses, images):
        pose[:3] = image.cam_from_world().matrix()
    cameras = [reconstruction.camera(image.camera_id) for image in images]
    return Model(
        folder,
        tuple(image.name for image in images),
        poses,
        np.array([(camera.focal_length_x, camera.focal_length_y) for camera in cameras], np.float64).reshape(-1, 2),
        np.array([(camera.width, camera.height) for camera in cameras], np.int64).reshape(-1, 2),
        np.array([camera.params[camera.extra_params_idxs()[0]] for camera in cameras], np.float64),
        reconstruction.num_points3D(),
        float(reconstruction.compute_mean_reprojection_error()),
        triangulation_angle_deg(reconstruction),
    )


def triangulation_angle_deg(reconstruction: pycolmap.Reconstruction) -> float:
    """The median over points of the largest angle under which two of their cameras see them; 0 without points."""
    centres = {image.image_id: image.projection_center() for image in reconstruction.images.values() if image.has_pose}
    points = list(reconstruction.points3D.values())
    angles = []
    for point in points[:: max(1, len(points) // ANGLES_SAMPLED)]:
        rays = np.array([centres[element.image_id] for element in point.track.elements]) - point.xyz
        rays /= np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-12)
        angles.append(np.arccos(np.clip((rays @ rays.T).min(), -1, 1)))
    return float(np.degrees(np.median(angles))) if angles else 0.0
