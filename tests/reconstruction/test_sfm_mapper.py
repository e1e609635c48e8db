"""The mapping process: its death is a fact, and it never outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from reconstruction.errors import MappingCrashed
from reconstruction.sfm.mapper import Mapper
from reconstruction.sfm.mapper import follow
from reconstruction.sfm.mapping import Mapping
from tests.places import ROOT


pytestmark = pytest.mark.slow


def hopeless(tmp_path: Path) -> Mapping:
    return Mapping(tmp_path / "absent.db", tmp_path, tmp_path / "out", seed=0)


def ends_of(mapper: Mapper) -> MappingCrashed | None:
    return follow({"main": mapper}, lambda role, placed: None, lambda: None)["main"]


def test_an_error_of_the_library_is_said_and_the_process_lives_on(tmp_path: Path):
    with Mapper(tmp_path / "log") as mapper:
        for _ in range(2):
            mapper.start(hopeless(tmp_path))
            crash = ends_of(mapper)
            assert crash is not None
            assert crash.exit_code == 0
            assert "absent.db" in crash.last_words


def test_a_killed_process_is_a_crash_and_the_next_task_gets_a_new_one(tmp_path: Path):
    with Mapper(tmp_path / "log") as mapper:
        mapper.start(hopeless(tmp_path))
        ends_of(mapper)
        (child,) = (c for c in psutil.Process().children() if "spawn_main" in " ".join(c.cmdline()))
        os.kill(child.pid, signal.SIGSEGV)
        crash = ends_of(mapper)
        assert crash is not None
        assert crash.exit_code == -signal.SIGSEGV
        mapper.start(hopeless(tmp_path))
        again = ends_of(mapper)
        assert again is not None
        assert again.exit_code == 0


def test_the_process_leaves_when_its_parent_is_killed(tmp_path: Path):
    script = (
        "import os, sys, time; from pathlib import Path; from reconstruction.sfm.mapper import Mapper\n"
        "from reconstruction.sfm.mapping import Mapping\n"
        "if __name__ == '__main__':\n"
        "    here = Path(sys.argv[1]); mapper = Mapper(here / 'log')\n"
        "    mapper.start(Mapping(here / 'absent.db', here, here / 'out', 0))\n"
        "    mapper.connection.poll(60); print('up', flush=True); time.sleep(60)\n"
    )
    path = tmp_path / "parent.py"
    path.write_text(script)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, path, tmp_path], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert children
    parent.kill()
    parent.wait()
    until = time.monotonic() + 5
    while time.monotonic() < until and any(child.is_running() for child in children):
        time.sleep(0.05)
    assert not any(child.is_running() for child in children)
