"""The seam between CPU and CUDA: one training step, and what the loop above needs to steer it.

Schedule, density control, evaluation, checkpoints and previews are written once above this protocol.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians


Floats = NDArray[np.float32]

PARAMETERS = ("means", "quats", "log_scales", "logit_opacities", "sh")
"""Names and order of what is trained, as in Gaussians."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One photo to learn from, at the size of this phase of training."""

    name: str
    camera: Camera
    pixels: NDArray[np.uint8]
    """(H, W, 3) sRGB, contiguous"""
    mask: NDArray[np.bool_] | None = None
    """(H, W); False: this pixel teaches nothing"""


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything about one step that the schedule decides."""

    means: float
    """Learning rate of Adam, world units; the other rates likewise in their parameters' units"""
    quats: float
    log_scales: float
    logit_opacities: float
    sh_constant: float
    sh_rest: float
    sh_degree: int
    """Coefficients above this degree are neither drawn nor trained yet."""
    ssim_weight: float
    background: tuple[float, float, float]


class StepFacts(Protocol):
    """What a step can tell. Reading may wait for the GPU, so it is read only when an event leaves."""

    def read(self) -> dict[str, float]:
        """``loss``, ``l1`` and ``ssim`` of the view just trained."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What density control decides by, gathered since the last ``revise``."""

    gradients: Floats
    """(N,) sum over steps of the length of the loss's gradient by the splat's centre, taken in normalised device
    coordinates as 3DGS has it: pixel gradients times (width / 2, height / 2)"""
    seen: Floats
    """(N,) in how many steps it was drawn"""
    logit_opacities: Floats
    """(N,)"""
    log_scales: Floats
    """(N, 3)"""
    quats: Floats
    """(N, 4) of any length"""
    means: Floats
    """(N, 3)"""


@dataclass(frozen=True, slots=True, eq=False)
class Revision:
    """A new population, row by row from the old one.

    Row i of every parameter and of Adam's moments comes from old row ``sources[i]``; rows with ``fresh`` start with
    zero moments and take the new values below.
    """

    sources: NDArray[np.int64]
    """(M,)"""
    fresh: NDArray[np.bool_]
    """(M,)"""
    means: Floats
    """(F, 3) for the F fresh rows in order; likewise the next two"""
    log_scales: Floats
    logit_opacities: Floats
    """(F,)"""


@dataclass(frozen=True, slots=True, eq=False)
class EngineState:
    """Everything that an exact continuation needs; arrays are named, so that a checkpoint is a plain .npz."""

    arrays: dict[str, Floats]
    """``PARAMETERS``, their Adam moments as ``<name>.first`` and ``<name>.second``, ``gradients`` and ``seen``"""
    steps: int
    """Adam's time"""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a camera sees, in numpy."""

    rgb: Floats
    """(H, W, 3), not clipped"""
    alpha: Floats
    """(H, W)"""
    depth: Floats
    """(H, W) expected depth, camera z; 0 where alpha is 0"""


class Engine(Protocol):
    """Holds gaussians and their optimiser: Adam, betas (0.9, 0.999), eps 1e-15, moving only the splats drawn."""

    def __len__(self) -> int: ...

    def step(self, view: View, rates: Rates) -> StepFacts:
        """Draws the view, compares ((1 - w) L1 + w (1 - SSIM)), goes back, moves the parameters."""
        ...

    def statistics(self) -> Statistics: ...

    def revise(self, revision: Revision) -> None:
        """Replaces the population; gathered statistics start from zero."""
        ...

    def render(self, camera: Camera, background: tuple[float, float, float], sh_degree: int) -> Picture: ...

    def gaussians(self) -> Gaussians:
        """A copy in numpy, quaternions normalised."""
        ...

    def state(self) -> EngineState: ...

    def restore(self, state: EngineState) -> None: ...

    def peak_memory_bytes(self) -> int:
        """Of the card on CUDA, of the process elsewhere."""
        ...
