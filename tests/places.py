"""Where tests and benchmarks find the real captures that lie beside the project."""

from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parent.parent


def shared_data(name: str) -> Path:
    """A capture of the team's data folder; skips the test, saying so, where that folder is absent."""
    path = ROOT.parent / "shared" / "data" / name
    if not path.exists():
        pytest.skip(f"the real capture {name!r} is not on this machine ({path} is absent)")
    return path
