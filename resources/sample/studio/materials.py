"""What builders and weavers make: wood, brick, plaster, cloth, clay, leaves, stone. Each gives linear reflectance."""

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
from resources.sample.studio.noise import noise
from resources.sample.studio.noise import pick
from resources.sample.studio.noise import step


@njit(cache=True)
def paint(spot: Spot, palette: Palette) -> Colour:
    """Old paint: cloudy, specked, worn through at the edges and in a few places."""
    s = spot.seed * 3.7
    colour = blend(palette.ground, palette.second, step(0.35, 0.75, clouds(spot.x * 7 + s, spot.y * 7, spot.z * 7, 3)))
    wear = noise(spot.x * 45 + s, spot.y * 45, spot.z * 45)
    if edge_m(spot) < 0.012 * wear:
        colour = palette.accent
    scuffs = step(0.70, 0.78, clouds(spot.x * 16, spot.y * 16 + s, spot.z * 16, 3))
    return dim(blend(colour, palette.accent, 0.6 * scuffs), 0.86 + 0.24 * wear)


@njit(cache=True)
def wood(spot: Spot, palette: Palette, grain_axis: int) -> Colour:
    """Rings stretched along the grain, pores, darker knots, lighter edges."""
    s = spot.seed * 1.37
    along, across, up = spot.x, spot.y, spot.z
    if grain_axis == 1:
        along, across, up = spot.y, spot.z, spot.x
    elif grain_axis == 2:
        along, across, up = spot.z, spot.x, spot.y
    swirl = clouds(along * 1.6 + s, across * 9 + s, up * 9, 3)
    rings = 0.5 + 0.5 * math.sin(60 * swirl)
    pores = noise(along * 14, across * 160 + s, up * 160)
    knot = step(0.78, 0.86, noise(along * 3.1 + s, across * 7 - s, up * 7))
    colour = blend(palette.ground, palette.second, 0.55 * rings + 0.3 * pores)
    colour = blend(colour, dim(palette.second, 0.35), 0.75 * knot)
    edge = edge_m(spot)
    if edge < 0.003 + 0.004 * noise(along * 14, across * 14, s):
        colour = blend(colour, palette.accent, 0.35)
    return dim(colour, 0.8 + 0.34 * clouds(along * 4, across * 4 + s, up * 4, 3))


@njit(cache=True)
def planks(spot: Spot, palette: Palette) -> Colour:
    """Floor boards along v, each of its own tone, with grain, knots and dark joints."""
    width, length = 0.135, 1.15
    column = math.floor(spot.u / width)
    shifted = spot.v / length + chance(column, 5, spot.seed)
    row = math.floor(shifted)
    u, v = spot.u / width - column, shifted - row
    tone = chance(column, row, 11)
    swirl = clouds(spot.v * 1.3 + 9 * tone, spot.u * 11 + 40 * tone, tone * 50, 3)
    colour = blend(palette.ground, palette.second, 0.15 + 0.5 * tone + 0.35 * math.sin(55 * swirl))
    knot_u, knot_v = 0.2 + 0.6 * chance(column, row, 21), chance(column, row, 22)
    knot = math.hypot((u - knot_u) * width, (v - knot_v) * length * 0.6)
    colour = dim(colour, 1 - 0.7 * (1 - step(0.006, 0.022, knot)))
    if min(u, 1 - u) * width < 0.0025 or min(v, 1 - v) * length < 0.0025:
        colour = dim(palette.accent, 0.5)
    scuffs = clouds(spot.u * 6, spot.v * 6, 3.0, 4)
    pores = noise(spot.u * 170, spot.v * 18, 0.0)
    return dim(colour, (0.66 + 0.5 * scuffs + 0.16 * pores) * (0.72 + 0.5 * chance(column, row, 31)))


@njit(cache=True)
def brick(spot: Spot, palette: Palette) -> Colour:
    """Hand-made bricks in mortar, some burnt dark, with remains of a whitewash."""
    height, length = 0.072, 0.225
    wobble = 0.008 * (noise(spot.u * 18, spot.v * 18, 1.0) - 0.5)
    row = math.floor((spot.v + wobble) / height)
    shifted = (spot.u + wobble) / length + 0.5 * (row % 2) + 0.12 * chance(row, 3, 7)
    column = math.floor(shifted)
    v, u = (spot.v + wobble) / height - row, shifted - column
    joint = min(min(u, 1 - u) * length, min(v, 1 - v) * height)
    tone = chance(row, column, 13)
    colour = blend(palette.ground, palette.second, tone)
    if chance(row, column, 17) > 0.87:
        colour = dim(colour, 0.42)
    colour = dim(colour, 0.6 + 0.45 * chance(row, column, 19) + 0.35 * clouds(spot.u * 40, spot.v * 40, tone * 9, 3))
    if joint < 0.005 + 0.004 * noise(spot.u * 60, spot.v * 60, 2.0):
        colour = dim(palette.accent, 0.42 + 0.3 * noise(spot.u * 90, spot.v * 90, 5.0))
    elif v < 0.16:
        colour = dim(colour, 0.7)
    wash = step(0.56, 0.64, clouds(spot.u * 1.9 + 3, spot.v * 1.9, 8.0, 5))
    return blend(colour, dim(palette.accent, 0.75 + 0.3 * noise(spot.u * 50, spot.v * 50, 3.0)), 0.7 * wash)


@njit(cache=True)
def plaster(spot: Spot, palette: Palette) -> Colour:
    """Limewash on a trowelled wall: clouds, strokes, specks, a few hairline cracks and spots of the coat below."""
    s = spot.seed * 5.1
    cloud = clouds(spot.u * 1.7 + s, spot.v * 1.7, s, 5)
    colour = blend(palette.ground, palette.second, step(0.34, 0.66, cloud))
    strokes = clouds(spot.u * 22 + 6 * cloud, spot.v * 7 - s, 2.0, 3)
    specks = noise(spot.u * 48, spot.v * 48, s)
    crack = abs(clouds(spot.u * 2.3, spot.v * 2.3 + s, 6.0, 4) - 0.5)
    bare = step(0.68, 0.71, clouds(spot.u * 2.6 - s, spot.v * 3.1, 4.0, 5))
    colour = blend(colour, palette.accent, 0.75 * bare)
    if crack < 0.0016:
        colour = dim(colour, 0.55)
    return dim(colour, 0.72 + 0.42 * strokes + 0.14 * specks)


@njit(cache=True)
def weave(spot: Spot, palette: Palette) -> Colour:
    """Wicker or coarse cloth: strands over and under, each of its own tone."""
    pitch = 0.016
    column, row = math.floor(spot.u / pitch), math.floor(spot.v / pitch)
    u, v = spot.u / pitch - column, spot.v / pitch - row
    over = (column + row) % 2 == 0
    bulge = math.sin(math.pi * (u if over else v))
    tone = chance(row if over else column, spot.seed, 3 if over else 4)
    patch = step(0.4, 0.62, clouds(spot.x * 9 + spot.seed, spot.y * 9, spot.z * 9, 3))
    colour = blend(blend(palette.ground, palette.second, tone), palette.accent, 0.5 * patch)
    return dim(colour, (0.55 + 0.5 * bulge) * (0.84 + 0.32 * chance(column, row, spot.seed)))


@njit(cache=True)
def stripes(spot: Spot, palette: Palette) -> Colour:
    """Knitted cloth in bands of uneven width across its length."""
    s = spot.seed * 2.3
    along = spot.u if spot.half_u > spot.half_v else spot.v
    across = spot.v if spot.half_u > spot.half_v else spot.u
    along += 0.012 * (clouds(spot.x * 8 + s, spot.y * 8, spot.z * 8, 2) - 0.5)
    band = math.floor(along / 0.035)
    colour = pick(palette, chance(band, spot.seed, 41))
    if chance(band, spot.seed, 43) > 0.6 and math.floor(across / 0.03 + 0.5 * (band % 2)) % 2 == 0:
        colour = pick(palette, chance(band, spot.seed, 47))
    knit = noise(spot.x * 110, spot.y * 110, spot.z * 110)
    folds = clouds(spot.x * 6, spot.y * 6 + s, spot.z * 6, 3)
    return dim(colour, 0.50 + 0.26 * knit + 0.6 * folds)


@njit(cache=True)
def ceramic(spot: Spot, palette: Palette) -> Colour:
    """Painted ware: zigzags, dots and rings in bands around the pot, a glaze that ran."""
    s = spot.seed
    height = (spot.v + spot.half_v) / (2 * spot.half_v)
    turn = spot.u / spot.half_u
    band = math.floor(height * 6 + 0.35 * chance(s, 1, 2))
    style = chance(band, s, 51)
    around = turn * (4 + math.floor(7 * chance(band, s, 53)))
    inside = height * 6 + 0.35 * chance(s, 1, 2) - band
    colour = palette.ground
    if style < 0.25 and abs(inside - 0.5) < 0.45 * abs(2 * (around - math.floor(around)) - 1) + 0.05:
        colour = palette.second
    elif 0.25 <= style < 0.5 and math.hypot(2 * (around - math.floor(around)) - 1, 2 * inside - 1) < 0.62:
        colour = palette.accent
    elif 0.5 <= style < 0.7:
        colour = blend(palette.second, palette.ground, step(0.3, 0.7, inside))
    if inside < 0.1:
        colour = palette.second
    run = step(0.55, 0.63, clouds(turn * 4 + s, height * 2.5, s, 4))
    return dim(blend(colour, palette.accent, 0.45 * run), 0.82 + 0.3 * noise(spot.x * 60, spot.y * 60, spot.z * 60))


@njit(cache=True)
def leaf(spot: Spot, palette: Palette) -> Colour:
    """A leaf along x: midrib, side veins, spots, each leaf its own green."""
    tone = chance(spot.seed, 7, 1)
    side = abs(spot.y)
    vein = 0.5 + 0.5 * math.sin((side * 0.8 - spot.x) * 210)
    colour = blend(palette.ground, palette.second, 0.6 * tone + 0.4 * clouds(spot.x * 25, spot.y * 25, tone * 60, 2))
    colour = blend(colour, palette.accent, 0.30 * vein * vein)
    if side < 0.0022:
        colour = palette.accent
    return dim(colour, 0.55 + 0.6 * tone + 0.3 * noise(spot.x * 80, spot.y * 80, tone * 9))


@njit(cache=True)
def speckle(spot: Spot, palette: Palette) -> Colour:
    """Soil, cork, stone or fruit skin: grains of three colours in two sizes."""
    s = spot.seed * 1.9
    colour = blend(palette.ground, palette.second, clouds(spot.x * 28 + s, spot.y * 28, spot.z * 28, 3))
    grain = noise(spot.x * 130, spot.y * 130 + s, spot.z * 130)
    flecks = step(0.62, 0.72, noise(spot.x * 62 - s, spot.y * 62, spot.z * 62))
    return dim(blend(colour, palette.accent, 0.65 * flecks), 0.72 + 0.46 * grain)


@njit(cache=True)
def pegboard(spot: Spot, palette: Palette) -> Colour:
    """Hardboard with rows of holes, stained by years of tools."""
    pitch = 0.05
    u, v = spot.u / pitch, spot.v / pitch
    hole = math.hypot(u - math.floor(u) - 0.5, v - math.floor(v) - 0.5) * pitch
    stain = clouds(spot.u * 5 + 2, spot.v * 5, spot.seed, 5)
    colour = blend(palette.ground, palette.second, step(0.3, 0.7, stain))
    if hole < 0.007:
        colour = dim(palette.second, 0.25)
    if edge_m(spot) < 0.015:
        colour = palette.accent
    return dim(colour, 0.75 + 0.45 * clouds(spot.u * 45, spot.v * 45, 3.0, 2))
