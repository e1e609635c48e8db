"""The colour of any point of any solid: finds the painter for its pattern."""

import math

from numba import njit

from resources.sample.studio import materials
from resources.sample.studio import pictures
from resources.sample.studio import prints
from resources.sample.studio import scenery
from resources.sample.studio.noise import Colour
from resources.sample.studio.noise import Palette
from resources.sample.studio.noise import Spot
from resources.sample.studio.solids import Columns
from resources.sample.studio.solids import Pattern
from resources.sample.studio.solids import Shape


ELLIPSOID = int(Shape.ELLIPSOID)
FRUSTUM = int(Shape.FRUSTUM)
WOOD = int(Pattern.WOOD)
PLANKS = int(Pattern.PLANKS)
BRICK = int(Pattern.BRICK)
PLASTER = int(Pattern.PLASTER)
RUG = int(Pattern.RUG)
BOOK = int(Pattern.BOOK)
PICTURE = int(Pattern.PICTURE)
TEXT = int(Pattern.TEXT)
CARDBOARD = int(Pattern.CARDBOARD)
LEAF = int(Pattern.LEAF)
CERAMIC = int(Pattern.CERAMIC)
WEAVE = int(Pattern.WEAVE)
STRIPES = int(Pattern.STRIPES)
GARDEN = int(Pattern.GARDEN)
GLOBE = int(Pattern.GLOBE)
CHESS = int(Pattern.CHESS)
SPECKLE = int(Pattern.SPECKLE)
PEGBOARD = int(Pattern.PEGBOARD)
CLOCK = int(Pattern.CLOCK)
LABEL = int(Pattern.LABEL)


@njit(cache=True, error_model="numpy")
def reflectance(solids: Columns, solid: int, point: Colour, local: Colour, face: int) -> Colour:
    """How much red, green and blue light, linear, a point of a surface gives back.

    point: world; local: the same in the axes in which the solid fills [-1, 1]^3.
    """
    c = solids.colours[solid]
    palette = Palette((c[0, 0], c[0, 1], c[0, 2]), (c[1, 0], c[1, 1], c[1, 2]), (c[2, 0], c[2, 1], c[2, 2]))
    pattern = solids.patterns[solid]
    if pattern in (PLANKS, BRICK, PLASTER):
        return _of_wall(pattern, _wall_spot(solids, solid, point, face), palette)
    spot = _spot(solids, solid, local, face)
    if pattern == WOOD:
        return materials.wood(spot, palette, _longest_axis(solids, solid))
    if pattern == LEAF:
        return materials.leaf(spot, palette)
    if pattern == WEAVE:
        return materials.weave(spot, palette)
    if pattern == STRIPES:
        return materials.stripes(spot, palette)
    if pattern == CERAMIC:
        return materials.ceramic(spot, palette)
    if pattern == SPECKLE:
        return materials.speckle(spot, palette)
    if pattern == PEGBOARD:
        return materials.pegboard(spot, palette)
    if pattern >= RUG:
        return _print(pattern, spot, palette)
    return materials.paint(spot, palette)


@njit(cache=True, error_model="numpy")
def _of_wall(pattern: int, spot: Spot, palette: Palette) -> Colour:
    if pattern == BRICK:
        return materials.brick(spot, palette)
    if pattern == PLANKS:
        return materials.planks(spot, palette)
    return materials.plaster(spot, palette)


@njit(cache=True, error_model="numpy")
def _print(pattern: int, spot: Spot, palette: Palette) -> Colour:
    if pattern == BOOK:
        return prints.book(spot, palette)
    if pattern == PICTURE:
        return pictures.picture(spot, palette)
    if pattern == TEXT:
        return prints.text(spot, palette)
    if pattern == RUG:
        return scenery.rug(spot, palette)
    if pattern == CARDBOARD:
        return prints.cardboard(spot, palette)
    if pattern == GLOBE:
        return prints.globe(spot, palette)
    if pattern == CHESS:
        return prints.chess(spot, palette)
    if pattern == CLOCK:
        return prints.clock(spot, palette)
    if pattern == GARDEN:
        return scenery.garden(spot, palette)
    return prints.label(spot, palette)


@njit(cache=True, error_model="numpy")
def _spot(solids: Columns, solid: int, local: Colour, face: int) -> Spot:
    hx, hy, hz = solids.half_sizes[solid, 0], solids.half_sizes[solid, 1], solids.half_sizes[solid, 2]
    x, y, z = local[0] * hx, local[1] * hy, local[2] * hz
    seed = solids.seeds[solid]
    wrapped = solids.shapes[solid] == FRUSTUM and face == 0
    if solids.shapes[solid] == ELLIPSOID and solids.patterns[solid] == CERAMIC:
        wrapped = True
    if wrapped:
        girth = math.pi * 0.5 * (hx + hy)
        return Spot(x, y, z, math.atan2(local[1], local[0]) / math.pi * girth, z, girth, hz, -1, seed)
    if face < 2:
        return Spot(x, y, z, y, z, hy, hz, face, seed)
    if face < 4:
        return Spot(x, y, z, x, z, hx, hz, face, seed)
    return Spot(x, y, z, x, y, hx, hy, face, seed)


@njit(cache=True, error_model="numpy")
def _wall_spot(solids: Columns, solid: int, point: Colour, face: int) -> Spot:
    """Walls are built of several boxes: their pattern runs on in world coordinates."""
    x, y, z = point
    seed = solids.seeds[solid]
    if face < 2:
        return Spot(x, y, z, y, z, 9.0, 9.0, face, seed)
    if face < 4:
        return Spot(x, y, z, x, z, 9.0, 9.0, face, seed)
    return Spot(x, y, z, x, y, 9.0, 9.0, face, seed)


@njit(cache=True, error_model="numpy")
def _longest_axis(solids: Columns, solid: int) -> int:
    x, y, z = solids.half_sizes[solid, 0], solids.half_sizes[solid, 1], solids.half_sizes[solid, 2]
    if x >= y and x >= z:
        return 0
    return 1 if y >= z else 2
