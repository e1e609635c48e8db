"""Where every photo was taken from, or a clear word why that cannot be told."""

import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from reconstruction.configs import CamerasConfig
from reconstruction.errors import DoubtfulCameras
from reconstruction.errors import LeftOut
from reconstruction.errors import TooFewPhotos
from reconstruction.frames.frame_set import FrameSet
from reconstruction.progress import Progress
from reconstruction.scene import Scene
from reconstruction.sfm.attempts import Workshop
from reconstruction.sfm.gates import FEWEST_PHOTOS
from reconstruction.sfm.gates import faults
from reconstruction.sfm.gates import square_pixels
from reconstruction.sfm.ladder import Verdict
from reconstruction.sfm.mapper import Mapper
from reconstruction.sfm.model import Model
from reconstruction.sfm.result import write_result
from reconstruction.sfm.search import search


ENOUGH_FOR_PRINCIPAL_POINT = 30
"""Photos of one camera that hold its principal point in place."""


def find_cameras(
    frames: FrameSet, out: Path, config: CamerasConfig, progress: Progress, *, threads: int | None = None
) -> Scene:
    """Posed, undistorted photos and the points they share, normalised; a CaptureError where photos do not allow it.

    Leaves in ``out``: ``database.db`` and ``sparse/0`` (COLMAP's, for other programs; the model fits ``images/``),
    ``images/`` and ``masks/`` (undistorted, cropped), ``scene.json`` and ``points.npz``.
    """
    if len(frames.frames) < FEWEST_PHOTOS:
        raise TooFewPhotos(len(frames.frames), FEWEST_PHOTOS)
    threads = threads or os.cpu_count() or 1
    scratch = out / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    log = out / "mapping.log"
    log.unlink(missing_ok=True)
    with Mapper(log) as main, Mapper(log) as check:
        workshop = Workshop(frames, scratch, {"main": main, "check": check})
        verdict, database = search(workshop, config, progress.part(0.0, 0.85), threads)
        model = polished(workshop, verdict, progress.part(0.85, 0.9))
    scene = write_result(model, frames, out, progress.part(0.9, 1.0), threads)
    shutil.move(database, out / "database.db")
    shutil.rmtree(scratch, ignore_errors=True)
    return _told(scene, verdict, frames, out, progress)


def polished(workshop: Workshop, verdict: Verdict, progress: Progress) -> Model:
    """The model with its lens in full, where that stays plausible; without the photos that stray."""
    photos = tuple(name for name in verdict.model.names if name not in verdict.strays)
    groups = Counter(frame.group for frame in workshop.frames.frames if frame.name in photos)
    enough = min(groups.values()) >= ENOUGH_FOR_PRINCIPAL_POINT
    full = workshop.adjusted(verdict.model, photos, enough, progress)
    if full and len(full) == len(photos) and square_pixels(full) and not faults(full):
        return full
    return verdict.model.only(photos)


def _told(scene: Scene, verdict: Verdict, frames: FrameSet, out: Path, progress: Progress) -> Scene:
    """The finished scene, written, with warnings for whatever is not as it should be."""
    placed = {photo.name for photo in scene.photos}
    left_out = tuple(frame for frame in frames.frames if frame.name not in placed)
    for frame in left_out:
        stray = frame.name in verdict.strays
        reason = "two mappings place it differently" if stray else "it shares too little with the other photos"
        progress.warn(LeftOut(frame.source, reason))
    doubts = (verdict.doubt,) if verdict.doubt else ()
    for doubt in doubts:
        progress.warn(DoubtfulCameras("", doubt))
    scene = replace(scene, left_out=tuple(frame.name for frame in left_out), doubts=doubts).normalised()
    scene.write(out)
    return scene
