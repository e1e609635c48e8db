"""Child: one child process, owned by one thread of the parent, which relays its words and climbs the cancel ladder."""

import os
import signal
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Literal

from app import worker
from app.events import Event
from app.events import JobEnded
from app.log import append
from app.log import last_printed
from app.problems import explain
from app.problems import explain_death
from app.worker import Order
from app.worker import ShowPreviews
from app.worker import Stop


_spawn = get_context("spawn")


@dataclass(frozen=True, slots=True)
class Graces:
    """How long each rung of the cancel ladder is given."""

    ask_s: float = 8.0
    terminate_s: float = 2.0
    farewell_s: float = 5.0
    """After the last word: some libraries take long to leave, or hang in it."""


Request = Literal["cancel", "kill"]


class Child:
    """Born with a thread of its own, in which ``deliver`` is called: last with JobEnded, once the process is gone."""

    def __init__(self, order: Order, deliver: Callable[[Event], None], graces: Graces) -> None:
        self._order = order
        self._deliver = deliver
        self._graces = graces
        self._requests, self._requesting = _spawn.Pipe(duplex=False)
        self._stage = ""
        self._end: JobEnded | None = None
        self._rung: Literal["none", "asked", "terminated", "killed"] = "none"
        self._deadline_s: float | None = None
        self._cancelled = False
        self.thread = threading.Thread(target=self._own, name=f"job {order.job}", daemon=True)
        self.thread.start()

    def say(self, message: Request | ShowPreviews) -> None:
        """From any thread; after the end it is not heard."""
        with suppress(OSError):
            self._requesting.send(message)

    def _own(self) -> None:
        pipe, theirs = _spawn.Pipe()
        process = _spawn.Process(target=worker.main, args=(self._order, theirs), name=f"splatroom {self._order.job}")
        try:
            with _interrupts_kept_from_children():
                process.start()
        except OSError as error:
            self._finish(JobEnded(self._order.job, "", time.time(), "failed", explain(error, self._order.log_path)))
            return
        theirs.close()
        self._relay(process, pipe)
        exit_code = _bury(process)
        pipe.close()
        self._finish(self._end or self._death(exit_code))

    def _relay(self, process: SpawnProcess, pipe: Connection) -> None:
        """Until the process is gone and its last word heard."""
        talking = True
        while True:
            sources = [process.sentinel, self._requests, *([pipe] if talking else [])]
            ready = wait(sources, self._patience_s())
            if not ready:
                self._climb(process, pipe)
            if self._requests in ready:
                self._obey(self._requests.recv(), process, pipe)
            if talking and pipe in ready:
                talking = self._heard(pipe)
            elif process.sentinel in ready:
                return

    def _heard(self, pipe: Connection) -> bool:
        """Takes one word; False at the end of the pipe."""
        try:
            event = pipe.recv()
        except (EOFError, OSError):
            return False
        self._stage = event.stage
        if isinstance(event, JobEnded):
            self._end = event  # delivered when the process is gone: only then are its lock and memory free
            self._wait(self._graces.farewell_s)
            self._rung = "asked" if self._rung == "none" else self._rung
        else:
            self._deliver(event)
        return True

    def _obey(self, message: Request | ShowPreviews, process: SpawnProcess, pipe: Connection) -> None:
        match message:
            case "cancel":
                self._cancelled = True
                if self._rung == "none":
                    self._climb(process, pipe)
            case "kill":
                self._cancelled = True
                self._rung = "terminated"
                self._climb(process, pipe)
            case ShowPreviews():
                with suppress(OSError):
                    pipe.send(message)

    def _climb(self, process: SpawnProcess, pipe: Connection) -> None:
        """One rung: ask, terminate, kill."""
        match self._rung:
            case "none":
                with suppress(OSError):
                    pipe.send(Stop())
                self._rung = "asked"
                self._wait(self._graces.ask_s)
            case "asked":
                process.terminate()
                self._rung = "terminated"
                self._wait(self._graces.terminate_s)
            case "terminated":
                process.kill()
                self._rung = "killed"
                self._deadline_s = None
            case "killed":
                pass

    def _wait(self, grace_s: float) -> None:
        self._deadline_s = time.monotonic() + grace_s

    def _patience_s(self) -> float | None:
        return None if self._deadline_s is None else max(0.0, self._deadline_s - time.monotonic())

    def _death(self, exit_code: int | None) -> JobEnded:
        """The last word of a process that could not say it."""
        order = self._order
        if self._cancelled:
            end = JobEnded(order.job, self._stage, time.time(), "cancelled")
        else:
            problem = explain_death(exit_code, order.log_path, last_printed(order.log_path))
            end = JobEnded(order.job, self._stage, time.time(), "failed", problem)
        with suppress(OSError):  # a full disk must not keep the word from the person
            append(order.log_path, end)
        return end

    def _finish(self, end: JobEnded) -> None:
        self._requesting.close()
        self._requests.close()
        self._deliver(end)


@contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """A child inherits its starter's signal mask: no Ctrl-C reaches it before it can ignore it itself."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _bury(process: SpawnProcess) -> int | None:
    """Its exit code. Nothing it started outlives it; the group is its own until the join frees the number."""
    if hasattr(os, "killpg") and process.pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.join()
    exit_code = process.exitcode
    process.close()
    return exit_code
