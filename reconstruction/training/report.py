"""What training says about itself: a line every now and then while it works, and a report at the end."""

import json
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconstruction.training.evaluate import PhotoQuality


@dataclass(frozen=True, slots=True)
class Report:
    """The result in figures; the splats stage keeps it as ``report.json``."""

    psnr: float | None
    """Mean over the held-out photos, dB; None where none was held out, or masks leave nothing of them"""
    ssim: float | None
    train_psnr: float | None
    """Mean over a few photos that were learned from, dB; far above ``psnr`` means too few photos"""
    gaussians: int
    steps: int
    seconds: float
    """Of training, over all sittings"""
    cpu_seconds: float
    """Of the whole process, likewise"""
    peak_memory_bytes: int
    device: str
    held_out: tuple[PhotoQuality, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    step: int
    seconds: float
    gaussians: int
    loss: float
    psnr: float | None


class History:
    """``history.jsonl``: how quality grew. A resumed run forgets what was noted after its checkpoint."""

    def __init__(self, path: Path, resumed_at: int) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [line for line in _whole_lines(path) if json.loads(line)["step"] <= resumed_at]
        path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def note(self, entry: HistoryEntry) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")


def _whole_lines(path: Path) -> list[str]:
    """All lines but a last one that was cut off."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    return [line for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]
