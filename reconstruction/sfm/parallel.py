"""Work on many items at once, heard and stoppable between any two of them."""

from collections.abc import Callable
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

from reconstruction.progress import Progress


Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, progress: Progress, doing: str
) -> list[Result]:
    """``work`` of every item, in order; for work that lets go of Python's lock (OpenCV, numpy, pycolmap).

    One thread an item: BLAS's own threads would only wait for each other (twice the CPU time, measured).
    """
    items = list(items)
    results: list[Result] = []
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        try:
            for result in pool.map(work, items):
                results.append(result)
                progress(len(results), len(items), doing=doing)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return results
