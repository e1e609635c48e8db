"""Large pictures: the rug on the floor and the garden outside. Each gives linear reflectance."""

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
from resources.sample.studio.noise import noise
from resources.sample.studio.noise import step
from resources.sample.studio.pictures import PAPER


@njit(cache=True)
def rug(spot: Spot, palette: Palette) -> Colour:
    """A knotted rug: fringe, border of lozenges, a stepped medallion among scattered flowers; faded in bands."""
    knot_u, knot_v = math.floor(spot.u / 0.008), math.floor(spot.v / 0.008)
    u, v = (knot_u + 0.5) * 0.008, (knot_v + 0.5) * 0.008
    edge = min(spot.half_u - abs(u), spot.half_v - abs(v))
    along = u if spot.half_v - abs(v) < spot.half_u - abs(u) else v
    colour = palette.ground
    if spot.half_u - abs(spot.u) < 0.035:
        colour = PAPER if math.floor(spot.v / 0.012) % 2 == 0 else dim(PAPER, 0.35)
    elif edge < 0.06:
        colour = palette.second
    elif edge < 0.24:
        lozenge = abs(along / 0.15 - math.floor(along / 0.15) - 0.5) * 0.15 + abs(edge - 0.15)
        motif = math.floor(along / 0.15)
        colour = palette.second if lozenge > 0.072 else hue(chance(motif, spot.seed, 5))
        if lozenge < 0.03:
            colour = palette.accent
        if abs(edge - 0.07) < 0.006 or abs(edge - 0.23) < 0.006:
            colour = palette.accent
    else:
        colour = _rug_field(u, v, spot, palette)
    fading = clouds(spot.u * 3 + 1, spot.v * 9, 2.0, 4)
    return dim(colour, (0.55 + 0.5 * fading) * (0.88 + 0.24 * chance(knot_u, knot_v, 3)))


@njit(cache=True)
def _rug_field(u: float, v: float, spot: Spot, palette: Palette) -> Colour:
    stair_u, stair_v = math.floor(abs(u) / 0.055) * 0.055, math.floor(abs(v) / 0.055) * 0.055
    medallion = stair_u / (spot.half_u - 0.35) + stair_v / (spot.half_v - 0.30)
    cell_u, cell_v = math.floor(u / 0.11), math.floor(v / 0.11)
    s, t = u / 0.11 - cell_u - 0.5, v / 0.11 - cell_v - 0.5
    flower = math.hypot(s, t) / (0.8 + 0.25 * math.cos(5 * math.atan2(t, s) + 9 * chance(cell_u, cell_v, 13)))
    if medallion < 1:
        ring = math.floor(medallion * 6)
        if chance(cell_u, cell_v, 7) > 0.45 and flower < 0.34:
            return palette.accent if flower > 0.14 else hue(chance(cell_u, cell_v, 15))
        return (palette.second, palette.ground, hue(0.3), palette.second, hue(0.6), palette.accent)[min(ring, 5)]
    if chance(cell_u, cell_v, 9) > 0.35 and flower < 0.40:
        return hue(chance(cell_u, cell_v, 11)) if flower < 0.22 else palette.accent
    return palette.ground


@njit(cache=True)
def garden(spot: Spot, palette: Palette) -> Colour:
    """What the window looks on: sky, trees, a hedge, a meadow in flower."""
    u, v = spot.u, spot.v + spot.half_v - 3.0
    sky = blend(palette.accent, (0.55, 0.72, 0.95), step(1.5, 6.0, v))
    colour = blend(sky, (1.0, 1.0, 1.0), step(0.45, 0.62, clouds(u * 0.5, v * 0.9, 1.0, 5)))
    for row in range(3):
        top = 3.6 - 0.75 * row + 2.0 * (clouds(u * 0.45 + 13 * row, 1.0, row, 4) - 0.5)
        if v < top:
            clump = clouds(u * 1.6 + 5 * row, v * 1.6, row, 5)
            colour = blend(palette.ground, palette.second, step(0.36, 0.66, clump))
            colour = blend(
                dim(colour, 0.4 + 0.25 * row + 0.5 * noise(u * 7, v * 7, row) + 0.5 * noise(u * 18, v * 18, row)),
                sky,
                0.30 - 0.12 * row,
            )
    if v < 1.35 + 0.15 * noise(u * 4, 1.0, 1.0):
        colour = dim(palette.second, 0.8 + 0.8 * clouds(u * 5, v * 9, 7.0, 4))
        if chance(math.floor(u * 22), math.floor(v * 22), 5) > 0.90:
            colour = hue(0.24 * chance(math.floor(u * 22), math.floor(v * 22), 6))
    return _tree(u, v, colour, palette)


@njit(cache=True)
def _tree(u: float, v: float, colour: Colour, palette: Palette) -> Colour:
    """A row of apple trees before ``colour``: each spot belongs to the nearest one."""
    tree = round(u / 2.1)
    s, t = u - 2.1 * tree - 0.5 * chance(tree, 1, 1), v - 2.75 - 0.5 * chance(tree, 2, 1)
    if t < 0 and v > 1.2 and abs(s + 0.12 * noise(v * 2, tree, 1.0)) < 0.06:
        colour = dim((0.10, 0.07, 0.05), 0.6 + noise(u * 20, v * 4, 1.0))
    crown = math.hypot(s, 1.2 * t) + 0.55 * (clouds(u * 3.1, v * 3.1, tree, 4) - 0.5)
    if crown > 0.62 + 0.3 * chance(tree, 3, 1):
        return colour
    if chance(math.floor(u * 14), math.floor(v * 14), 8) > 0.94:
        return hue(0.05)
    leaves = 0.35 + 0.7 * noise(u * 16, v * 16, tree) + 0.7 * step(-0.5, 0.7, t)
    return dim(blend(palette.ground, palette.second, clouds(u * 5, v * 5, tree, 3)), leaves)
