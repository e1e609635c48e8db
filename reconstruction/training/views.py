"""The photos as training sees them: at its sizes, some held out, in an order that can be repeated."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

from reconstruction.configs import SplatsConfig
from reconstruction.errors import UnreadableFile
from reconstruction.scene import PosedPhoto
from reconstruction.scene import Scene
from reconstruction.training.engine.base import View
from reconstruction.training.schedule import ORDER_STREAM
from reconstruction.training.shelf import Shelf


@dataclass(frozen=True, slots=True, eq=False)
class BothSizes:
    """A photo for the later and the earlier part of training; the coarse one has half the sides."""

    fine: View
    coarse: View

    @property
    def size_bytes(self) -> int:
        views = (self.fine, self.coarse)
        return sum(view.pixels.nbytes + (view.mask.nbytes if view.mask is not None else 0) for view in views)


class Album:
    """The scene's photos, decoded when first asked for and kept while there is room."""

    def __init__(self, scene: Scene, config: SplatsConfig, budget_bytes: int | None = None) -> None:
        self.held_out = held_out(scene.photos, config.hold_out)
        """Photos to judge by."""
        self.training = tuple(photo for photo in scene.photos if photo not in self.held_out)
        """Photos to learn from."""
        self._config = config
        self._kept: Shelf[BothSizes] = Shelf(
            psutil.virtual_memory().available // 4 if budget_bytes is None else budget_bytes
        )
        self._order = EpochOrder(len(self.training), config.seed)

    def at(self, step: int, coarse: bool) -> View:
        """The view that this step learns from."""
        photo = self.training[self._order.at(step)]
        return self.coarse(photo) if coarse else self.fine(photo)

    def fine(self, photo: PosedPhoto) -> View:
        return self._sizes(photo).fine

    def coarse(self, photo: PosedPhoto) -> View:
        return self._sizes(photo).coarse

    def _sizes(self, photo: PosedPhoto) -> BothSizes:
        long_side_px = self._config.long_side_px
        return self._kept.of(photo.name, photo.camera.size_px, lambda: both_sizes(photo, long_side_px))


class EpochOrder:
    """Which of ``count`` photos a step takes: all once, shuffled, then all again in another order."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._seed = seed
        self._epoch = -1
        self._permutation: NDArray[np.int64] = np.empty(0, np.int64)

    def at(self, step: int) -> int:
        epoch, place = divmod(step, self._count)
        if epoch != self._epoch:
            self._permutation = np.random.default_rng((self._seed, ORDER_STREAM, epoch)).permutation(self._count)
            self._epoch = epoch
        return int(self._permutation[place])


def held_out(photos: tuple[PosedPhoto, ...], every: int) -> tuple[PosedPhoto, ...]:
    """Every so-manyth photo from the first on; none for 0 or where there are no more photos than that."""
    return photos[::every] if 0 < every < len(photos) else ()


def spread(photos: tuple[PosedPhoto, ...], most: int) -> tuple[PosedPhoto, ...]:
    """At most so many, evenly over all."""
    if len(photos) <= most:
        return photos
    return tuple(photos[place] for place in np.linspace(0, len(photos) - 1, most).astype(int))


def both_sizes(photo: PosedPhoto, long_side_px: int) -> BothSizes:
    """The photo at the size of training and at half of it, each resampled by area from the file."""
    pixels = _read(photo.path, cv2.IMREAD_COLOR_RGB, photo.camera.size_px)
    mask = _read(photo.mask_path, cv2.IMREAD_GRAYSCALE, photo.camera.size_px) if photo.mask_path else None
    fine = photo.camera.fitted(long_side_px)
    width_px, height_px = fine.size_px
    coarse = photo.camera.resized((max(1, width_px // 2), max(1, height_px // 2)))

    def at(camera_size_px: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
        small = cv2.resize(pixels, camera_size_px, interpolation=cv2.INTER_AREA)
        if mask is None:
            return np.ascontiguousarray(small, np.uint8), None
        # A pixel teaches only where all that flowed into it does.
        clean = cv2.resize(np.where(mask > 0, 255, 0).astype(np.uint8), camera_size_px, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small, np.uint8), clean == 255

    return BothSizes(View(photo.name, fine, *at(fine.size_px)), View(photo.name, coarse, *at(coarse.size_px)))


def _read(path: Path, how: int, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    # OpenCV's own file reading knows no umlauts on Windows.
    picture = cv2.imdecode(np.fromfile(path, np.uint8), how | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise UnreadableFile(path, "it is not a picture")
    if picture.shape[1::-1] != size_px:
        raise UnreadableFile(path, f"it is {picture.shape[1]}x{picture.shape[0]}, its camera {size_px[0]}x{size_px[1]}")
    return np.asarray(picture, np.uint8)
