"""From photos and videos to frames."""

import shutil
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image

from reconstruction.configs import FramesConfig
from reconstruction.errors import CaptureError
from reconstruction.errors import IdenticalPhotos
from reconstruction.errors import NothingReadable
from reconstruction.errors import TooFewPhotos
from reconstruction.errors import UnreadableVideo
from reconstruction.frames.candidate import Candidate
from reconstruction.frames.frame_set import Dropped
from reconstruction.frames.frame_set import Frame
from reconstruction.frames.frame_set import FrameSet
from reconstruction.frames.intake import take_in
from reconstruction.frames.selection import Selection
from reconstruction.frames.selection import camera_groups
from reconstruction.frames.selection import select
from reconstruction.frames.sources import SourceFile
from reconstruction.frames.sources import list_sources
from reconstruction.frames.unusable import Unusable
from reconstruction.progress import Progress


LEAST_FRAMES = 3
"""Two pictures give no third view to check their depth by."""
_EXAMPLES = 3


def find_frames(sources: Sequence[Path], out: Path, config: FramesConfig, progress: Progress) -> FrameSet:
    """The frames of all photos and videos among files and folders, in the order given, written to ``out``.

    ``out`` gets ``images/``, ``masks/`` where photos are partly transparent, and ``frames.json`` at the very end; what
    an earlier run left there is removed first. Sources are only read. Photos that cannot be used are warned about.
    Raises SourceMissing, NothingReadable, UnreadableVideo (the only source), TooFewPhotos, IdenticalPhotos, OSError.
    """
    files = list_sources(sources, out)
    _clear(out)
    with warnings.catch_warnings():
        # Pillow refuses pictures beyond a size that could fill the memory, and warns from half of that on.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        answers = take_in(files, out, config, progress)
    candidates = [candidate for answer in answers if isinstance(answer, list) for candidate in answer]
    unusable = [(file, answer) for file, answer in zip(files, answers) if isinstance(answer, Unusable)]
    if not candidates:
        raise _nothing_readable(unusable)
    selection = select(candidates, config)
    for refusal in selection.refused:
        progress.warn(refusal.warning)
        _remove(out, refusal.candidate)
    _check_enough(selection)
    dropped = [Dropped(file.path.name, answer.why, answer.reason) for file, answer in unusable]
    dropped += [refusal.dropped for refusal in selection.refused]
    frame_set = FrameSet(out, _frames(selection.kept), tuple(dropped), _is_ordered(selection.kept))
    frame_set.write()
    progress(len(candidates), len(candidates), kept=len(frame_set.frames))
    return frame_set


def _clear(out: Path) -> None:
    (out / "frames.json").unlink(missing_ok=True)
    for folder in (out / "images", out / "masks"):
        if folder.exists():
            shutil.rmtree(folder)
    (out / "images").mkdir(parents=True)


def _nothing_readable(unusable: Sequence[tuple[SourceFile, Unusable]]) -> CaptureError:
    if len(unusable) == 1 and unusable[0][0].kind == "video":
        file, answer = unusable[0]
        return UnreadableVideo(file.path, answer.reason)
    examples = (f"{file.path.name}: {answer.reason}" for file, answer in unusable[:_EXAMPLES])
    return NothingReadable(len(unusable), tuple(examples))


def _remove(out: Path, candidate: Candidate) -> None:
    (out / "images" / candidate.name).unlink()
    (out / "masks" / f"{candidate.name}.png").unlink(missing_ok=True)


def _check_enough(selection: Selection) -> None:
    found = len(selection.kept)
    if found == 1 and selection.twins:
        raise IdenticalPhotos(found + selection.twins)
    if found < LEAST_FRAMES:
        raise TooFewPhotos(found, LEAST_FRAMES)


def _frames(candidates: Sequence[Candidate]) -> tuple[Frame, ...]:
    return tuple(
        Frame(
            name=candidate.name,
            source=candidate.source,
            size_px=candidate.size_px,
            group=group,
            sharpness=candidate.look.sharpness,
            focal_px=candidate.focal_px,
            time_s=candidate.time_s,
            position_wgs84=candidate.position_wgs84,
        )
        for candidate, group in zip(candidates, camera_groups(candidates))
    )


def _is_ordered(candidates: Sequence[Candidate]) -> bool:
    """Whether neighbours were probably taken one after the other: by the camera's clock, else by numbered names."""
    times = [candidate.taken for candidate in candidates if candidate.taken]
    if len(times) > len(candidates) / 2:
        return sum(later >= earlier for earlier, later in pairwise(times)) >= 0.9 * (len(times) - 1)
    numbered = sum(any(letter.isdigit() for letter in candidate.name) for candidate in candidates)
    return numbered > len(candidates) / 2
