"""The engine for NVIDIA cards: gsplat draws, torch goes back, gsplat's fused kernel moves."""

from gsplat.cuda._wrapper import adam
from torch import Tensor

from reconstruction.gaussians import Gaussians
from reconstruction.raster.cuda import CudaRasterizer
from reconstruction.training.engine.autograd import FIRST_DECAY
from reconstruction.training.engine.autograd import SECOND_DECAY
from reconstruction.training.engine.autograd import AdamStep
from reconstruction.training.engine.autograd import AutogradEngine
from reconstruction.training.engine.autograd import Trained


def cuda_engine(gaussians: Gaussians) -> AutogradEngine:
    return AutogradEngine(gaussians, CudaRasterizer(), "cuda", move_rows_fused)


def move_rows_fused(trained: Trained, drawn: Tensor, adam_step: AdamStep) -> None:
    """As ``move_rows``, in one kernel and without waiting for the count of rows (gsplat 1.5.3, csrc/AdamCUDA.cu)."""
    gradient = trained.value.grad
    if gradient is None or not trained.value.numel():
        return
    value = trained.value.detach()  # shares memory; the kernel writes into it
    decays = (FIRST_DECAY, SECOND_DECAY)
    adam(value, gradient.contiguous(), trained.first, trained.second, drawn, adam_step.rate, *decays, adam_step.eps)
