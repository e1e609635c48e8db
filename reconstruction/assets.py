"""From gaussians to the files that people need."""

from pathlib import Path

import cv2
import numpy as np
import torch

from reconstruction.camera import Camera
from reconstruction.configs import AssetsConfig
from reconstruction.durable import write_whole
from reconstruction.formats import files
from reconstruction.gaussians import Gaussians
from reconstruction.progress import Progress
from reconstruction.raster.base import Rasterizer
from reconstruction.raster.base import Splats
from reconstruction.scene import Scene


def write_assets(
    gaussians: Gaussians, scene: Scene, out: Path, config: AssetsConfig, progress: Progress, rasterizer: Rasterizer
) -> tuple[Path, ...]:
    """The paths of the files written into the folder ``out``: ``scene.ply`` and ``poster.jpg``."""
    written: list[Path] = []
    progress(0, 2, doing="writing files")
    if config.ply:
        files.write(out / "scene.ply", gaussians)
        written.append(out / "scene.ply")
    progress(1, 2, doing="drawing the poster")
    poster = draw(gaussians, best_view(scene).fitted(config.poster_long_side_px), rasterizer)
    written.append(write_picture(out / "poster.jpg", poster))
    progress(2, 2)
    return tuple(written)


def draw(gaussians: Gaussians, camera: Camera, rasterizer: Rasterizer, background: float = 0.0) -> np.ndarray:
    """What the camera sees, (H, W, 3) uint8 sRGB."""
    with torch.no_grad():
        rendering = rasterizer.render(Splats.of(gaussians, rasterizer.device), camera, torch.full((3,), background))
    rgb = rendering.rgb.cpu().numpy()
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def best_view(scene: Scene) -> Camera:
    """The photo's camera that shows most: the one whose picture holds the most of the sparse points, spread widest."""

    def merit(camera: Camera) -> float:
        centres_px, depths = camera.project(scene.points)
        inside = (depths > 0) & (centres_px >= 0).all(axis=1) & (centres_px < camera.size_px).all(axis=1)
        cells = (centres_px[inside] / camera.size_px * 8).astype(int)
        filled = len(np.unique(cells[:, 0] * 8 + cells[:, 1]))
        return filled / 64 + inside.mean()

    return max((photo.camera for photo in scene.photos), key=merit)


def write_picture(path: Path, pixels: np.ndarray) -> Path:
    """Pixels (H, W, 3) uint8 sRGB as JPEG or PNG, by the suffix. Raises OSError."""
    how = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix.lower() in (".jpg", ".jpeg") else []
    done, encoded = cv2.imencode(path.suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), how)
    if not done:
        raise OSError(f"{path.name} could not be encoded")
    write_whole(path, encoded.tobytes())
    return path
