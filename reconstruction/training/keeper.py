"""When a checkpoint is due."""

import time
from collections.abc import Callable

from reconstruction.training.checkpoint import Checkpoint
from reconstruction.training.checkpoint import Checkpoints
from reconstruction.training.checkpoint import Effort
from reconstruction.training.checkpoint import Standing
from reconstruction.training.engine.base import Engine
from reconstruction.training.engine.base import StepFacts
from reconstruction.training.schedule import Leg
from reconstruction.training.witness import finite_loss


EVERY_S = 25.0
"""Of work between two checkpoints: a power cut costs no more."""


class Keeper:
    """Counts the work of this sitting and writes where training stands, every now and then and at the end."""

    def __init__(
        self, checkpoints: Checkpoints, begun: Standing, leg: Leg, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._checkpoints = checkpoints
        self._clock = clock
        self._before = begun.effort
        self._leg = leg
        self._steps = begun.steps
        self._kept_steps = begun.steps
        self._start = Effort(clock(), time.process_time())
        self._kept_s = self._start.wall_s

    def effort(self) -> Effort:
        """Work over all sittings, this one included."""
        return Effort(
            self._before.wall_s + self._clock() - self._start.wall_s,
            self._before.cpu_s + time.process_time() - self._start.cpu_s,
        )

    def stepped(self, engine: Engine, steps: int, facts: StepFacts) -> None:
        """Called after each step, once the engine is at rest. Raises TrainingDiverged rather than keep nonsense."""
        self._steps = steps
        if self._clock() - self._kept_s >= EVERY_S:
            finite_loss(facts, steps)
            self.keep(engine)

    def keep(self, engine: Engine) -> None:
        """Writes where training stands, unless that stands on the disk already."""
        if self._steps != self._kept_steps:
            standing = Standing(self._steps, self._leg, self.effort())
            self._checkpoints.write(Checkpoint(standing, engine.state()))
            self._kept_steps = self._steps
        self._kept_s = self._clock()
