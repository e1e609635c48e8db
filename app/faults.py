"""Faults on demand, for tests of what happens when a worker dies or the disk is full. Looked at by the worker alone.

``SPLATROOM_TEST_FAULT=segv:cameras`` makes the worker fault where that stage starts: ``segv`` a native crash, ``kill``
what the system does when memory runs out, ``full`` a disk without room.
"""

import errno
import os
import signal


VARIABLE = "SPLATROOM_TEST_FAULT"


def strike(stage: str) -> None:
    """Nothing, unless a test asked for a fault at this stage."""
    kind, _, where = os.environ.get(VARIABLE, "").partition(":")
    if where != stage:
        return
    if kind == "segv":
        signal.raise_signal(signal.SIGSEGV)
    elif kind == "kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    elif kind == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), stage)
