"""Kernels are loaded, never compiled, by the process that draws with them: so every run gets the same bits.

What numba has just compiled and what a later process loads are two codes. The body of a parallel loop is optimised
again in each library that it is linked into, which may sum in another order; a process that compiles calls the first
copy, a process that loads has the last one alone. Therefore a child process compiles everything, once for a machine.
"""

import hashlib
import os
import sys
import threading
from functools import cache
from multiprocessing import get_context
from multiprocessing import parent_process
from pathlib import Path

from filelock import FileLock
from llvmlite import binding

from reconstruction.raster.kernels.cache import SOURCES
from reconstruction.raster.kernels.rehearsal import rehearse


@cache
def ensure_compiled() -> None:
    """Returns when this machine holds all kernels ready to load: after a millisecond, or half a minute the first time.

    Should the child fail, kernels are compiled where they are called, as numba always does.
    """
    if marker().exists():
        return
    print("preparing this machine: compiling the kernels, once", file=sys.stderr, flush=True)
    child = get_context("spawn").Process(target=compile_all, name="compiler", daemon=False)
    child.start()
    child.join()
    if child.exitcode:
        print(f"compiling ahead failed ({child.exitcode}): the last bits may differ this time", file=sys.stderr)


def compile_all() -> None:
    """The child's whole life. Two at once wait for each other; one that is killed leaves no marker."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    done = marker()
    done.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(done.with_suffix(".lock")):
        if not done.exists():
            rehearse()
            done.touch()


def marker() -> Path:
    """The file that says that the cache is complete, named by what numba asks before it loads: processor and sources.

    numba trusts a source file's path, time and size; in a frozen program, which has none, those of the program.
    """
    asked = [binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    for path in [Path(sys.executable)] if getattr(sys, "frozen", False) else sorted(SOURCES):
        about = path.stat()
        asked += [str(path), str(about.st_mtime_ns), str(about.st_size)]
    name = hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]
    return Path(os.environ["NUMBA_CACHE_DIR"]) / f"compiled-{name}"


def _leave_with_parent() -> None:
    """Whoever kills the parent waits for all that holds its pipes."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
