"""How a stage stands, in a few words beside its state: what a person asks next."""

import zipfile
from pathlib import Path

from app.events import JobEnded
from app.events import StageAdvanced
from app.knobs import Configs
from app.log import last_event
from app.project import Project
from app.stages import StageStatus


def remark(project: Project, stage: StageStatus, configs: Configs) -> str:
    """'(paused at step 1,240 of 2,000)', the title of what went wrong, the doubts; often nothing."""
    match stage.state:
        case "doubtful":
            return "; ".join(stage.record.doubts) if stage.record else ""
        case "failed" | "running":
            return _last_word(project)
        case "missing":
            return _paused(project, stage, configs)
        case _:
            return ""


def _last_word(project: Project) -> str:
    logs = project.logs()
    match last_event(logs[-1]) if logs else None:
        case JobEnded(problem=problem) if problem:
            return problem.title
        case StageAdvanced(done=done, total=total) if total > 0:
            return f"({done / total:.0%})"
        case _:
            return ""


def _paused(project: Project, stage: StageStatus, configs: Configs) -> str:
    """Where the next run would go on, should it find a checkpoint made from today's inputs."""
    kept = sorted((project.folder / stage.name / "checkpoints").glob("[0-9]*.npz"))
    if stage.fingerprint is None or not kept or not _is_of(kept[-1], stage.fingerprint):
        return ""
    wanted = project.configs(configs)[stage.name].max_steps
    return f"(paused at step {int(kept[-1].stem):,} of {wanted:,})"


def _is_of(checkpoint: Path, fingerprint: str) -> bool:
    """Whether its own account names that fingerprint. Looked for as numpy writes text: loading numpy takes long."""
    try:
        with zipfile.ZipFile(checkpoint) as content:
            return fingerprint.encode("utf-32-le") in content.read("about.npy")
    except (OSError, KeyError, zipfile.BadZipFile):
        return False
