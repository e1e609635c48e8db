"""Whether CUDA can really be used on this machine, and why not."""

import importlib.util
from dataclasses import dataclass

import torch


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
