"""What printers and makers of small things make: books, sheets, boxes, tins, a globe. Each gives linear reflectance."""

import math

from numba import njit

from resources.sample.studio.noise import Colour
from resources.sample.studio.noise import Palette
from resources.sample.studio.noise import Spot
from resources.sample.studio.noise import blend
from resources.sample.studio.noise import chance
from resources.sample.studio.noise import clouds
from resources.sample.studio.noise import dim
from resources.sample.studio.noise import edge_m
from resources.sample.studio.noise import hue
from resources.sample.studio.noise import noise
from resources.sample.studio.noise import step
from resources.sample.studio.pictures import INK
from resources.sample.studio.pictures import PAPER
from resources.sample.studio.pictures import letters
from resources.sample.studio.pictures import painting


@njit(cache=True)
def book(spot: Spot, palette: Palette) -> Colour:
    """A bound book: the spine towards -y, covers towards x, pages on the other three sides."""
    if spot.face > 2:
        return _pages(spot)
    s = spot.seed
    colour = _spine(spot, palette) if spot.face == 2 else _cover(spot, palette)
    worn = step(0.60, 0.72, clouds(spot.x * 40 + s, spot.y * 40, spot.z * 40, 2))
    if edge_m(spot) < 0.0015:
        worn += 0.5
    colour = blend(colour, dim(PAPER, 0.7), 0.22 * min(worn, 1.0))
    return dim(colour, 0.78 + 0.3 * noise(spot.x * 90, spot.y * 90, spot.z * 90))


@njit(cache=True)
def _spine(spot: Spot, palette: Palette) -> Colour:
    """Bands above and below, a title that runs up the back, sometimes on a label, a printer's mark at the foot."""
    s, t = spot.seed, spot.v / spot.half_v
    colour = palette.ground
    if abs(abs(t) - 0.55 - 0.3 * chance(s, 2, 1)) < 0.02 + 0.05 * chance(s, 2, 3):
        colour = palette.second
    middle, reach = 0.4 * (chance(s, 2, 5) - 0.5), 0.2 + 0.25 * chance(s, 2, 7)
    if abs(t - middle) < reach + 0.04 and chance(s, 4, 4) > 0.6:
        colour = palette.second
    if abs(t - middle) < reach and abs(spot.u) < 0.32 * spot.half_u and letters(spot.v * 75, 0, s):
        colour = palette.accent
    if math.hypot(spot.u, spot.v + 0.78 * spot.half_v) < 0.4 * spot.half_u:
        colour = palette.accent
    return colour


@njit(cache=True)
def _pages(spot: Spot) -> Colour:
    lines = noise(spot.x * 500, spot.y * 6, spot.z * 6)
    return dim(PAPER, 0.55 + 0.4 * lines + 0.2 * clouds(spot.x * 30, spot.y * 30, spot.z * 30, 2))


@njit(cache=True)
def _cover(spot: Spot, palette: Palette) -> Colour:
    s, t = spot.u / spot.half_u, spot.v / spot.half_v
    colour = palette.ground
    line = math.floor((t - 0.25) * 9)
    if 0 <= line < 5 and abs(s) < 0.75 and letters(spot.u * 85, line, spot.seed) and 9 * (t - 0.25) - line < 0.7:
        colour = palette.accent
    emblem = math.hypot(spot.u, spot.v + 0.35 * spot.half_v) / spot.half_u
    if emblem < 0.62:
        rays = math.floor((math.atan2(spot.v + 0.35 * spot.half_v, spot.u) / math.pi + 1) * 7)
        colour = palette.second if (rays + math.floor(emblem * 5)) % 2 == 0 else palette.accent
    if 0.86 < max(abs(s), abs(t)) < 0.92:
        colour = palette.accent
    return colour


@njit(cache=True)
def text(spot: Spot, palette: Palette) -> Colour:
    """A printed sheet: headline, columns of text, one picture; the accent colours the headline."""
    s, t = spot.u / spot.half_u, spot.v / spot.half_v
    seed = spot.seed
    colour = dim(palette.ground, 0.82 + 0.25 * clouds(spot.u * 18 + seed, spot.v * 18, seed, 3))
    if abs(s) > 0.90 or abs(t) > 0.93:
        return colour
    if t > 0.62:
        line = math.floor((t - 0.62) / 0.17)
        inside = (t - 0.62) / 0.17 - line
        ink = 0.12 < inside < 0.82 and letters((s + 1) * (7 + 4 * line), line, seed)
        return palette.accent if ink else colour
    side = 1.0 if chance(seed, 3, 3) > 0.5 else -1.0
    if s * side > 0.05 and -0.35 < t < 0.5:
        return painting(s * 1.6 - side * 0.8, (t - 0.07) * 2.2, seed + 3, palette)
    line = math.floor((t + 1) * 17)
    ink = (t + 1) * 17 - line < 0.58 and abs(s) > 0.05 and letters((s + 1) * 30, line, seed + 5)
    return blend(colour, palette.second, 0.8) if ink else colour


@njit(cache=True)
def cardboard(spot: Spot, palette: Palette) -> Colour:
    """A packing box: kraft paper, tape, a printed label, dents."""
    s, t = spot.u / spot.half_u, spot.v / spot.half_v
    colour = dim(palette.ground, 0.72 + 0.45 * clouds(spot.x * 14 + spot.seed, spot.y * 14, spot.z * 14, 4))
    if abs(spot.v if spot.face > 3 else spot.u) < 0.028 and (spot.face > 3 or t > 0.6):
        colour = blend(colour, palette.second, 0.75)
    label_s, label_t = (s - 0.35) / 0.5, (t + 0.25) / 0.5
    if spot.face < 4 and abs(label_s) < 1 and abs(label_t) < 1:
        line = math.floor((label_t + 1) * 3.5)
        ink = (label_t + 1) * 3.5 - line < 0.6 and letters(label_s * 9, line, spot.seed) and abs(label_s) < 0.85
        colour = palette.accent if ink else PAPER
    mark = math.hypot(s + 0.55, t - 0.45)
    if spot.face < 4 and (abs(mark - 0.27) < 0.05 or (abs(s + 0.55) < 0.05 and abs(t - 0.45) < 0.2)):
        colour = palette.accent
    if edge_m(spot) < 0.006:
        colour = dim(colour, 0.75)
    return dim(colour, 0.85 + 0.3 * noise(spot.x * 90, spot.y * 90, spot.z * 90))


@njit(cache=True)
def globe(spot: Spot, palette: Palette) -> Colour:
    """A little earth: land of two greens in a sea with meridians; x, y, z as a direction."""
    length = math.sqrt(spot.x * spot.x + spot.y * spot.y + spot.z * spot.z)
    x, y, z = spot.x / length, spot.y / length, spot.z / length
    height = clouds(x * 1.9 + 3, y * 1.9, z * 1.9, 5)
    colour = dim(palette.accent, 0.7 + 0.6 * height)
    if height > 0.5:
        colour = blend(palette.ground, palette.second, step(0.5, 0.62, height))
    if abs(height - 0.5) < 0.008:
        return INK
    longitude, latitude = math.atan2(y, x) * 12 / math.pi, math.asin(z) * 12 / math.pi
    if min(abs(longitude - round(longitude)), abs(latitude - round(latitude))) < 0.05:
        colour = dim(colour, 0.55)
    return colour


@njit(cache=True)
def chess(spot: Spot, palette: Palette) -> Colour:
    """Eight by eight fields in a frame."""
    s, t = spot.u / spot.half_u * 4.5, spot.v / spot.half_v * 4.5
    grain = 0.7 + 0.5 * clouds(spot.u * 120, spot.v * 15, 3.0, 3)
    if max(abs(s), abs(t)) > 4 or spot.face < 4:
        return dim(palette.accent, grain)
    dark = (math.floor(s) + math.floor(t)) % 2 == 0
    return dim(
        palette.second if dark else palette.ground, grain * (0.8 + 0.4 * chance(math.floor(s), math.floor(t), 3))
    )


@njit(cache=True)
def clock(spot: Spot, palette: Palette) -> Colour:
    """A dial: rim, minutes, hours, two hands at ten past ten."""
    radius = math.hypot(spot.u, spot.v) / spot.half_u
    turn = math.atan2(spot.u, spot.v) / (2 * math.pi) % 1
    if radius > 0.88:
        return dim(palette.second, 0.7 + 0.6 * noise(spot.u * 60, spot.v * 60, 1.0))
    hours = abs(turn * 12 - round(turn * 12)) / 12 * 2 * math.pi * radius
    if 0.62 < radius < 0.80 and hours < 0.05:
        return palette.accent
    for angle, reach, width in ((0.845, 0.45, 0.05), (0.167, 0.65, 0.035)):
        x, y = math.sin(2 * math.pi * angle), math.cos(2 * math.pi * angle)
        s, t = spot.u / spot.half_u, spot.v / spot.half_u
        if -0.08 < s * x + t * y < reach and abs(s * y - t * x) < width:
            return palette.accent
    return dim(palette.ground, 0.8 + 0.3 * clouds(spot.u * 25, spot.v * 25, 2.0, 3))


@njit(cache=True)
def label(spot: Spot, palette: Palette) -> Colour:
    """A tin or jar: bare rims, a printed band with words and an emblem on every side."""
    height = spot.v / spot.half_v
    if abs(height) > 0.82 or spot.face > 3:
        return dim(palette.second, 0.6 + 0.6 * clouds(spot.x * 50, spot.y * 50, spot.z * 50, 2))
    side = math.floor((spot.u / spot.half_u + 1) * 1.5)
    s = (spot.u / spot.half_u + 1) * 3 - 2 * side - 1
    colour = palette.ground
    line = math.floor((height + 0.7) * 4)
    if math.hypot(s * 1.4, (height - 0.3) * 1.6) < 0.55:
        colour = hue(chance(spot.seed, side, 5))
    elif height < 0 and (height + 0.7) * 4 - line < 0.65 and letters(s * 9, line, spot.seed + side):
        colour = palette.accent
    if abs(abs(height) - 0.72) < 0.05:
        colour = palette.accent
    return dim(colour, 0.85 + 0.25 * noise(spot.x * 60, spot.y * 60, spot.z * 60))
