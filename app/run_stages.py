"""The task of most jobs: take a project down the road, from its first stage that is not done."""

from dataclasses import dataclass
from pathlib import Path

from app.errors import WithoutSources
from app.project import Project
from app.stages import Machine
from app.stages import Table
from app.stages import run_stage
from app.stages import status
from app.voice import Voice


@dataclass(frozen=True, slots=True)
class RunStages:
    """Called in the child, with the project's lock held from first to last."""

    folder: Path
    table: Table
    until: str | None
    machine: Machine

    def __call__(self, voice: Voice) -> None:
        project = Project.open(self.folder)
        if not project.sources().files:
            raise WithoutSources(project.folder)
        with project.writing():
            for stage in self.table.until(self.until):
                stands = next(each for each in status(project, self.table) if each.name == stage.name)
                if stands.finished:
                    continue
                assert stands.fingerprint is not None, "the stages before this one have just been finished"
                voice.started(stage.name)
                record = run_stage(project, stage, stands.fingerprint, voice.progress(), self.machine, self.table)
                voice.finished(stage.name, record.doubts)
