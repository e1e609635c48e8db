"""How good the gaussians are: each photo beside what its camera sees."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reconstruction.progress import Progress
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
    """Quality per photo, at the size of training."""
    judged = []
    for view in views:
        progress.check()
        picture = engine.render(view.camera, canvas.background, canvas.sh_degree).rgb
        photo = view.pixels / np.float32(255)
        judged.append(PhotoQuality(view.name, psnr(picture, photo, view.mask), ssim(picture, photo, view.mask)))
    return tuple(judged)


def glance(engine: Engine, views: Iterable[View], canvas: Canvas) -> float:
    """Mean PSNR alone, dB; cheap enough for the middle of training."""
    values = []
    for view in views:
        picture = engine.render(view.camera, canvas.background, canvas.sh_degree).rgb
        values.append(psnr(picture, view.pixels / np.float32(255), view.mask))
    return float(np.mean(values))
