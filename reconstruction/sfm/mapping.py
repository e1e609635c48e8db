"""Mapping: cameras and points from a database of matches. Runs in a child process, see ``mapper.py``."""

from collections.abc import Callable
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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


def run(task: Mapping | Adjustment, advanced: Advanced) -> None:
    """Does the task; its result lies in ``task.out``."""
    task.out.mkdir(parents=True, exist_ok=True)
    if isinstance(task, Adjustment):
        _adjust(task)
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
    options.ceres.loss_function_type = pycolmap.LossFunctionType.SOFT_L1
    options.ceres.solver_options.function_tolerance = 1e-6
    options.ceres.solver_options.max_num_iterations = 50
    options.ceres.solver_options.num_threads = task.threads
    pycolmap.bundle_adjustment(model, options)
    model.update_point_3d_errors()
    model.write(task.out)


def keep_only(model: pycolmap.Reconstruction, photos: Collection[str]) -> None:
    """Takes every other photo's place away."""
    for image in list(model.images.values()):
        if image.has_pose and image.name not in photos:
            model.deregister_frame(image.frame_id)
