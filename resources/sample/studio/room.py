"""The room: its walls, what stands in it and where its light comes from.

A study with a workbench, 5 m wide (x), 4.6 m deep (y), 2.7 m high (z up); the origin lies on the floor.
The photographer stands in the front half (y < 0) and looks towards the back wall at y = 2.
"""

from typing import NamedTuple

import numpy as np

from resources.sample.studio import furniture
from resources.sample.studio import plants
from resources.sample.studio import things
from resources.sample.studio.charts import lay_charts
from resources.sample.studio.light import Lamps
from resources.sample.studio.light import Place
from resources.sample.studio.rays import grow_tree
from resources.sample.studio.solids import Finish
from resources.sample.studio.solids import Integers
from resources.sample.studio.solids import Pattern
from resources.sample.studio.solids import Solid
from resources.sample.studio.solids import ball
from resources.sample.studio.solids import box
from resources.sample.studio.solids import columns
from resources.sample.studio.solids import linear
from resources.sample.studio.solids import moved
from resources.sample.studio.solids import rod


LEFT, RIGHT, BACK, FRONT, HEIGHT = -2.5, 2.5, 2.0, -2.6, 2.7
"""The inner faces of the walls and the ceiling, metres."""
SILL, LINTEL, WINDOW_START, WINDOW_END = 0.86, 2.16, -0.05, 1.25
"""The window in the left wall: heights and y."""


class Frame(NamedTuple):
    """Where a picture hangs on its wall and what it shows; metres."""

    along: float
    up: float
    """Of its lower edge."""
    width: float
    height: float
    subject: int
    """Of the five that `pictures.painting` knows."""


OVER_THE_DESK = (
    Frame(-0.36, 1.15, 0.34, 0.44, 2),
    Frame(-0.36, 1.68, 0.34, 0.28, 3),
    Frame(0.08, 1.74, 0.44, 0.34, 0),
    Frame(0.56, 1.76, 0.40, 0.50, 1),
    Frame(1.02, 1.74, 0.38, 0.30, 4),
    Frame(1.30, 1.24, 0.30, 0.40, 2),
    Frame(1.32, 0.86, 0.26, 0.30, 3),
    Frame(-0.36, 2.05, 0.30, 0.36, 1),
    Frame(0.08, 2.16, 0.40, 0.30, 3),
    Frame(1.04, 2.12, 0.42, 0.34, 0),
    Frame(1.98, 1.62, 0.78, 0.60, 4),
)
BY_THE_WINDOW = (
    Frame(-0.50, 1.52, 0.38, 0.50, 3),
    Frame(-0.52, 1.06, 0.34, 0.38, 0),
    Frame(-0.92, 1.60, 0.34, 0.42, 2),
    Frame(-0.94, 1.12, 0.36, 0.40, 1),
)


def furnish(coarser: float = 1.0) -> tuple[Place, Integers]:
    """The room, and the texels (t, 4) on which its light is stored, so many times coarser than it deserves."""
    random = np.random.default_rng
    solids = shell() + window(random(1)) + back_wall(random(2)) + left_side(random(3)) + right_side(random(4))
    solids += middle(random(5)) + floor_clutter(random(6))
    charts, texels = lay_charts(solids, coarser)
    return Place(columns(solids), grow_tree(solids), charts, lamps()), texels


def lamps() -> Lamps:
    """A low warm sun through the left window, its sky, and a large cool window behind the photographer."""
    sun = np.array([-0.84, 0.10, 0.50])
    tall = LINTEL - SILL
    return Lamps(
        sun_direction=sun / np.linalg.norm(sun),
        sun_irradiance=17.0 * linear("#ffdfae"),
        window_corners=np.array([[LEFT - 0.17, WINDOW_START, SILL], [-1.9, FRONT + 0.01, 0.7]]),
        window_sides=np.array(
            [
                [[0.0, WINDOW_END - WINDOW_START, 0.0], [0.0, 0.0, tall]],
                [[0.0, 0.0, 1.8], [3.8, 0.0, 0.0]],
            ]
        ),
        window_radiances=np.stack([9.0 * linear("#fff4e2"), 5.0 * linear("#f2f5ff")]),
    )


def shell() -> list[Solid]:
    """Floor, walls, ceiling, beams, skirting."""
    floor = Finish(Pattern.PLANKS, ("#a8703c", "#6f4524", "#3a2416"), 1, texel_m=0.025)
    brick = Finish(Pattern.BRICK, ("#a5573a", "#c07a52", "#d8cbb4"), 2, texel_m=0.03)
    teal = Finish(Pattern.PLASTER, ("#4f7d78", "#78a096", "#c9b48c"), 3, texel_m=0.03)
    ochre = Finish(Pattern.PLASTER, ("#d0a560", "#e3c58c", "#a96a3f"), 4, texel_m=0.03)
    boards = Finish(Pattern.PLANKS, ("#d9cfb8", "#b9ab8c", "#7a684c"), 5, texel_m=0.05)
    beam = Finish(Pattern.WOOD, ("#6b4529", "#3f2716", "#8f6a45"), 6, texel_m=0.04)
    skirting = Finish(Pattern.PAINT, ("#d8cfb9", "#c2b596", "#8d7650"), 7)
    thick, deep, tall = 0.18, BACK - FRONT, HEIGHT
    middle = (BACK + FRONT) / 2
    solids = [
        box((5.4, deep + 0.4, 0.1), (0, middle, -0.1), floor),
        box((5.4, deep + 0.4, 0.1), (0, middle, tall), boards),
        box((5.4, thick, tall), (0, BACK + thick / 2, 0), teal),
        box((5.4, thick, tall), (0, FRONT - thick / 2, 0), ochre),
        box((thick, deep, tall), (RIGHT + thick / 2, middle, 0), ochre),
        box((thick, WINDOW_START - FRONT, tall), (LEFT - thick / 2, (WINDOW_START + FRONT) / 2, 0), brick),
        box((thick, BACK - WINDOW_END, tall), (LEFT - thick / 2, (BACK + WINDOW_END) / 2, 0), brick),
        box((thick, WINDOW_END - WINDOW_START, SILL), (LEFT - thick / 2, (WINDOW_END + WINDOW_START) / 2, 0), brick),
        box(
            (thick, WINDOW_END - WINDOW_START, tall - LINTEL),
            (LEFT - thick / 2, (WINDOW_END + WINDOW_START) / 2, LINTEL),
            brick,
        ),
        box((5.0, 0.02, 0.11), (0, BACK - 0.01, 0), skirting),
        box((0.02, deep, 0.11), (RIGHT - 0.01, middle, 0), skirting),
    ]
    return solids + [box((0.14, deep, 0.16), (x, middle, tall - 0.16), beam) for x in (-1.7, -0.55, 0.6, 1.75)]


def window(random: np.random.Generator) -> list[Solid]:
    """Frame, bars, sill, curtains, and the garden outside."""
    white = Finish(Pattern.PAINT, ("#e6dfcc", "#cdc2a6", "#97805c"), 11, texel_m=0.012)
    curtain = Finish(Pattern.STRIPES, ("#d9c69a", "#b5543a", "#3f6b70"), 12)
    iron = Finish(Pattern.PAINT, furniture.IRON, 13)
    view = Finish(Pattern.GARDEN, ("#2c4a22", "#6d8f3c", "#cfe2f2"), 14, glow=0.9, texel_m=1.0)
    wide, tall = WINDOW_END - WINDOW_START, LINTEL - SILL
    x, y = LEFT - 0.10, (WINDOW_START + WINDOW_END) / 2
    solids = [box((0.05, 0.05, tall), (x, y + side * (wide / 2 - 0.025), SILL), white) for side in (-1, 0, 1)]
    solids += [box((0.05, wide, 0.05), (x, y, z), white) for z in (SILL, LINTEL - 0.05)]
    solids += [box((0.03, wide, 0.025), (x, y, SILL + share * tall), white) for share in (0.36, 0.68)]
    solids.append(box((0.26, wide + 0.12, 0.035), (LEFT + 0.04, y, SILL - 0.03), white))
    solids.append(rod(0.012, (LEFT + 0.10, y - 0.95, LINTEL + 0.14), (LEFT + 0.10, y + 0.95, LINTEL + 0.14), iron))
    for side in (-1, 1):
        for fold in range(6):
            at = y + side * (wide / 2 + 0.02 + 0.05 * fold)
            away = LEFT + 0.09 + 0.015 * (fold % 2)
            solids.append(rod(0.034, (away, at, 0.42 + 0.01 * fold), (away, at, LINTEL + 0.14), curtain, 0.8))
    solids += moved(plants.bush(0.075, 42, random), (LEFT + 0.08, y - 0.42, SILL + 0.005))
    solids += moved(plants.blades(random, 0.065), (LEFT + 0.08, y - 0.10, SILL + 0.005))
    solids += moved(things.vase(random, 0.17), (LEFT + 0.08, y + 0.16, SILL + 0.005))
    solids += moved(plants.bush(0.065, 36, random), (LEFT + 0.08, y + 0.45, SILL + 0.005))
    return [*solids, box((0.1, 24.0, 12.0), (LEFT - 8.0, 2.0, -4.0), view)]


def back_wall(random: np.random.Generator) -> list[Solid]:
    """The bookcase, the desk with all that lies on it, the pictures above."""
    solids = moved(furniture.bookcase(1.75, 2.15, random), (-1.50, BACK - 0.155, 0))
    solids += moved(things.parcel((0.40, 0.26, 0.22), random), (-1.95, BACK - 0.16, 2.15), yaw_deg=-6)
    solids += moved(plants.trailing_plant(random, 0.55), (-1.10, BACK - 0.16, 2.15))
    solids += moved(things.vase(random, 0.28), (-1.50, BACK - 0.15, 2.15))
    solids += moved(furniture.desk(random), (0.42, BACK - 0.32, 0))
    solids += on_desk(random)
    solids += moved(furniture.wall_shelf(1.15, random), (0.45, BACK - 0.10, 1.36))
    solids += moved(things.row_of_books(0.45, 0.26, random), (0.17, BACK - 0.10, 1.385))
    solids += moved(things.tin(0.05, 0.12, random), (0.50, BACK - 0.10, 1.385))
    solids += moved(things.tin(0.05, 0.12, random), (0.62, BACK - 0.10, 1.385))
    solids += moved(things.vase(random, 0.2), (0.76, BACK - 0.10, 1.385))
    solids += moved(plants.trailing_plant(random, 0.4), (0.93, BACK - 0.10, 1.385))
    for frame in OVER_THE_DESK:
        tilt = float(random.uniform(-1.2, 1.2))
        hung = things.picture(frame.width, frame.height, random, frame.subject)
        solids += moved(hung, (frame.along, BACK - 0.001, frame.up), roll_deg=tilt)
    return solids + moved(things.sheet(0.42, 0.60, random), (1.72, BACK - 0.002, 0.92), roll_deg=1.5)


def on_desk(random: np.random.Generator) -> list[Solid]:
    """Globe, lamp, papers, books, brushes; in the room's own coordinates."""
    y, top = BACK - 0.32, 0.7505
    solids = moved(things.globe(random), (-0.14, y + 0.12, top))
    solids += moved(things.desk_lamp(random), (0.92, y + 0.12, top), yaw_deg=200)
    solids += moved(things.pile_of_books(6, random), (0.20, y + 0.14, top), yaw_deg=4)
    solids += moved(things.brushes(random), (0.46, y + 0.16, top))
    solids += moved(things.mug(random), (0.60, y - 0.06, top), yaw_deg=-40)
    solids += moved(things.parcel((0.24, 0.17, 0.13), random), (0.68, y + 0.14, top), yaw_deg=12)
    for x, back, yaw in ((0.22, 0.25, 8), (0.40, 0.21, -17), (-0.18, 0.28, 24), (0.98, 0.27, -8)):
        lying = moved(things.sheet(0.21, 0.29, random), (0, 0, 0), lean_deg=90)
        solids += moved(lying, (x, y - back, top + 0.005 + 0.01 * x), yaw_deg=yaw)
    return solids + moved(things.tin(0.04, 0.10, random), (1.08, y + 0.02, top))


def left_side(random: np.random.Generator) -> list[Solid]:
    """The reading corner by the window."""
    solids = moved(furniture.low_bench(random), (LEFT + 0.20, 0.58, 0), yaw_deg=90)
    solids += moved(plants.bush(0.10, 60, random), (LEFT + 0.20, 0.12, 0.45))
    solids += moved(things.pile_of_books(4, random), (LEFT + 0.20, 0.62, 0.45), yaw_deg=80)
    solids += moved(things.parcel((0.30, 0.24, 0.18), random), (LEFT + 0.20, 1.02, 0.45), yaw_deg=95)
    solids += moved(furniture.armchair(random), (-1.36, 0.92, 0), yaw_deg=58)
    solids += moved(furniture.floor_lamp(random), (-2.12, 1.42, 0))
    for frame in BY_THE_WINDOW:
        hung = things.picture(frame.width, frame.height, random, frame.subject)
        solids += moved(hung, (LEFT + 0.001, frame.along, frame.up), yaw_deg=90)
    suitcase = Finish(Pattern.CARDBOARD, ("#7a4a2c", "#c9a05c", "#e6d2a0"), 31)
    solids += moved([box((0.62, 0.24, 0.42), (0, 0, 0), suitcase)], (LEFT + 0.15, -0.62, 0), yaw_deg=90)
    return solids + moved(things.pile_of_books(3, random), (LEFT + 0.17, -0.60, 0.42), yaw_deg=75)


def right_side(random: np.random.Generator) -> list[Solid]:
    """The workshop: a bench, tools on a board, tins, crates, a guitar, the tall plant in the corner."""
    solids = moved(furniture.workbench(random), (RIGHT - 0.26, 0.35, 0), yaw_deg=-90)
    solids += moved(on_workbench(random), (RIGHT - 0.26, 0.35, 0.8605), yaw_deg=-90)
    solids += moved(things.tool_wall(random), (RIGHT - 0.002, 0.35, 1.12), yaw_deg=-90)
    solids += moved(furniture.crate((0.46, 0.36, 0.30), random), (RIGHT - 0.27, 0.02, 0.186), yaw_deg=-84)
    solids += moved(things.parcel((0.40, 0.34, 0.26), random), (RIGHT - 0.27, 0.62, 0.186), yaw_deg=-95)
    solids += moved(things.parcel((0.34, 0.30, 0.20), random), (RIGHT - 0.30, 0.62, 0.447), yaw_deg=-82)
    solids += moved(plants.tall_plant(1.75, random), (1.98, 1.52, 0))
    solids += moved(things.guitar(random), (RIGHT - 0.19, -0.72, 0.02), yaw_deg=-80, lean_deg=9)
    solids += moved(furniture.wall_shelf(0.62, random), (RIGHT - 0.10, 1.42, 1.55), yaw_deg=-90)
    solids += moved(plants.trailing_plant(random, 0.5), (RIGHT - 0.12, 1.26, 1.575), yaw_deg=-90)
    solids += moved(things.vase(random, 0.24), (RIGHT - 0.12, 1.55, 1.575))
    sheets = ((-0.62, 1.34, 0.50, 0.72), (-1.18, 1.20, 0.44, 0.62), (1.25, 0.95, 0.36, 0.50))
    for y, z, width, height in sheets:
        tilt = float(random.uniform(-2, 2))
        solids += moved(things.sheet(width, height, random), (RIGHT - 0.002, y, z), yaw_deg=-90, roll_deg=tilt)
    solids += moved(things.picture(0.52, 0.38, random, 0), (RIGHT - 0.001, 0.02, 2.10), yaw_deg=-90)
    solids += moved(things.picture(0.40, 0.40, random, 3), (RIGHT - 0.001, 0.60, 2.10), yaw_deg=-90)
    return solids + moved(things.picture(0.36, 0.46, random, 2), (RIGHT - 0.001, 1.30, 1.98), yaw_deg=-90)


def on_workbench(random: np.random.Generator) -> list[Solid]:
    """Tins, jars, a toolbox, offcuts; front towards -y."""
    red = Finish(Pattern.PAINT, ("#a8352a", "#8a2a22", "#c9b9a0"), 41)
    solids = [box((0.42, 0.20, 0.17), (-0.38, 0.06, 0), red), box((0.36, 0.05, 0.03), (-0.38, 0.06, 0.17), red)]
    solids += [rod(0.012, (-0.50, 0.06, 0.225), (-0.26, 0.06, 0.225), Finish(Pattern.WOOD, furniture.OAK, 42))]
    for x, y, radius, height in (
        (-0.06, 0.12, 0.06, 0.15),
        (0.08, 0.14, 0.05, 0.11),
        (0.02, -0.02, 0.045, 0.09),
        (0.62, 0.12, 0.07, 0.17),
    ):
        solids += moved(things.tin(radius, height, random), (x, y, 0))
    solids += moved(things.brushes(random), (0.22, 0.12, 0))
    for plank, (x, yaw) in enumerate(((0.36, 14), (0.40, -9), (0.34, 31))):
        wooden = furniture.wood(furniture.PINE if plank % 2 else furniture.OAK, random)
        solids += moved(
            [box((0.42 - 0.06 * plank, 0.09, 0.022), (0, 0, 0.0225 * plank), wooden)], (x, -0.08, 0), yaw_deg=yaw
        )
    return solids + moved(things.pile_of_books(2, random), (-0.02, -0.16, 0), yaw_deg=-12)


def middle(random: np.random.Generator) -> list[Solid]:
    """The rug, the low table and what is on it, the chair at the desk."""
    carpet = Finish(Pattern.RUG, ("#8c2f2a", "#20364f", "#dcc08a"), 51)
    solids = moved([box((2.7, 1.8, 0.012), (0, 0, 0), carpet)], (0.05, 0.30, 0), yaw_deg=5)
    x, y, foot, top = 0.05, 0.22, 0.012, 0.4425
    solids += moved(furniture.round_table(random), (x, y, foot))
    solids += moved(things.chess_game(random), (x - 0.13, y - 0.14, top), yaw_deg=24)
    solids += moved(plants.flowers(random), (x + 0.13, y + 0.24, top))
    solids += moved(things.fruit_bowl(random), (x - 0.20, y + 0.24, top))
    solids += moved(things.pile_of_books(4, random), (x + 0.28, y - 0.02, top), yaw_deg=-28)
    solids += moved(things.mug(random), (x + 0.14, y - 0.31, top), yaw_deg=60)
    solids += moved(things.mug(random), (x + 0.27, y + 0.0, top + 0.145), yaw_deg=200)
    return solids + moved(furniture.chair(random), (0.30, 1.10, foot), yaw_deg=163)


def floor_clutter(random: np.random.Generator) -> list[Solid]:
    """What people leave on a floor: a pouf, a basket of wool, toy bricks, papers, parcels, crates."""
    cane = Finish(Pattern.WEAVE, ("#b88a52", "#8a6233", "#dcb989"), 61)
    knit = Finish(Pattern.WEAVE, ("#3f6f7a", "#2c5560", "#8fb0a8"), 62)
    solids = [ball((0.54, 0.54, 0.36), (-0.98, -0.22, 0.0), knit)]
    solids += moved(things.wool_basket(cane, random), (1.02, 1.18, 0.0))
    solids += moved(things.toy_bricks(random), (0.98, -0.22, 0.012))
    for x, y, yaw in ((-0.48, -0.42, 18), (-0.30, -0.34, -25), (1.42, 0.36, 70)):
        solids += moved(
            moved(things.sheet(0.30, 0.42, random), (0, 0, 0), lean_deg=90), (x, y - 0.2, 0.0165), yaw_deg=yaw
        )
    solids += moved(furniture.crate((0.44, 0.34, 0.34), random), (1.42, 1.72, 0), yaw_deg=-8)
    solids += moved(things.row_of_books(0.36, 0.30, random), (1.42, 1.72, 0.04), yaw_deg=-8)
    solids += moved(things.pile_of_books(5, random), (-0.42, 1.66, 0.0), yaw_deg=30)
    solids += moved(things.parcel((0.38, 0.32, 0.28), random), (1.66, -0.62, 0), yaw_deg=24)
    return solids + moved(things.pile_of_books(3, random), (1.64, -0.62, 0.2805), yaw_deg=-15)
