"""Milliseconds of a CPU training step, by phase, beside the bench prototype in the same run.

    python benchmarks/train_step.py [--quick] [--check]

Figure: our steps take at most 1.0 times the prototype's in total, over 10 k, 50 k and 200 k gaussians and pictures of
270 x 480 and 540 x 960, with one thread (process CPU time) and with two (wall time); the least of interleaved runs,
since a busy machine only ever adds. The prototype is ``../shared/bench/cpu_training``, absent from a plain clone: then
only our own times are given.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from prototype import Prototype
from prototype import prototype_is_here
from report import Figure
from report import arguments
from report import finish
from scipy.spatial import KDTree

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians
from reconstruction.raster.kernels.canvas import Canvas
from reconstruction.raster.kernels.threads import use_threads
from reconstruction.training.engine import cpu
from reconstruction.training.engine.base import Rates
from reconstruction.training.engine.base import View


STILL = Rates(0, 0, 0, 0, 0, 0, sh_degree=3, ssim_weight=0.2, background=(0.0, 0.0, 0.0))
"""Learning rates of 0: every step does the same work."""
LARGEST_RATIO = 1.0


@dataclass(frozen=True, slots=True)
class Case:
    gaussians: int
    size_px: tuple[int, int]
    threads: int
    rounds: int


CASES = tuple(
    Case(count, size_px, threads, rounds)
    for count, rounds in ((10_000, 25), (50_000, 15), (200_000, 7))
    for size_px in ((270, 480), (540, 960))
    for threads in (1, 2)
)


class Stopwatch:
    """Milliseconds by phase, gathered around the functions that a step calls."""

    def __init__(self) -> None:
        self.times_ms: dict[str, list[float]] = {}
        self.clock: Callable[[], float] = time.process_time

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            begin = self.clock()
            result = function(*args)
            self.times_ms.setdefault(phase, []).append(1000 * (self.clock() - begin))
            return result

        return run

    def least(self) -> dict[str, float]:
        return {phase: round(min(times), 2) for phase, times in self.times_ms.items()}


def surfaces(count: int, seed: int = 0) -> Gaussians:
    """Splats on two dozen overlapping spheres, sized by their distance to each other, as trained scenes have them.

    At 50 k and 270 x 480 they make 190 k pairs of tile and splat, as the trained fox of the team's facts does.
    """
    chance = np.random.default_rng(seed)
    centres = chance.uniform([-1.6, -1.2, 2.2], [1.6, 1.2, 5.5], (24, 3))
    sphere = np.arange(count) % 24
    directions = chance.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    means = centres[sphere] + chance.uniform(0.3, 0.9, 24)[sphere, None] * directions
    gaps = np.sqrt((KDTree(means).query(means, k=4)[0][:, 1:] ** 2).mean(axis=1))
    quats = chance.normal(size=(count, 4))
    sh = chance.normal(0, 0.1, (count, 16, 3))
    sh[:, 0] = chance.normal(0, 1, (count, 3))
    return Gaussians(
        means.astype(np.float32),
        (quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        (np.log(gaps)[:, None] + chance.normal(-0.6, 0.55, (count, 3))).astype(np.float32),
        chance.normal(-0.5, 2, count).astype(np.float32),
        sh.astype(np.float32),
    )


def view_of(size_px: tuple[int, int]) -> View:
    width, height = size_px
    small = np.random.default_rng(1).integers(0, 255, (12, 8, 3)).astype(np.uint8)
    pixels = np.asarray(cv2.resize(small, size_px, interpolation=cv2.INTER_CUBIC), np.uint8)
    return View("photo", Camera(np.eye(4), (height, height), (width / 2, height / 2), size_px), pixels)


def measure(case: Case, watch: Stopwatch) -> dict[str, Any]:
    """Our step and the prototype's, in turn; the first of each is not counted."""
    gaussians, view = surfaces(case.gaussians), view_of(case.size_px)
    engine = cpu.CpuEngine(gaussians, case.threads)
    prototype = Prototype(gaussians, view.camera, view.pixels) if prototype_is_here() else None
    use_threads(case.threads)
    watch.clock = time.process_time if case.threads == 1 else time.perf_counter
    ours = watch.timed("step", engine.step)
    theirs = watch.timed("prototype", prototype.step) if prototype else lambda: None
    for nth in range(case.rounds + 1):
        ours(view, STILL)
        theirs()
        if nth == 0:
            watch.times_ms.clear()
    least_ms = watch.least()
    row: dict[str, Any] = {"gaussians": case.gaussians, "size_px": case.size_px, "threads": case.threads}
    row |= {"ms": least_ms}
    if prototype:
        row["ratio"] = round(least_ms["step"] / least_ms["prototype"], 3)
    print(row, flush=True)
    return row


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--quick", action="store_true", help="50 k gaussians, the small picture and one thread only")
    options = parser.parse_args()
    watch = Stopwatch()
    for name, phase in (("place", "project and bin"), ("blend", "blend"), ("go_back", "blend backward")):
        setattr(Canvas, name, _method(watch, phase, getattr(Canvas, name)))
    cpu.compare = watch.timed("loss", cpu.compare)
    cpu.learn = watch.timed("project backward and Adam", cpu.learn)
    cases = [case for case in CASES if not options.quick or (case.gaussians, *case.size_px) == (50_000, 270, 480)]
    rows = [measure(case, watch) for case in cases if not (options.quick and case.threads > 1)]
    ratio = None
    if prototype_is_here():
        ratio = sum(row["ms"]["step"] for row in rows) / sum(row["ms"]["prototype"] for row in rows)
    else:
        print("the prototype (../shared/bench/cpu_training) is absent: no comparison")
    figure = Figure("ratio of our step to the prototype's, in total", ratio, LARGEST_RATIO, "at most")
    finish(__file__, {"cases": rows, "clock": "CPU ms with one thread, wall ms with two"}, [figure], options.check)


def _method(watch: Stopwatch, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
    timed = watch.timed(phase, function)
    return lambda canvas, *args: timed(canvas, *args)


if __name__ == "__main__":
    main()
