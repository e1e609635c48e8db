"""Distortion ends here: photos as an ideal pinhole would have taken them, cropped so that no border stays black."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pycolmap
from numpy.typing import NDArray

from reconstruction.frames.frame_set import Frame
from reconstruction.frames.frame_set import FrameSet
from reconstruction.progress import Progress
from reconstruction.sfm.parallel import each


JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """A camera with distortion, the pinhole that replaces it, and the way between their pictures."""

    distorted: pycolmap.Camera
    pinhole: pycolmap.Camera
    sources_px: NDArray[np.float32]
    """(height, width, 2) where each pixel of the pinhole's picture lies in the photo, OpenCV's coordinates"""

    def straighten(self, picture: NDArray[np.uint8], interpolation: int) -> NDArray[np.uint8]:
        across, down = self.sources_px[..., 0], self.sources_px[..., 1]
        return cv2.remap(picture, across, down, interpolation, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)

    def straighten_points(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 2) of the photo in the pinhole's picture."""
        rays = np.asarray(self.distorted.cam_from_img(points_px)).reshape(-1, 2)
        return np.asarray(self.pinhole.img_from_cam(np.column_stack([rays, np.ones(len(rays))])))


def lens_for(camera: pycolmap.Camera) -> Lens:
    """The largest pinhole picture that the photo fills everywhere."""
    pinhole = pycolmap.undistort_camera(pycolmap.UndistortCameraOptions(blank_pixels=0), camera)
    pinhole.camera_id = camera.camera_id
    sources_px = _sources_px(camera, pinhole)
    for _ in range(40):
        if _inside(sources_px, (camera.width, camera.height)):
            break
        # COLMAP looks at the borders' extremes only; strong lenses need a little more.
        fx, fy, x, y = pinhole.params
        pinhole.params = [fx * 1.01, fy * 1.01, x, y]
        sources_px = _sources_px(camera, pinhole)
    # remap counts from the centre of the first pixel
    return Lens(camera, pinhole, (sources_px - 0.5).astype(np.float32))


def undistort(
    frames: FrameSet, lenses: dict[str, Lens], out: Path, progress: Progress, threads: int
) -> dict[str, tuple[Path, Path | None]]:
    """Writes ``images/`` and, where frames have them, ``masks/`` below ``out``; the paths by the frame's name."""
    (out / "images").mkdir(parents=True, exist_ok=True)

    def straighten(frame: Frame) -> tuple[Path, Path | None]:
        lens = lenses[frame.name]
        photo = cv2.imdecode(np.fromfile(frames.path(frame), np.uint8), cv2.IMREAD_COLOR)
        path = out / "images" / jpeg_name(frame.name)
        straight = lens.straighten(np.asarray(photo, np.uint8), cv2.INTER_CUBIC)
        _write(path, straight, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        return path, _straight_mask(frames.mask_path(frame), lens, out)

    chosen = [frame for frame in frames.frames if frame.name in lenses]
    paths = each(straighten, chosen, threads, progress, "straightening photos")
    return {frame.name: pair for frame, pair in zip(chosen, paths)}


def jpeg_name(name: str) -> str:
    """The undistorted photo's file name; the old suffix stays in it where it was another."""
    return name if name.lower().endswith((".jpg", ".jpeg")) else f"{name}.jpg"


def _straight_mask(mask_path: Path | None, lens: Lens, out: Path) -> Path | None:
    mask = cv2.imdecode(np.fromfile(mask_path, np.uint8), cv2.IMREAD_GRAYSCALE) if mask_path else None
    if mask_path is None or mask is None:
        return None
    (out / "masks").mkdir(exist_ok=True)
    path = out / "masks" / mask_path.name
    _write(path, lens.straighten(np.asarray(mask, np.uint8), cv2.INTER_NEAREST), [])
    return path


def _write(path: Path, picture: NDArray[np.uint8], options: list[int]) -> None:
    """Through Python: OpenCV's own writer hides a full disk, and on Windows knows no foreign letters."""
    written, content = cv2.imencode(path.suffix, picture, options)
    assert written, f"no encoder for {path.suffix}"
    path.write_bytes(content.tobytes())


def _sources_px(camera: pycolmap.Camera, pinhole: pycolmap.Camera) -> NDArray[np.float64]:
    x, y = np.meshgrid(np.arange(pinhole.width) + 0.5, np.arange(pinhole.height) + 0.5)
    fx, fy, cx, cy = pinhole.params
    rays = np.column_stack([((x - cx) / fx).ravel(), ((y - cy) / fy).ravel(), np.ones(x.size)])
    return np.asarray(camera.img_from_cam(rays)).reshape(pinhole.height, pinhole.width, 2)


def _inside(sources_px: NDArray[np.float64], size_px: tuple[int, int]) -> bool:
    """Whether every source lies in the photo, to a tenth of a pixel."""
    return bool((sources_px > -0.1).all() and (sources_px < np.array(size_px) + 0.1).all())
