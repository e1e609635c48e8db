"""Where compiled kernels are kept, and how numba's threads are chosen. Runs before numba is imported.

numba's ``cache=True`` watches only the file of the cached function: after an edit to a helper in another file, the old
result keeps coming back. So the cache lies in a folder named by the text of all kernels, numba's version and Python's.
"""

import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path


FOLDER = Path(__file__).parent
SOURCES = (*FOLDER.glob("*.py"), FOLDER.parent.parent / "harmonics.py")


def stamp() -> str:
    """A short name for exactly these kernels, compiled by exactly this compiler."""
    text = hashlib.sha256()
    for path in sorted(SOURCES):
        text.update(path.read_bytes() if path.exists() else path.name.encode())
    text.update(f"{version('numba')} {version('llvmlite')} {sys.version}".encode())
    return f"kernels-{text.hexdigest()[:16]}"


def cache_folder(chosen: str | None, name: str) -> Path:
    """The folder ``name`` inside the folder that the person chose (NUMBA_CACHE_DIR), or inside their cache.

    A child process inherits its parent's choice, which ends in the stamp already.
    """
    base = Path(chosen) if chosen else user_cache_path("splatroom", appauthor=False)
    return base if base.name == name else base / name


def prepare() -> None:
    """Points numba at that folder, and at OpenMP before TBB.

    OpenMP is on every machine and lets the number of threads be changed later; numba's own workqueue, the last resort,
    aborts the process when two Python threads call kernels at once. Waiting threads sleep: spinning, they would take
    the time of whatever else runs on a busy machine, themselves included.
    """
    folder = str(cache_folder(os.environ.get("NUMBA_CACHE_DIR"), stamp()))
    os.environ["NUMBA_CACHE_DIR"] = folder
    os.environ.setdefault("NUMBA_THREADING_LAYER_PRIORITY", "omp tbb workqueue")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    numba = sys.modules.get("numba")
    if numba is not None:  # imported by somebody else first: its settings were read already
        numba.config.CACHE_DIR = folder
        numba.config.THREADING_LAYER_PRIORITY = os.environ["NUMBA_THREADING_LAYER_PRIORITY"].split()
