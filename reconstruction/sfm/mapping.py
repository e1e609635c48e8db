"""Mapping: cameras and points from a database of matches. Runs in a child process, see ``mapper.py``."""

from collections.abc import Callable
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pycolmap


Advanced = Callable[[int], None]
"""Told how many photos have a place so far."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """One attempt to map a whole database."""

    database: Path
    images: Path
    out: Path
    """Sub-models are written here as folders 0, 1, ..."""
    seed: int
    mapper: Literal["incremental", "global"] = "incremental"
    lax: bool = False
    """Take weaker first pairs and photos with fewer matches."""
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A last bundle adjustment with a fuller lens."""

    model: Path
    photos: tuple[str, ...]
    """Only these keep their place."""
    out: Path
    principal_point: bool
    """Free it too; sound with about thirty photos of one camera."""
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Refocusing:
    """A bundle adjustment that gives every photo a focal length of its own, to see whether they agree."""

    model: Path
    photos: tuple[str, ...]
    out: Path
    threads: int = 1


Task = Mapping | Adjustment | Refocusing


def run(task: Task, advanced: Advanced) -> None:
    """Does the task; its result lies in ``task.out``."""
    task.out.mkdir(parents=True, exist_ok=True)
    if isinstance(task, Adjustment):
        _adjust(task)
    elif isinstance(task, Refocusing):
        _refocus(task)
    elif task.mapper == "global":
        _map_globally(task)
    else:
        _map_one_by_one(task, advanced)


def _map_one_by_one(task: Mapping, advanced: Advanced) -> None:
    options = pycolmap.IncrementalPipelineOptions(random_seed=task.seed, num_threads=task.threads)
    # Ceres' own tolerance of zero iterates to the last digit: a tenth of the time for nothing measurable.
    options.ba_global_function_tolerance = options.ba_local_function_tolerance = 1e-6
    # Global adjustment at every 30 % of growth, not 10 %: same pose error on fox in two thirds of the time.
    options.ba_global_frames_ratio = options.ba_global_points_ratio = 1.3
    options.min_model_size = 3
    if task.lax:
        options.mapper.init_min_tri_angle = 4
        options.mapper.init_min_num_inliers = 50
        options.mapper.abs_pose_min_num_inliers = 15
        options.mapper.abs_pose_min_inlier_ratio = 0.15
    placed = 0

    def start() -> None:
        nonlocal placed
        placed = 2
        advanced(placed)

    def place() -> None:
        nonlocal placed
        placed += 1
        advanced(placed)

    pycolmap.incremental_mapping(
        task.database,
        task.images,
        task.out,
        options,
        initial_image_pair_callback=start,
        next_image_callback=place,
    )


def _map_globally(task: Mapping) -> None:
    """On a database of its own: calibration writes into it."""
    pycolmap.calibrate_view_graph(task.database)
    options = pycolmap.GlobalPipelineOptions(random_seed=task.seed, num_threads=task.threads)
    pycolmap.global_mapping(task.database, task.images, task.out, options)


def _adjust(task: Adjustment) -> None:
    model = pycolmap.Reconstruction(task.model)
    keep_only(model, task.photos)
    for camera in model.cameras.values():
        focal_px, x, y, radial = camera.params
        camera.model = pycolmap.CameraModelId.OPENCV
        camera.params = [focal_px, focal_px, x, y, radial, 0, 0, 0]
    options = pycolmap.BundleAdjustmentOptions(refine_principal_point=task.principal_point, print_summary=False)
    _adjust_robustly(model, options, task.threads)
    model.write(task.out)


def _refocus(task: Refocusing) -> None:
    model = pycolmap.Reconstruction(task.model)
    keep_only(model, task.photos)
    apart = with_own_cameras(model)
    options = pycolmap.BundleAdjustmentOptions(refine_extra_params=False, print_summary=False)
    _adjust_robustly(apart, options, task.threads)
    apart.write(task.out)


def _adjust_robustly(model: pycolmap.Reconstruction, options: pycolmap.BundleAdjustmentOptions, threads: int) -> None:
    options.ceres.loss_function_type = pycolmap.LossFunctionType.SOFT_L1
    options.ceres.solver_options.function_tolerance = 1e-6
    options.ceres.solver_options.max_num_iterations = 50
    options.ceres.solver_options.num_threads = threads
    pycolmap.bundle_adjustment(model, options)
    model.update_point_3d_errors()


def with_own_cameras(model: pycolmap.Reconstruction) -> pycolmap.Reconstruction:
    """The same photos and points, every photo with a copy of its camera."""
    apart = pycolmap.Reconstruction()
    placed = {number: image for number, image in model.images.items() if image.has_pose}
    for number, image in placed.items():
        shared = model.camera(image.camera_id)
        camera = pycolmap.Camera(
            model=shared.model, width=shared.width, height=shared.height, params=shared.params, camera_id=number
        )
        apart.add_camera_with_trivial_rig(camera)
        points_px = np.array([point.xy for point in image.points2D], np.float64).reshape(-1, 2)
        copy = pycolmap.Image(name=image.name, keypoints=points_px, camera_id=number, image_id=number)
        apart.add_image_with_trivial_frame(copy, image.cam_from_world())
    for point in model.points3D.values():
        seen_by = [element for element in point.track.elements if element.image_id in placed]
        if len(seen_by) > 1:
            apart.add_point3D(point.xyz, pycolmap.Track(seen_by), point.color)
    return apart


def keep_only(model: pycolmap.Reconstruction, photos: Collection[str]) -> None:
    """Takes every other photo's place away."""
    for image in list(model.images.values()):
        if image.has_pose and image.name not in photos:
            model.deregister_frame(image.frame_id)
