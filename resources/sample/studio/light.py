"""Light: how much falls on every bit of every surface.

All surfaces are matt, so this does not depend on the eye: it is found once, stored on `charts`, and every photo
reads the same light. What noise remains is part of the place.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from resources.sample.studio.charts import Charts
from resources.sample.studio.charts import irradiance
from resources.sample.studio.charts import surface_point
from resources.sample.studio.crew import share_out
from resources.sample.studio.noise import Colour
from resources.sample.studio.noise import chance
from resources.sample.studio.patterns import reflectance
from resources.sample.studio.rays import Tree
from resources.sample.studio.rays import Vector
from resources.sample.studio.rays import face_of
from resources.sample.studio.rays import local_point
from resources.sample.studio.rays import nearest
from resources.sample.studio.rays import normal_at
from resources.sample.studio.rays import world_point
from resources.sample.studio.solids import Columns
from resources.sample.studio.solids import Floats
from resources.sample.studio.solids import Integers


ABOVE_M = 5e-4
"""Rays start so far above a surface."""
SUN_RADIUS = 0.0047
"""Half the angle that the sun fills, radians."""
STEPS = tuple(1.1673039782614187 ** -(dimension + 1) for dimension in range(4))
"""Powers of the root of x^5 = x + 1."""
INDOORS_M = 7.0
"""Longer than any way within the room and through its window, shorter than the way to the garden outside."""


class Lamps(NamedTuple):
    """Where the light comes from."""

    sun_direction: Floats
    """(3,) towards the sun, unit length"""
    sun_irradiance: Floats
    """(3,) on a surface that faces it"""
    window_corners: Floats
    """(w, 3) windows are bright rectangles: a corner and two sides, whose cross product points into the room"""
    window_sides: Floats
    """(w, 2, 3)"""
    window_radiances: Floats
    """(w, 3)"""


class Place(NamedTuple):
    """Everything that a photo is taken of."""

    solids: Columns
    tree: Tree
    charts: Charts
    lamps: Lamps


def bake(place: Place, texels: Integers, samples: int) -> Floats:
    """The light (t, 3) on every texel: from windows and from all other surfaces, three times reflected.

    The sun's own light is left out: its edges are sharp, so each photo looks for the sun itself (`sunlight`).
    """
    windows, sun = np.zeros((len(texels), 3)), np.zeros((len(texels), 3))
    share_out(lambda start, stop: _gather_windows(place, texels, samples // 2, start, stop, windows), len(texels))
    share_out(lambda start, stop: _gather_sun(place, texels, 16, start, stop, sun), len(texels))
    light = windows
    for rays in (samples // 8, samples // 4, samples):
        light = windows + _bounced(place, texels, light + sun, max(rays, 8))
    return light


def _bounced(place: Place, texels: Integers, light: Floats, rays: int) -> Floats:
    bounced = np.zeros((len(texels), 3))
    share_out(lambda start, stop: _gather_surfaces(place, texels, light, rays, start, stop, bounced), len(texels))
    return bounced


@njit(cache=True, error_model="numpy")
def sunlight(place: Place, point: Vector, normal: Vector, a: float, b: float) -> Colour:
    """The sun's light on a point, (0, 0, 0) in shade. a, b in [0, 1): which part of the sun's disc is asked."""
    s = place.lamps.sun_direction
    angle, radius = 2 * math.pi * a, SUN_RADIUS * math.sqrt(b)
    x, y = radius * math.cos(angle), radius * math.sin(angle)
    direction = (s[0] - x * s[2], s[1] + y, s[2] + x * s[0])
    cosine = direction[0] * normal[0] + direction[1] * normal[1] + direction[2] * normal[2]
    if cosine <= 0:
        return 0.0, 0.0, 0.0
    _, blocker = nearest(place.solids, place.tree, point, direction, INDOORS_M)
    if blocker >= 0:
        return 0.0, 0.0, 0.0
    e = place.lamps.sun_irradiance
    return e[0] * cosine, e[1] * cosine, e[2] * cosine


@njit(cache=True, error_model="numpy")
def _sequence(texel: int, sample: int, dimension: int) -> float:
    """Numbers in [0, 1) that fill four dimensions evenly, shifted for each texel; Roberts 2018, the R4 sequence."""
    return (chance(texel, dimension, 977) + (sample + 1) * STEPS[dimension]) % 1.0


@njit(cache=True, error_model="numpy")
def _texel_point(place: Place, texels: Integers, texel: int, sample: int) -> tuple[Vector, Vector]:
    """A point in a texel, just above the surface, and the direction out of it; world."""
    solid, face = texels[texel, 0], texels[texel, 1]
    u = (texels[texel, 2] + _sequence(texel, sample, 0)) / place.charts.sizes[solid, face, 0]
    v = (texels[texel, 3] + _sequence(texel, sample, 1)) / place.charts.sizes[solid, face, 1]
    local = surface_point(place.solids, solid, face, u, v)
    normal = normal_at(place.solids, solid, local, face)
    x, y, z = world_point(place.solids, solid, local)
    return (x + ABOVE_M * normal[0], y + ABOVE_M * normal[1], z + ABOVE_M * normal[2]), normal


@njit(cache=True, nogil=True, error_model="numpy")
def _gather_windows(place: Place, texels: Integers, samples: int, start: int, stop: int, light: Floats) -> None:
    """Adds to ``light`` (t, 3) what comes straight from the windows: points on them, asked whether the way is free."""
    lamps = place.lamps
    for texel in range(start, stop):
        for window in range(len(lamps.window_corners)):
            corner, sides = lamps.window_corners[window], lamps.window_sides[window]
            nx = sides[0, 1] * sides[1, 2] - sides[0, 2] * sides[1, 1]
            ny = sides[0, 2] * sides[1, 0] - sides[0, 0] * sides[1, 2]
            nz = sides[0, 0] * sides[1, 1] - sides[0, 1] * sides[1, 0]
            total = 0.0
            for sample in range(samples):
                point, normal = _texel_point(place, texels, texel, sample)
                a, b = _sequence(texel, sample, 2), _sequence(texel, sample, 3)
                x = corner[0] + a * sides[0, 0] + b * sides[1, 0] - point[0]
                y = corner[1] + a * sides[0, 1] + b * sides[1, 1] - point[1]
                z = corner[2] + a * sides[0, 2] + b * sides[1, 2] - point[2]
                square = x * x + y * y + z * z
                here = x * normal[0] + y * normal[1] + z * normal[2]
                there = -(x * nx + y * ny + z * nz)
                if here <= 0 or there <= 0:
                    continue
                length = math.sqrt(square)
                way = (x / length, y / length, z / length)
                _, blocker = nearest(place.solids, place.tree, point, way, length - 2 * ABOVE_M)
                if blocker < 0:
                    total += here * there / (square * square)
            for channel in range(3):
                light[texel, channel] += total / samples * lamps.window_radiances[window, channel]


@njit(cache=True, nogil=True, error_model="numpy")
def _gather_sun(place: Place, texels: Integers, samples: int, start: int, stop: int, light: Floats) -> None:
    """Adds to ``light`` (t, 3) what comes straight from the sun."""
    for texel in range(start, stop):
        for sample in range(samples):
            point, normal = _texel_point(place, texels, texel, sample)
            a, b = _sequence(texel, sample, 2), _sequence(texel, sample, 3)
            red, green, blue = sunlight(place, point, normal, a, b)
            light[texel, 0] += red / samples
            light[texel, 1] += green / samples
            light[texel, 2] += blue / samples


@njit(cache=True, nogil=True, error_model="numpy")
def _gather_surfaces(
    place: Place, texels: Integers, light: Floats, samples: int, start: int, stop: int, bounced: Floats
) -> None:
    """Adds to ``bounced`` (t, 3) what all other surfaces reflect or send, given the light (t, 3) on them."""
    solids = place.solids
    for texel in range(start, stop):
        for sample in range(samples):
            point, normal = _texel_point(place, texels, texel, sample)
            way = _cosine_way(normal, _sequence(texel, sample, 2), _sequence(texel, sample, 3))
            distance, solid = nearest(solids, place.tree, point, way, INDOORS_M)
            if solid < 0 or distance <= 0.0:
                continue
            met = (point[0] + distance * way[0], point[1] + distance * way[1], point[2] + distance * way[2])
            local = local_point(solids, solid, met)
            face = face_of(solids, solid, local)
            r = reflectance(solids, solid, met, local, face)
            e = irradiance(solids, place.charts, light, solid, local, face)
            glow = math.pi * solids.glows[solid]
            for channel in range(3):
                bounced[texel, channel] += r[channel] * (e[channel] + glow) / samples


@njit(cache=True, error_model="numpy")
def _cosine_way(normal: Vector, a: float, b: float) -> Vector:
    """A direction away from the surface, more often straight than slanting: a point on a unit sphere above it."""
    z, angle = 2 * a - 1, 2 * math.pi * b
    ring = math.sqrt(max(1 - z * z, 0.0))
    x, y, z = normal[0] + ring * math.cos(angle), normal[1] + ring * math.sin(angle), normal[2] + z
    length = math.sqrt(x * x + y * y + z * z) + 1e-12
    return x / length, y / length, z / length
