"""Solids: what the room is made of, as values to place and as columns to trace.

Every thing is built with its front towards -y and its foot at z = 0, then moved to its place. Metres, z up.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Point = tuple[float, float, float]


class Shape(IntEnum):
    """The bodies that a ray can meet; each fills [-1, 1]^3 of its own axes."""

    BOX = 0
    ELLIPSOID = 1
    FRUSTUM = 2
    """Upright and round: radius 1 at the foot, ``taper`` at the top."""


class Pattern(IntEnum):
    """What a surface is covered with; `patterns.py` paints them."""

    PAINT = 0
    WOOD = 1
    PLANKS = 2
    BRICK = 3
    PLASTER = 4
    RUG = 5
    BOOK = 6
    PICTURE = 7
    TEXT = 8
    CARDBOARD = 9
    LEAF = 10
    CERAMIC = 11
    WEAVE = 12
    STRIPES = 13
    GARDEN = 14
    GLOBE = 15
    CHESS = 16
    SPECKLE = 17
    PEGBOARD = 18
    CLOCK = 19
    LABEL = 20


@dataclass(frozen=True, slots=True)
class Finish:
    """How a surface looks."""

    pattern: Pattern
    colours: tuple[str, str, str]
    """Ground, second and accent, sRGB as #rrggbb."""
    seed: int = 0
    """Makes this surface unlike its brothers."""
    glow: float = 0.0
    """Light it sends out by itself, times the pattern's colour."""
    texel_m: float = 0.02
    """How finely light is stored on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A body at its place."""

    shape: Shape
    centre: Floats
    """(3,) metres"""
    half_sizes: Floats
    """(3,) metres, along its own axes"""
    finish: Finish
    world_from_local: Floats
    """(3, 3) rotation"""
    taper: float = 1.0


def box(size: Point, at: Point, finish: Finish) -> Solid:
    """A box whose foot's centre stands at ``at``."""
    return _upright(Shape.BOX, size, at, finish)


def ball(size: Point, at: Point, finish: Finish) -> Solid:
    """An ellipsoid whose lowest point is ``at``."""
    return _upright(Shape.ELLIPSOID, size, at, finish)


def drum(radius: float, height: float, at: Point, finish: Finish, taper: float = 1.0) -> Solid:
    """A cylinder, or a cone cut off where its radius is ``taper`` times that of its foot."""
    return replace(_upright(Shape.FRUSTUM, (2 * radius, 2 * radius, height), at, finish), taper=taper)


def rod(radius: float, start: Point, end: Point, finish: Finish, taper: float = 1.0) -> Solid:
    """A round bar from one point to another."""
    a, b = np.array(start), np.array(end)
    along: Floats = (b - a) / np.linalg.norm(b - a)
    across = np.cross(along, np.eye(3)[np.argmin(np.abs(along))])
    across /= np.linalg.norm(across)
    axes = np.array([across, np.cross(along, across), along], np.float64).T
    half_sizes = np.array([radius, radius, np.linalg.norm(b - a) / 2])
    return Solid(Shape.FRUSTUM, (a + b) / 2, half_sizes, finish, axes, taper)


def moved(
    solids: Iterable[Solid], to: Point, yaw_deg: float = 0.0, lean_deg: float = 0.0, roll_deg: float = 0.0
) -> list[Solid]:
    """The same things rolled over their y axis, leaned back over x, turned about z, then carried to their place."""
    turn = _rotation(2, yaw_deg) @ _rotation(0, -lean_deg) @ _rotation(1, roll_deg)
    return [carried(solid, turn, to) for solid in solids]


def _rotation(axis: int, angle_deg: float) -> Floats:
    """A right-handed turn (3, 3) about one axis."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    rotation = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    rotation[[first, second], [first, second]] = c
    rotation[first, second], rotation[second, first] = -s, s
    return rotation


def carried(solid: Solid, rotation: Floats, to: Point) -> Solid:
    """The same solid, turned about the origin and shifted."""
    return replace(
        solid,
        centre=rotation @ solid.centre + np.array(to),
        world_from_local=rotation @ solid.world_from_local,
    )


def _upright(shape: Shape, size: Point, at: Point, finish: Finish) -> Solid:
    half_sizes = np.array(size, np.float64) / 2
    centre = np.array([at[0], at[1], at[2] + size[2] / 2])
    return Solid(shape, centre, half_sizes, finish, np.eye(3))


class Columns(NamedTuple):
    """n solids side by side, as compiled code reads them."""

    shapes: Integers
    """(n,)"""
    centres: Floats
    """(n, 3) world, metres"""
    half_sizes: Floats
    """(n, 3) metres"""
    local_from_world: Floats
    """(n, 3, 3): to axes in which the body fills [-1, 1]^3"""
    tapers: Floats
    """(n,)"""
    patterns: Integers
    """(n,)"""
    colours: Floats
    """(n, 3, 3) linear red, green, blue of ground, second and accent"""
    seeds: Integers
    """(n,)"""
    glows: Floats
    """(n,)"""


def columns(solids: list[Solid]) -> Columns:
    """Many solids as arrays."""
    finishes = [solid.finish for solid in solids]
    return Columns(
        shapes=np.array([solid.shape for solid in solids], np.int64),
        centres=np.array([solid.centre for solid in solids]),
        half_sizes=np.array([solid.half_sizes for solid in solids]),
        local_from_world=np.array([solid.world_from_local.T / solid.half_sizes[:, None] for solid in solids]),
        tapers=np.array([solid.taper for solid in solids]),
        patterns=np.array([finish.pattern for finish in finishes], np.int64),
        colours=np.array([[linear(colour) for colour in finish.colours] for finish in finishes]),
        seeds=np.array([finish.seed for finish in finishes], np.int64),
        glows=np.array([finish.glow for finish in finishes], np.float64),
    )


def linear(colour: str) -> Floats:
    """Red, green and blue (3,), linear light, of an sRGB colour #rrggbb. IEC 61966-2-1."""
    srgb = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def bounds(solid: Solid) -> tuple[Floats, Floats]:
    """The lowest and highest corner (3,), (3,) of the upright box around a solid, world."""
    half_sizes = solid.half_sizes * [max(1.0, solid.taper), max(1.0, solid.taper), 1.0]
    if solid.shape == Shape.ELLIPSOID:
        reach = np.linalg.norm(solid.world_from_local * half_sizes, axis=1)
    else:
        reach = np.abs(solid.world_from_local) @ half_sizes
    return solid.centre - reach, solid.centre + reach
