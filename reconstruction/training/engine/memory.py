"""How much memory this process has taken at most."""

from pathlib import Path

import psutil


STATUS = Path("/proc/self/status")


def peak_process_bytes() -> int:
    """The largest resident size so far; where the system keeps no such mark, the present size."""
    if STATUS.exists():
        for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):  # getrusage's mark survives exec, and would count the parent's memory too
                return int(line.split()[1]) * 1024
    memory = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))
