"""Which engine trains on this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from reconstruction.gaussians import Gaussians
from reconstruction.raster.choose import Device
from reconstruction.raster.choose import choose_device
from reconstruction.training.engine.base import Engine


@dataclass(frozen=True, slots=True)
class EngineKind:
    """A device by its true name, and how to put gaussians onto it."""

    device: Literal["cpu", "cuda"]
    make: Callable[[Gaussians], Engine]


def choose_engine(device: Device, threads: int | None = None) -> EngineKind:
    """``threads``: of the CPU; None: all. Engines are imported when chosen: gsplat is not installed on every system."""
    if choose_device(device) == "cuda":
        from reconstruction.training.engine.cuda import cuda_engine

        return EngineKind("cuda", cuda_engine)
    from reconstruction.training.engine.cpu import CpuEngine

    return EngineKind("cpu", lambda gaussians: CpuEngine(gaussians, threads))
