"""Facts that travel from the child process up its pipe to the Hub, and into the log; ``fold`` makes a state of them."""

from collections.abc import Callable
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any
from typing import Literal

from app.problems import Problem
from reconstruction.progress import Fact


Outcome = Literal["done", "failed", "cancelled"]
Finish = Literal["done", "doubtful"]


@dataclass(frozen=True, slots=True)
class StageStarted:
    job: str
    stage: str
    at_s: float
    """When, in seconds since 1970, as for every event."""


@dataclass(frozen=True, slots=True)
class StageAdvanced:
    job: str
    stage: str
    at_s: float
    done: int
    total: int
    facts: dict[str, Fact] = field(default_factory=dict)
    """What a person likes to see while waiting: ``{"registered": 31}``."""


@dataclass(frozen=True, slots=True)
class StageFinished:
    job: str
    stage: str
    at_s: float
    state: Finish = "done"
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Warned:
    job: str
    stage: str
    at_s: float
    kind: str
    """The warning's class in ``reconstruction/errors.py``: 'BlurredPhoto'."""
    photo: str
    text: str


@dataclass(frozen=True, slots=True)
class PreviewReady:
    job: str
    stage: str
    at_s: float
    number: int
    """Of the preview; ``app/preview.py`` knows in which file it lies."""


@dataclass(frozen=True, slots=True)
class JobEnded:
    job: str
    stage: str
    """Where it ended; empty when it did not reach a stage."""
    at_s: float
    outcome: Outcome
    problem: Problem | None = None


Event = StageStarted | StageAdvanced | StageFinished | Warned | PreviewReady | JobEnded

_KINDS: dict[str, Callable[..., Event]] = {
    kind.__name__: kind for kind in (StageStarted, StageAdvanced, StageFinished, Warned, PreviewReady, JobEnded)
}


def to_json(event: Event) -> dict[str, Any]:
    """The event as plain values, for a line of the log."""
    return {"event": type(event).__name__} | asdict(event)


def from_json(entry: dict[str, Any]) -> Event:
    """The event of a log line; raises KeyError or TypeError where the line is none."""
    values = dict(entry)
    kind = _KINDS[values.pop("event")]
    if "doubts" in values:
        values["doubts"] = tuple(values["doubts"])
    if values.get("problem"):
        values["problem"] = Problem(**values["problem"])
    return kind(**values)


StageRunState = Literal["running", "done", "doubtful", "failed", "paused"]

WINDOW_S = 10.0
"""The rate is that of the last ten seconds: training slows as gaussians are added."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a stage was at one time."""

    at_s: float
    done: int


@dataclass(frozen=True, slots=True)
class StageRun:
    """One stage of a running or finished job, as far as the events told."""

    name: str
    state: StageRunState = "running"
    started_s: float | None = None
    ended_s: float | None = None
    done: int = 0
    total: int = 0
    facts: dict[str, Fact] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    """The last ten seconds in steps of at least one."""
    fraction: float = 0.0
    """0..1, the most that was reached: work that must be done again holds the bar still and never draws it back."""

    @property
    def rate_per_s(self) -> float | None:
        """Steps a second of late; None while it cannot be told."""
        if len(self.marks) < 2:
            return None
        first, last = self.marks[0], self.marks[-1]
        return (last.done - first.done) / (last.at_s - first.at_s)

    @property
    def left_s(self) -> float | None:
        """Seconds to go at that rate; None while it cannot be told."""
        rate = self.rate_per_s
        return max(self.total - self.done, 0) / rate if rate else None


@dataclass(frozen=True, slots=True)
class Run:
    """One job, as far as its events told: all that a panel, a progress bar or a log reader shows."""

    job: str = ""
    stages: tuple[StageRun, ...] = ()
    """In the order in which they were first heard of."""
    warnings: tuple[Warned, ...] = ()
    preview: int | None = None
    outcome: Outcome | None = None
    problem: Problem | None = None

    def stage(self, name: str) -> StageRun | None:
        return next((stage for stage in self.stages if stage.name == name), None)


def fold(run: Run, event: Event) -> Run:
    """The run after the event. Pure and total: any events in any order give a Run.

    Events of another job, and events after the end, change nothing.
    """
    if run.outcome is not None or (run.job and run.job != event.job):
        return run
    run = replace(run, job=event.job)
    match event:
        case StageStarted(stage=name, at_s=at_s):
            return _with(run, StageRun(name, started_s=at_s))
        case StageAdvanced(stage=name):
            return _with(run, _advanced(_known(run, name), event))
        case StageFinished(stage=name, at_s=at_s, state=state, doubts=doubts):
            return _with(run, replace(_known(run, name), state=state, ended_s=at_s, doubts=doubts))
        case Warned():
            return replace(run, warnings=(*run.warnings, event))
        case PreviewReady(number=number):
            return replace(run, preview=number if run.preview is None else max(run.preview, number))
        case JobEnded():
            return _ended(run, event)


def _known(run: Run, name: str) -> StageRun:
    return run.stage(name) or StageRun(name)


def _with(run: Run, stage: StageRun) -> Run:
    if run.stage(stage.name) is None:
        return replace(run, stages=(*run.stages, stage))
    return replace(run, stages=tuple(stage if old.name == stage.name else old for old in run.stages))


def _advanced(stage: StageRun, event: StageAdvanced) -> StageRun:
    mark = Mark(event.at_s, event.done)
    marks = stage.marks
    if marks and (mark.at_s <= marks[-1].at_s or mark.done < marks[-1].done or event.total != stage.total):
        marks = ()  # a new phase, or a clock that was set: the old pace says nothing
    if not marks or mark.at_s - marks[-1].at_s >= 1.0:
        recent = tuple(old for old in marks if mark.at_s - old.at_s <= WINDOW_S)
        marks = (*(recent or marks[-1:]), mark)
    fraction = max(stage.fraction, min(event.done / event.total, 1.0)) if event.total > 0 else stage.fraction
    advanced = replace(stage, state="running", done=event.done, total=event.total, marks=marks, fraction=fraction)
    return replace(advanced, facts=stage.facts | event.facts)


def _ended(run: Run, event: JobEnded) -> Run:
    stages = tuple(
        replace(stage, state=_LEFT[event.outcome], ended_s=event.at_s) if stage.state == "running" else stage
        for stage in run.stages
    )
    return replace(run, stages=stages, outcome=event.outcome, problem=event.problem)


_LEFT: dict[Outcome, StageRunState] = {"done": "done", "failed": "failed", "cancelled": "paused"}
"""What becomes of a stage that was running when its job ended."""


class Hub:
    """Where the parent process hears of every event. For the loop's thread alone."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Calls the listener with every event from now on; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)
