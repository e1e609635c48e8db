"""How good the gaussians are: each photo beside what its camera sees."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reconstruction.progress import Progress
from reconstruction.quality import WINDOW_PX
from reconstruction.quality import psnr
from reconstruction.quality import ssim
from reconstruction.training.engine.base import Engine
from reconstruction.training.engine.base import View


@dataclass(frozen=True, slots=True)
class PhotoQuality:
    photo: str
    psnr: float
    """dB"""
    ssim: float


@dataclass(frozen=True, slots=True)
class Canvas:
    """How pictures are drawn to be judged."""

    background: tuple[float, float, float]
    sh_degree: int


def judge(engine: Engine, views: Iterable[View], canvas: Canvas, progress: Progress) -> tuple[PhotoQuality, ...]:
    """Quality per photo, at the size of training, of those whose mask leaves something to judge."""
    judged = []
    for view in views:
        progress.check()
        if not has_something_to_judge(view):
            continue
        picture = engine.render(view.camera, canvas.background, canvas.sh_degree).rgb
        photo = view.pixels / np.float32(255)
        judged.append(PhotoQuality(view.name, psnr(picture, photo, view.mask), ssim(picture, photo, view.mask)))
    return tuple(judged)


def glance(engine: Engine, views: Iterable[View], canvas: Canvas) -> float | None:
    """Mean PSNR alone, dB; cheap enough for the middle of training."""
    values = []
    for view in filter(has_something_to_judge, views):
        picture = engine.render(view.camera, canvas.background, canvas.sh_degree).rgb
        values.append(psnr(picture, view.pixels / np.float32(255), view.mask))
    return mean(values)


def mean(values: Sequence[float]) -> float | None:
    """None where there are no values."""
    return float(np.mean(values)) if values else None


def has_something_to_judge(view: View) -> bool:
    """Whether SSIM's window finds a place inside the picture whose centre is not masked."""
    rim = WINDOW_PX // 2
    centres = np.ones(view.pixels.shape[:2], bool) if view.mask is None else view.mask
    return bool(centres[rim:-rim, rim:-rim].any())
