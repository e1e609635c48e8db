"""How a running job looks in a terminal: bars where there is one, plain lines elsewhere. Both draw the folded run."""

from types import TracebackType
from typing import Self
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn
from rich.progress import Progress
from rich.progress import TaskID
from rich.progress import TextColumn
from rich.table import Column

from app.events import Run
from app.events import StageRun
from app.streams import fall_silent
from app.streams import one_line
from reconstruction.progress import SHARES


class Bars:
    """One bar per stage, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<8}", table_column=Column(min_width=8, no_wrap=True)),
            BarColumn(bar_width=min(30, console.width // 4)),
            TextColumn("{task.percentage:>3.0f} %", table_column=Column(min_width=5, no_wrap=True)),
            TextColumn("{task.fields[words]}", style="dim", table_column=Column(ratio=1, no_wrap=True)),
            console=console,
            expand=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        self._progress.console.print(one_line(text), markup=False, highlight=False)

    def draw(self, old: Run, new: Run) -> None:
        for warning in new.warnings[len(old.warnings) :]:
            self.say(f"  {warning.text}")
        for stage in new.stages:
            if stage == old.stage(stage.name):
                continue
            if stage.name not in self._tasks:
                self._tasks[stage.name] = self._progress.add_task(stage.name, total=1.0, words="")
            self._progress.update(self._tasks[stage.name], completed=_shown_fraction(stage), words=_words(stage))


class Lines:
    """A line where a stage starts and ends, for every tenth of it and for each of its parts: for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.flush()

    def say(self, text: str) -> None:
        try:
            print(one_line(text), file=self._stream, flush=True)
        except OSError:  # whoever read along has left, or the log's disk is full: the work goes on all the same
            fall_silent()

    def draw(self, old: Run, new: Run) -> None:
        for warning in new.warnings[len(old.warnings) :]:
            self.say(f"  {warning.text}")
        for stage in new.stages:
            before = old.stage(stage.name)
            if before is None or before.state != stage.state:
                self.say(f"{stage.name}: {'started' if stage.state == 'running' else _words(stage)}")
            elif stage.state == "running" and _is_news(before, stage):
                self.say(f"{stage.name}: {stage.fraction:4.0%}  {_words(stage)}")


Screen = Bars | Lines


def open_screen(stream: TextIO) -> Screen:
    """The best that this stream can show."""
    console = Console(file=stream, soft_wrap=True)
    return Bars(console) if console.is_terminal and not console.is_dumb_terminal else Lines(stream)


def clock(seconds: float) -> str:
    """'0:07', '12:30' or '1:02:03'"""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def pace(rate_per_s: float, total: int) -> str:
    """'12.5/s' of what is counted; a verb of several parts counts shares of itself, which are per cent to a person."""
    return f"{100 * rate_per_s / SHARES:.2g} %/s" if total == SHARES else f"{rate_per_s:.3g}/s"


def size(size_bytes: float) -> str:
    """'812 B', '3.4 MB'"""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" or size_bytes >= 100 else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


def _is_news(before: StageRun, now: StageRun) -> bool:
    """Another tenth is done, or something else is being done."""
    return int(10 * now.fraction) > int(10 * before.fraction) or now.facts.get("doing") != before.facts.get("doing")


def _shown_fraction(stage: StageRun) -> float:
    return 1.0 if stage.state in ("done", "doubtful") else stage.fraction


def _words(stage: StageRun) -> str:
    """'12.5/s, 0:31 left, registered 31' while it runs; how it ended afterwards."""
    if stage.state != "running":
        took = f" after {clock(stage.ended_s - stage.started_s)}" if stage.started_s and stage.ended_s else ""
        doubts = f": {'; '.join(stage.doubts)}" if stage.doubts else ""
        return f"{stage.state}{took}{doubts}"
    parts = []
    if stage.rate_per_s:
        parts.append(pace(stage.rate_per_s, stage.total))
    if stage.left_s is not None:
        parts.append(f"{clock(stage.left_s)} left")
    for name, value in stage.facts.items():
        shown = f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
        parts.append(shown if name == "doing" else f"{name} {shown}")
    return one_line(", ".join(parts))
