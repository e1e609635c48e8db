"""Voice: all that a child process says, into its job's log first and then up the pipe to the parent."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from app.events import Event
from app.events import JobEnded
from app.events import Outcome
from app.events import PreviewReady
from app.events import StageAdvanced
from app.events import StageFinished
from app.events import StageStarted
from app.events import Warned
from app.faults import strike
from app.log import append
from app.problems import Problem
from reconstruction.errors import PhotoWarning
from reconstruction.progress import Fact
from reconstruction.progress import Progress


if TYPE_CHECKING:
    from reconstruction.gaussians import Gaussians

ORPHANED = 3
"""Exit code of a child whose parent is gone."""


@dataclass(slots=True)
class Previews:
    """Where previews go and how often; the parent may change its mind at any time."""

    folder: Path
    gap_s: float | None = None
    """None: nobody is looking."""


class Voice:
    """Also the listener of every Progress that the job's verbs are given. May be used from any thread."""

    def __init__(self, job: str, log_path: Path, pipe: Connection, previews: Previews) -> None:
        self.stop = threading.Event()
        self.log_path = log_path
        self.previews = previews
        self._job = job
        self._pipe = pipe
        self._stage = ""
        self._lock = threading.Lock()
        self._previewed_s = -1e9

    def progress(self) -> Progress:
        """For the next verb."""
        return Progress(self, self.stop)

    def started(self, stage: str) -> None:
        self._stage = stage
        self._say(StageStarted(self._job, stage, time.time()))
        strike(stage)

    def finished(self, stage: str, doubts: tuple[str, ...] = ()) -> None:
        self._say(StageFinished(self._job, stage, time.time(), "doubtful" if doubts else "done", doubts))
        self._stage = ""

    def ended(self, outcome: Outcome, problem: Problem | None) -> None:
        """The last word. The parent hears it even where the disk has no room for it."""
        event = JobEnded(self._job, self._stage, time.time(), outcome, problem)
        with suppress(OSError), self._lock:
            append(self.log_path, event)
        self._send(event)

    def advanced(self, done: int, total: int, facts: dict[str, Fact]) -> None:
        self._say(StageAdvanced(self._job, self._stage, time.time(), done, total, facts))

    def warned(self, warning: PhotoWarning) -> None:
        self._say(Warned(self._job, self._stage, time.time(), type(warning).__name__, warning.photo, str(warning)))

    def preview_due(self) -> bool:
        gap_s = self.previews.gap_s
        return gap_s is not None and time.monotonic() - self._previewed_s >= gap_s

    def preview(self, gaussians: "Gaussians") -> None:
        from app.preview import write_preview  # numpy: the parent imports this module and must stay light

        self._previewed_s = time.monotonic()
        number = write_preview(self.previews.folder, gaussians)
        self._say(PreviewReady(self._job, self._stage, time.time(), number))

    def _say(self, event: Event) -> None:
        with self._lock:
            append(self.log_path, event)
        self._send(event)

    def _send(self, event: Event) -> None:
        try:
            with self._lock:
                self._pipe.send(event)
        except OSError:  # nobody is there to hear it, nor to want the work
            os._exit(ORPHANED)


Task = Callable[[Voice], None]
"""What a job does: a value that can be sent to the child, and called there. Raises Cancelled when asked to stop."""
