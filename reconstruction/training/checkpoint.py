"""What an exact continuation needs, on the disk: the last two states, each whole or not there."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from reconstruction.durable import write_durably
from reconstruction.gaussians import Gaussians
from reconstruction.training.engine.base import PARAMETERS
from reconstruction.training.engine.base import EngineState
from reconstruction.training.schedule import Leg


FORMAT = 1
KEPT = 2


@dataclass(frozen=True, slots=True)
class Effort:
    """Work done so far, over all sittings."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    """Of the whole process"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far training is."""

    steps: int
    leg: Leg
    effort: Effort


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Training at rest. Random numbers need no keeping: they are drawn from (seed, stream, step)."""

    standing: Standing
    state: EngineState

    def gaussians(self) -> Gaussians:
        return Gaussians(**{name: self.state.arrays[name] for name in PARAMETERS})


class Checkpoints:
    """A folder of checkpoints that were all made from the same inputs, which ``fingerprint`` names."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder
        self._fingerprint = fingerprint

    def newest(self) -> Checkpoint | None:
        """The latest that is whole and of this fingerprint."""
        found = (self._read(path) for path in reversed(self._paths()))
        return next((checkpoint for checkpoint in found if checkpoint), None)

    def write(self, checkpoint: Checkpoint) -> None:
        """Adds one; all but the last two, and those of other inputs, go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        written = self._folder / f"{checkpoint.standing.steps:08d}.npz"
        write_durably(written, lambda file: self._write(file, checkpoint))
        later = [
            path for path in self._paths() if path > written
        ]  # of other inputs, or unreadable: else we had gone on
        for path in self._paths()[: -KEPT - len(later)] + later:
            path.unlink()

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.npz"))

    def _write(self, file: BinaryIO, checkpoint: Checkpoint) -> None:
        standing = checkpoint.standing
        about = {
            "format": FORMAT,
            "fingerprint": self._fingerprint,
            "steps": standing.steps,
            "leg": [standing.leg.begin, standing.leg.end],
            "wall_s": standing.effort.wall_s,
            "cpu_s": standing.effort.cpu_s,
            "adam_steps": checkpoint.state.steps,
        }
        np.savez(file, allow_pickle=False, about=np.array(json.dumps(about)), **checkpoint.state.arrays)

    def _read(self, path: Path) -> Checkpoint | None:
        """None for a file that is torn, damaged (zip keeps a sum of each array), foreign or of another format."""
        try:
            with np.load(path, allow_pickle=False) as content:
                about = json.loads(str(content["about"]))
                if (about["format"], about["fingerprint"]) != (FORMAT, self._fingerprint):
                    return None
                arrays = {name: content[name] for name in content.files if name != "about"}
            standing = Standing(about["steps"], Leg(*about["leg"]), Effort(about["wall_s"], about["cpu_s"]))
            return Checkpoint(standing, EngineState(arrays, about["adam_steps"]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
