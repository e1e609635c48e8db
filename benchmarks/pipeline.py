"""From photos to a splat on the processor: wall time, CPU time and the score on photos kept aside.

    python benchmarks/pipeline.py ../shared/data/fox/images [--preset draft] [--check]

Runs `splatroom run` as a person does, in a fresh project, after compiling the kernels. Figures, for fox with preset
draft on two cores: at most 150 s of wall time for all stages and at least 29.5 dB held out. The aim is 100 s.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import ROOT
from report import Figure
from report import arguments
from report import finish


MOST_WALL_S = 150
LEAST_PSNR_DB = 29.5
COMPILE = """
import sys, tempfile
from pathlib import Path
from reconstruction.configs import SplatsConfig
from reconstruction.progress import Progress
from reconstruction.training.train import train
from tests.synthetic import ring
with tempfile.TemporaryDirectory() as folder:
    scene = ring(Path(folder))
    train(scene, SplatsConfig(long_side_px=64, max_steps=8), Progress(), folder=Path(folder), device="cpu")
"""


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("source", type=Path, nargs="?", default=ROOT.parent / "shared" / "data" / "fox" / "images")
    parser.add_argument("--preset", default="draft")
    parser.add_argument("--keep", type=Path, help="leave the project here")
    options = parser.parse_args()
    if not options.source.exists():
        sys.exit(f"{options.source} is not there: name a folder of photos")
    print("compiling the kernels", file=sys.stderr)
    subprocess.run([sys.executable, "-c", COMPILE], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as scratch:
        project = options.keep or Path(scratch) / "capture.splatroom"
        results = measured(options.source.resolve(), project, options.preset)
    figures = [
        Figure("wall_s", results["wall_s"], MOST_WALL_S, "at most"),
        Figure("psnr_db", results["psnr_db"], LEAST_PSNR_DB, "at least"),
    ]
    finish(__file__, results, figures, options.check)


def measured(source: Path, project: Path, preset: str) -> dict:
    """What one run took and gave."""
    command = [sys.executable, "-m", "app", "run", str(source), "--project", str(project)]
    command += ["--preset", preset, "--device", "cpu", "--json"]
    before, started_s = cpu_seconds(), time.monotonic()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    wall_s = time.monotonic() - started_s
    answer = json.loads(done.stdout.splitlines()[-1])
    if not answer["ok"]:
        sys.exit(f"the run failed: {answer['problem']}")
    stages = {
        stage: json.loads((project / stage / "stage.json").read_text(encoding="utf-8"))["seconds"]
        for stage in ("frames", "cameras", "splats", "assets")
    }
    return {
        "source": source.parent.name if source.name == "images" else source.name,
        "preset": preset,
        "wall_s": round(wall_s, 1),
        "cpu_s": round(cpu_seconds() - before, 1),
        "load_before": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "stage_wall_s": {stage: round(seconds, 1) for stage, seconds in stages.items()},
        "states": {stage["name"]: stage["state"] for stage in answer["stages"]},
        "psnr_db": round(answer["quality"]["psnr"], 2),
        "ssim": round(answer["quality"]["ssim"], 4),
    }


def cpu_seconds() -> float:
    """Of all children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
