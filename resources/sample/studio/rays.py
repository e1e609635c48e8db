"""What a ray meets: a tree of boxes over the solids, walked without a stack."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from resources.sample.studio.solids import Columns
from resources.sample.studio.solids import Floats
from resources.sample.studio.solids import Integers
from resources.sample.studio.solids import Shape
from resources.sample.studio.solids import Solid
from resources.sample.studio.solids import bounds


BOX = int(Shape.BOX)
ELLIPSOID = int(Shape.ELLIPSOID)
FRUSTUM = int(Shape.FRUSTUM)

Vector = tuple[float, float, float]


class Tree(NamedTuple):
    """Nodes in the order of a walk that goes down first."""

    lows: Floats
    """(m, 3) world"""
    highs: Floats
    """(m, 3) world"""
    skips: Integers
    """(m,) where the walk goes on when it leaves a node's children out"""
    members: Integers
    """(m,) the solid in a leaf, -1 in a branch"""


def grow_tree(solids: list[Solid]) -> Tree:
    """A bounding volume hierarchy, one solid a leaf, split where the surface area heuristic is least.

    Goldsmith and Salmon 1987; the stackless order is Smits 1998, "Efficiency issues for ray tracing".
    """
    corners = [bounds(solid) for solid in solids]
    lows, highs = np.array([low for low, _ in corners]), np.array([high for _, high in corners])
    nodes: list[tuple[Floats, Floats]] = []
    skips: list[int] = []
    members: list[int] = []

    def grow(chosen: Integers) -> None:
        node = len(nodes)
        nodes.append((lows[chosen].min(axis=0), highs[chosen].max(axis=0)))
        skips.append(0)
        members.append(int(chosen[0]) if len(chosen) == 1 else -1)
        if len(chosen) > 1:
            for part in _split(chosen, lows, highs):
                grow(part)
        skips[node] = len(nodes)

    grow(np.arange(len(solids)))
    return Tree(
        np.array([low for low, _ in nodes]),
        np.array([high for _, high in nodes]),
        np.array(skips, np.int64),
        np.array(members, np.int64),
    )


def _split(chosen: Integers, lows: Floats, highs: Floats) -> tuple[Integers, Integers]:
    best_cost, best = math.inf, (chosen[:1], chosen[1:])
    counts = np.arange(1, len(chosen))
    for axis in range(3):
        order = chosen[np.argsort(lows[chosen, axis] + highs[chosen, axis], kind="stable")]
        costs = counts * _areas(lows[order], highs[order])[:-1]
        costs += counts[::-1] * _areas(lows[order[::-1]], highs[order[::-1]])[::-1][1:]
        cut = int(np.argmin(costs))
        if costs[cut] < best_cost:
            best_cost, best = costs[cut], (order[: cut + 1], order[cut + 1 :])
    return best


def _areas(lows: Floats, highs: Floats) -> Floats:
    """The surface (n,) of the box around the first one, two, ... n boxes."""
    sides = np.maximum.accumulate(highs) - np.minimum.accumulate(lows)
    return sides[:, 0] * sides[:, 1] + sides[:, 1] * sides[:, 2] + sides[:, 2] * sides[:, 0]


@njit(cache=True, error_model="numpy")
def nearest(solids: Columns, tree: Tree, origin: Vector, direction: Vector, reach: float) -> tuple[float, int]:
    """How far along the ray the first solid lies, and which; -1 where none lies within ``reach``."""
    x, y, z = 1.0 / direction[0], 1.0 / direction[1], 1.0 / direction[2]
    found = -1
    node = 0
    while node < tree.skips.shape[0]:
        x0, x1 = (tree.lows[node, 0] - origin[0]) * x, (tree.highs[node, 0] - origin[0]) * x
        y0, y1 = (tree.lows[node, 1] - origin[1]) * y, (tree.highs[node, 1] - origin[1]) * y
        z0, z1 = (tree.lows[node, 2] - origin[2]) * z, (tree.highs[node, 2] - origin[2]) * z
        enter = max(min(x0, x1), min(y0, y1), min(z0, z1))
        leave = min(max(x0, x1), max(y0, y1), max(z0, z1))
        if enter > leave or leave < 0.0 or enter >= reach:
            node = tree.skips[node]
            continue
        solid = tree.members[node]
        if solid >= 0:
            distance = _distance(solids, solid, origin, direction)
            if distance < reach:
                reach = distance
                found = solid
        node += 1
    return reach, found


@njit(cache=True, error_model="numpy")
def _distance(solids: Columns, solid: int, origin: Vector, direction: Vector) -> float:
    """How far along the ray it enters the solid: 0 from inside, infinite where it misses."""
    m = solids.local_from_world[solid]
    px, py, pz = (
        origin[0] - solids.centres[solid, 0],
        origin[1] - solids.centres[solid, 1],
        origin[2] - solids.centres[solid, 2],
    )
    o = (
        m[0, 0] * px + m[0, 1] * py + m[0, 2] * pz,
        m[1, 0] * px + m[1, 1] * py + m[1, 2] * pz,
        m[2, 0] * px + m[2, 1] * py + m[2, 2] * pz,
    )
    d = (
        m[0, 0] * direction[0] + m[0, 1] * direction[1] + m[0, 2] * direction[2],
        m[1, 0] * direction[0] + m[1, 1] * direction[1] + m[1, 2] * direction[2],
        m[2, 0] * direction[0] + m[2, 1] * direction[1] + m[2, 2] * direction[2],
    )
    if solids.shapes[solid] == BOX:
        return _box_distance(o, d)
    if solids.shapes[solid] == ELLIPSOID:
        return _sphere_distance(o, d)
    return _frustum_distance(o, d, solids.tapers[solid])


@njit(cache=True, error_model="numpy")
def _box_distance(o: Vector, d: Vector) -> float:
    x0, x1 = (-1.0 - o[0]) / d[0], (1.0 - o[0]) / d[0]
    y0, y1 = (-1.0 - o[1]) / d[1], (1.0 - o[1]) / d[1]
    z0, z1 = (-1.0 - o[2]) / d[2], (1.0 - o[2]) / d[2]
    enter = max(min(x0, x1), min(y0, y1), min(z0, z1))
    leave = min(max(x0, x1), max(y0, y1), max(z0, z1))
    if enter > leave or leave <= 0.0:
        return math.inf
    return max(enter, 0.0)


@njit(cache=True, error_model="numpy")
def _sphere_distance(o: Vector, d: Vector) -> float:
    a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    b = o[0] * d[0] + o[1] * d[1] + o[2] * d[2]
    c = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1.0
    inside = b * b - a * c
    if inside <= 0.0:
        return math.inf
    root = math.sqrt(inside)
    if root - b <= 0.0:
        return math.inf
    return max((-b - root) / a, 0.0)


@njit(cache=True, error_model="numpy")
def _frustum_distance(o: Vector, d: Vector, taper: float) -> float:
    """Radius at height z is m + s z: a quadratic for the side, two discs for the ends."""
    m, s = (1.0 + taper) / 2.0, (taper - 1.0) / 2.0
    radius = m + s * o[2]
    if abs(o[2]) < 1.0 and o[0] * o[0] + o[1] * o[1] < radius * radius:
        return 0.0
    nearest_end = math.inf
    for end in (-1.0, 1.0):
        distance = (end - o[2]) / d[2]
        x, y = o[0] + distance * d[0], o[1] + distance * d[1]
        if distance > 0.0 and x * x + y * y < (m + s * end) ** 2:
            nearest_end = min(nearest_end, distance)
    a = d[0] * d[0] + d[1] * d[1] - s * s * d[2] * d[2]
    b = o[0] * d[0] + o[1] * d[1] - radius * s * d[2]
    c = o[0] * o[0] + o[1] * o[1] - radius * radius
    inside = b * b - a * c
    if inside <= 0.0:
        return nearest_end
    root = math.sqrt(inside)
    for distance in ((-b - root) / a, (-b + root) / a):
        if 0.0 < distance < nearest_end and abs(o[2] + distance * d[2]) < 1.0:
            nearest_end = distance
    return nearest_end


@njit(cache=True, error_model="numpy")
def local_point(solids: Columns, solid: int, point: Vector) -> Vector:
    """A world point in the axes in which the solid fills [-1, 1]^3."""
    m = solids.local_from_world[solid]
    x, y, z = (
        point[0] - solids.centres[solid, 0],
        point[1] - solids.centres[solid, 1],
        point[2] - solids.centres[solid, 2],
    )
    return (
        m[0, 0] * x + m[0, 1] * y + m[0, 2] * z,
        m[1, 0] * x + m[1, 1] * y + m[1, 2] * z,
        m[2, 0] * x + m[2, 1] * y + m[2, 2] * z,
    )


@njit(cache=True, error_model="numpy")
def face_of(solids: Columns, solid: int, local: Vector) -> int:
    """Which part of the surface a point lies on: 2 * axis, + 1 on the positive side; 0: a frustum's round side."""
    x, y, z = abs(local[0]), abs(local[1]), abs(local[2])
    if solids.shapes[solid] == FRUSTUM:
        if z < 1.0 - 1e-7:
            return 0
        return 5 if local[2] > 0 else 4
    if x >= y and x >= z:
        return 1 if local[0] > 0 else 0
    if y >= z:
        return 3 if local[1] > 0 else 2
    return 5 if local[2] > 0 else 4


@njit(cache=True, error_model="numpy")
def normal_at(solids: Columns, solid: int, local: Vector, face: int) -> Vector:
    """The direction straight out of the surface, world, unit length."""
    m = solids.local_from_world[solid]
    x, y, z = 0.0, 0.0, 0.0
    if solids.shapes[solid] == ELLIPSOID:
        x, y, z = local
    elif solids.shapes[solid] == FRUSTUM and face == 0:
        s = (solids.tapers[solid] - 1.0) / 2.0
        x, y, z = local[0], local[1], -s * ((1.0 + solids.tapers[solid]) / 2.0 + s * local[2])
    elif face < 2:
        x = 2.0 * face - 1.0
    elif face < 4:
        y = 2.0 * face - 5.0
    else:
        z = 2.0 * face - 9.0
    nx = m[0, 0] * x + m[1, 0] * y + m[2, 0] * z
    ny = m[0, 1] * x + m[1, 1] * y + m[2, 1] * z
    nz = m[0, 2] * x + m[1, 2] * y + m[2, 2] * z
    length = math.sqrt(nx * nx + ny * ny + nz * nz)
    return nx / length, ny / length, nz / length


@njit(cache=True, error_model="numpy")
def world_point(solids: Columns, solid: int, local: Vector) -> Vector:
    """A local point in the world. local_from_world = scale^-1 rotation^T, so its transpose times scale^2 goes back."""
    m, h, c = solids.local_from_world[solid], solids.half_sizes[solid], solids.centres[solid]
    x, y, z = local[0] * h[0] * h[0], local[1] * h[1] * h[1], local[2] * h[2] * h[2]
    return (
        c[0] + m[0, 0] * x + m[1, 0] * y + m[2, 0] * z,
        c[1] + m[0, 1] * x + m[1, 1] * y + m[2, 1] * z,
        c[2] + m[0, 2] * x + m[1, 2] * y + m[2, 2] * z,
    )
