"""Paintings and lettering: (s, t) run from -1 to 1 over a picture, t upwards. Each gives linear reflectance."""

import math

from numba import njit

from resources.sample.studio.noise import Colour
from resources.sample.studio.noise import Palette
from resources.sample.studio.noise import Spot
from resources.sample.studio.noise import blend
from resources.sample.studio.noise import chance
from resources.sample.studio.noise import clouds
from resources.sample.studio.noise import dim
from resources.sample.studio.noise import hue
from resources.sample.studio.noise import pick
from resources.sample.studio.noise import step


PAPER = (0.80, 0.74, 0.62)
INK = (0.035, 0.032, 0.04)


@njit(cache=True)
def letters(along: float, line: int, seed: int) -> bool:
    """Whether ink lies here on a line of text; ``along`` counts letters."""
    word = math.floor(along / 6)
    if chance(word, line, seed) < 0.12:
        return False
    letter = math.floor(along)
    inside = along - letter
    return chance(letter, line, seed + 7) > 0.16 and (inside < 0.62 or chance(letter, line, seed + 9) > 0.7)


@njit(cache=True)
def picture(spot: Spot, palette: Palette) -> Colour:
    """A painting, with brush strokes."""
    colour = painting(spot.u / spot.half_u, spot.v / spot.half_v, spot.seed, palette)
    strokes = clouds(spot.u * 60, spot.v * 30 + spot.seed, 3.0, 2)
    return dim(colour, 0.78 + 0.38 * strokes)


@njit(cache=True)
def painting(s: float, t: float, seed: int, palette: Palette) -> Colour:
    """One of five subjects, by seed; (s, t) from -1 to 1."""
    subject = seed % 5
    if subject == 0:
        return _mountains(s, t, seed, palette)
    if subject == 1:
        return _squares(s, t, seed, palette)
    if subject == 2:
        return _herb(s, t, seed, palette)
    if subject == 3:
        return _circles(s, t, seed, palette)
    return _chart(s, t, seed, palette)


@njit(cache=True)
def _mountains(s: float, t: float, seed: int, palette: Palette) -> Colour:
    colour = blend(palette.accent, palette.second, step(-0.2, 1.0, t))
    clouding = step(0.5, 0.7, clouds(s * 2 + seed, t * 5, 1.0, 4))
    colour = blend(colour, PAPER, 0.6 * clouding)
    if math.hypot(s - 1.2 * (chance(seed, 1, 1) - 0.5), t - 0.5) < 0.17:
        colour = (0.85, 0.45, 0.15)
    for ridge in range(4):
        top = 0.45 - 0.38 * ridge + 0.55 * (clouds(s * (1.3 + 0.7 * ridge) + 7.7 * ridge, seed, 2.0, 4) - 0.5)
        if t < top:
            colour = blend(palette.second, dim(palette.ground, 0.6), 0.25 + 0.25 * ridge)
            colour = dim(colour, 0.7 + 0.6 * clouds(s * 9, t * 9, ridge, 2))
            if ridge == 0 and t > top - 0.14 * clouds(s * 8, t * 8, 5.0, 2):
                colour = PAPER
    return colour


@njit(cache=True)
def _squares(s: float, t: float, seed: int, palette: Palette) -> Colour:
    """A plane cut in two again and again, after Mondrian."""
    left, right, low, high, key = -1.0, 1.0, -1.0, 1.0, seed
    for depth in range(5):
        share = 0.3 + 0.4 * chance(key, depth, 61)
        if right - left > high - low:
            cut = left + share * (right - left)
            left, right = (left, cut) if s < cut else (cut, right)
            key = 2 * key + (1 if s < cut else 2)
        else:
            cut = low + share * (high - low)
            low, high = (low, cut) if t < cut else (cut, high)
            key = 2 * key + (1 if t < cut else 2)
        if chance(key, depth, 67) < 0.12:
            break
    if min(s - left, right - s, t - low, high - t) < 0.022:
        return INK
    if chance(key, 3, 71) < 0.35:
        return PAPER
    return hue(chance(key, 3, 73)) if chance(key, 5, 79) < 0.5 else pick(palette, chance(key, 3, 83))


@njit(cache=True)
def _herb(s: float, t: float, seed: int, palette: Palette) -> Colour:
    """A pressed plant on paper, with its name below."""
    colour = dim(PAPER, 0.75 + 0.3 * clouds(s * 3 + seed, t * 3, 1.0, 4))
    stem = 0.16 * math.sin(2.1 * t + seed)
    if t > -0.72 and t < 0.75 and abs(s - stem) < 0.022:
        return palette.ground
    for pair in range(6):
        root = -0.55 + 0.22 * pair
        reach = 0.62 - 0.07 * pair
        for side in (-1.0, 1.0):
            x = (s - 0.16 * math.sin(2.1 * root + seed)) * side
            y = t - root - 0.45 * x
            if x > 0 and abs(y) < 0.11 * math.sin(math.pi * min(x / reach, 1.0)):
                vein = 0.6 + 0.5 * math.sin(60 * x)
                return dim(blend(palette.ground, palette.second, chance(pair, seed, int(side) + 5)), vein + 0.3)
    flower = math.hypot(s - 0.16 * math.sin(2.1 * 0.75 + seed), t - 0.75)
    if flower < 0.20 * (0.7 + 0.3 * math.sin(7 * math.atan2(t - 0.75, s - stem))):
        return palette.accent
    if abs(t + 0.85) < 0.03 and abs(s) < 0.55 and letters(s * 22, 1, seed):
        return INK
    return colour


@njit(cache=True)
def _circles(s: float, t: float, seed: int, palette: Palette) -> Colour:
    """Rings and discs, after Kandinsky."""
    colour = blend(palette.ground, PAPER, 0.35 + 0.4 * clouds(s * 2, t * 2 + seed, 1.0, 3))
    for disc in range(11):
        x, y = 1.8 * chance(disc, seed, 87) - 0.9, 1.8 * chance(disc, seed, 89) - 0.9
        radius = 0.10 + 0.38 * chance(disc, seed, 91) ** 2
        distance = math.hypot(s - x, t - y)
        if distance < radius:
            ring = math.floor(distance / radius * 4)
            colour = (
                hue(chance(disc, seed, 93 + ring)) if ring % 2 == disc % 2 else pick(palette, chance(disc, ring, 3))
            )
    for bar in range(4):
        slope = 3 * (chance(bar, seed, 95) - 0.5)
        if abs(t - slope * s - chance(bar, seed, 97) + 0.5) < 0.02 + 0.02 * abs(slope):
            colour = INK
    return colour


@njit(cache=True)
def _chart(s: float, t: float, seed: int, palette: Palette) -> Colour:
    """An old map: coasts, heights, a grid, names."""
    if max(abs(s), abs(t)) > 0.93:
        return INK if math.floor((s + t) * 12) % 2 == 0 else PAPER
    height = clouds(s * 1.7 + seed * 3.1, t * 1.7, 4.0, 6)
    land = height > 0.49
    colour = (
        blend(palette.second, palette.ground, step(0.49, 0.68, height))
        if land
        else dim(palette.accent, 0.7 + 1.1 * height)
    )
    if abs(height - 0.49) < 0.007 or (land and abs(height * 22 - math.floor(height * 22) - 0.5) < 0.06):
        colour = dim(INK, 2.0)
    if abs(s * 4 - math.floor(s * 4 + 0.5)) < 0.03 or abs(t * 4 - math.floor(t * 4 + 0.5)) < 0.03:
        colour = dim(colour, 0.72)
    row = math.floor(t * 9)
    if abs(t * 9 - row - 0.5) < 0.22 and chance(math.floor(s * 2.5), row, seed) > 0.72 and letters(s * 24, row, seed):
        colour = INK
    return colour
