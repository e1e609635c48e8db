"""A video's sharpest frames, written as pictures."""

from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from reconstruction.configs import FramesConfig
from reconstruction.errors import UnreadableVideo
from reconstruction.errors import VideoEndsEarly
from reconstruction.frames.candidate import Candidate
from reconstruction.frames.clip import Clip
from reconstruction.frames.clip import ClipFrame
from reconstruction.frames.clip import clip_frames
from reconstruction.frames.look import look_at
from reconstruction.frames.look import sharpness_of
from reconstruction.frames.names import Names
from reconstruction.frames.picture import write_jpeg
from reconstruction.frames.tally import Tally
from reconstruction.frames.windows import Windows
from reconstruction.frames.windows import even_windows
from reconstruction.frames.windows import filled_windows
from reconstruction.frames.windows import windows_wanted


ENOUGH_TO_CHOOSE_FROM = 24
"""Frames a window; above, those to which no other frame refers are not even decoded."""
MISSING_SHARE = 0.02
"""Of its claimed frames a video may lack without a word: many claim one or two too many."""
_LONGER_THAN_CLAIMED = 1.1


def import_video(clip: Clip, out: Path, config: FramesConfig, names: Names, tally: Tally) -> list[Candidate]:
    """The sharpest frame of each window, written below ``out``. Raises UnreadableVideo where none can be decoded.

    One run through the video, by windows planned from its claims; where those turn out wrong, a second one by what
    was met in the first.
    """
    planned = windows_wanted(clip.duration_s, clip.frames, config)
    skim = clip.frames > ENOUGH_TO_CHOOSE_FROM * planned
    expected = tally.done + planned
    reel = _Reel(clip, out, config, names, tally)
    viewing = reel.view(even_windows(clip.duration_s, planned), skim)
    if not viewing.chosen:
        raise UnreadableVideo(clip.path, "none of its frames can be decoded")
    _warn_if_short(clip, viewing, skim, tally)
    last_s = viewing.times_s[-1]
    too_few = len(viewing.chosen) < min(config.video_least, len(viewing.times_s))
    if too_few or last_s > _LONGER_THAN_CLAIMED * clip.duration_s:
        reel.discard(viewing)
        count = windows_wanted(last_s, len(viewing.times_s), config)
        viewing = reel.view(filled_windows(viewing.times_s, count), skim and not too_few)
    tally.done = expected
    return viewing.chosen


@dataclass(frozen=True, slots=True)
class _Viewing:
    """What one run through a video met, and what was written of it."""

    times_s: list[float] = field(default_factory=list)
    chosen: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Reel:
    clip: Clip
    out: Path
    config: FramesConfig
    names: Names
    tally: Tally

    def view(self, windows: Windows, skim: bool) -> _Viewing:
        viewing = _Viewing()
        for frame in _sharpest(self._watched(clip_frames(self.clip, skim), viewing), windows):
            viewing.chosen.append(self._written(frame))
            self.tally.kept += 1
            self.tally.done += 1
        return viewing

    def discard(self, viewing: _Viewing) -> None:
        for candidate in viewing.chosen:
            (self.out / "images" / candidate.name).unlink()
            self.names.take_back(candidate.name)
        self.tally.kept -= len(viewing.chosen)
        self.tally.done -= len(viewing.chosen)

    def _watched(self, frames: Iterable[ClipFrame], viewing: _Viewing) -> Iterator[ClipFrame]:
        for frame in frames:
            viewing.times_s.append(frame.time_s)
            self.tally.beat(self.clip.path.name)
            yield frame

    def _written(self, frame: ClipFrame) -> Candidate:
        picture = frame.picture(self.config.long_side_px)
        name = self.names.give(f"{self.clip.path.stem}_{frame.number:06d}")
        write_jpeg(self.out / "images" / name, picture, self.config.jpeg_quality)
        return Candidate(
            name=name,
            source=self.clip.path.name,
            size_px=picture.size_px,
            camera=self.clip.path,
            look=look_at(picture.rgb),
            time_s=frame.time_s,
        )


def _sharpest(frames: Iterable[ClipFrame], windows: Windows) -> Iterator[ClipFrame]:
    """The sharpest of each window; only the best so far is held, since one frame of a 4K video is 25 MB."""
    best: tuple[float, ClipFrame] | None = None
    window = 0
    for frame in frames:
        gray = frame.small_gray()
        if gray is None:
            continue
        if best and windows.at(frame.time_s) != window:
            yield best[1]
            best = None
        window = windows.at(frame.time_s)
        sharpness = sharpness_of(gray)
        if best is None or sharpness > best[0]:
            best = sharpness, frame
    if best:
        yield best[1]


def _warn_if_short(clip: Clip, viewing: _Viewing, skim: bool, tally: Tally) -> None:
    read = len(viewing.times_s)
    if skim:
        # Frames that were passed over are not missing: here only the time tells where the video ends.
        read = round(clip.frames * min(1.0, viewing.times_s[-1] / clip.duration_s + 1 / clip.frames))
    if read < (1 - MISSING_SHARE) * clip.frames:
        tally.progress.warn(VideoEndsEarly(clip.path.name, read, clip.frames))
