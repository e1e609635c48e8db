"""A child process that maps: native crashes in there cost one attempt, and it can be stopped at any moment."""

import os
import queue
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType

from reconstruction.errors import MappingCrashed
from reconstruction.sfm.mapping import Task
from reconstruction.sfm.mapping import run


class Mapper:
    """Does one task at a time; leaves with its parent, and at once when closed."""

    def __init__(self, log: Path) -> None:
        """What pycolmap says goes into ``log``; the child is started by the first task."""
        self._log = log
        self._process = None
        self._connection: Connection | None = None

    def start(self, task: Task) -> None:
        if self._connection is None:
            context = get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs, self._log), name="mapper")
            self._process.start()
            theirs.close()
        self._connection.send(task)

    @property
    def connection(self) -> Connection:
        """Readable when there is news."""
        assert self._connection is not None, "no task was started"
        return self._connection

    def news(self) -> int | None:
        """How many photos have a place, or None when the task is done; MappingCrashed where it failed."""
        try:
            said = self.connection.recv()
        except (EOFError, ConnectionError) as gone:
            raise MappingCrashed(self._bury(), last_words(self._log)) from gone
        if isinstance(said, str):
            raise MappingCrashed(0, said)
        return said

    def close(self) -> None:
        """Kills it: what it was writing is scratch, and pycolmap's own handler would only print a trace."""
        if self._process is not None:
            self._process.kill()
            self._bury()

    def _bury(self) -> int:
        process, self._process = self._process, None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if process is None:
            return 0
        process.join()
        return process.exitcode or 0

    def __enter__(self) -> "Mapper":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def follow(
    mappers: dict[str, Mapper], heard: Callable[[str, int], None], check: Callable[[], None]
) -> dict[str, MappingCrashed | None]:
    """Waits until every named mapper is done; None for each that did its task, else its crash.

    ``check`` is called at least five times a second and may raise to leave.
    """
    ends: dict[str, MappingCrashed | None] = {}
    while len(ends) < len(mappers):
        check()
        waiting = {mapper.connection: name for name, mapper in mappers.items() if name not in ends}
        for ready in wait(list(waiting), timeout=0.2):
            name = next(name for connection, name in waiting.items() if connection is ready)
            try:
                placed = mappers[name].news()
            except MappingCrashed as crash:
                ends[name] = crash
                continue
            if placed is None:
                ends[name] = None
            else:
                heard(name, placed)
    return ends


def last_words(log: Path) -> str:
    """The last line that the library wrote before it died."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return next(
        (line for line in reversed(lines) if "Check failed" in line or " E" in line[:12]), lines[-1] if lines else ""
    )


def serve(connection: Connection, log: Path) -> None:
    """The child's whole life: tasks come in, numbers of placed photos and a final None go out."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    tasks: queue.Queue[Task] = queue.Queue()
    threading.Thread(target=_listen, args=(connection, tasks), daemon=True).start()
    while True:
        task = tasks.get()
        try:
            run(task, connection.send)
        except (RuntimeError, ValueError, IndexError, OSError) as error:
            connection.send(f"{type(error).__name__}: {error}")
        else:
            connection.send(None)


def _listen(connection: Connection, tasks: queue.Queue) -> None:
    """End of the pipe: the parent is gone, and so is whoever wants the result."""
    try:
        while True:
            tasks.put(connection.recv())
    except (EOFError, OSError):
        os._exit(1)
