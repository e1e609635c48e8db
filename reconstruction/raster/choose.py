"""The one place where a rasteriser is picked, and where it is known whether CUDA can be used."""

import importlib.util
from dataclasses import dataclass
from typing import Literal

import torch

from reconstruction.raster.base import Rasterizer


Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class CudaState:
    """Whether gsplat can draw on this machine."""

    usable: bool
    reason: str
    """The card's name, or the end of the sentence "CUDA cannot be used: ..."."""


def cuda_state() -> CudaState:
    """Looks without compiling anything: gsplat builds its kernels at first use, which takes minutes."""
    if not torch.cuda.is_available():
        built = "this build of torch is for the CPU only" if torch.version.cuda is None else "no NVIDIA card was found"
        return CudaState(False, built)
    if importlib.util.find_spec("gsplat") is None:
        return CudaState(False, "the package gsplat is not installed")
    from torch.utils.cpp_extension import CUDA_HOME  # loads setuptools: not where there is no card

    if importlib.util.find_spec("gsplat.csrc") is None and CUDA_HOME is None:
        return CudaState(False, "gsplat's kernels are not compiled and there is no CUDA toolkit (nvcc) to do it")
    return CudaState(True, torch.cuda.get_device_name())


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
