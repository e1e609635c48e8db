"""Plants: leaves, pots, flowers; foot at z = 0. Metres."""

import math

import numpy as np

from resources.sample.studio.solids import Finish
from resources.sample.studio.solids import Pattern
from resources.sample.studio.solids import Point
from resources.sample.studio.solids import Shape
from resources.sample.studio.solids import Solid
from resources.sample.studio.solids import ball
from resources.sample.studio.solids import drum
from resources.sample.studio.solids import rod
from resources.sample.studio.things import Colours
from resources.sample.studio.things import Random
from resources.sample.studio.things import seed
from resources.sample.studio.things import vase


GREENS: tuple[Colours, ...] = (
    ("#3f7a34", "#6ba445", "#b7cf7a"),
    ("#2f6237", "#4f8c3c", "#9dbf6c"),
    ("#57803a", "#89a845", "#cfd78a"),
    ("#2d5a48", "#55907a", "#a9cfae"),
)
CLAY = ("#b9653f", "#8f4528", "#dba27c")
SOIL = ("#3c2a1e", "#574030", "#8a6d50")


def leaf(root: Point, towards: np.ndarray, length: float, width: float, finish: Finish) -> Solid:
    """A leaf that grows from ``root``."""
    along = towards / np.linalg.norm(towards)
    up = np.array([0.0, 0.0, 1.0]) - along[2] * along
    up = up / np.linalg.norm(up) if np.linalg.norm(up) > 1e-6 else np.array([1.0, 0.0, 0.0])
    axes = np.stack([along, np.cross(up, along), up], axis=1)
    half_sizes = np.array([length / 2, width / 2, 0.0035])
    return Solid(Shape.ELLIPSOID, np.array(root) + along * length / 2, half_sizes, finish, axes)


def flowerpot(radius: float, random: Random, colours: Colours = CLAY) -> list[Solid]:
    """A pot full of soil, as high as it is wide."""
    clay = Finish(Pattern.CERAMIC, colours, seed(random), texel_m=0.01)
    return [
        drum(0.72 * radius, 1.55 * radius, (0, 0, 0), clay, 1.3),
        drum(1.05 * radius, 0.40 * radius, (0, 0, 1.45 * radius), clay, 1.03),
        drum(0.93 * radius, 0.02, (0, 0, 1.85 * radius - 0.012), Finish(Pattern.SPECKLE, SOIL, seed(random))),
    ]


def bush(radius: float, leaves: int, random: Random) -> list[Solid]:
    """A pot plant of many small leaves; ``radius`` is the pot's."""
    solids = flowerpot(radius, random)
    greens = GREENS[random.integers(len(GREENS))]
    for _ in range(leaves):
        turn, rise = random.uniform(0, 2 * math.pi), random.uniform(-0.2, 1.3)
        towards = np.array([math.cos(turn), math.sin(turn), rise])
        start = float(random.uniform(0.1, 1.0)) * radius
        root = (start * towards[0], start * towards[1], radius * (1.9 + float(random.uniform(0, 1.5)) * max(rise, 0.3)))
        length = radius * float(random.uniform(0.7, 1.3))
        solids.append(leaf(root, towards, length, 0.5 * length, Finish(Pattern.LEAF, greens, seed(random))))
    return solids


def tall_plant(height: float, random: Random) -> list[Solid]:
    """A rubber tree in a basket."""
    basket = Finish(Pattern.WEAVE, ("#c9a26a", "#9a7440", "#e6cfa0"), seed(random))
    bark = Finish(Pattern.WOOD, ("#7a6248", "#55422f", "#a08a6a"), seed(random))
    solids = [
        drum(0.19, 0.34, (0, 0, 0), basket, 1.12),
        drum(0.18, 0.02, (0, 0, 0.33), Finish(Pattern.SPECKLE, SOIL, seed(random))),
    ]
    for stem in range(3):
        foot = np.array([0.05 * math.cos(2.1 * stem), 0.05 * math.sin(2.1 * stem), 0.33])
        turn = 2.1 * stem + 0.5
        top = foot + np.array([0.16 * math.cos(turn), 0.16 * math.sin(turn), height * (0.62 - 0.14 * stem)])
        solids.append(rod(0.013, (foot[0], foot[1], foot[2]), (top[0], top[1], top[2]), bark, 0.6))
        for step in range(13):
            share = 0.22 + 0.78 * step / 12
            root = foot + share * (top - foot)
            turn = 2.4 * step + stem
            towards = np.array([math.cos(turn), math.sin(turn), float(random.uniform(-0.1, 0.9))])
            length = float(random.uniform(0.20, 0.30)) * (1.15 - 0.4 * share)
            finish = Finish(Pattern.LEAF, GREENS[random.integers(2)], seed(random))
            solids.append(leaf((root[0], root[1], root[2]), towards, length, 0.5 * length, finish))
    return solids


def trailing_plant(random: Random, drop: float) -> list[Solid]:
    """Ivy that hangs over the front of its pot."""
    solids = bush(0.065, 16, random)
    for strand in range(7):
        x, y = 0.11 * math.sin(1.9 * strand), -0.09 - 0.03 * (strand % 3)
        for step in range(int(drop * float(random.uniform(0.6, 1.0)) / 0.045)):
            z = 0.10 - 0.045 * step
            turn = random.uniform(0, 2 * math.pi)
            towards = np.array([math.cos(turn), math.sin(turn) - 0.4, -0.5])
            finish = Finish(Pattern.LEAF, GREENS[random.integers(len(GREENS))], seed(random))
            solids.append(leaf((x + 0.02 * math.sin(step), y, z), towards, 0.06, 0.04, finish))
    return solids


def blades(random: Random, radius: float) -> list[Solid]:
    """A snake plant: stiff upright leaves with bands."""
    solids = flowerpot(radius, random, ("#e4dac2", "#3f6f78", "#b8894a"))
    for _ in range(9):
        green = Finish(Pattern.STRIPES, ("#3e6b3a", "#86a05a", "#2b4d33"), seed(random), texel_m=0.01)
        x, y = random.uniform(-0.5, 0.5, 2) * radius
        tip = (3.2 * float(x), 3.2 * float(y), radius * float(random.uniform(4.2, 7.0)))
        solids.append(rod(0.2 * radius, (float(x), float(y), 1.8 * radius), tip, green, 0.12))
    return solids


def flowers(random: Random) -> list[Solid]:
    """A vase of flowers."""
    solids = vase(random, 0.22)
    for stalk in range(15):
        turn, tilt = 2.4 * stalk, 0.10 + 0.035 * (stalk % 5)
        top = np.array([tilt * math.cos(turn), tilt * math.sin(turn), float(random.uniform(0.33, 0.47))])
        green = Finish(Pattern.LEAF, GREENS[stalk % 4], seed(random))
        solids.append(rod(0.003, (0, 0, 0.2), (top[0], top[1], top[2]), green))
        solids.append(leaf((0.4 * top[0], 0.4 * top[1], 0.28), top * [1, 1, 0.6], 0.11, 0.035, green))
        bloom = (
            ("#d9592f", "#f0a53a", "#7a2d1c"),
            ("#e9c84a", "#f4e3a0", "#8a5a1c"),
            ("#c84a6b", "#eba3a9", "#f3dc8f"),
        )
        petals = Finish(Pattern.SPECKLE, bloom[stalk % 3], seed(random))
        solids.append(ball((0.065, 0.065, 0.05), (top[0], top[1], top[2] - 0.02), petals))
    return solids
