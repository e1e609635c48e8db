"""From a model to a Scene: straight photos, their pinhole cameras, and the points they share."""

import shutil
from pathlib import Path

import numpy as np
import pycolmap
from numpy.typing import NDArray

from reconstruction.camera import Camera
from reconstruction.frames.frame_set import FrameSet
from reconstruction.geometry import Similarity
from reconstruction.progress import Progress
from reconstruction.scene import PosedPhoto
from reconstruction.scene import Scene
from reconstruction.sfm.mapping import keep_only
from reconstruction.sfm.model import Model
from reconstruction.sfm.undistort import Lens
from reconstruction.sfm.undistort import jpeg_name
from reconstruction.sfm.undistort import lens_for
from reconstruction.sfm.undistort import undistort


LARGEST_POINT_ERROR_PX = 2.0
"""Worse points are no place for a gaussian to start."""
FEWEST_VIEWS = 3
"""Two views alone let a wrong match pass as a point."""


def write_result(model: Model, frames: FrameSet, out: Path, progress: Progress, threads: int) -> Scene:
    """Writes ``images/``, ``masks/`` and the COLMAP model ``sparse/0`` of them; the scene in the mapper's world."""
    reconstruction = pycolmap.Reconstruction(model.folder)
    keep_only(reconstruction, model.names)
    lenses = {number: lens_for(camera) for number, camera in reconstruction.cameras.items()}
    placed = {image.name: image for image in reconstruction.images.values() if image.has_pose}
    of_photo = {name: lenses[image.camera_id] for name, image in placed.items()}
    paths = undistort(frames, of_photo, out, progress, threads)
    photos = tuple(
        PosedPhoto(
            frame.name, paths[frame.name][0], _camera(placed[frame.name], of_photo[frame.name]), paths[frame.name][1]
        )
        for frame in frames.frames
        if frame.name in placed
    )
    points, colours = starting_points(reconstruction)
    straighten_model(reconstruction, lenses)
    sparse = out / "sparse" / "0"
    shutil.rmtree(sparse.parent, ignore_errors=True)
    sparse.mkdir(parents=True)
    reconstruction.write(sparse)
    return Scene(photos, points, colours, Similarity.identity())


def starting_points(reconstruction: pycolmap.Reconstruction) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Places (M, 3) and colours (M, 3) of the points that were seen well; of all where few were."""
    points = list(reconstruction.points3D.values())
    good = [p for p in points if p.error <= LARGEST_POINT_ERROR_PX and p.track.length() >= FEWEST_VIEWS]
    chosen = good if len(good) >= len(points) / 2 else points
    places = np.array([point.xyz for point in chosen], np.float32).reshape(-1, 3)
    return places, np.array([point.color for point in chosen], np.uint8).reshape(-1, 3)


def straighten_model(reconstruction: pycolmap.Reconstruction, lenses: dict[int, Lens]) -> None:
    """Replaces every camera by its pinhole and moves the keypoints along."""
    for image in reconstruction.images.values():
        image.name = jpeg_name(image.name)
        if image.num_points2D() == 0:
            continue
        points = image.points2D
        straight_px = lenses[image.camera_id].straighten_points(np.array([point.xy for point in points], np.float64))
        for point, xy in zip(points, straight_px):
            point.xy = xy
    for number, lens in lenses.items():
        camera = reconstruction.camera(number)
        camera.model = lens.pinhole.model
        camera.params = list(lens.pinhole.params)
        camera.width, camera.height = lens.pinhole.width, lens.pinhole.height


def _camera(image: pycolmap.Image, lens: Lens) -> Camera:
    camera_from_world = np.eye(4)
    camera_from_world[:3] = image.cam_from_world().matrix()
    fx, fy, x, y = (float(value) for value in lens.pinhole.params)
    return Camera(camera_from_world, (fx, fy), (x, y), (lens.pinhole.width, lens.pinhole.height))
