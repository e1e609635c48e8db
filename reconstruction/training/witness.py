"""Who watches training and tells: figures for the person, the history and the preview."""

import math

from reconstruction.errors import TrainingDiverged
from reconstruction.progress import Fact
from reconstruction.progress import Progress
from reconstruction.training.checkpoint import Effort
from reconstruction.training.engine.base import Engine
from reconstruction.training.engine.base import StepFacts
from reconstruction.training.evaluate import glance
from reconstruction.training.report import History
from reconstruction.training.report import HistoryEntry
from reconstruction.training.schedule import Schedule
from reconstruction.training.views import Album
from reconstruction.training.views import spread


GLANCES = 10
"""So many times a leg some held-out photos are looked at."""
GLANCE_PHOTOS = 4


class Witness:
    """Looks on after each step. Figures are read only when they are told: reading waits for the GPU."""

    def __init__(self, album: Album, schedule: Schedule, history: History, progress: Progress) -> None:
        self._album = album
        self._schedule = schedule
        self._history = history
        self._progress = progress
        self._photos = spread(album.held_out, GLANCE_PHOTOS)
        self._psnr: dict[str, float] = {}

    def tell(self, engine: Engine, steps: int, facts: StepFacts, effort: Effort) -> None:
        """Raises Cancelled, and TrainingDiverged for a loss that is not a number."""
        total = self._schedule.leg.end
        if self._looks_at(steps):
            loss = finite_loss(facts, steps)
            self._look(engine, steps)
            self._history.note(HistoryEntry(steps, effort.wall_s, len(engine), loss, self._psnr.get("psnr")))
        told: dict[str, Fact] = {}
        if self._progress.due() or steps == total:
            told = {"doing": "training", "loss": finite_loss(facts, steps), "gaussians": len(engine), **self._psnr}
        self._progress(steps, total, **told)
        self._progress.offer(engine.gaussians)

    def _looks_at(self, steps: int) -> bool:
        leg = self._schedule.leg
        return (steps - leg.begin) % max((leg.end - leg.begin) // GLANCES, 1) == 0

    def _look(self, engine: Engine, steps: int) -> None:
        if self._photos:
            views = (self._album.fine(photo) for photo in self._photos)
            psnr = glance(engine, views, self._schedule.canvas(steps - 1))
            self._psnr = {} if psnr is None else {"psnr": psnr}


def finite_loss(facts: StepFacts, steps: int) -> float:
    """The loss of the step just made; raises TrainingDiverged when it is not a number."""
    loss = facts.read()["loss"]
    if not math.isfinite(loss):
        raise TrainingDiverged(steps)
    return loss
