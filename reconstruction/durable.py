"""Files that are whole or not there: what a power cut leaves behind is the old file or the new one."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


PATIENCE_S = 2.0
"""On Windows a reader or a virus scanner may hold the old file for a moment."""


def write_durably(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """What ``write`` puts into the file it is given, at ``path``: beside first, flushed to the disk, then renamed."""
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        _replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_whole(path: Path, content: bytes) -> None:
    """The same for content that is known already."""
    write_durably(path, lambda file: file.write(content))


def _replace(beside: Path, path: Path) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            beside.replace(path)
            return
        except PermissionError:
            if time.monotonic() > give_up_s:
                raise
            time.sleep(0.05)


def _sync_folder(folder: Path) -> None:
    """Makes the new name itself survive a power cut; Windows neither needs nor allows it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
