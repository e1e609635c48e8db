"""Every source read, each in the way of its kind."""

from collections.abc import Sequence
from pathlib import Path

from reconstruction.configs import FramesConfig
from reconstruction.errors import UnreadableVideo
from reconstruction.frames.candidate import Candidate
from reconstruction.frames.clip import Clip
from reconstruction.frames.clip import open_clip
from reconstruction.frames.import_photos import NamedPhoto
from reconstruction.frames.import_photos import import_photos
from reconstruction.frames.import_video import import_video
from reconstruction.frames.names import Names
from reconstruction.frames.sources import SourceFile
from reconstruction.frames.tally import Tally
from reconstruction.frames.unusable import Unusable
from reconstruction.frames.windows import windows_wanted
from reconstruction.progress import Progress


Answer = list[Candidate] | Unusable


def take_in(files: Sequence[SourceFile], out: Path, config: FramesConfig, progress: Progress) -> list[Answer]:
    """What became of each source, in order: its pictures, written below ``out``, or why there are none.

    Whatever cannot be used is warned about as soon as it is known.
    """
    names = Names()
    photos = {file: NamedPhoto(file, names.give(file.path.stem)) for file in files if file.kind == "photo"}
    clips = {file: _opened(file.path) for file in files if file.kind == "video"}
    windows = sum(_windows(clip, config) for clip in clips.values())
    tally = Tally(progress, len(photos) + windows)
    answers: dict[SourceFile, Answer] = {}
    for file, photo in zip(photos, import_photos(tuple(photos.values()), out, config, tally)):
        answers[file] = photo if isinstance(photo, Unusable) else [photo]
    for file, clip in clips.items():
        answer = clip if isinstance(clip, Unusable) else _viewed(clip, out, config, names, tally)
        if isinstance(answer, Unusable):
            progress.warn(answer.warning(file.path.name))
        answers[file] = answer
    return [answers[file] for file in files]


def _opened(path: Path) -> Clip | Unusable:
    try:
        return open_clip(path)
    except UnreadableVideo as error:
        return Unusable("unreadable", error.reason)


def _windows(clip: Clip | Unusable, config: FramesConfig) -> int:
    return windows_wanted(clip.duration_s, clip.frames, config) if isinstance(clip, Clip) else 0


def _viewed(clip: Clip, out: Path, config: FramesConfig, names: Names, tally: Tally) -> Answer:
    try:
        return import_video(clip, out, config, names, tally)
    except UnreadableVideo as error:
        return Unusable("unreadable", error.reason)
