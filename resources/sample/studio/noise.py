"""Randomness that belongs to a place: the same point always gives the same number."""

import math
from typing import NamedTuple

from numba import njit


Colour = tuple[float, float, float]


class Palette(NamedTuple):
    """The colours of a finish, linear light."""

    ground: Colour
    second: Colour
    accent: Colour


class Spot(NamedTuple):
    """A point of a surface as a painter sees it; metres."""

    x: float
    y: float
    z: float
    u: float
    """Across the face, from its middle; on a round side, along the girth."""
    v: float
    """Up the face, from its middle."""
    half_u: float
    half_v: float
    face: int
    """2 * axis, + 1 on the positive side; -1 where the surface is round."""
    seed: int


@njit(cache=True)
def chance(i: int, j: int, k: int) -> float:
    """A number in [0, 1) for three integers. The mixing steps are those of MurmurHash3 (Appleby), 32 bits wide."""
    h = ((i * 73856093) ^ (j * 19349663) ^ (k * 83492791)) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return (h ^ (h >> 16)) / 4294967296.0


@njit(cache=True)
def noise(x: float, y: float, z: float) -> float:
    """Smooth value noise in [0, 1) with features one unit wide."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    f, g, h = x - i, y - j, z - k
    f, g, h = f * f * (3 - 2 * f), g * g * (3 - 2 * g), h * h * (3 - 2 * h)
    a = chance(i, j, k) * (1 - f) + chance(i + 1, j, k) * f
    b = chance(i, j + 1, k) * (1 - f) + chance(i + 1, j + 1, k) * f
    c = chance(i, j, k + 1) * (1 - f) + chance(i + 1, j, k + 1) * f
    d = chance(i, j + 1, k + 1) * (1 - f) + chance(i + 1, j + 1, k + 1) * f
    return (a * (1 - g) + b * g) * (1 - h) + (c * (1 - g) + d * g) * h


@njit(cache=True)
def clouds(x: float, y: float, z: float, octaves: int) -> float:
    """Noise on noise, each octave twice as fine and half as strong; in [0, 1)."""
    total, weight, sum_of_weights = 0.0, 1.0, 0.0
    for octave in range(octaves):
        total += weight * noise(x + 17.3 * octave, y - 9.1 * octave, z + 4.7 * octave)
        sum_of_weights += weight
        x, y, z, weight = 2.03 * x, 2.03 * y, 2.03 * z, weight / 2
    return total / sum_of_weights


@njit(cache=True)
def step(low: float, high: float, value: float) -> float:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@njit(cache=True)
def blend(start: Colour, end: Colour, share: float) -> Colour:
    """``start`` at share 0, ``end`` at share 1."""
    rest = 1.0 - share
    return (
        start[0] * rest + end[0] * share,
        start[1] * rest + end[1] * share,
        start[2] * rest + end[2] * share,
    )


@njit(cache=True)
def dim(colour: Colour, factor: float) -> Colour:
    """The colour with its light multiplied."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


@njit(cache=True)
def edge_m(spot: Spot) -> float:
    """How far the nearest edge of the face is, metres; a round side has only its rims."""
    if spot.face < 0:
        return spot.half_v - abs(spot.v)
    return min(spot.half_u - abs(spot.u), spot.half_v - abs(spot.v))


@njit(cache=True)
def pick(palette: Palette, share: float) -> Colour:
    """One of the three colours, by a number in [0, 1)."""
    if share < 0.4:
        return palette.ground
    if share < 0.75:
        return palette.second
    return palette.accent


@njit(cache=True)
def hue(turn: float) -> Colour:
    """A muted printing ink for a number in [0, 1): red, orange, ochre, green, teal, blue, ink or cream."""
    inks = (
        (0.42, 0.05, 0.04),
        (0.62, 0.20, 0.05),
        (0.66, 0.42, 0.10),
        (0.12, 0.24, 0.08),
        (0.05, 0.26, 0.26),
        (0.06, 0.13, 0.32),
        (0.03, 0.03, 0.04),
        (0.80, 0.72, 0.55),
    )
    return inks[min(int(turn * 8), 7)]
