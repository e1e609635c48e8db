"""The task behind ``render``: pictures of the result, seen by a photo's camera or by cameras from a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.camera_path import read_poses
from app.errors import NoSuchPhoto
from app.stages import Machine
from app.voice import Voice


if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class DrawViews:
    """Called in the child; one of ``photo`` and ``path`` is set."""

    project: Path
    photo: int | None
    """Number of a photo of the scene, from 0."""
    path: Path | None
    """A file of camera poses, see ``app/camera_path.py``."""
    output: Path
    side_by_side: bool
    """Put the photo itself to the left of its view."""
    machine: Machine

    def outputs(self) -> tuple[Path, ...]:
        """The pictures: the output itself, or one beside it for every pose, numbered. Raises BadCameraPath."""
        if self.path is None:
            return (self.output,)
        numbers = range(len(read_poses(self.path)))
        return tuple(self.output.with_stem(f"{self.output.stem}_{number:04d}") for number in numbers)

    def __call__(self, voice: Voice) -> None:
        import numpy as np  # these compute, as in app/stages.py: the parent imports this module and must stay light

        from reconstruction.assets import draw
        from reconstruction.assets import write_picture
        from reconstruction.camera import Camera
        from reconstruction.formats import files
        from reconstruction.raster.choose import choose_rasterizer
        from reconstruction.scene import Scene

        voice.started("render")
        progress = voice.progress()
        photos = Scene.read(self.project / "cameras").photos
        if self.photo is not None and not 0 <= self.photo < len(photos):
            raise NoSuchPhoto(self.photo, len(photos))
        cameras = [photos[self.photo].camera] if self.photo is not None else []
        if self.path is not None:
            cameras = [Camera(np.array(pose.camera_from_world), *pose.lens) for pose in read_poses(self.path)]
        gaussians = files.read(self.project / "splats" / "splats.ply")
        rasterizer = choose_rasterizer(self.machine.device, self.machine.threads)
        for number, (camera, output) in enumerate(zip(cameras, self.outputs())):
            progress(number, len(cameras))
            view = draw(gaussians, camera, rasterizer)
            if self.side_by_side and self.photo is not None:
                view = np.hstack([_photo(photos[self.photo].path, camera.size_px), view])
            write_picture(output, view)
        progress(len(cameras), len(cameras))
        voice.finished("render")


def _photo(path: Path, size_px: tuple[int, int]) -> "np.ndarray":
    """(H, W, 3) uint8 sRGB"""
    import numpy as np  # as above
    from PIL import Image

    with Image.open(path) as photo:
        return np.asarray(photo.convert("RGB").resize(size_px, Image.Resampling.LANCZOS))
