"""Scene: posed photos and sparse points, the ground on which gaussians are trained."""

import json
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reconstruction.camera import Camera
from reconstruction.geometry import Similarity
from reconstruction.geometry import rotation_between


DOWN = np.array([0.0, 1.0, 0.0])
"""Gravity in a normalised scene, as in the camera's own axes and the field's files."""


@dataclass(frozen=True, slots=True, eq=False)
class PosedPhoto:
    """An undistorted photo and the pinhole camera that took it."""

    name: str
    """Of the frame it came from."""
    path: Path
    camera: Camera
    mask_path: Path | None = None
    """A picture of the same size; 0: ignore."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Photos with cameras, and the points they share."""

    photos: tuple[PosedPhoto, ...]
    """In the order in which they were taken."""
    points: NDArray[np.float32]
    """(M, 3) world"""
    colours: NDArray[np.uint8]
    """(M, 3) sRGB"""
    scene_from_sfm: Similarity
    """Where the mapper's own world went; composing it with a georeference gives metres."""
    left_out: tuple[str, ...] = ()
    """Frames for which no camera was found."""
    doubts: tuple[str, ...] = ()
    """Why the cameras may be wrong, each a sentence's end; empty when two independent runs agreed."""

    def __post_init__(self) -> None:
        if self.points.shape != self.colours.shape or self.points.shape[1:] != (3,):
            raise ValueError(f"points are {self.points.shape}, colours {self.colours.shape}")

    @property
    def positions(self) -> NDArray[np.float64]:
        """Where the cameras stand (P, 3), world."""
        return np.array([photo.camera.position for photo in self.photos], np.float64).reshape(-1, 3)

    @property
    def extent(self) -> float:
        """The largest distance of a camera from their mean, world units."""
        positions = self.positions
        return float(np.linalg.norm(positions - positions.mean(axis=0), axis=1).max()) if len(positions) else 0.0

    def moved(self, to: Similarity) -> "Scene":
        """The same scene in another world."""
        photos = tuple(
            replace(
                photo,
                camera=replace(photo.camera, camera_from_world=to.move_camera(photo.camera.camera_from_world)),
            )
            for photo in self.photos
        )
        points = to(self.points).astype(np.float32)
        return replace(self, photos=photos, points=points, scene_from_sfm=to @ self.scene_from_sfm)

    def normalised(self) -> "Scene":
        """Upright, centred on what the cameras look at, and of a size where the farthest camera stands at distance one.

        Gravity is guessed from the pictures' mean up direction: photographers hold their cameras level.
        """
        ups = np.stack([photo.camera.up for photo in self.photos])
        mean_up = ups.mean(axis=0)
        upright = rotation_between(-mean_up, DOWN) if np.linalg.norm(mean_up) > 0.1 else np.eye(3)
        positions = self.positions
        focus = focus_point(positions, np.stack([photo.camera.forward for photo in self.photos]))
        reach = float(np.linalg.norm(positions - focus, axis=1).max())
        scale = 1.0 / reach if reach > 1e-9 else 1.0
        return self.moved(Similarity(scale, upright, -scale * upright @ focus))

    def write(self, folder: Path) -> None:
        """Written as ``scene.json`` (cameras, readable) and ``points.npz``; photo paths are relative to the folder."""
        np.savez(folder / "points.npz", points=self.points, colours=self.colours)
        content = {
            "photos": [_photo_entry(photo, folder) for photo in self.photos],
            "scene_from_sfm": {
                "scale": self.scene_from_sfm.scale,
                "rotation": self.scene_from_sfm.rotation.tolist(),
                "translation": self.scene_from_sfm.translation.tolist(),
            },
            "left_out": list(self.left_out),
            "doubts": list(self.doubts),
        }
        (folder / "scene.json").write_text(json.dumps(content, indent=1), encoding="utf-8")

    @staticmethod
    def read(folder: Path) -> "Scene":
        content = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
        with np.load(folder / "points.npz") as arrays:
            points, colours = arrays["points"], arrays["colours"]
        moved = content["scene_from_sfm"]
        return Scene(
            tuple(_photo(entry, folder) for entry in content["photos"]),
            points,
            colours,
            Similarity(moved["scale"], np.array(moved["rotation"]), np.array(moved["translation"])),
            tuple(content["left_out"]),
            tuple(content["doubts"]),
        )


def focus_point(positions: NDArray[np.floating], forwards: NDArray[np.floating]) -> NDArray[np.float64]:
    """The point (3,) nearest to all viewing rays; the cameras' mean position where it would lie behind them.

    Least squares over (I - d d^T)(x - p) = 0, with a weak pull (1e-3) to the mean position that keeps it solvable.
    """
    mean = positions.mean(axis=0)
    across = np.eye(3) - forwards[:, :, None] * forwards[:, None, :]
    pull = 1e-3 * len(positions) * np.eye(3)
    focus = np.linalg.solve(across.sum(axis=0) + pull, (across @ positions[:, :, None]).sum(axis=0)[:, 0] + pull @ mean)
    ahead = ((focus - positions) * forwards).sum(axis=1)
    return focus if np.median(ahead) > 0 else mean


def _photo_entry(photo: PosedPhoto, folder: Path) -> dict:
    camera = photo.camera
    return {
        "name": photo.name,
        "path": photo.path.relative_to(folder).as_posix(),
        "mask": photo.mask_path.relative_to(folder).as_posix() if photo.mask_path else None,
        "camera_from_world": camera.camera_from_world.tolist(),
        "focal_px": camera.focal_px,
        "centre_px": camera.centre_px,
        "size_px": camera.size_px,
    }


def _photo(entry: dict, folder: Path) -> PosedPhoto:
    camera = Camera(
        np.array(entry["camera_from_world"], np.float64),
        tuple(entry["focal_px"]),
        tuple(entry["centre_px"]),
        tuple(entry["size_px"]),
    )
    return PosedPhoto(entry["name"], folder / entry["path"], camera, folder / entry["mask"] if entry["mask"] else None)
