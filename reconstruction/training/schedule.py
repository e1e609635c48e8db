"""What each step of training is allowed: rates, colour detail, picture size. A pure function of the step."""

from dataclasses import dataclass

import numpy as np

from reconstruction.configs import SplatsConfig
from reconstruction.training.engine.base import Rates
from reconstruction.training.evaluate import Canvas


MEANS_RATE = 2.4e-4
"""Per scene extent, half as much again as in 3DGS; decays exponentially to MEANS_DECAY of it over a leg."""
MEANS_DECAY = 0.01
LONGER_DECAY = 0.1
"""A later leg begins at this share of the first leg's rate: what is trained is not thrown about again."""
QUATS_RATE = 2e-3
LOG_SCALES_RATE = 1e-2
LOGIT_OPACITIES_RATE = 5e-2
SH_CONSTANT_RATE = 5e-3
SH_REST_RATE = SH_CONSTANT_RATE / 20
"""Twice the rates of 3DGS but for opacity: short trainings gain 0.6 dB by it (facts of the prototype)."""
SH_DEGREE_SHARE = 0.2
"""Colour gains a degree after each such share of a leg, and after SH_DEGREE_STEPS at the latest."""
SH_DEGREE_STEPS = 1000
BACKGROUNDS = {"black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0)}


@dataclass(frozen=True, slots=True)
class Leg:
    """Steps [begin, end) planned as one: training as first asked for, or the stretch added by "train longer"."""

    begin: int
    end: int

    def share(self, step: int) -> float:
        """How much of the leg lies behind, 0..1."""
        return (step - self.begin) / max(self.end - self.begin, 1)

    @property
    def is_first(self) -> bool:
        return self.begin == 0

    def reaching(self, max_steps: int, done: int) -> "Leg":
        """The leg to follow when ``done`` steps are done and so many are asked for now.

        A finished leg is followed by a new one; an unfinished one is planned anew, as if it had always been so long.
        """
        if done >= self.end:
            return Leg(self.end, max_steps) if max_steps > self.end else self
        return Leg(self.begin, max(max_steps, done))


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rates and picture size by step, and by nothing else: a resumed run takes the very steps that it had left."""

    config: SplatsConfig
    leg: Leg
    extent: float
    """Of the scene, world units"""

    def at(self, step: int) -> Rates:
        return Rates(
            means=self._means_rate(step),
            quats=QUATS_RATE,
            log_scales=LOG_SCALES_RATE,
            logit_opacities=LOGIT_OPACITIES_RATE,
            sh_constant=SH_CONSTANT_RATE,
            sh_rest=SH_REST_RATE,
            sh_degree=self.sh_degree(step),
            ssim_weight=self.config.ssim_weight,
            background=self._background(step),
        )

    def is_coarse(self, step: int) -> bool:
        """Whether the step learns from the picture of half size."""
        return self.leg.is_first and self.leg.share(step) < self.config.coarse_share

    def canvas(self, step: int) -> Canvas:
        """How pictures are drawn to be judged after so many steps."""
        return Canvas(BACKGROUNDS.get(self.config.background, BACKGROUNDS["black"]), self.sh_degree(step))

    def sh_degree(self, step: int) -> int:
        if not self.leg.is_first:
            return self.config.sh_degree
        every = min(SH_DEGREE_SHARE * self.leg.end, SH_DEGREE_STEPS)
        return min(self.config.sh_degree, int(step / max(every, 1)))

    def _means_rate(self, step: int) -> float:
        start = 1.0 if self.leg.is_first else LONGER_DECAY
        decay = start * (MEANS_DECAY / start) ** self.leg.share(step)
        return MEANS_RATE * max(self.extent, 1e-6) * decay

    def _background(self, step: int) -> tuple[float, float, float]:
        if self.config.background == "random":
            red, green, blue = np.random.default_rng((self.config.seed, BACKGROUND_STREAM, step)).random(3).tolist()
            return red, green, blue
        return BACKGROUNDS[self.config.background]


BACKGROUND_STREAM, ORDER_STREAM, DENSITY_STREAM = 1, 2, 3
"""Random numbers are drawn from (seed, stream, step): nothing about them needs keeping in a checkpoint."""
