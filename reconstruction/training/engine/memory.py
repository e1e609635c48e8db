"""How much memory this process has needed at most."""

import sys

import psutil


def process_peak_bytes() -> int:
    """The largest resident size so far."""
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource  # not there on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
