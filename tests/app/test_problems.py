"""Whatever goes wrong becomes words: what happened, and what to try."""

import errno
import signal
import typing
from pathlib import Path
from typing import Any

import pytest

from app import errors as app_errors
from app.problems import explain
from app.problems import explain_death
from reconstruction import errors as science_errors
from tests.app.disks import mounted


VALUES: dict[Any, Any] = {
    int: 3,
    float: 1.5,
    str: "a reason",
    str | None: "splats.max_steps",
    Path: Path("/photos/walk.mp4"),
    tuple[str, ...]: ("a.jpg", "b.jpg", "c.jpg", "d.jpg"),
    tuple[tuple[str, ...], ...]: (("a.jpg", "b.jpg"), ("c.jpg",)),
}


def leaves(root: type[Exception]) -> list[type[Exception]]:
    below = root.__subclasses__()
    return [leaf for each in below for leaf in leaves(each)] if below else [root]


FACTS = [
    *leaves(science_errors.CaptureError),
    *leaves(science_errors.FormatError),
    *leaves(science_errors.TrainingError),
    *leaves(app_errors.AppError),
]


def example(kind: type[Exception]) -> Exception:
    return kind(*(VALUES[hint] for hint in typing.get_type_hints(kind).values()))


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.__name__)
def test_every_fact_has_words_of_its_own(kind: type[Exception]) -> None:
    problem = explain(example(kind))
    assert problem.title != "This is our fault"
    assert problem.happened[-1] in ".)"
    assert problem.try_this
    assert "/" not in problem.title


def test_no_two_facts_share_a_title() -> None:
    assert len({explain(example(kind)).title for kind in FACTS}) == len(FACTS)


def test_the_unforeseen_is_our_fault_and_keeps_its_traceback(tmp_path: Path) -> None:
    try:
        raise ZeroDivisionError("a bug")
    except ZeroDivisionError as error:
        problem = explain(error, tmp_path / "log.jsonl")
    assert problem.title == "This is our fault"
    assert "test_problems.py" in problem.report
    assert problem.log_path == str(tmp_path / "log.jsonl")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "disk is full"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "may not be written"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "may not be written"),
        (OSError(errno.EIO, "Input/output error", "/x"), "could not read or write"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/x"), "not there"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "not enough memory"),
    ],
)
def test_the_systems_refusals_are_told_apart(error: Exception, words: str) -> None:
    assert words in explain(error).title


def test_a_library_that_stumbles_over_a_full_disk_is_called_that_and_not_our_fault(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=100k") as small:  # less than counts as room
        log = small / "log.jsonl"
        assert explain(IndexError("unordered_map::at"), log).title == "The disk is full"
        assert explain_death(-signal.SIGABRT, log, ()).title == "The disk is full"
        assert "out of memory" in explain_death(-9, log, ()).title
    assert explain(IndexError("unordered_map::at"), tmp_path / "log.jsonl").title == "This is our fault"


def test_a_death_names_its_signal_and_what_was_printed_last() -> None:
    killed = explain_death(-9, Path("log"), ())
    assert "out of memory" in killed.title
    crashed = explain_death(-signal.SIGSEGV, Path("log"), ("Fatal Python error: Segmentation fault",))
    assert "SIGSEGV" in crashed.happened
    assert "Segmentation fault" in crashed.report
    assert "access violation" in explain_death(0xC0000005, Path("log"), ()).happened
    assert "code 7" in explain_death(7, Path("log"), ()).happened
