"""Which of the pictures stay: no copies, no twins, none that is blurred."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass

from reconstruction.configs import FramesConfig
from reconstruction.errors import BlurredPhoto
from reconstruction.errors import NearTwin
from reconstruction.errors import PhotoWarning
from reconstruction.frames.blur import blurred_among
from reconstruction.frames.candidate import Candidate
from reconstruction.frames.frame_set import Dropped
from reconstruction.frames.twins import runs_of_twins


@dataclass(frozen=True, slots=True)
class Refusal:
    """A picture that does not stay, and why."""

    candidate: Candidate
    warning: PhotoWarning
    dropped: Dropped


@dataclass(frozen=True, slots=True)
class Selection:
    kept: tuple[Candidate, ...]
    refused: tuple[Refusal, ...]

    @property
    def twins(self) -> int:
        return sum(refusal.dropped.why == "twin" for refusal in self.refused)


def select(candidates: Sequence[Candidate], config: FramesConfig) -> Selection:
    """The pictures worth working with, in their order."""
    kept, refused = tuple(candidates), ()
    if config.drop_twins:
        kept, refused = _without_copies(kept)
        kept, twins = _without_twins(kept, config.twin_above)
        refused += twins
    if config.drop_blurred:
        kept, blurred = _without_blurred(kept, config.blurred_below)
        refused += blurred
    return Selection(kept, refused)


def camera_groups(candidates: Iterable[Candidate]) -> list[int]:
    """A number per picture, from 0 in order of appearance; equal for pictures that share a camera."""
    numbers: dict[object, int] = {}
    return [numbers.setdefault((candidate.camera, candidate.size_px), len(numbers)) for candidate in candidates]


def _without_copies(candidates: Sequence[Candidate]) -> tuple[tuple[Candidate, ...], tuple[Refusal, ...]]:
    """The same file twice is no second picture, wherever in the set it stands."""
    first: dict[bytes, Candidate] = {}
    refused = []
    for candidate in candidates:
        original = first.setdefault(candidate.content, candidate) if candidate.content else candidate
        if original is not candidate:
            refused.append(_twin(candidate, original, f"a copy of {original.title}"))
    return _others(candidates, refused), tuple(refused)


def _without_twins(
    candidates: Sequence[Candidate], twin_above: float
) -> tuple[tuple[Candidate, ...], tuple[Refusal, ...]]:
    refused = []
    for run in runs_of_twins([candidate.look for candidate in candidates], twin_above):
        sharpest = candidates[max(run, key=lambda index: candidates[index].look.sharpness)]
        refused += [
            _twin(candidates[index], sharpest, f"nearly the same as {sharpest.title}")
            for index in run
            if candidates[index] is not sharpest
        ]
    return _others(candidates, refused), tuple(refused)


def _without_blurred(
    candidates: Sequence[Candidate], blurred_below: float
) -> tuple[tuple[Candidate, ...], tuple[Refusal, ...]]:
    looks = [candidate.look for candidate in candidates]
    shares = blurred_among(looks, camera_groups(candidates), blurred_below)
    refused = []
    for index, share in shares.items():
        candidate = candidates[index]
        detail = f"{share:.0%} of its neighbours' sharpness"
        refused.append(
            Refusal(candidate, BlurredPhoto(candidate.title, share), Dropped(candidate.title, "blurred", detail))
        )
    return _others(candidates, refused), tuple(refused)


def _twin(candidate: Candidate, kept: Candidate, detail: str) -> Refusal:
    return Refusal(candidate, NearTwin(candidate.title, kept.title), Dropped(candidate.title, "twin", detail))


def _others(candidates: Sequence[Candidate], refused: Iterable[Refusal]) -> tuple[Candidate, ...]:
    names = {refusal.candidate.name for refusal in refused}
    return tuple(candidate for candidate in candidates if candidate.name not in names)
