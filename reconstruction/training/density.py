"""How the population changes while it trains: the transparent die, the overworked split, the cap holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reconstruction.geometry import rotations_from_quats
from reconstruction.training.engine.base import Engine
from reconstruction.training.engine.base import Floats
from reconstruction.training.engine.base import Revision
from reconstruction.training.engine.base import Statistics
from reconstruction.training.schedule import DENSITY_STREAM
from reconstruction.training.schedule import Leg


EVERY_STEPS = 100
"""Between two revisions; every photo of a usual capture has been seen in between."""
END_SHARE = 0.75
"""The last quarter of a leg only polishes."""
LEAST_OPACITY = 0.005
"""Below it a splat is dropped, as in 3DGS; it is drawn from 1/255 on."""
SPLIT_SHRINK = 1.6
"""Both halves are so much shorter along the axis of the split, as in 3DGS."""
SPLIT_OFFSET = 0.5
"""Standard deviations that each half moves from the old centre."""


@dataclass(frozen=True, slots=True)
class Density:
    """Brings the population geometrically to the cap by END_SHARE of the leg, in rounds of EVERY_STEPS."""

    cap: int
    leg: Leg
    seed: int = 0

    def revise(self, engine: Engine, step: int) -> None:
        """Called after each step; acts on every so-manyth."""
        if not self.is_due(step):
            return
        statistics = engine.statistics()
        target = self.target(len(engine), step)
        engine.revise(revision(statistics, target, np.random.default_rng((self.seed, DENSITY_STREAM, step))))

    def is_due(self, step: int) -> bool:
        done = step + 1 - self.leg.begin
        return done >= 2 * EVERY_STEPS and done % EVERY_STEPS == 0 and done <= self._last_round * EVERY_STEPS

    def target(self, count: int, step: int) -> int:
        """How many there shall be after the round at this step, when there are ``count`` now."""
        rounds_left = self._last_round - (step + 1 - self.leg.begin) // EVERY_STEPS + 1
        if count >= self.cap:
            return self.cap
        return min(self.cap, round(count * (self.cap / max(count, 1)) ** (1 / max(rounds_left, 1))))

    @property
    def _last_round(self) -> int:
        return int(END_SHARE * (self.leg.end - self.leg.begin)) // EVERY_STEPS


def revision(statistics: Statistics, target: int, chance: np.random.Generator) -> Revision:
    """The population of at most ``target`` that should follow: who stays, and who becomes two.

    Splats to split are drawn with probabilities in proportion to their mean centre gradient, without repeats.
    """
    alive = np.flatnonzero(_finite(statistics) & (opacities(statistics.logit_opacities) >= LEAST_OPACITY))
    if len(alive) > target:
        alive = np.sort(chance.choice(alive, target, replace=False))
    chosen = _overworked(statistics, alive, target - len(alive), chance)
    staying = np.setdiff1d(alive, chosen, assume_unique=True)
    first, second = split_centres(statistics, chosen)
    log_scales = np.tile(split_log_scales(statistics.log_scales[chosen]), (2, 1))
    logit_opacities = np.tile(split_logit_opacities(statistics.logit_opacities[chosen]), 2)
    return Revision(
        sources=np.concatenate([staying, chosen, chosen]).astype(np.int64),
        fresh=np.arange(len(staying) + 2 * len(chosen)) >= len(staying),
        means=np.concatenate([first, second]).astype(np.float32),
        log_scales=log_scales.astype(np.float32),
        logit_opacities=logit_opacities.astype(np.float32),
    )


def opacities(logit_opacities: Floats) -> NDArray[np.float64]:
    """(N,) in 0..1, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logit_opacities.astype(np.float64)))


def split_centres(statistics: Statistics, chosen: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
    """Where the two halves (F, 3) of each chosen splat stand: on its longest axis, to both sides of its centre."""
    log_scales = statistics.log_scales[chosen]
    longest = log_scales.argmax(axis=1)
    rows = np.arange(len(chosen))
    axes = rotations_from_quats(statistics.quats[chosen].astype(np.float64))[rows, :, longest]
    offsets = SPLIT_OFFSET * np.exp(log_scales[rows, longest])[:, None] * axes
    return statistics.means[chosen] + offsets, statistics.means[chosen] - offsets


def split_log_scales(log_scales: Floats) -> Floats:
    """Scales (F, 3) of a half: shorter along the longest axis only."""
    halves = log_scales.copy()
    halves[np.arange(len(halves)), log_scales.argmax(axis=1)] -= np.log(SPLIT_SHRINK)
    return halves


def split_logit_opacities(logit_opacities: Floats) -> NDArray[np.float64]:
    """Logits (F,) of a half, so that two halves on one ray let through what the whole did: (1 - o')^2 = 1 - o.

    Bulo et al. 2024, "Revising densification", eq. 9.
    """
    whole = np.clip(opacities(logit_opacities), 0.0, 0.999)
    half = np.maximum(1 - np.sqrt(1 - whole), 2 * LEAST_OPACITY)
    return np.log(half / (1 - half))


def _finite(statistics: Statistics) -> NDArray[np.bool_]:
    columns = [statistics.means, statistics.log_scales, statistics.quats, statistics.logit_opacities[:, None]]
    return np.isfinite(np.concatenate(columns, axis=1)).all(axis=1) & (statistics.quats != 0).any(axis=1)


def _overworked(
    statistics: Statistics, alive: NDArray[np.int64], room: int, chance: np.random.Generator
) -> NDArray[np.int64]:
    weights = (statistics.gradients / np.maximum(statistics.seen, 1))[alive].astype(np.float64)
    weights = np.where(np.isfinite(weights), weights, 0.0)
    room = min(room, int((weights > 0).sum()))
    if room <= 0:
        return np.empty(0, np.int64)
    return np.sort(chance.choice(alive, room, replace=False, p=weights / weights.sum()))
