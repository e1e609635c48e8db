"""Look-alikes: different walls that a mapping took for one, told by photos that it puts on one spot though they differ.

A house with equal sides folds into one side, with every photo registered, a perfect error, and every further mapping in
agreement: all follow the same matches. But what stands before the sides is not equal, and there the pictures of one
spot contradict each other.
"""

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pycolmap

from reconstruction.frames.frame_set import FrameSet
from reconstruction.geometry import Array
from reconstruction.sfm.matching import Pair
from reconstruction.sfm.model import Model
from reconstruction.sfm.view_graph import Ends
from reconstruction.sfm.view_graph import ViewGraph


NEAR = 0.05
"""Photos are near when their centres are closer than this share of the distance to what they see ..."""
NEAR_DEG = 15.0
"""... and they look into directions that differ less than this."""
CELLS = 8
"""Cells along the longer side: small beside a wall, large beside a feature."""
FULL = 6
"""A cell with so many features that some other photo recognises has something to be recognised by.

Grass, water and leaves have features in plenty that nothing recognises; counting them called 25 of the 34 near pairs of
the GoPro's walk contradictory.
"""
RECOGNISED = 0.25
UNRECOGNISED = 0.04
"""Shares of a cell's features that match where the photos show the same thing, and where they do not."""
LEAST_DIFFERENT = 0.25
"""Two photos contradict each other when so much of what is seen well differs."""


LEAST_CONTRADICTIONS = 3
MOST_CONTRADICTED = 0.15
"""Share of the near photos that may contradict each other: weather, people and weak matches do that too.

Measured: 22 of 48 on a cube with equal sides; 0 of 34 on the GoPro's walk.
"""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two photos that a model puts on nearly one spot, cell by cell of the first one's picture."""

    ends: Ends
    same: int
    """Cells in which the second photo shows the same"""
    different: int
    """Cells that are full in both photos and share nothing"""

    @property
    def contradicts(self) -> bool:
        return self.different >= 2 and self.different > LEAST_DIFFERENT * (self.same + self.different)


def contradiction(model: Model, graph: ViewGraph, frames: FrameSet) -> str | None:
    """What speaks for look-alikes, as the end of a sentence; None where little does."""
    every = list(likenesses(model, graph, frames))
    contradictory = [likeness for likeness in every if likeness.contradicts]
    if len(contradictory) < max(LEAST_CONTRADICTIONS, MOST_CONTRADICTED * len(every)):
        return None
    worst = max(contradictory, key=lambda likeness: likeness.different)
    first, second = (frames.frames[end].source for end in worst.ends)
    return (
        f"{first} and {second}, and {len(contradictory) - 1} pairs more, stand on one spot but show different things, "
        "as where parts of the subject look alike"
    )


def likenesses(model: Model, graph: ViewGraph, frames: FrameSet) -> Iterator[Likeness]:
    """Every two photos of a model that stand near each other, and how alike they are."""
    place_of = {frame.name: place for place, frame in enumerate(frames.frames)}
    pairs = {(pair.first, pair.second): pair for pair in graph.pairs}
    recognisable = recognised(graph)
    for first, second in near(model):
        a, b = place_of[model.names[first]], place_of[model.names[second]]
        pair = pairs.get((min(a, b), max(a, b)))
        if pair is not None:
            rows = (first, second) if a < b else (second, first)
            yield likeness(pair, graph, recognisable, model, rows)


def recognised(graph: ViewGraph) -> list[Array]:
    """Of each photo the features (N, 2) px that match in at least one other photo."""
    known = [np.zeros(len(features), bool) for features in graph.features]
    for pair in graph.pairs:
        known[pair.first][pair.matches[:, 0]] = True
        known[pair.second][pair.matches[:, 1]] = True
    return [found.keypoints[rows, :2].astype(np.float64) for found, rows in zip(graph.features, known)]


def near(model: Model) -> list[Ends]:
    """Rows of photos that stand close together and look the same way."""
    depths = distances(model)
    ahead = model.camera_from_world[:, 2, :3]
    apart = np.linalg.norm(model.centres[:, None] - model.centres, axis=2)
    close = apart < NEAR * np.minimum(depths[:, None], depths)
    alike = ahead @ ahead.T > np.cos(np.radians(NEAR_DEG))
    return [(int(a), int(b)) for a, b in np.argwhere(np.triu(close & alike, 1))]


def distances(model: Model) -> Array:
    """How far off what each photo sees is, in the median (P,)."""
    reconstruction = pycolmap.Reconstruction(model.folder)
    points = {number: point.xyz for number, point in reconstruction.points3D.items()}
    depth_of = {}
    for image in reconstruction.images.values():
        seen = [points[p.point3D_id] for p in image.points2D if p.has_point3D() and p.point3D_id in points]
        if image.has_pose and seen:
            depth_of[image.name] = np.median(np.array(seen) @ image.cam_from_world().matrix()[2, :3])
            depth_of[image.name] += image.cam_from_world().matrix()[2, 3]
    return np.array([depth_of.get(name, 0.0) for name in model.names], np.float64)


def likeness(pair: Pair, graph: ViewGraph, recognisable: Sequence[Array], model: Model, rows: Ends) -> Likeness:
    """Cell by cell of the first photo: does the second, turned into its direction, show the same?"""
    size_px = model.size_px[rows[0]]
    side_px = size_px.max() / CELLS
    grid = np.ceil(size_px / side_px).astype(int)
    turned = _turned(recognisable[pair.second], model, (rows[1], rows[0]))
    matched = graph.features[pair.first].keypoints[pair.matches[:, 0], :2]
    mine, theirs, common = (_counts(points, side_px, grid) for points in (recognisable[pair.first], turned, matched))
    full = (mine >= FULL) & (theirs >= FULL)
    share = common / np.maximum(np.minimum(mine, theirs), 1)
    same = full & (share >= RECOGNISED)
    different = full & (share < UNRECOGNISED)
    return Likeness((pair.first, pair.second), int(same.sum()), int(different.sum()))


def _turned(points_px: Array, model: Model, rows: Ends) -> Array:
    """Where points of one photo lie in another that stands on the same spot: K R K^-1, less distortion."""
    start, end = rows
    centres_px = model.size_px / 2
    rays = np.column_stack([(points_px - centres_px[start]) / model.focal_px[start], np.ones(len(points_px))])
    turn = model.camera_from_world[end, :3, :3] @ model.camera_from_world[start, :3, :3].T
    seen = rays @ turn.T
    return seen[:, :2] / np.maximum(seen[:, 2:], 1e-6) * model.focal_px[end] + centres_px[end]


def _counts(points_px: Array, side_px: float, grid: Array) -> Array:
    """How many points lie in each cell."""
    edges = [np.arange(count + 1) * side_px for count in grid]
    return np.histogram2d(points_px[:, 0], points_px[:, 1], bins=(edges[0], edges[1]))[0]
