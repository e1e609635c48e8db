"""What stands beside a stage's state: where training paused, for whoever wonders what "missing" has cost."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.project import Project
from app.stages import StageStatus
from app.standing import remark
from reconstruction.configs import STAGE_CONFIGS


TODAY = "f" * 64


@pytest.fixture
def paused(tmp_path: Path) -> Project:
    """A project whose training left two checkpoints."""
    project = Project.create(tmp_path / "p.splatroom", "p").set("draft", {}, STAGE_CONFIGS)
    folder = project.folder / "splats" / "checkpoints"
    folder.mkdir(parents=True)
    for steps in (620, 1240):
        about = json.dumps({"format": 1, "fingerprint": TODAY, "steps": steps})
        np.savez(folder / f"{steps:08d}.npz", about=np.array(about), means=np.zeros((2, 3)))
    return project


def test_a_paused_training_tells_its_step(paused: Project) -> None:
    assert remark(paused, StageStatus("splats", "missing", TODAY), STAGE_CONFIGS) == "(paused at step 1,240 of 2,000)"


def test_a_checkpoint_of_other_inputs_is_no_pause(paused: Project) -> None:
    stands = StageStatus("splats", "missing", TODAY)
    assert remark(paused, replace(stands, fingerprint="0" * 64), STAGE_CONFIGS) == ""
    assert remark(paused, replace(stands, fingerprint=None), STAGE_CONFIGS) == ""
    for path in (paused.folder / "splats" / "checkpoints").iterdir():
        path.write_bytes(b"torn")
    assert remark(paused, stands, STAGE_CONFIGS) == ""
