"""The child process: runs one job, says how it goes, and never outlives its parent."""

import faulthandler
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from app.events import Outcome
from app.log import printed_path
from app.problems import Problem
from app.problems import explain
from app.voice import ORPHANED
from app.voice import Previews
from app.voice import Task
from app.voice import Voice
from reconstruction.progress import Cancelled


@dataclass(frozen=True, slots=True)
class Order:
    """One job, as it is sent to the child."""

    job: str
    task: Task
    project: Path
    log_path: Path
    threads: int = 1
    preview_gap_s: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Down the pipe: leave the disk valid and end."""


@dataclass(frozen=True, slots=True)
class ShowPreviews:
    """Down the pipe: from now on at most one preview in so many seconds; None: none at all."""

    gap_s: float | None


def main(order: Order, pipe: Connection) -> None:
    """All that a child process does."""
    _stand_apart()
    _step_back()
    _limit_threads(order.threads)
    voice = Voice(order.job, order.log_path, pipe, Previews(order.project / "preview", order.preview_gap_s))
    threading.Thread(target=_listen, args=(pipe, voice), name="parent's words", daemon=True).start()
    voice.ended(*_carried_out(order.task, voice))


def _carried_out(task: Task, voice: Voice) -> tuple[Outcome, Problem | None]:
    try:
        _print_into(printed_path(voice.log_path))
        task(voice)
    except Cancelled:
        return "cancelled", None
    except Exception as error:  # the one top of this process: everything becomes words here
        return "failed", explain(error, voice.log_path)
    return "done", None


def _listen(pipe: Connection, voice: Voice) -> NoReturn:
    """Waits for the parent's words; the end of the pipe is the parent's death."""
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            return _leave()
        match message:
            case Stop():
                voice.stop.set()
            case ShowPreviews(gap_s=gap_s):
                voice.previews.gap_s = gap_s


def _leave() -> NoReturn:
    """Gone at once, with every process started from here."""
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(ORPHANED)


def _stand_apart() -> None:
    """Ctrl-C and a closing terminal are the parent's business: it asks politely. The group lets it bury us whole."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _step_back() -> None:
    """The window and other programs go first; when memory runs out, the system is to end us, not them."""
    if sys.platform == "win32":
        import psutil  # costs the parent's start 50 ms, and is needed in the child on this system alone

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        return
    os.nice(5)
    with suppress(OSError):  # Linux has this file
        Path("/proc/self/oom_score_adj").write_text("500")


def _print_into(path: Path) -> None:
    """What libraries print goes beside the log: the terminal shows progress, and a crash leaves its trace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a", buffering=1, encoding="utf-8", errors="replace")
    for descriptor in (1, 2):
        os.dup2(file.fileno(), descriptor)
    sys.stdout = sys.stderr = file
    faulthandler.enable(2)


def _limit_threads(threads: int) -> None:
    """Read by the libraries when they are imported, which is why nothing heavy has been yet."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)
