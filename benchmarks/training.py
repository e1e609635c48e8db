"""How good training is for the work it takes, on the cameras of a project that exists.

    python benchmarks/training.py fox.splatroom [--preset draft] [--device cpu] [--threads 1]

Figures, for the draft preset on the fox capture: at least 29.5 dB on held-out photos (``--at-least``). CPU-seconds are
those of this process in the training loop, kernels compiled before. On CUDA, gsplat's own default strategy trains on
the same photos, points and number of steps beside it, and ours must be at least as good. What it needs on such a
machine is named in ``tests/gpu/test_engine_cuda.py``.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import report  # first: makes the packages of the checkout importable

from reconstruction.configs import PRESETS
from reconstruction.configs import SplatsConfig
from reconstruction.progress import Progress
from reconstruction.raster.choose import Device
from reconstruction.raster.cuda_state import cuda_state
from reconstruction.scene import Scene
from reconstruction.training.train import train


def main() -> None:
    parser = report.arguments(__doc__)
    parser.add_argument("project", type=Path, help="a project, or a folder that holds a scene.json")
    parser.add_argument("--preset", choices=list(PRESETS), default="draft")
    parser.add_argument("--steps", type=int, help="other than the preset's")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--at-least", type=float, default=29.5, help="dB on held-out photos")
    given = parser.parse_args()
    scene = Scene.read(given.project / "cameras" if (given.project / "cameras").is_dir() else given.project)
    config = SplatsConfig(**PRESETS[given.preset]["splats"])
    if given.steps:
        config = replace(config, max_steps=given.steps)

    ours = measured(scene, config, given.device, given.threads)
    figures = [report.Figure("psnr", ours["psnr"], given.at_least, "at least")]
    results: dict[str, Any] = {"preset": given.preset, "photos": len(scene.photos), "ours": ours}
    if ours["device"] == "cuda":
        from gsplat_default import train_with_gsplat  # needs a card

        theirs = train_with_gsplat(scene, config)
        results |= {"gsplat": theirs, "card": cuda_state().reason}
        figures.append(report.Figure("psnr beside gsplat's default", ours["psnr"], theirs["psnr"], "at least"))
    report.finish(__file__, results, figures, given.check)


def measured(scene: Scene, config: SplatsConfig, device: Device, threads: int | None) -> dict[str, Any]:
    """The report of a whole training, with the quality on the way."""
    with tempfile.TemporaryDirectory() as folder:
        few = replace(config, max_steps=10)  # compiles what is to be compiled
        train(scene, few, Progress(), folder=Path(folder) / "few", device=device, threads=threads)
        whole = Path(folder) / "whole"
        trained = train(scene, config, Progress(), folder=whole, device=device, threads=threads)
        history = (whole / "history.jsonl").read_text(encoding="utf-8").splitlines()
    print(*history, sep="\n", file=sys.stderr)
    return trained.report.as_dict()


if __name__ == "__main__":
    main()
