"""Disks that are small or may not be written, for tests run by root on Linux."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A new file system in that folder; skips the test, saying so, where none can be mounted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a file system can only be mounted by root on Linux")
    folder.mkdir()
    answer = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if answer.returncode:
        pytest.skip(f"tmpfs cannot be mounted here: {answer.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
