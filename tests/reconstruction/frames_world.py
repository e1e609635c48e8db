"""A small textured place to photograph, and an ear for what the stage says."""

from dataclasses import dataclass
from dataclasses import field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reconstruction.configs import FramesConfig
from reconstruction.errors import PhotoWarning
from reconstruction.frames.find_frames import find_frames
from reconstruction.frames.frame_set import FrameSet
from reconstruction.progress import Fact
from reconstruction.progress import Progress
from reconstruction.progress import Silence


Rgb = NDArray[np.uint8]


@dataclass
class Ear(Silence):
    """Keeps what a verb says."""

    warnings: list[PhotoWarning] = field(default_factory=list)
    advances: list[tuple[int, int, dict[str, Fact]]] = field(default_factory=list)

    def advanced(self, done: int, total: int, facts: dict[str, Fact]) -> None:
        self.advances.append((done, total, facts))

    def warned(self, warning: PhotoWarning) -> None:
        self.warnings.append(warning)

    def of(self, kind: type[PhotoWarning]) -> list[str]:
        """The photos warned about in that way."""
        return [warning.photo for warning in self.warnings if type(warning) is kind]


def view(step: float, size_px: tuple[int, int] = (320, 240), seed: int = 0) -> Rgb:
    """A textured wall and a nearer pillar, (h, w, 3), seen from ``step`` to the side: the pillar moves twice as far."""
    width, height = size_px
    wall, pillar = _texture(seed), _texture(seed + 1)
    middle = width // 2
    picture = _shifted(wall, 4.0 * step, size_px)
    near = _shifted(pillar, 8.0 * step, size_px)
    left, right = middle - width // 8, middle + width // 8
    picture[height // 4 :, left:right] = 255 - near[height // 4 :, left:right]
    return picture


def save_views(folder: Path, count: int = 6, suffix: str = ".jpg", size_px: tuple[int, int] = (320, 240)) -> list[Path]:
    """That many photos from a sideways walk: view_0.jpg, view_1.jpg ..."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"view_{index}{suffix}" for index in range(count)]
    for index, path in enumerate(paths):
        Image.fromarray(view(float(index), size_px)).save(path, quality=92)
    return paths


def frames_of(sources: list[Path], out: Path, config: FramesConfig | None = None) -> tuple[FrameSet, Ear]:
    ear = Ear()
    return find_frames(sources, out, config or FramesConfig(), Progress(ear)), ear


def pixels(path: Path) -> NDArray[np.float32]:
    """(h, w, 3) float32 sRGB 0..255"""
    return np.asarray(Image.open(path).convert("RGB"), np.float32)


@cache
def _texture(seed: int) -> Rgb:
    """Spots of every size between 2 and 64 pixels; only the large ones are coloured, since JPEG smears small colour."""
    random = np.random.default_rng(seed)
    layers = [
        np.dstack([cv2.resize(spots, (900, 600), interpolation=cv2.INTER_CUBIC) for spots in random.normal(size=shape)])
        for shape in ((1, 300, 450), (1, 150, 225), (1, 75, 112), (3, 37, 56), (3, 18, 28), (3, 9, 14))
    ]
    return np.clip(128 + 25 * sum(layers), 0, 255).astype(np.uint8)


def _shifted(texture: Rgb, shift_px: float, size_px: tuple[int, int]) -> Rgb:
    matrix = np.array([[1.0, 0.0, -shift_px - 100.0], [0.0, 1.0, -100.0]])
    return np.asarray(
        cv2.warpAffine(texture, matrix, size_px, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.uint8
    )
