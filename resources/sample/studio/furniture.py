"""Furniture: each piece with its front towards -y and its foot at z = 0. Metres."""

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
from resources.sample.studio.things import pile_of_books
from resources.sample.studio.things import row_of_books


Random = np.random.Generator

OAK = ("#b5834f", "#7d5431", "#dcb988")
WALNUT = ("#74492c", "#412818", "#b98d63")
PINE = ("#d6a866", "#ad7a3e", "#f0d8a6")
IRON = ("#3b3d40", "#26282b", "#8d7a66")


def wood(colours: tuple[str, str, str], random: Random) -> Finish:
    """A wooden surface unlike any other."""
    return Finish(Pattern.WOOD, colours, int(random.integers(1, 999)))


def bookcase(width: float, height: float, random: Random) -> list[Solid]:
    """Two columns of shelves, full of books."""
    depth, board, rows = 0.30, 0.025, 6
    solids = [box((width, 0.015, height), (0, depth / 2, 0), wood(WALNUT, random))]
    solids += [box((board, depth, height), (x, 0, 0), wood(WALNUT, random)) for x in (-width / 2, 0.0, width / 2)]
    pitch = (height - board - 0.06) / rows
    heights = [0.06 + row * pitch for row in range(rows + 1)]
    solids += [box((width, depth - 0.01, board), (0, 0.004, z), wood(WALNUT, random)) for z in heights]
    solids.append(box((width, 0.02, 0.06), (0, -depth / 2 + 0.03, 0), wood(WALNUT, random)))
    for row in range(rows):
        for side in (-1, 1):
            books = row_of_books(width / 2 - board, pitch - board, random)
            solids += moved(books, (side * width / 4, -0.02, 0.06 + row * pitch + board))
    return solids


def desk(random: Random) -> list[Solid]:
    """A writing desk, 1.5 m wide, with three drawers on the right."""
    brass = Finish(Pattern.SPECKLE, ("#c9a24b", "#8a6a2a", "#f0dca0"))
    solids = [box((1.5, 0.6, 0.035), (0, 0, 0.715), wood(OAK, random))]
    for x, y in ((-0.70, -0.25), (-0.70, 0.25), (0.2, 0.25)):
        solids.append(box((0.05, 0.05, 0.715), (x, y, 0), wood(OAK, random)))
    solids.append(box((0.46, 0.52, 0.66), (0.48, 0, 0.055), wood(OAK, random)))
    for drawer in range(3):
        z = 0.08 + 0.215 * drawer
        solids.append(box((0.42, 0.02, 0.195), (0.48, -0.27, z), wood(PINE, random)))
        solids.append(ball((0.03, 0.03, 0.03), (0.48, -0.295, z + 0.085), brass))
    return solids


def workbench(random: Random) -> list[Solid]:
    """A heavy bench, 1.4 m wide, with a shelf below."""
    solids = [box((1.4, 0.5, 0.06), (0, 0, 0.80), wood(PINE, random))]
    solids += [box((0.08, 0.08, 0.80), (x, y, 0), wood(PINE, random)) for x in (-0.64, 0.64) for y in (-0.2, 0.2)]
    solids.append(box((1.3, 0.42, 0.025), (0, 0, 0.16), wood(PINE, random)))
    solids.append(box((1.2, 0.03, 0.1), (0, -0.21, 0.70), wood(PINE, random)))
    return solids


def round_table(random: Random) -> list[Solid]:
    """A low table on three legs, 0.43 m high."""
    solids = [drum(0.50, 0.035, (0, 0, 0.395), wood(OAK, random))]
    for turn in (0.3, 2.4, 4.5):
        x, y = np.cos(turn), np.sin(turn)
        solids.append(rod(0.018, (0.42 * x, 0.42 * y, 0), (0.25 * x, 0.25 * y, 0.40), wood(WALNUT, random), 1.5))
    return solids


def chair(random: Random) -> list[Solid]:
    """A kitchen chair, painted long ago."""
    blue = Finish(Pattern.PAINT, ("#3f7f8c", "#2f6472", "#d8c9a4"), int(random.integers(999)))
    solids = [box((0.42, 0.40, 0.03), (0, 0, 0.43), blue)]
    solids += [rod(0.017, (x * 1.12, -0.18, 0), (x, -0.16, 0.43), blue) for x in (-0.17, 0.17)]
    solids += [rod(0.017, (x * 1.1, 0.22, 0), (x, 0.17, 0.43), blue) for x in (-0.17, 0.17)]
    solids += [rod(0.017, (x, 0.17, 0.44), (x * 1.1, 0.26, 0.90), blue) for x in (-0.18, 0.18)]
    solids += moved([box((0.40, 0.022, 0.09), (0, 0, 0), blue)], (0, 0.245, 0.80), lean_deg=10)
    solids += [rod(0.009, (x, 0.18, 0.45), (x * 1.05, 0.25, 0.82), blue) for x in (-0.09, 0, 0.09)]
    solids += [rod(0.010, (-0.18, y, 0.2), (0.18, y, 0.2), blue) for y in (-0.17, 0.19)]
    cushion = Finish(Pattern.STRIPES, ("#c7543a", "#e8d9b5", "#27496b"), int(random.integers(999)), texel_m=0.01)
    return [*solids, ball((0.40, 0.38, 0.07), (0, 0, 0.445), cushion)]


def armchair(random: Random) -> list[Solid]:
    """An old armchair with a cushion and a blanket over its arm."""
    cloth = Finish(Pattern.WEAVE, ("#c08a2e", "#a06f20", "#d8ab58"), 5)
    cushion = Finish(Pattern.STRIPES, ("#23495c", "#e6d3ac", "#b5482f"), int(random.integers(999)), texel_m=0.01)
    blanket = Finish(Pattern.STRIPES, ("#8d3b35", "#e9dcc3", "#4f6b57"), int(random.integers(999)), texel_m=0.01)
    solids = [box((0.62, 0.62, 0.20), (0, 0, 0.16), cloth), ball((0.64, 0.64, 0.20), (0, -0.03, 0.30), cloth)]
    for x in (-0.37, 0.37):
        solids.append(box((0.13, 0.66, 0.38), (x, 0, 0.14), cloth))
        solids.append(rod(0.075, (x, -0.34, 0.53), (x, 0.32, 0.53), cloth))
    back = [box((0.80, 0.14, 0.62), (0, 0, 0), cloth), rod(0.085, (-0.40, 0, 0.62), (0.40, 0, 0.62), cloth)]
    solids += moved(back, (0, 0.30, 0.26), lean_deg=12)
    solids += moved([ball((0.46, 0.16, 0.40), (0, 0, 0), cushion)], (0.04, 0.17, 0.40), yaw_deg=9, lean_deg=22)
    solids += [
        box((0.17, 0.34, 0.008), (0.37, -0.06, 0.606), blanket),
        box((0.008, 0.34, 0.34), (0.452, -0.06, 0.27), blanket),
    ]
    legs = wood(WALNUT, random)
    return solids + [rod(0.02, (x, y, 0), (x, y, 0.16), legs, 1.4) for x in (-0.32, 0.32) for y in (-0.26, 0.26)]


def low_bench(random: Random) -> list[Solid]:
    """A bench under the window, 1.3 m wide, with two open compartments."""
    white = Finish(Pattern.PAINT, ("#d9d2bd", "#c3b99d", "#8f7552"), int(random.integers(999)))
    solids = [box((1.3, 0.36, 0.03), (0, 0, 0.42), white), box((1.3, 0.36, 0.03), (0, 0, 0.05), white)]
    solids += [box((0.03, 0.35, 0.45), (x, 0, 0), white) for x in (-0.635, 0.0, 0.635)]
    solids.append(box((1.27, 0.015, 0.40), (0, 0.165, 0.04), white))
    solids += moved(row_of_books(0.58, 0.31, random), (-0.32, -0.02, 0.08))
    return solids + moved(pile_of_books(5, random), (0.22, -0.02, 0.08), yaw_deg=6)


def crate(size: Point, random: Random) -> list[Solid]:
    """A fruit crate of slats."""
    width, depth, height = size
    solids = [box((width - 0.03, depth - 0.03, 0.02), (0, 0, 0.01), wood(PINE, random))]
    slats = max(2, round(height / 0.10))
    for slat in range(slats):
        z, tall = slat * height / slats, height / slats - 0.015
        solids += [box((width, 0.014, tall), (0, y, z), wood(PINE, random)) for y in (-depth / 2, depth / 2)]
        solids += [box((0.014, depth - 0.02, tall), (x, 0, z), wood(PINE, random)) for x in (-width / 2, width / 2)]
    return solids


def floor_lamp(random: Random) -> list[Solid]:
    """A reading lamp, 1.6 m high, whose shade glows."""
    iron = Finish(Pattern.PAINT, IRON, int(random.integers(999)))
    shade = Finish(Pattern.CERAMIC, ("#f2cf94", "#c98b4a", "#fff0cc"), int(random.integers(999)), 1.3)
    return [
        drum(0.14, 0.03, (0, 0, 0), iron),
        rod(0.012, (0, 0, 0.03), (0, 0, 1.30), iron),
        drum(0.21, 0.27, (0, 0, 1.28), shade, 0.62),
    ]


def wall_shelf(width: float, random: Random) -> list[Solid]:
    """A board on two brackets."""
    brackets = Finish(Pattern.PAINT, IRON, int(random.integers(999)))
    solids = [box((width, 0.2, 0.025), (0, 0, 0), wood(WALNUT, random))]
    return solids + [box((0.02, 0.18, 0.12), (x, 0.01, -0.12), brackets) for x in (-0.4 * width, 0.4 * width)]
