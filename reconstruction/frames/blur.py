"""Photos that are blurred, told apart from photos of a plain wall."""

from collections.abc import Sequence

import numpy as np

from reconstruction.frames.look import Look


MOST_DROPPED = 0.2
"""Where more of a set looks blurred, the measure is wrong about the place, or the person has nothing better."""
NEIGHBOURS = 6
"""On either side: far enough to see past a shaken second, near enough to show the same part of the place."""


def blurred_among(looks: Sequence[Look], groups: Sequence[int], blurred_below: float) -> dict[int, float]:
    """Indices of blurred pictures, with their sharpness as a share of their neighbours' (of the same camera).

    A picture is blurred when its fine detail AND its strongest edges fall behind its neighbours' and its coarse detail
    does not fall behind as far: a plain wall lacks all three, a door in a plain wall keeps its edges.
    """
    shares: dict[int, float] = {}
    for group in sorted(set(groups)):
        members = [index for index, other in enumerate(groups) if other == group]
        for place, index in enumerate(members):
            around = members[max(0, place - NEIGHBOURS) : place] + members[place + 1 : place + 1 + NEIGHBOURS]
            share = _share_if_blurred(looks[index], [looks[other] for other in around], blurred_below)
            if share is not None:
                shares[index] = share
    worst_first = sorted(shares, key=lambda index: shares[index])
    return {index: shares[index] for index in sorted(worst_first[: int(MOST_DROPPED * len(looks))])}


def _share_if_blurred(look: Look, neighbours: Sequence[Look], blurred_below: float) -> float | None:
    """None where the picture is not blurred, or has too few neighbours to be judged by."""
    if len(neighbours) < 2:
        return None
    share = _share(look.sharpness, [other.sharpness for other in neighbours])
    if share >= blurred_below:
        return None
    # Sharpness is a variance, an edge a magnitude: hence the root.
    if _share(look.edge, [other.edge for other in neighbours]) >= blurred_below**0.5:
        return None
    coarse_share = max(
        _share(coarse, [other.coarse[level] for other in neighbours]) for level, coarse in enumerate(look.coarse)
    )
    return share if share < 0.5 * coarse_share else None


def _share(value: float, others: Sequence[float]) -> float:
    median = float(np.median(others))
    return value / median if median > 0 else 1.0
