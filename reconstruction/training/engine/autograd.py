"""The training step by automatic differentiation, over any rasteriser: what CUDA trains with, and tests on the CPU."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians
from reconstruction.harmonics import coefficients
from reconstruction.quality import Moments
from reconstruction.quality import moments
from reconstruction.quality import photo_loss
from reconstruction.raster.base import Rasterizer
from reconstruction.raster.base import Rendering
from reconstruction.raster.base import Splats
from reconstruction.training.engine.base import EngineState
from reconstruction.training.engine.base import Floats
from reconstruction.training.engine.base import Picture
from reconstruction.training.engine.base import Rates
from reconstruction.training.engine.base import Revision
from reconstruction.training.engine.base import Statistics
from reconstruction.training.engine.base import StepFacts
from reconstruction.training.engine.base import View
from reconstruction.training.engine.memory import peak_process_bytes
from reconstruction.training.shelf import Shelf


FIRST_DECAY, SECOND_DECAY = 0.9, 0.999
EPS = 1e-15
PHOTO_BUDGET_BYTES = 2 << 30
"""Room for photos on the device; what does not fit is uploaded again for each step."""


@dataclass(slots=True, eq=False)
class Trained:
    """One tensor that is trained, with Adam's moments; rows are splats."""

    value: Tensor
    first: Tensor
    second: Tensor

    @staticmethod
    def of(value: Tensor) -> "Trained":
        return Trained(value.requires_grad_(), torch.zeros_like(value), torch.zeros_like(value))

    def revised(self, sources: Tensor, fresh: Tensor, new: Tensor | None) -> "Trained":
        value = self.value.detach().index_select(0, sources)
        if new is not None:
            value[fresh] = new
        first, second = self.first.index_select(0, sources), self.second.index_select(0, sources)
        first[fresh] = 0
        second[fresh] = 0
        return Trained(value.requires_grad_(), first, second)


@dataclass(frozen=True, slots=True)
class AdamStep:
    """One step's rate and eps with Adam's bias correction folded in, so that a kernel without it gives true Adam.

    rate m/c1 / (sqrt(v/c2) + eps) = (rate sqrt(c2) / c1) m / (sqrt(v) + eps sqrt(c2)), Kingma & Ba 2015, end of sec. 2.
    """

    rate: float
    eps: float

    @staticmethod
    def at(rate: float, time: int) -> "AdamStep":
        root = (1 - SECOND_DECAY**time) ** 0.5
        return AdamStep(rate * root / (1 - FIRST_DECAY**time), EPS * root)


Move = Callable[[Trained, Tensor, AdamStep], None]
"""Moves the rows of a trained tensor that a mask (N,) names."""


def move_rows(trained: Trained, drawn: Tensor, adam: AdamStep) -> None:
    """In plain torch, for any device."""
    gradient = trained.value.grad
    if gradient is None:
        return
    rows = drawn.nonzero()[:, 0]
    first = torch.lerp(gradient[rows], trained.first[rows], FIRST_DECAY)
    second = torch.lerp(gradient[rows] ** 2, trained.second[rows], SECOND_DECAY)
    trained.first[rows], trained.second[rows] = first, second
    with torch.no_grad():
        trained.value[rows] -= adam.rate * first / (second.sqrt() + adam.eps)


class AutogradEngine:
    """An Engine that draws with a Rasterizer and lets torch go back."""

    def __init__(
        self, gaussians: Gaussians, rasterizer: Rasterizer, device: str | torch.device = "cpu", move: Move = move_rows
    ) -> None:
        self._rasterizer = rasterizer
        self._device = torch.device(device)
        self._move = move
        self._photos: Shelf[_Photo] = Shelf(PHOTO_BUDGET_BYTES)
        self._time = 0
        splats = Splats.of(gaussians, self._device)
        self._trained = {name: Trained.of(value) for name, value in _apart(splats.tensors()).items()}
        self._forget()

    def __len__(self) -> int:
        return len(self._trained["means"].value)

    def step(self, view: View, rates: Rates) -> StepFacts:
        self._time += 1
        for trained in self._trained.values():
            trained.value.grad = None
        photo = self._photos.of(view.name, view.camera.size_px, lambda: _photo_of(view, self._device))
        rendering = self._draw(view.camera, rates.background, rates.sh_degree)
        rendering.centres_px.retain_grad()
        rgb = rendering.rgb if photo.mask is None else torch.where(photo.mask[..., None], rendering.rgb, photo.rgb)
        loss = photo_loss(rgb, photo.rgb, rates.ssim_weight, photo.moments)
        if loss.total.requires_grad:  # where nothing is drawn, nothing hangs on the splats
            loss.total.backward()
        drawn = rendering.radii_px > 0
        self._gather(rendering, drawn, view.camera.size_px)
        for name, rate in _rates(rates).items():
            self._move(self._trained[name], drawn, AdamStep.at(rate, self._time))
        return TensorFacts(torch.stack([loss.total, loss.l1, loss.ssim]).detach())

    def statistics(self) -> Statistics:
        now = {name: _array(trained.value) for name, trained in self._trained.items()}
        return Statistics(
            gradients=_array(self._gradients),
            seen=_array(self._seen),
            logit_opacities=now["logit_opacities"],
            log_scales=now["log_scales"],
            quats=now["quats"],
            means=now["means"],
        )

    def revise(self, revision: Revision) -> None:
        sources, fresh = self._tensor(revision.sources), self._tensor(revision.fresh)
        new = {name: self._tensor(getattr(revision, name)) for name in ("means", "log_scales", "logit_opacities")}
        for name, trained in self._trained.items():
            self._trained[name] = trained.revised(sources, fresh, new.get(name))
        self._forget()

    @torch.no_grad()
    def render(self, camera: Camera, background: tuple[float, float, float], sh_degree: int) -> Picture:
        rendering = self._draw(camera, background, sh_degree)
        depth = torch.where(rendering.alpha > 0, rendering.depth / rendering.alpha.clamp_min(1e-12), 0.0)
        return Picture(_array(rendering.rgb), _array(rendering.alpha), _array(depth))

    def gaussians(self) -> Gaussians:
        return Splats(
            **_together({name: trained.value.detach() for name, trained in self._trained.items()})
        ).gaussians()

    def state(self) -> EngineState:
        arrays = {"gradients": _array(self._gradients), "seen": _array(self._seen)}
        for suffix, part in (("", "value"), (".first", "first"), (".second", "second")):
            tensors = _together({name: getattr(trained, part) for name, trained in self._trained.items()})
            arrays |= {name + suffix: _array(tensor) for name, tensor in tensors.items()}
        return EngineState(arrays, self._time)

    def restore(self, state: EngineState) -> None:
        self._time = state.steps
        whole = {name: self._tensor(array) for name, array in state.arrays.items()}
        values = _apart({name: tensor for name, tensor in whole.items() if "." not in name})
        self._gradients, self._seen = values.pop("gradients"), values.pop("seen")
        first, second = (
            _apart({name.removesuffix(end): tensor for name, tensor in whole.items() if name.endswith(end)})
            for end in (".first", ".second")
        )
        self._trained = {name: Trained(values[name].requires_grad_(), first[name], second[name]) for name in values}

    def peak_memory_bytes(self) -> int:
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return peak_process_bytes()

    def _draw(self, camera: Camera, background: tuple[float, float, float], sh_degree: int) -> Rendering:
        parts = {name: trained.value for name, trained in self._trained.items()}
        parts["sh_rest"] = parts["sh_rest"][:, : coefficients(sh_degree) - 1]
        return self._rasterizer.render(
            Splats(**_together(parts)), camera, self._tensor(np.array(background, np.float32))
        )

    def _gather(self, rendering: Rendering, drawn: Tensor, size_px: tuple[int, int]) -> None:
        gradient = rendering.centres_px.grad
        if gradient is None:
            return
        width, height = size_px
        lengths = torch.hypot(gradient[:, 0] * (width / 2), gradient[:, 1] * (height / 2))
        self._gradients += torch.where(drawn, lengths, 0.0)
        self._seen += drawn

    def _forget(self) -> None:
        self._gradients = torch.zeros(len(self), device=self._device)
        self._seen = torch.zeros(len(self), device=self._device)

    def _tensor(self, array: np.ndarray) -> Tensor:
        if self._device.type != "cuda":
            return torch.tensor(array, device=self._device)
        # From pageable memory the copy would wait for all that the card was told before.
        return torch.from_numpy(np.ascontiguousarray(array)).pin_memory().to(self._device, non_blocking=True)


@dataclass(frozen=True, slots=True, eq=False)
class TensorFacts:
    """Figures that may still be on their way from the GPU."""

    figures: Tensor
    """(3,) loss, l1, ssim"""

    def read(self) -> dict[str, float]:
        total, l1, ssim = self.figures.tolist()
        return {"loss": total, "l1": l1, "ssim": ssim}


@dataclass(frozen=True, slots=True, eq=False)
class _Photo:
    """A photo on the device, with what the loss needs to know of it."""

    rgb: Tensor
    mask: Tensor | None
    moments: Moments

    @property
    def size_bytes(self) -> int:
        return 3 * self.rgb.nbytes + (self.mask.nbytes if self.mask is not None else 0)


def _photo_of(view: View, device: torch.device) -> _Photo:
    rgb = torch.from_numpy(view.pixels).to(device).float() / 255
    mask = torch.from_numpy(view.mask).to(device) if view.mask is not None else None
    return _Photo(rgb, mask, moments(rgb, "same"))


def _rates(rates: Rates) -> dict[str, float]:
    """Rates of the tensors that are trained apart."""
    names = ("means", "quats", "log_scales", "logit_opacities", "sh_constant", "sh_rest")
    return {name: getattr(rates, name) for name in names}


def _apart(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """``sh`` as two tensors, which have rates of their own."""
    sh = tensors["sh"]
    rest = {name: tensor for name, tensor in tensors.items() if name != "sh"}
    return {**rest, "sh_constant": sh[:, :1].clone(), "sh_rest": sh[:, 1:].clone()}


def _together(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    rest = {name: tensor for name, tensor in tensors.items() if not name.startswith("sh_")}
    return {**rest, "sh": torch.cat([tensors["sh_constant"], tensors["sh_rest"]], dim=1)}


def _array(tensor: Tensor) -> Floats:
    return tensor.detach().to("cpu", torch.float32).numpy().copy()
