"""Which engine trains on this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

from reconstruction.gaussians import Gaussians
from reconstruction.training.engine.base import Engine


Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class EngineKind:
    """A device by its true name, and how to put gaussians onto it."""

    device: Literal["cpu", "cuda"]
    make: Callable[[Gaussians], Engine]


def choose_engine(device: Device, threads: int | None) -> EngineKind:
    """CUDA where it is asked for or, for "auto", where there is a card; else the CPU with so many threads.

    ``threads`` None: as many as the machine has.
    """
    if device == "cuda" or (device == "auto" and torch.cuda.is_available()):
        from reconstruction.training.engine.cuda import cuda_engine  # gsplat is not installed on every system

        return EngineKind("cuda", cuda_engine)
    from reconstruction.training.engine.cpu import CpuEngine

    return EngineKind("cpu", lambda gaussians: CpuEngine(gaussians, threads))
