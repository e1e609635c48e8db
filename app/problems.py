"""From what went wrong to words for a person: what happened, and what to try."""

import errno
import os
import shutil
import signal
import traceback
from dataclasses import dataclass
from pathlib import Path

from app.app_words import Words
from app.app_words import app_words
from app.errors import DeviceMissing
from app.science_words import science_words


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that stopped the work, said to the person whose work it is."""

    title: str
    """Short; no path in it."""
    happened: str
    try_this: str
    log_path: str = ""
    """The job's log, where there was a job."""
    report: str = ""
    """For us, where the fault is ours: the traceback, or the last lines that were printed."""


def explain(error: BaseException, log_path: Path | None = None) -> Problem:
    """The words for an exception; whatever we did not foresee is our fault and says so."""
    words = science_words(error) or app_words(error) or _system_words(error)
    log = str(log_path or "")
    if words is None and log_path and _full(log_path):
        words = _disk_full("")  # native libraries go on with half of what they wrote, and stumble over it later
    if words is not None:
        return Problem(*words, log)
    return Problem(
        "This is our fault",
        f"Splatroom met something it was not prepared for: {type(error).__name__}: {error}",
        "Nothing you made is lost. Start again to go on from the last step; if it happens again, send us the log.",
        log,
        "".join(traceback.format_exception(error)),
    )


def explain_death(exit_code: int | None, log_path: Path, printed: tuple[str, ...]) -> Problem:
    """The words for a worker that died without a word of its own."""
    name = _signal_name(exit_code)
    report = "\n".join(printed)
    if name == "SIGKILL" or exit_code == _WINDOWS_NO_MEMORY:
        return Problem(
            "This computer ran out of memory",
            f"The work was ended from outside ({name or 'no memory left'}): so does a system out of memory.",
            _NEED_LESS,
            str(log_path),
            report,
        )
    if _full(log_path):
        return Problem(*_disk_full(""), str(log_path), report)
    how = f"by {name}" if name else f"with code {exit_code}"
    return Problem(
        "The work broke off",
        f"The process doing the work crashed ({how}); that is a fault in Splatroom or in a library or driver it uses.",
        "Nothing you made is lost. Start again to go on from the last step; if it happens again, send us the log.",
        str(log_path),
        report,
    )


_NEED_LESS = (
    "Close other programs, or choose a smaller preset or fewer photos, then start again: it goes on from the last step."
)
_WINDOWS_NO_MEMORY = 0xC0000017
_WINDOWS_DEATHS = {
    0xC0000005: "an access violation",
    0xC00000FD: "a stack overflow",
    0xC000001D: "an illegal instruction",
}


def _signal_name(exit_code: int | None) -> str:
    if exit_code is None:
        return ""
    if exit_code < 0 and -exit_code in {member.value for member in signal.Signals}:
        return signal.Signals(-exit_code).name
    return _WINDOWS_DEATHS.get(exit_code & 0xFFFFFFFF, "")


def _system_words(error: BaseException) -> Words | None:
    match error:
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return _disk_full(_of(error))
        case OSError(errno=errno.EACCES | errno.EPERM | errno.EROFS):
            return (
                "A file or folder may not be written or read",
                f"The system refused access{_of(error)} ({error.strerror}).",
                "Give yourself the right to it, or choose another folder with --project.",
            )
        case OSError(errno=errno.ENOENT):
            return (
                "A file is not there",
                f"Something went missing{_of(error)}.",
                "Check the name, and that its drive is connected.",
            )
        case OSError() if error.strerror:
            return (
                "The system could not read or write a file",
                f"{error.strerror}{_of(error)}.",
                "Check the drive and its connection, then start again.",
            )
        case MemoryError():
            return _OUT_OF_MEMORY
        case RuntimeError() if str(error).startswith("CUDA cannot be used"):  # reconstruction/raster/choose.py
            return app_words(DeviceMissing("cuda", str(error)))
        case RuntimeError() if "out of memory" in str(error).lower():  # torch's class cannot be named without torch
            return _OUT_OF_MEMORY
    return None


_OUT_OF_MEMORY = (
    "There was not enough memory",
    "The work needed more memory than this computer or its graphics card has free.",
    _NEED_LESS,
)


FULL_BYTES = 2**20
"""With less room than this, a disk counts as full: what stumbled has often tidied up a little before we look."""


def _full(log_path: Path) -> bool:
    """Whether the disk that the job wrote to has no room."""
    try:
        return shutil.disk_usage(log_path.parent).free < FULL_BYTES
    except OSError:
        return False


def _disk_full(of: str) -> Words:
    return (
        "The disk is full",
        f"There was no room left to write{of}.",
        "Free some space, then start again: it goes on from the last step.",
    )


def _of(error: OSError) -> str:
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else ""
    return f": {name.removesuffix('.part')}" if name else ""
