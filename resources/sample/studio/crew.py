"""Work shared out among all processors."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def share_out(work: Callable[[int, int], None], count: int) -> None:
    """Calls ``work(start, stop)`` for pieces that together cover ``range(count)``; work must let go of the GIL.

    Not numba's prange: that cannot carry a tuple of tuples such as a `Place`.
    """
    piece = max(1, count // 64)
    with ThreadPoolExecutor(os.cpu_count()) as crew:
        pieces = [crew.submit(work, start, min(start + piece, count)) for start in range(0, count, piece)]
    for done in pieces:
        done.result()
