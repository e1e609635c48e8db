"""The slow engine that holds the others to account: float64, autograd, every formula written out plainly."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians
from reconstruction.harmonics import coefficients
from reconstruction.raster.base import Splats
from reconstruction.raster.reference import ReferenceRasterizer
from reconstruction.training.engine.base import PARAMETERS
from reconstruction.training.engine.base import EngineState
from reconstruction.training.engine.base import Floats
from reconstruction.training.engine.base import Picture
from reconstruction.training.engine.base import Rates
from reconstruction.training.engine.base import Revision
from reconstruction.training.engine.base import Statistics
from reconstruction.training.engine.base import View
from reconstruction.training.engine.memory import peak_process_bytes


BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-15


@dataclass(frozen=True, slots=True)
class ReferenceStepFacts:
    loss: float
    l1: float
    ssim: float

    def read(self) -> dict[str, float]:
        return {"loss": self.loss, "l1": self.l1, "ssim": self.ssim}


class ReferenceEngine:
    """As ``Engine`` says, and nothing cleverer than that."""

    def __init__(self, gaussians: Gaussians) -> None:
        self._steps = 0
        self._values = Splats.of(gaussians, dtype=torch.float64).tensors()
        self._firsts = {name: torch.zeros_like(value) for name, value in self._values.items()}
        self._seconds = {name: torch.zeros_like(value) for name, value in self._values.items()}
        self._forget()

    def __len__(self) -> int:
        return len(self._values["means"])

    def step(self, view: View, rates: Rates) -> ReferenceStepFacts:
        leaves = {name: value.clone().requires_grad_() for name, value in self._values.items()}
        functions = coefficients(rates.sh_degree)
        splats = Splats(**{**leaves, "sh": leaves["sh"][:, :functions]})
        background = torch.tensor(rates.background, dtype=torch.float64)
        rendering = ReferenceRasterizer().render(splats, view.camera, background)
        photo = torch.from_numpy(view.pixels).to(torch.float64) / 255
        rgb = rendering.rgb
        if view.mask is not None:
            rgb = torch.where(torch.from_numpy(view.mask)[..., None], rgb, photo)
        l1, ssim = (rgb - photo).abs().mean(), structural_similarity(rgb, photo)
        loss = (1 - rates.ssim_weight) * l1 + rates.ssim_weight * (1 - ssim)
        drawn = rendering.radii_px > 0
        self._steps += 1
        if drawn.any():
            loss.backward()
            self._watch(rendering.centres_px, drawn, view.camera.size_px)
            for name, leaf in leaves.items():
                assert leaf.grad is not None
                self._move(name, leaf.grad, drawn, _rate(rates, name, leaf))
        return ReferenceStepFacts(loss.item(), l1.item(), ssim.item())

    def statistics(self) -> Statistics:
        now = {name: _array(self._values[name]) for name in PARAMETERS if name != "sh"}
        return Statistics(gradients=_array(self._gradients), seen=_array(self._seen), **now)

    def revise(self, revision: Revision) -> None:
        sources, fresh = torch.from_numpy(revision.sources), torch.from_numpy(revision.fresh)
        for name in PARAMETERS:
            self._values[name] = self._values[name][sources]
            self._firsts[name] = torch.where(_rows(fresh, self._firsts[name]), 0.0, self._firsts[name][sources])
            self._seconds[name] = torch.where(_rows(fresh, self._seconds[name]), 0.0, self._seconds[name][sources])
        for name in ("means", "log_scales", "logit_opacities"):
            self._values[name][fresh] = torch.from_numpy(getattr(revision, name)).to(torch.float64)
        self._forget()

    def render(self, camera: Camera, background: tuple[float, float, float], sh_degree: int) -> Picture:
        splats = Splats(**{**self._values, "sh": self._values["sh"][:, : coefficients(sh_degree)]})
        with torch.no_grad():
            rendering = ReferenceRasterizer().render(splats, camera, torch.tensor(background, dtype=torch.float64))
        depth = torch.where(rendering.alpha > 0, rendering.depth / rendering.alpha, 0.0)
        return Picture(_array(rendering.rgb), _array(rendering.alpha), _array(depth))

    def gaussians(self) -> Gaussians:
        return Splats(**self._values).gaussians()

    def state(self) -> EngineState:
        arrays = {"gradients": _array(self._gradients), "seen": _array(self._seen)}
        for suffix, tensors in (("", self._values), (".first", self._firsts), (".second", self._seconds)):
            arrays |= {name + suffix: _array(tensor) for name, tensor in tensors.items()}
        return EngineState(arrays, self._steps)

    def restore(self, state: EngineState) -> None:
        tensors = {name: torch.from_numpy(array).to(torch.float64) for name, array in state.arrays.items()}
        self._values = {name: tensors[name] for name in PARAMETERS}
        self._firsts = {name: tensors[f"{name}.first"] for name in PARAMETERS}
        self._seconds = {name: tensors[f"{name}.second"] for name in PARAMETERS}
        self._gradients, self._seen = tensors["gradients"], tensors["seen"]
        self._steps = state.steps

    def peak_memory_bytes(self) -> int:
        return peak_process_bytes()

    def _move(self, name: str, gradient: Tensor, drawn: Tensor, rate: Tensor) -> None:
        """Adam for the rows that were drawn; Kingma and Ba 2015, algorithm 1."""
        moved = _rows(drawn, gradient)
        first = BETA_1 * self._firsts[name] + (1 - BETA_1) * gradient
        second = BETA_2 * self._seconds[name] + (1 - BETA_2) * gradient**2
        true_first = first / (1 - BETA_1**self._steps)
        true_second = second / (1 - BETA_2**self._steps)
        value = self._values[name] - rate * true_first / (true_second.sqrt() + EPSILON)
        self._values[name] = torch.where(moved, value, self._values[name])
        self._firsts[name] = torch.where(moved, first, self._firsts[name])
        self._seconds[name] = torch.where(moved, second, self._seconds[name])

    def _watch(self, centres_px: Tensor, drawn: Tensor, size_px: tuple[int, int]) -> None:
        assert centres_px.grad is not None
        lengths = (centres_px.grad * torch.tensor(size_px) / 2).norm(dim=1)
        self._gradients += torch.where(drawn, lengths, 0.0)
        self._seen += drawn

    def _forget(self) -> None:
        self._gradients = torch.zeros(len(self), dtype=torch.float64)
        self._seen = torch.zeros(len(self), dtype=torch.float64)


def structural_similarity(picture: Tensor, photo: Tensor) -> Tensor:
    """Mean SSIM of two pictures (H, W, 3): Wang et al. 2004, eq. 13, a gaussian window of 11 x 11, zeros beyond."""
    places = torch.arange(11, dtype=picture.dtype) - 5
    row = torch.exp(-(places**2) / (2 * 1.5**2))
    window = torch.outer(row, row) / row.sum() ** 2

    def blurred(image: Tensor) -> Tensor:
        return torch.nn.functional.conv2d(image.permute(2, 0, 1)[:, None], window[None, None], padding=5)

    mean_1, mean_2 = blurred(picture), blurred(photo)
    variance_1 = blurred(picture**2) - mean_1**2
    variance_2 = blurred(photo**2) - mean_2**2
    covariance = blurred(picture * photo) - mean_1 * mean_2
    light = (2 * mean_1 * mean_2 + 0.01**2) / (mean_1**2 + mean_2**2 + 0.01**2)
    return (light * (2 * covariance + 0.03**2) / (variance_1 + variance_2 + 0.03**2)).mean()


def _rate(rates: Rates, name: str, like: Tensor) -> Tensor:
    """The learning rate of each number of a parameter."""
    if name != "sh":
        return torch.full_like(like, getattr(rates, name))
    rate = torch.full_like(like, rates.sh_rest)
    rate[:, 0] = rates.sh_constant
    rate[:, coefficients(rates.sh_degree) :] = 0
    return rate


def _rows(mask: Tensor, like: Tensor) -> Tensor:
    """A mask (N,) in a shape that goes with (N, ...)."""
    return mask.reshape(-1, *[1] * (like.dim() - 1))


def _array(tensor: Tensor) -> Floats:
    return tensor.detach().to(torch.float32).numpy().astype(np.float32)
