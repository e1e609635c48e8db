"""The CPU engine: the whole training step in numba, from projection to Adam.

Keeping the loss and the optimiser beside the rasteriser halves the step against torch around a rasteriser: gradients of
splats are never stored, and the photo's part of SSIM is computed once.
"""

from dataclasses import dataclass

import numpy as np

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians
from reconstruction.harmonics import coefficients
from reconstruction.harmonics import degree_of
from reconstruction.raster.kernels.adam import BETA_1
from reconstruction.raster.kernels.adam import BETA_2
from reconstruction.raster.kernels.adam import learn
from reconstruction.raster.kernels.canvas import Canvas
from reconstruction.raster.kernels.compiled import ensure_compiled
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import LOG_SCALE
from reconstruction.raster.kernels.layout import LOGIT
from reconstruction.raster.kernels.layout import MEAN
from reconstruction.raster.kernels.layout import QUAT
from reconstruction.raster.kernels.layout import Floats
from reconstruction.raster.kernels.layout import aligned_zeros
from reconstruction.raster.kernels.layout import pack
from reconstruction.raster.kernels.layout import pack_arrays
from reconstruction.raster.kernels.layout import unpack
from reconstruction.raster.kernels.ssim import loss
from reconstruction.raster.kernels.threads import use_threads
from reconstruction.training.engine.base import PARAMETERS
from reconstruction.training.engine.base import EngineState
from reconstruction.training.engine.base import Picture
from reconstruction.training.engine.base import Rates
from reconstruction.training.engine.base import Revision
from reconstruction.training.engine.base import Statistics
from reconstruction.training.engine.base import View
from reconstruction.training.engine.lessons import Lesson
from reconstruction.training.engine.lessons import Lessons
from reconstruction.training.engine.memory import peak_process_bytes


MOST_CANVASES = 4
"""Sizes of picture whose buffers are kept: upright and lying photos, coarse and fine."""
BLACK = np.zeros(3, np.float32)


@dataclass(frozen=True, slots=True)
class CpuStepFacts:
    """What one step saw."""

    loss: float
    l1: float
    ssim: float

    def read(self) -> dict[str, float]:
        return {"loss": self.loss, "l1": self.l1, "ssim": self.ssim}


class CpuEngine:
    """Holds gaussians, their optimiser and what density control watches, as rows of lines (see ``kernels.layout``)."""

    def __init__(self, gaussians: Gaussians, threads: int | None = None) -> None:
        """``threads``: None for as many as numba finds; more than it finds are not used."""
        ensure_compiled()
        self._threads = threads
        self._lessons = Lessons()
        self._coefficients = gaussians.sh.shape[1]
        self._steps = 0
        self._hold(pack(gaussians))

    def __len__(self) -> int:
        return len(self._rows)

    def step(self, view: View, rates: Rates) -> CpuStepFacts:
        canvas = self._canvas(view.camera.size_px)
        degree = min(rates.sh_degree, degree_of(self._coefficients))
        canvas.draw(self._rows, view.camera, degree, np.array(rates.background, np.float32))
        l1, ssim = compare(canvas, self._lessons.of(view, canvas.grid), rates.ssim_weight)
        canvas.go_back(canvas.drawn)
        self._steps += 1
        learn(
            canvas.lens,
            degree,
            self._rows.reshape(-1),
            self._firsts.reshape(-1),
            self._seconds.reshape(-1),
            self._rows.shape[1] // LINE,
            canvas.boxes,
            canvas.drawn,
            canvas.slot_starts,
            canvas.sums,
            self._rate_row(rates),
            np.float32(1 / np.sqrt(1 - BETA_2**self._steps)),
            self._watched,
        )
        return CpuStepFacts((1 - rates.ssim_weight) * l1 + rates.ssim_weight * (1 - ssim), l1, ssim)

    def statistics(self) -> Statistics:
        arrays = unpack(self._rows, 0)
        return Statistics(
            gradients=self._watched[:, 0].copy(),
            seen=self._watched[:, 1].copy(),
            logit_opacities=arrays["logit_opacities"],
            log_scales=arrays["log_scales"],
            quats=arrays["quats"],
            means=arrays["means"],
        )

    def revise(self, revision: Revision) -> None:
        rows, firsts, seconds = (
            aligned_rows(old, revision.sources) for old in (self._rows, self._firsts, self._seconds)
        )
        fresh = revision.fresh
        firsts[fresh] = 0
        seconds[fresh] = 0
        rows[fresh, MEAN : MEAN + 3] = revision.means
        rows[fresh, LOG_SCALE : LOG_SCALE + 3] = revision.log_scales
        rows[fresh, LOGIT] = revision.logit_opacities
        self._hold(rows, firsts, seconds)

    def render(self, camera: Camera, background: tuple[float, float, float], sh_degree: int) -> Picture:
        canvas = self._canvas(camera.size_px)
        degree = min(sh_degree, degree_of(self._coefficients))
        canvas.draw(self._rows, camera, degree, np.array(background, np.float32))
        rgb = canvas.grid.cropped(canvas.picture).transpose(1, 2, 0).copy()
        alpha = 1 - canvas.grid.cropped(canvas.light)[0]
        canvas.blend(canvas.depth_as_colour(), BLACK)
        weighted = canvas.grid.cropped(canvas.picture)[0]
        depth = np.divide(weighted, alpha, out=np.zeros_like(alpha), where=alpha > 0)
        return Picture(rgb, alpha, depth)

    def gaussians(self) -> Gaussians:
        arrays = unpack(self._rows, self._coefficients)
        arrays["quats"] /= np.linalg.norm(arrays["quats"], axis=1, keepdims=True)
        return Gaussians(**arrays)

    def state(self) -> EngineState:
        arrays = dict(unpack(self._rows, self._coefficients))
        for suffix, rows in (("first", self._firsts), ("second", self._seconds)):
            arrays |= {f"{name}.{suffix}": array for name, array in unpack(rows, self._coefficients).items()}
        arrays |= {"gradients": self._watched[:, 0].copy(), "seen": self._watched[:, 1].copy()}
        return EngineState(arrays, self._steps)

    def restore(self, state: EngineState) -> None:
        def rows_of(suffix: str) -> Floats:
            return pack_arrays(*(state.arrays[name + suffix] for name in PARAMETERS))

        self._coefficients = state.arrays["sh"].shape[1]
        self._hold(rows_of(""), rows_of(".first"), rows_of(".second"))
        self._watched[:, 0] = state.arrays["gradients"]
        self._watched[:, 1] = state.arrays["seen"]
        self._steps = state.steps

    def peak_memory_bytes(self) -> int:
        return peak_process_bytes()

    def _hold(self, rows: Floats, firsts: Floats | None = None, seconds: Floats | None = None) -> None:
        """Takes a new population; statistics and buffers start anew."""
        self._rows = rows
        lines = rows.size // LINE
        self._firsts = aligned_zeros(lines).reshape(rows.shape) if firsts is None else firsts
        self._seconds = aligned_zeros(lines).reshape(rows.shape) if seconds is None else seconds
        self._watched = np.zeros((len(rows), 2), np.float32)
        self._canvases: dict[tuple[int, int], Canvas] = {}

    def _canvas(self, size_px: tuple[int, int]) -> Canvas:
        use_threads(self._threads)  # numba keeps the number by Python thread: the caller's may be a new one
        if size_px not in self._canvases:
            if len(self._canvases) == MOST_CANVASES:
                self._canvases.pop(next(iter(self._canvases)))
            self._canvases[size_px] = Canvas(size_px, len(self._rows))
        return self._canvases[size_px]

    def _rate_row(self, rates: Rates) -> Floats:
        """Each number's learning rate over the first moment's bias correction, laid out like a splat's row."""
        row = aligned_zeros(self._rows.shape[1] // LINE)
        row[MEAN : MEAN + 3] = rates.means
        row[LOG_SCALE : LOG_SCALE + 3] = rates.log_scales
        row[QUAT : QUAT + 4] = rates.quats
        row[LOGIT] = rates.logit_opacities
        row[LINE : LINE + 3] = rates.sh_constant
        row[LINE + 3 : LINE + 3 * coefficients(rates.sh_degree)] = rates.sh_rest
        row /= np.float32(1 - BETA_1**self._steps)
        return row


def compare(canvas: Canvas, lesson: Lesson, ssim_weight: float) -> tuple[float, float]:
    """L1 and SSIM of the picture just drawn; leaves the loss's gradient in ``canvas.by_picture``.

    A masked pixel is taken as drawn exactly right, and gets no gradient.
    """
    height, width = canvas.grid.plane_shape
    if lesson.taught is not None:
        picture, photo = canvas.picture.reshape(3, -1), lesson.photo.reshape(3, -1)
        np.copyto(picture, photo, where=lesson.taught == 0)
    l1, ssim = loss(
        canvas.picture,
        lesson.photo,
        lesson.mean,
        lesson.variance,
        canvas.grid.size_px[1],
        height,
        width,
        canvas.grid.size_px[0],
        np.float32(ssim_weight),
        canvas.by_picture,
    )
    if lesson.taught is not None:
        by_picture = canvas.by_picture.reshape(3, -1)
        by_picture *= lesson.taught
    return float(l1), float(ssim)


def aligned_rows(rows: Floats, sources: np.ndarray) -> Floats:
    """The rows that ``sources`` names, copied to aligned memory."""
    taken = aligned_zeros(len(sources) * rows.shape[1] // LINE).reshape(len(sources), rows.shape[1])
    np.take(rows, sources, axis=0, out=taken)
    return taken
