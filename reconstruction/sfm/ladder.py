"""The ladder: attempts at a model, cheap before dear, until one is confirmed by another that is independent of it."""

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reconstruction.configs import CamerasConfig
from reconstruction.sfm.agreement import compare
from reconstruction.sfm.gates import faults
from reconstruction.sfm.model import Model


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to map the two databases, the full one and the one for the cross-check."""

    seed: int = 0
    lax: bool = False
    mapper: Literal["incremental", "global"] = "incremental"
    trust_focal: bool = True
    """Whether EXIF's focal lengths count as known; else they are only where the search begins."""


def rungs(focal_known: bool) -> Iterator[Rung]:
    """Every way to map, seconds each; the plain one first, then those that place most where it fails (lund)."""
    yield Rung()
    yield Rung(lax=True)
    if focal_known:
        yield Rung(lax=True, trust_focal=False)
    yield Rung(mapper="global")
    yield Rung(seed=1, lax=True)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model and what it rests on."""

    model: Model
    features: str
    """Name of the features and pairs it was mapped from"""
    mapper: str
    database: Path
    """What it was mapped from, as COLMAP keeps it"""

    def independent_of(self, other: "Candidate") -> bool:
        """Another seed alone repeats the same model to the last point; other features, pairs or mapper do not."""
        return (self.features, self.mapper) != (other.features, other.mapper)


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The best of the candidates."""

    model: Model
    strays: tuple[str, ...]
    """Photos that the confirming model has elsewhere"""
    unproven: tuple[str, ...]
    """Photos that the confirming model lacks"""
    doubt: str | None
    """Why it is not confirmed; None when it is"""
    database: Path
    """What the model was mapped from"""

    @property
    def kept(self) -> tuple[str, ...]:
        """The photos whose place is believed."""
        return tuple(name for name in self.model.names if name not in self.strays)


def judge(candidates: Sequence[Candidate], total: int, config: CamerasConfig) -> Verdict | None:
    """The confirmed model that keeps most photos, else the largest sound one with the reason for doubt.

    None where none is sound.
    """
    sound = [c for c in candidates if len(c.model) >= config.least_accepted * total and not faults(c.model)]
    sound.sort(key=lambda candidate: (len(candidate.model), candidate.model.points), reverse=True)
    confirmed: list[Verdict] = []
    doubts: list[str] = []
    for candidate in sound:
        for other in (other for other in sound if candidate.independent_of(other)):
            comparison = compare(candidate.model, other.model)
            disagreement = comparison.disagreement(config)
            if disagreement is None:
                unproven = tuple(name for name in candidate.model.names if name not in comparison.names)
                verdict = Verdict(candidate.model, comparison.strays(config), unproven, None, candidate.database)
                if len(verdict.kept) >= config.least_accepted * total:
                    confirmed.append(verdict)
            elif candidate is sound[0]:
                doubts.append(disagreement)
    if confirmed:
        return max(confirmed, key=lambda verdict: (len(verdict.kept), -len(verdict.unproven)))
    if not sound:
        return None
    doubt = doubts[0] if doubts else "no second, independent mapping succeeded"
    return Verdict(sound[0].model, (), (), doubt, sound[0].database)


def settled(verdict: Verdict | None, total: int, config: CamerasConfig) -> bool:
    """Whether the search may end: confirmed, and with enough of the photos."""
    if verdict is None or len(verdict.kept) < config.least_registered * total:
        return False
    return verdict.doubt is None or not config.cross_check
