"""What a command answers: one value, said in words or as one line of JSON."""

import json
import math
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from app.problems import Problem
from app.project import Project
from app.stages import StageStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of every command."""

    ok: bool
    project: Path | None = None
    stages: tuple[StageStatus, ...] = ()
    quality: dict[str, Any] | None = None
    problem: Problem | None = None
    cancelled: bool = False
    more: dict[str, Any] = field(default_factory=dict)
    """What this command alone has to say: ``{"files": [...]}``."""

    @property
    def exit_code(self) -> int:
        if self.cancelled:
            return 130
        return 0 if self.ok else 1

    def as_json(self) -> str:
        """One line."""
        content = {
            "ok": self.ok,
            "project": str(self.project.resolve()) if self.project else None,
            "stages": [{"name": stage.name, "state": stage.state} for stage in self.stages],
            "quality": self.quality,
            "problem": asdict(self.problem) if self.problem else None,
        }
        return json.dumps(content | self.more)  # in ASCII: any terminal, any file name


def misunderstood(program: str, reason: str) -> Answer:
    """The answer to what is no command."""
    known = f"See `{program} --help`."
    return Answer(False, problem=Problem("The command was not understood", f"{reason[:1].upper()}{reason[1:]}.", known))


def read_quality(project: Project) -> dict[str, Any] | None:
    """The report of the splats stage without its photo by photo part; None before there is one that can be read."""
    path = project.folder / "splats" / "report.json"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(report, dict) or not report.keys() >= FIGURES:
        return None
    return {name: _sayable(value) for name, value in report.items() if name != "held_out"}


FIGURES = frozenset({"psnr", "ssim", "gaussians"})


def _sayable(value: Any) -> Any:
    """JSON has no word for infinity, nor for what is no number."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
