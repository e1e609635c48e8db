"""Photos read, measured and written, several at a time."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path

from reconstruction.configs import FramesConfig
from reconstruction.durable import write_whole
from reconstruction.frames.candidate import Candidate
from reconstruction.frames.look import look_at
from reconstruction.frames.photo import Photo
from reconstruction.frames.photo import read_photo
from reconstruction.frames.picture import write_jpeg
from reconstruction.frames.picture import write_mask
from reconstruction.frames.sources import SourceFile
from reconstruction.frames.tally import Tally
from reconstruction.frames.unusable import Unusable


MOST_AT_ONCE = 8
"""Each holds one decoded photo, up to half a gigabyte for the largest ones."""
_BEAT_S = 0.2


@dataclass(frozen=True, slots=True)
class NamedPhoto:
    file: SourceFile
    name: str
    """Of the frame it becomes"""


def import_photos(
    photos: Sequence[NamedPhoto], out: Path, config: FramesConfig, tally: Tally
) -> list[Candidate | Unusable]:
    """One answer per photo, in order; the good ones are written below ``out``.

    Threads, not processes: Pillow and OpenCV let go of the interpreter while they decode, scale and encode.
    """
    if not photos:
        return []
    pool = ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1), thread_name_prefix="photo")
    try:
        futures = [pool.submit(_import_photo, photo, out, config) for photo in photos]
        return [_awaited(future, photo, tally) for future, photo in zip(futures, photos)]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _awaited(future: "Future[Candidate | Unusable]", photo: NamedPhoto, tally: Tally) -> Candidate | Unusable:
    while not wait((future,), timeout=_BEAT_S).done:
        tally.beat(photo.file.path.name)
    answer = future.result()
    tally.done += 1
    if isinstance(answer, Unusable):
        tally.progress.warn(answer.warning(photo.file.path.name))
    else:
        tally.kept += 1
    tally.beat(photo.file.path.name)
    return answer


def _import_photo(photo: NamedPhoto, out: Path, config: FramesConfig) -> Candidate | Unusable:
    if photo.file.unsupported:
        return Unusable("unreadable", f"it is {photo.file.unsupported}, which this version does not read")
    try:
        read = read_photo(photo.file.path, config.long_side_px)
        content = _digest(photo.file.path)
    except Unusable as unusable:
        return unusable
    _write(read, photo.name, out, config.jpeg_quality)
    shot = read.shot
    return Candidate(
        name=photo.name,
        source=photo.file.path.name,
        size_px=read.picture.size_px,
        camera=(read.full_size_px, shot.lens_key),
        look=look_at(read.picture.rgb),
        content=content,
        focal_px=shot.focal_px(read.picture.size_px),
        position_wgs84=shot.position_wgs84,
        taken=shot.taken,
    )


def _write(photo: Photo, name: str, out: Path, jpeg_quality: int) -> None:
    path = out / "images" / name
    if photo.jpeg is None:
        write_jpeg(path, photo.picture, jpeg_quality)
    else:
        write_whole(path, photo.jpeg)
    if photo.picture.mask is not None:
        (out / "masks").mkdir(exist_ok=True)
        write_mask(out / "masks" / f"{name}.png", photo.picture.mask)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()
