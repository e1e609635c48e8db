"""Small things: books, pictures, plants, crockery, tools; front towards -y, foot at z = 0. Metres."""

import math

import numpy as np

from resources.sample.studio.solids import Finish
from resources.sample.studio.solids import Pattern
from resources.sample.studio.solids import Point
from resources.sample.studio.solids import Solid
from resources.sample.studio.solids import ball
from resources.sample.studio.solids import box
from resources.sample.studio.solids import drum
from resources.sample.studio.solids import moved
from resources.sample.studio.solids import rod


Random = np.random.Generator
Colours = tuple[str, str, str]

BINDINGS: tuple[Colours, ...] = (
    ("#8e2f2a", "#e2c078", "#f1e3c0"),
    ("#26425f", "#c9d3d6", "#e8c95f"),
    ("#2f5a45", "#d7c79a", "#f0ead6"),
    ("#c9803a", "#3a2a20", "#f6ecd2"),
    ("#93a08a", "#a63d2f", "#2c2a2a"),
    ("#4a2f4f", "#d99a5b", "#eadfc8"),
    ("#6b7f8c", "#23323d", "#f2d9a0"),
    ("#a99a6a", "#4d5b3c", "#6d2b22"),
    ("#1f2326", "#b8452f", "#e9e2cf"),
    ("#d4a92f", "#20364f", "#7a1f1c"),
    ("#7a4a2b", "#e7cf9f", "#1d1a18"),
    ("#3f7f86", "#f0e2bf", "#d8622f"),
)
BRISTLES = ("#3c2a1e", "#574030", "#8a6d50")


def seed(random: Random) -> int:
    """A number for a finish."""
    return int(random.integers(1, 9999))


def book(thick: float, deep: float, tall: float, random: Random) -> Solid:
    """A book standing upright, its spine in front."""
    colours = BINDINGS[random.integers(len(BINDINGS))]
    return box((thick, deep, tall), (0, 0, 0), Finish(Pattern.BOOK, colours, seed(random)))


def row_of_books(width: float, height: float, random: Random) -> list[Solid]:
    """A shelf's worth of books, some leaning or lying, with a gap now and then for something else."""
    solids: list[Solid] = []
    x = -width / 2 + 0.006
    while x < width / 2 - 0.05:
        kind = random.random()
        if kind < 0.07 and x < width / 2 - 0.24:
            count = int(random.integers(3, 1 + max(4, int(height / 0.05))))
            solids += moved(pile_of_books(count, random, height - 0.03), (x + 0.11, 0, 0))
            x += 0.235
        elif kind < 0.13 and x < width / 2 - 0.14:
            solids += moved(vase(random, min(0.2, 0.7 * height)), (x + 0.065, 0, 0))
            x += 0.135
        else:
            thick = float(random.uniform(0.018, 0.052))
            tall = min(float(random.uniform(0.18, 0.29)), height - 0.012)
            deep = float(random.uniform(0.15, 0.22))
            leaning = kind > 0.95 and x < width / 2 - thick - 0.09
            back = 0.11 - deep / 2 - float(random.uniform(0, 0.03))
            standing = [book(thick, deep, tall, random)]
            room = thick + 0.0015
            if leaning:
                standing = moved(standing, (thick / 2, 0, thick * 0.12), roll_deg=-13)
                room += 0.22 * tall
            solids += moved(standing, (x + thick / 2, -back, 0))
            x += room
    return solids


def pile_of_books(count: int, random: Random, height: float = 1.0) -> list[Solid]:
    """Books lying one on another, not quite aligned."""
    solids: list[Solid] = []
    z = 0.0
    for _ in range(count):
        thick, tall = float(random.uniform(0.018, 0.045)), float(random.uniform(0.19, 0.25))
        if z + thick > height:
            break
        lying = moved([book(thick, tall * 0.72, tall, random)], (-tall / 2, 0, thick / 2), roll_deg=90)
        solids += moved(lying, (0, 0, z), yaw_deg=float(random.uniform(-14, 14)))
        z += thick + 0.0005
    return solids


def picture(width: float, height: float, random: Random, subject: int | None = None) -> list[Solid]:
    """A framed painting, 3 cm deep, its back at y = 0."""
    colours = BINDINGS[random.integers(len(BINDINGS))]
    number = seed(random)
    number += 0 if subject is None else (subject - number) % 5
    frames = (("#6b4126", "#3d2415", "#b98d5f"), ("#2a2a2c", "#17181a", "#77706a"), ("#c2964a", "#8d6626", "#eed79a"))
    frame = Finish(Pattern.WOOD, frames[random.integers(3)], number, texel_m=0.012)
    bar = 0.022
    solids = [box((width - 0.01, 0.012, height - 0.01), (0, -0.010, 0.005), Finish(Pattern.PICTURE, colours, number))]
    solids += [box((bar, 0.03, height), (x, -0.0155, 0), frame) for x in (bar / 2 - width / 2, width / 2 - bar / 2)]
    return solids + [box((width - 2 * bar, 0.03, bar), (0, -0.0155, z), frame) for z in (0.0, height - bar)]


def sheet(width: float, height: float, random: Random) -> list[Solid]:
    """A printed sheet or poster, upright, its back at y = 0."""
    papers: tuple[Colours, ...] = (
        ("#efe3c4", "#3a3533", "#b23a2c"),
        ("#e8e2d0", "#2b2a2e", "#2f5f7d"),
        ("#e7c46e", "#3b2a22", "#7b2a24"),
        ("#b9cfc6", "#22343a", "#c5542f"),
    )
    finish = Finish(Pattern.TEXT, papers[random.integers(4)], seed(random))
    return [box((width, 0.003, height), (0, -0.0025, 0), finish)]


def vase(random: Random, height: float) -> list[Solid]:
    """A painted pot with a neck."""
    grounds: tuple[Colours, ...] = (
        ("#e8dcc2", "#2f5a7d", "#b5532f"),
        ("#3d7f86", "#efe3c6", "#d9a441"),
        ("#b5532f", "#f0dfba", "#2b2f38"),
        ("#d9b35a", "#6b2f28", "#f3e8cc"),
        ("#5f7a4f", "#e9ddb8", "#93402f"),
    )
    glaze = Finish(Pattern.CERAMIC, grounds[random.integers(5)], seed(random), texel_m=0.01)
    wide = height * float(random.uniform(0.26, 0.34))
    return [
        ball((2 * wide, 2 * wide, 0.78 * height), (0, 0, 0), glaze),
        drum(0.55 * wide, 0.3 * height, (0, 0, 0.70 * height), glaze, 1.25),
    ]


def tin(radius: float, height: float, random: Random) -> list[Solid]:
    """A labelled tin."""
    colours = BINDINGS[random.integers(len(BINDINGS))]
    return [
        drum(
            radius,
            height,
            (0, 0, 0),
            Finish(Pattern.LABEL, (colours[0], "#b9b6ac", colours[2]), seed(random), texel_m=0.01),
        )
    ]


def brushes(random: Random) -> list[Solid]:
    """A jar of brushes and pencils."""
    solids = tin(0.042, 0.11, random)
    for _ in range(9):
        colours = BINDINGS[random.integers(len(BINDINGS))]
        lean = random.uniform(-0.05, 0.05, 2)
        top = (float(lean[0]), float(lean[1]), float(random.uniform(0.17, 0.25)))
        finish = Finish(Pattern.PAINT, (colours[0], colours[0], colours[1]), seed(random))
        solids.append(rod(0.005, (0.3 * top[0], 0.3 * top[1], 0.1), top, finish))
        tip = (1.12 * top[0], 1.12 * top[1], top[2] + 0.022)
        solids.append(rod(0.006, top, tip, Finish(Pattern.SPECKLE, BRISTLES, seed(random)), 0.3))
    return solids


def mug(random: Random) -> list[Solid]:
    """A mug, full."""
    glaze = Finish(Pattern.CERAMIC, ("#e9e0cc", "#b8482f", "#3a6b86"), seed(random), texel_m=0.01)
    tea = Finish(Pattern.SPECKLE, ("#4a2a14", "#5a3519", "#6b4220"))
    handle = [rod(0.006, (0.04, 0, z), (0.062, 0, 0.05), glaze) for z in (0.022, 0.078)]
    return [drum(0.040, 0.095, (0, 0, 0), glaze), drum(0.035, 0.002, (0, 0, 0.0945), tea), *handle]


def fruit_bowl(random: Random) -> list[Solid]:
    """A wide bowl of fruit."""
    bowl = Finish(Pattern.CERAMIC, ("#e6dcc4", "#2f5f7d", "#b5862f"), seed(random), texel_m=0.01)
    skins = (("#c9442a", "#e08a3a", "#f0c35a"), ("#e0a02f", "#f0c04a", "#8a7a2a"), ("#8fa63a", "#b9c25a", "#6b4a2a"))
    solids = [drum(0.075, 0.07, (0, 0, 0), bowl, 1.9)]
    for fruit in range(8):
        turn, away = 2.4 * fruit, 0.085 if fruit < 5 else 0.035
        at = (away * math.cos(turn), away * math.sin(turn), 0.050 if fruit < 5 else 0.095)
        solids.append(
            ball((0.085, 0.085, 0.08), at, Finish(Pattern.SPECKLE, skins[fruit % 3], seed(random), texel_m=0.01))
        )
    return solids


def chess_game(random: Random) -> list[Solid]:
    """A board and the end of a game."""
    board = Finish(Pattern.CHESS, ("#dcbf8c", "#5a3320", "#7d4a2a"), seed(random), texel_m=0.01)
    solids = [box((0.40, 0.40, 0.025), (0, 0, 0), board)]
    fields = random.permutation(64)[:15]
    for man, field in enumerate(fields):
        x, y = (field % 8 - 3.5) * 0.0444, (field // 8 - 3.5) * 0.0444
        colours = ("#e6cf9f", "#c9a86b", "#f4e6c2") if man % 2 else ("#3a2418", "#22140c", "#7a5638")
        finish = Finish(Pattern.WOOD, colours, seed(random), texel_m=0.008)
        tall = float(random.uniform(0.04, 0.075))
        solids.append(drum(0.016, tall, (x, y, 0.025), finish, 0.4))
        solids.append(ball((0.021, 0.021, 0.021), (x, y, 0.020 + tall), finish))
    return solids


def globe(random: Random) -> list[Solid]:
    """A globe on a foot."""
    brass = Finish(Pattern.SPECKLE, ("#c9a24b", "#8a6a2a", "#f0dca0"))
    earth = Finish(Pattern.GLOBE, ("#8a9a4f", "#d6c088", "#3f7fa0"), seed(random), texel_m=0.01)
    foot = Finish(Pattern.WOOD, ("#74492c", "#412818", "#b98d63"), seed(random))
    solids = [drum(0.085, 0.025, (0, 0, 0), foot, 0.8), rod(0.01, (0, 0, 0.02), (0, 0, 0.08), brass)]
    return [*solids, *moved([ball((0.27, 0.27, 0.27), (0, 0, -0.135), earth)], (0, 0, 0.20), roll_deg=23)]


def desk_lamp(random: Random) -> list[Solid]:
    """A lamp with two arms and a glowing shade."""
    iron = Finish(Pattern.PAINT, ("#3d5a4a", "#2c4437", "#c9b48a"), seed(random))
    shade = Finish(Pattern.PAINT, ("#4b7560", "#3a5f4d", "#d9c9a0"), seed(random))
    bulb = Finish(Pattern.SPECKLE, ("#ffe0a0", "#ffd080", "#fff2cc"), glow=2.5)
    return [
        drum(0.09, 0.025, (0, 0, 0), iron, 0.85),
        rod(0.009, (0, 0, 0.02), (-0.10, 0, 0.30), iron),
        rod(0.009, (-0.10, 0, 0.30), (0.10, -0.03, 0.46), iron),
        *moved([drum(0.085, 0.11, (0, 0, 0), shade, 0.45)], (0.13, -0.04, 0.36), roll_deg=-12),
        *moved([drum(0.075, 0.004, (0, 0, -0.003), bulb)], (0.13, -0.04, 0.36), roll_deg=-12),
    ]


def parcel(size: Point, random: Random) -> list[Solid]:
    """A cardboard box."""
    inks = ("#8c2f26", "#2a4a6b", "#2b2b2b")
    colours = ("#c69a64", "#e3cf9e", inks[random.integers(3)])
    return [box(size, (0, 0, 0), Finish(Pattern.CARDBOARD, colours, seed(random)))]


def guitar(random: Random) -> list[Solid]:
    """A guitar, upright, its belly in front."""
    top = Finish(Pattern.WOOD, ("#d08a3c", "#a8601f", "#f0c77f"), seed(random))
    dark = Finish(Pattern.WOOD, ("#3b2417", "#21130c", "#7d5a3b"), seed(random))
    strings = Finish(Pattern.STRIPES, ("#5a3a22", "#3a2416", "#c9b58a"), seed(random))
    body = [(0.195, 0.20), (0.135, 0.44)]
    solids = [rod(radius, (0, 0, z), (0, -0.09, z), top) for radius, z in body]
    solids += [
        box((0.21, 0.088, 0.16), (0, -0.045, 0.26), top),
        rod(0.048, (0, -0.08, 0.385), (0, -0.0915, 0.385), dark),
    ]
    solids += [box((0.056, 0.03, 0.52), (0, -0.09, 0.43), strings), box((0.15, 0.012, 0.025), (0, -0.095, 0.17), dark)]
    solids.append(box((0.085, 0.025, 0.17), (0, -0.085, 0.95), dark))
    pegs = Finish(Pattern.SPECKLE, ("#e8dfc8", "#c9bfa0", "#8a7a5a"))
    return solids + [
        ball((0.02, 0.02, 0.02), (x, -0.085, z), pegs) for x in (-0.053, 0.053) for z in (0.98, 1.03, 1.08)
    ]


def tool_wall(random: Random) -> list[Solid]:
    """A board, 1.3 m wide, hung with tools; its back at y = 0."""
    board = Finish(Pattern.PEGBOARD, ("#c79f68", "#9a7444", "#5a3d22"), seed(random))
    steel = Finish(Pattern.SPECKLE, ("#8d9296", "#5f6468", "#c3c8c9"), seed(random))
    solids = [box((1.3, 0.018, 0.86), (0, -0.010, 0), board)]
    for tool in range(4):
        x, colours = -0.56 + 0.13 * tool, BINDINGS[random.integers(len(BINDINGS))]
        handle = Finish(Pattern.WOOD, ("#b9803f", "#7d4f25", colours[0]), seed(random))
        solids.append(rod(0.014, (x, -0.035, 0.44), (x, -0.035, 0.74), handle, 0.8))
        solids.append(box((0.11 - 0.015 * tool, 0.03, 0.035 + 0.008 * tool), (x, -0.035, 0.74), steel))
    for driver in range(7):
        x, colours = -0.05 + 0.055 * driver, BINDINGS[random.integers(len(BINDINGS))]
        grip = Finish(Pattern.PAINT, (colours[0], colours[0], colours[1]), seed(random))
        solids.append(rod(0.013, (x, -0.033, 0.66), (x, -0.033, 0.76), grip, 0.85))
        solids.append(rod(0.004, (x, -0.033, 0.50 + 0.02 * (driver % 3)), (x, -0.033, 0.66), steel))
    saw = Finish(Pattern.WOOD, ("#9a5a2c", "#6b3a1a", "#d0a06a"), seed(random))
    solids += moved(
        [box((0.46, 0.004, 0.11), (0, -0.024, 0), steel), box((0.13, 0.022, 0.13), (-0.28, -0.03, -0.01), saw)],
        (0.24, 0, 0.30),
        roll_deg=6,
    )
    rule = Finish(Pattern.TEXT, ("#e0b64a", "#2a2622", "#8c2f26"), seed(random))
    solids.append(box((0.045, 0.006, 0.60), (0.50, -0.024, 0.18), rule))
    rope = Finish(Pattern.STRIPES, ("#d2b483", "#a88452", "#efe0bd"), seed(random))
    for knot in range(16):
        turn = 2 * math.pi * knot / 16
        solids.append(
            ball((0.06, 0.04, 0.06), (-0.42 + 0.11 * math.cos(turn), -0.04, 0.16 + 0.11 * math.sin(turn)), rope)
        )
    clock = Finish(Pattern.CLOCK, ("#efe6cf", "#7d4a2a", "#22201e"), seed(random))
    solids.append(rod(0.10, (-0.10, -0.02, 0.20), (-0.10, -0.045, 0.20), clock))
    return solids + moved(sheet(0.18, 0.24, random), (0.14, -0.02, 0.03), roll_deg=-5)


def wool_basket(cane: Finish, random: Random) -> list[Solid]:
    """A basket full of balls of wool."""
    solids = [drum(0.17, 0.24, (0, 0, 0), cane, 1.2)]
    for skein in range(8):
        turn, away = 2.4 * skein, 0.11 if skein < 6 else 0.03
        colours = BINDINGS[random.integers(len(BINDINGS))]
        wool = Finish(Pattern.STRIPES, (colours[0], colours[0], colours[1]), seed(random), texel_m=0.01)
        at = (away * math.cos(turn), away * math.sin(turn), 0.20 if skein < 6 else 0.27)
        solids.append(ball((0.13, 0.13, 0.12), at, wool))
    return solids


def toy_bricks(random: Random) -> list[Solid]:
    """Wooden bricks, a few still a tower."""
    solids: list[Solid] = []
    places = (
        (0, 0, 0),
        (0.07, 0.02, 0),
        (0.03, 0.01, 1),
        (-0.12, 0.06, 0),
        (0.16, -0.08, 0),
        (-0.06, -0.12, 0),
        (0.02, 0.16, 0),
        (0.035, 0.0, 2),
    )
    for x, y, storey in places:
        colours = BINDINGS[random.integers(len(BINDINGS))]
        finish = Finish(
            Pattern.LABEL if storey else Pattern.PAINT, (colours[0], colours[1], colours[2]), seed(random), texel_m=0.01
        )
        solids += moved(
            [box((0.06, 0.06, 0.06), (0, 0, 0), finish)], (x, y, 0.0605 * storey), yaw_deg=float(random.uniform(0, 90))
        )
    return solids
