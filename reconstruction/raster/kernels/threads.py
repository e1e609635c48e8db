"""How many threads the kernels use."""

import numba
from numba.core import config


def most_threads() -> int:
    """What numba found or was told (NUMBA_NUM_THREADS) when it was imported."""
    return int(vars(config)["NUMBA_NUM_THREADS"])


def use_threads(count: int | None) -> None:
    """Lets kernels called from this Python thread use so many, at most ``most_threads``; None: all of them."""
    numba.set_num_threads(max(1, min(count or most_threads(), most_threads())))
