"""What says "done" is there whole or not at all, whatever dies in between."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.write_done import write_done
from tests.places import ROOT


def test_it_replaces_the_whole_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "stage.json"
    write_done(path, "a" * 1000)
    write_done(path, "ä")
    assert path.read_bytes() == "ä".encode()
    assert list(tmp_path.iterdir()) == [path]


WRITER = """
import sys
from pathlib import Path
from app.write_done import write_done
path = Path(sys.argv[1])
letters = "abcdefghij"
print("ready", flush=True)
while True:
    for letter in letters:
        write_done(path, letter * 100_000)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_a_kill_at_any_moment_leaves_one_whole_version(tmp_path: Path) -> None:
    path = tmp_path / "stage.json"
    for attempt in range(10):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.003 * attempt)
            writer.send_signal(signal.SIGKILL)
        if path.exists():
            content = path.read_text()
            assert len(content) == 100_000
            assert len(set(content)) == 1


class Refusing:
    """A disk that is full, or a file that a scanner holds: what the system says is raised a number of times."""

    def __init__(self, error: OSError, times: int) -> None:
        self.error, self.left = error, times
        self.real = Path.replace

    def __call__(self, source: Path, target: Path) -> Path:
        if self.left > 0:
            self.left -= 1
            raise self.error
        return self.real(source, target)


def test_a_file_that_a_scanner_holds_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(PermissionError(errno.EACCES, "held"), times=3)
    monkeypatch.setattr(Path, "replace", lambda source, target: refusing(source, target))
    write_done(tmp_path / "stage.json", "done")
    assert (tmp_path / "stage.json").read_text() == "done"
    assert refusing.left == 0


def test_a_refused_write_keeps_the_old_file_and_no_scrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stage.json"
    write_done(path, "old")
    refusing = Refusing(OSError(errno.ENOSPC, "No space left on device"), times=1)
    monkeypatch.setattr(Path, "replace", lambda source, target: refusing(source, target))
    with pytest.raises(OSError, match="No space"):
        write_done(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
