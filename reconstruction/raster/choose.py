"""The one place where a rasteriser is picked."""

from typing import Literal

from reconstruction.raster.base import Rasterizer
from reconstruction.raster.cuda_state import cuda_state


Device = Literal["auto", "cpu", "cuda"]


def choose_device(device: Device) -> Literal["cpu", "cuda"]:
    """Where to draw: "auto" is CUDA where it can be used. Raises RuntimeError where CUDA is demanded and cannot be."""
    if device == "cpu":
        return "cpu"
    state = cuda_state()
    if device == "cuda" and not state.usable:
        raise RuntimeError(f"CUDA cannot be used: {state.reason}")
    return "cuda" if state.usable else "cpu"


def choose_rasterizer(device: Device, threads: int | None = None) -> Rasterizer:
    """``threads``: of the CPU; None: all. Backends are imported when chosen: numba and gsplat each take a second."""
    if choose_device(device) == "cuda":
        from reconstruction.raster.cuda import CudaRasterizer

        return CudaRasterizer()
    from reconstruction.raster.cpu import CpuRasterizer

    return CpuRasterizer(threads)
