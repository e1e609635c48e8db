"""Killed anywhere, again and again, the road ends in the same place: `kill -9` of the worker or of its parent.

    python benchmarks/kill.py [PHOTOS] [--kills 200] [--check]

One small capture is made undisturbed. Copies of it are then killed at random moments, a quarter of the times in each
stage, and run again; every fifth disturbance of training is a pause instead, so that it also goes on from odd steps.
Figures: all the kills asked for happened; the last checkpoint and the splats equal those of the undisturbed run bit for
bit wherever the cameras are the same; a result whose frames and cameras were killed too is within 0.3 dB of it.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import numpy as np
import psutil
from report import ROOT
from report import Figure
from report import arguments
from report import finish

from app.project import Project


MOST_DB = 0.3
KNOBS = (
    "frames.long_side_px=800",
    "cameras.features=1500",
    "cameras.long_side_px=800",
    "splats.long_side_px=200",
    "splats.max_gaussians=5000",
    "splats.max_steps=400",
)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("photos", type=Path, nargs="?", default=ROOT.parent / "shared" / "data" / "fox" / "images")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not options.photos.exists():
        sys.exit(f"{options.photos} is not there: name a folder of photos")
    with tempfile.TemporaryDirectory() as scratch:
        results = measured(Path(scratch), options.photos, options.kills, random.Random(options.seed))
    figures = [
        Figure("kills", results["kills"], options.kills, "at least"),
        Figure("unequal_results", results["unequal"], 0, "at most"),
        Figure("psnr_difference_db", results["psnr_difference_db"], MOST_DB, "at most"),
    ]
    finish(__file__, results, figures, options.check)


def measured(scratch: Path, photos: Path, kills: int, dice: random.Random) -> dict:
    calm = scratch / "calm.splatroom"
    pictures = sorted(path for path in photos.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    settings = [word for knob in KNOBS for word in ("--set", knob)]
    run_to_the_end([*map(str, pictures[::2]), "--project", str(calm), *settings])
    duel = Duel(calm, copied(calm, scratch / "wild.splatroom"), dice)
    shutil.rmtree(duel.wild / "splats")
    duel.fight("splats", kills // 4)
    duel.fight("assets", kills // 4)
    run_to_the_end([str(duel.wild)])
    duel.compare()
    rough = Duel(calm, copied(calm, scratch / "rough.splatroom"), dice)
    rough.fight("frames", kills // 4)
    rough.fight("cameras", kills - 3 * (kills // 4))
    run_to_the_end([str(rough.wild)])
    return {
        "kills": sum(duel.kills.values()) + sum(rough.kills.values()),
        "kills_by_stage": duel.kills | rough.kills,
        "pauses": duel.pauses,
        "compared": duel.compared,
        "unequal": duel.unequal,
        "psnr_db": psnr(calm),
        "psnr_difference_db": abs(psnr(calm) - psnr(rough.wild)),
    }


@dataclass(slots=True)
class Duel:
    """A project that is disturbed, beside the one that was not."""

    calm: Path
    wild: Path
    dice: random.Random
    kills: dict[str, int] = field(default_factory=dict)
    pauses: int = 0
    compared: int = 0
    unequal: int = 0

    def fight(self, stage: str, times: int) -> None:
        """So many kills while that stage works."""
        self.kills[stage] = 0
        seconds = json.loads((self.calm / stage / "stage.json").read_text(encoding="utf-8"))["seconds"]
        rounds = 0
        while self.kills[stage] < times:
            rounds += 1
            self.forget(stage)
            pausing = stage == "splats" and rounds % 5 == 0
            disturbed = disturb(self.wild, stage, self.dice.uniform(0, seconds), pausing, self.dice)
            if not disturbed and stage == "splats":
                self.compare()
                shutil.rmtree(self.wild / "splats")
            self.pauses += disturbed and pausing
            self.kills[stage] += disturbed and not pausing
            print(f"{stage}: {self.kills[stage]} of {times}", file=sys.stderr, flush=True)

    def forget(self, stage: str) -> None:
        """Makes the stage work again; training goes on from its checkpoints."""
        (self.wild / stage / "stage.json").unlink(missing_ok=True)

    def compare(self) -> None:
        self.compared += 1
        self.unequal += not same_training(self.calm / "splats", self.wild / "splats")


def disturb(project: Path, stage: str, after_s: float, pausing: bool, dice: random.Random) -> bool:
    """Whether the run was killed (or paused) before the stage was done."""
    with subprocess.Popen(
        command([str(project), "--until", stage]), cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        said = []
        while not said or not said[-1].startswith(f"{stage}: started"):
            said.append(run.stderr.readline())
            if not said[-1]:
                sys.exit(f"{stage} did not begin:\n{''.join(said)}")
        time.sleep(after_s)
        if pausing:
            run.send_signal(signal.SIGINT)
        else:
            strike(psutil.Process(run.pid), dice)
        run.stderr.read()
    while Project.open(project).in_use():
        time.sleep(0.05)
    return run.returncode != 0


def strike(parent: psutil.Process, dice: random.Random) -> None:
    """Kills the worker, or the parent, after which the worker must leave by itself."""
    try:
        workers = [child for child in parent.children() if "spawn_main" in " ".join(child.cmdline())]
        dice.choice([parent, *workers]).kill()
    except psutil.NoSuchProcess:  # it was done first
        return


def run_to_the_end(words: list[str]) -> None:
    done = subprocess.run(command(words), cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"the run failed:\n{done.stderr}")


def command(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "app", "run", *words, "--device", "cpu"]


def copied(calm: Path, wild: Path) -> Path:
    shutil.copytree(calm, wild)
    return wild


def same_training(one: Path, other: Path) -> bool:
    """Whether the last checkpoints stand at the same step with the same bits, and the splats too."""
    newest = [max((folder / "checkpoints").glob("*.npz")) for folder in (one, other)]
    if newest[0].name != newest[1].name:
        return False
    with np.load(newest[0]) as first, np.load(newest[1]) as second:
        names = {*first.files, *second.files} - {"about"}  # how long it took differs
        same = all(name in first and name in second for name in names)
        same = same and all(first[name].tobytes() == second[name].tobytes() for name in names)
    return same and (one / "splats.ply").read_bytes() == (other / "splats.ply").read_bytes()


def psnr(project: Path) -> float:
    return json.loads((project / "splats" / "report.json").read_text(encoding="utf-8"))["psnr"]


if __name__ == "__main__":
    os.environ["SPLATROOM_HOME"] = tempfile.gettempdir()  # nobody's settings
    main()
