"""The note that start.py leaves in `.venv`, and what it tells a later start to do.

start.py reads it before anything is installed: standard library only, and no syntax newer than Python 3.8.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path


@dataclass(frozen=True)
class Note:
    """What an environment is made of. `ready` is written last: without it the environment is half made.

    `adopted`: somebody else made it, so that start.py adds to it and never removes it.
    """

    root: str
    python: str
    project_hash: str
    extras: tuple[str, ...]
    torch_wish: str
    nvidia: bool
    adopted: bool = False
    ready: bool = False


def read_note(path: Path) -> Note | None:
    """None where start.py left none, because somebody else made the environment or nobody."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Note(**{**said, "extras": tuple(said["extras"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):  # torn, or another version's: ours, but not to be relied on
        return Note("", "", "", (), "", nvidia=False)


def write_note(note: Note, path: Path) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(asdict(note)), encoding="utf-8")
    beside.replace(path)


def work_needed(found: Note | None, wanted: Note, python_exists: bool) -> str:
    """`nothing`, `install` (into what is there, if anything) or `remake`."""
    if found is None:
        return "install"
    if not (found.ready and python_exists) or (found.root, found.python) != (wanted.root, wanted.python):
        return "remake"
    other_torch = wanted.torch_wish not in ("", found.torch_wish)
    card_is_new = wanted.nvidia and not found.nvidia and not found.torch_wish
    if other_torch or card_is_new:
        return "remake"
    whole = found.project_hash == wanted.project_hash and set(wanted.extras) <= set(found.extras)
    return "nothing" if whole else "install"


def joined(found: Note, wanted: Note) -> Note:
    """What is there once `wanted` is installed into `found`. A build of torch once asked for stays."""
    extras = tuple(sorted({*found.extras, *wanted.extras}))
    torch_wish = wanted.torch_wish or found.torch_wish
    nvidia = found.nvidia or wanted.nvidia
    return replace(wanted, extras=extras, torch_wish=torch_wish, nvidia=nvidia, adopted=found.adopted)
