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
from reconstruction.sfm.diagnosis import STRAY
from reconstruction.sfm.diagnosis import UNPROVEN
from reconstruction.sfm.diagnosis import why_left_out
from reconstruction.sfm.gates import FEWEST_PHOTOS
from reconstruction.sfm.gates import faults
from reconstruction.sfm.gates import mixed_zooms
from reconstruction.sfm.gates import square_pixels
from reconstruction.sfm.ladder import Verdict
from reconstruction.sfm.lookalikes import contradiction
from reconstruction.sfm.mapper import Mapper
from reconstruction.sfm.model import Model
from reconstruction.sfm.result import write_result
from reconstruction.sfm.search import Found
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
        workshop = Workshop(frames, scratch, {"main": main, "check": check}, config.seed)
        found = search(workshop, config, progress.part(0.0, 0.85), threads)
        found = replace(found, verdict=second_thoughts(workshop, found, progress.part(0.85, 0.87)))
        model = polished(workshop, found.verdict, progress.part(0.87, 0.9))
    scene = write_result(model, frames, out, progress.part(0.9, 1.0), threads)
    shutil.move(found.verdict.database, out / "database.db")
    shutil.rmtree(scratch, ignore_errors=True)
    return _told(scene, found, frames, out, progress)


def second_thoughts(workshop: Workshop, found: Found, progress: Progress) -> Verdict:
    """The verdict with doubts that no second mapping can raise: it would follow the same matches or the same lens."""
    verdict = found.verdict
    if verdict.doubt is not None:
        return verdict
    refocused = workshop.refocused(verdict.model, verdict.kept, progress)
    doubt = mixed_zooms(verdict.model, refocused) if refocused is not None else None
    doubt = doubt or contradiction(verdict.model.only(verdict.kept), found.graph, workshop.frames)
    return replace(verdict, doubt=doubt)


def polished(workshop: Workshop, verdict: Verdict, progress: Progress) -> Model:
    """The model with its lens in full, where that stays plausible; without the photos that stray."""
    photos = tuple(name for name in verdict.kept if name not in verdict.unproven)
    groups = Counter(frame.group for frame in workshop.frames.frames if frame.name in photos)
    enough = min(groups.values()) >= ENOUGH_FOR_PRINCIPAL_POINT
    full = workshop.adjusted(verdict.model, photos, enough, progress)
    if full and len(full) == len(photos) and square_pixels(full) and not faults(full):
        return full
    return verdict.model.only(photos)


def _told(scene: Scene, found: Found, frames: FrameSet, out: Path, progress: Progress) -> Scene:
    """The finished scene, written, with warnings for whatever is not as it should be."""
    placed = {photo.name for photo in scene.photos}
    left_out = tuple(frame for frame in frames.frames if frame.name not in placed)
    for frame in left_out:
        if frame.name in found.verdict.strays:
            reason = STRAY
        elif frame.name in found.verdict.unproven:
            reason = UNPROVEN
        else:
            reason = why_left_out(frame, frames, found.graph, placed)
        progress.warn(LeftOut(frame.source, reason))
    doubts = (found.verdict.doubt,) if found.verdict.doubt else ()
    for doubt in doubts:
        progress.warn(DoubtfulCameras("", doubt))
    scene = replace(scene, left_out=tuple(frame.name for frame in left_out), doubts=doubts).normalised()
    scene.write(out)
    progress(1, 1, registered=len(scene.photos), points=len(scene.points))
    return scene
