"""One log file per job: every event as a line of JSON. Folding it again gives the same Run."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

from app.events import Event
from app.events import Run
from app.events import fold
from app.events import from_json
from app.events import to_json


def new_log(project_folder: Path, now: datetime, kind: str = "") -> Path:
    """Where a job that starts now writes its events; what libraries print lies beside it as ``.txt``.

    Nothing is written yet: while the job waits in the queue, the log before it tells how the project stands.
    """
    folder = project_folder / "log" / kind
    stamp = now.strftime("%Y%m%d-%H%M%S")
    names = (f"{stamp}-{number}.jsonl" if number else f"{stamp}.jsonl" for number in count())
    return next(folder / name for name in names if not (folder / name).exists())


def append(path: Path, event: Event) -> None:
    """One more line, complete before this returns."""
    line = json.dumps(to_json(event)) + "\n"
    with path.open("ab") as file:
        file.write(line.encode())


def read_log(path: Path) -> Iterator[Event]:
    """The events as far as they were written; a torn last line ends them."""
    with path.open("rb") as file:
        for line in file:
            event = _event(line)
            if event is None:
                return
            yield event


def replay(path: Path) -> Run:
    """What the job came to."""
    run = Run()
    for event in read_log(path):
        run = fold(run, event)
    return run


def last_event(path: Path) -> Event | None:
    """The newest whole event, found without reading the hours before it."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size_bytes - 65_536))
        lines = file.read().splitlines(keepends=True)
    return next((event for line in reversed(lines) if (event := _event(line)) is not None), None)


def printed_path(log_path: Path) -> Path:
    """Where the job's libraries print."""
    return log_path.with_suffix(".txt")


def last_printed(log_path: Path, most: int = 30) -> tuple[str, ...]:
    """The last lines that the job's libraries printed, for a report."""
    path = printed_path(log_path)
    if not path.exists():
        return ()
    return tuple(path.read_text(encoding="utf-8", errors="replace").splitlines()[-most:])


def _event(line: bytes) -> Event | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return from_json(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return None
