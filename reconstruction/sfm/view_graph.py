"""The view graph: which photos see the same things."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pycolmap
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from reconstruction.configs import CamerasConfig
from reconstruction.frames.frame_set import FrameSet
from reconstruction.progress import Progress
from reconstruction.sfm.features import Features
from reconstruction.sfm.matching import STRONGEST
from reconstruction.sfm.matching import Pair
from reconstruction.sfm.matching import likely_matches
from reconstruction.sfm.matching import match
from reconstruction.sfm.matching import verify
from reconstruction.sfm.parallel import each


Ends = tuple[int, int]
"""Two places in the frame set, the smaller first."""

PARTNERS = 20
"""Each photo is matched in full with so many of its likeliest partners; all 49 on fox gain nothing and cost double."""
LEAST_LIKELY = 4
"""Photos whose largest features share fewer matches are no partners."""
STRONG = 30
"""A pair with so many inliers surely shows one place."""
LOOKED_AT = 500
"""Up to this many photos every pair is looked at (0.25 ms each); above, every k-th photo's and the neighbours'."""


@dataclass(frozen=True, slots=True, eq=False)
class ViewGraph:
    """Photos as nodes, verified pairs as edges, and the features that they rest on."""

    features: tuple[Features, ...]
    cameras: tuple[pycolmap.Camera, ...]
    """One for each photo, equal ids where they share it"""
    pairs: tuple[Pair, ...]

    def __len__(self) -> int:
        return len(self.features)

    def pairs_of(self, place: int) -> list[Pair]:
        """The pairs that one photo is part of."""
        return [pair for pair in self.pairs if place in (pair.first, pair.second)]

    def components(self, least_inliers: int) -> list[tuple[int, ...]]:
        """Groups of photos joined by pairs of at least so many inliers, the largest first."""
        return components(len(self), [(p.first, p.second) for p in self.pairs if p.inliers >= least_inliers])


def components(nodes: int, edges: Iterable[Ends]) -> list[tuple[int, ...]]:
    """The connected groups of nodes 0..nodes-1, the largest first."""
    ends = np.array(list(edges), np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))
    count, labels = connected_components(graph, directed=False)
    groups = [tuple(np.flatnonzero(labels == label).tolist()) for label in range(count)]
    return sorted(groups, key=len, reverse=True)


def likely_pairs(
    features: Sequence[Features], ordered: bool, config: CamerasConfig, threads: int, progress: Progress
) -> set[Ends]:
    """Pairs that are worth matching in full: neighbours in time, and each photo's likeliest partners."""
    total = len(features)
    strongest = [part[:STRONGEST].unit_descriptors for part in features]
    looked_at = sorted(_looked_at(total, config.overlap))
    counts = each(lambda ends: likely_matches(strongest, *ends), looked_at, threads, progress, "comparing photos")
    likeness = np.zeros((total, total), np.int32)
    for (first, second), count in zip(looked_at, counts):
        likeness[first, second] = likeness[second, first] = count
    reach = config.overlap if total > config.exhaustive_up_to else 2
    chosen = neighbours(total, reach) if ordered else set()
    for photo, row in enumerate(likeness):
        best = np.argsort(-row, kind="stable")[:PARTNERS]
        chosen |= {(min(photo, int(b)), max(photo, int(b))) for b in best if row[b] >= LEAST_LIKELY}
    return chosen


def neighbours(total: int, reach: int) -> set[Ends]:
    """Pairs at most ``reach`` places apart."""
    return {(first, second) for first in range(total) for second in range(first + 1, min(first + reach + 1, total))}


def every_pair(total: int) -> set[Ends]:
    return set(combinations(range(total), 2))


def around_gaps(graph: ViewGraph, overlap: int) -> set[Ends]:
    """All pairs across places where one photo and the next share nothing; there blocks slip against each other."""
    joined = {(pair.first, pair.second) for pair in graph.pairs if pair.inliers >= STRONG}
    gaps = [place for place in range(len(graph) - 1) if (place, place + 1) not in joined]
    return {
        (first, second)
        for gap in gaps
        for first in range(max(0, gap - overlap + 1), gap + 1)
        for second in range(gap + 1, min(gap + overlap + 1, len(graph)))
    }


def build_graph(
    features: Sequence[Features],
    cameras: Sequence[pycolmap.Camera],
    chosen: Iterable[Ends],
    threads: int,
    progress: Progress,
) -> ViewGraph:
    """The chosen pairs matched and verified."""
    descriptors = [part.unit_descriptors for part in features]

    def relate(ends: Ends) -> Pair | None:
        first, second = ends
        found = match(descriptors[first], descriptors[second])
        verified = verify((cameras[first], cameras[second]), (features[first], features[second]), found)
        return Pair(first, second, *verified) if verified else None

    pairs = each(relate, sorted(chosen), threads, progress, "matching photos")
    return ViewGraph(tuple(features), tuple(cameras), tuple(pair for pair in pairs if pair))


def extended(graph: ViewGraph, chosen: Iterable[Ends], threads: int, progress: Progress) -> ViewGraph:
    """The graph with more pairs matched."""
    known = {(pair.first, pair.second) for pair in graph.pairs}
    more = build_graph(graph.features, graph.cameras, set(chosen) - known, threads, progress)
    return ViewGraph(graph.features, graph.cameras, graph.pairs + more.pairs)


def reverified(graph: ViewGraph, cameras: Sequence[pycolmap.Camera], threads: int, progress: Progress) -> ViewGraph:
    """The same matches, judged by other cameras."""

    def judge(pair: Pair) -> Pair | None:
        ends = pair.first, pair.second
        verified = verify(
            (cameras[ends[0]], cameras[ends[1]]), (graph.features[ends[0]], graph.features[ends[1]]), pair.matches
        )
        return Pair(*ends, *verified) if verified else None

    pairs = each(judge, graph.pairs, threads, progress, "matching photos")
    return ViewGraph(graph.features, tuple(cameras), tuple(pair for pair in pairs if pair))


def sparser(graph: ViewGraph, seed: int) -> set[Ends]:
    """About half of the pairs: each photo's best six, the rest by lot. An independent mapping starts from them."""
    by_inliers = sorted(graph.pairs, key=lambda pair: -pair.inliers)
    kept_at = np.zeros(len(graph), np.int64)
    lots = np.random.default_rng(seed).random(len(by_inliers))
    chosen: set[Ends] = set()
    for pair, lot in zip(by_inliers, lots):
        if min(kept_at[pair.first], kept_at[pair.second]) < 6 or lot < 0.5:
            chosen.add((pair.first, pair.second))
            kept_at[[pair.first, pair.second]] += 1
    return chosen


def shared_cameras(frames: FrameSet, trust_focal: bool) -> list[pycolmap.Camera]:
    """One camera a frame, the same id for frames of one group; the focal length is EXIF's, or a guess."""
    cameras = {}
    for frame in frames.frames:
        if frame.group in cameras:
            continue
        width, height = frame.size_px
        known = frame.focal_px if trust_focal else None
        camera = pycolmap.Camera(
            model="SIMPLE_RADIAL",
            width=width,
            height=height,
            params=[known or 1.2 * max(width, height), width / 2, height / 2, 0.0],
            camera_id=len(cameras) + 1,
        )
        camera.has_prior_focal_length = known is not None
        cameras[frame.group] = camera
    return [cameras[frame.group] for frame in frames.frames]


def _looked_at(total: int, overlap: int) -> set[Ends]:
    if total <= LOOKED_AT:
        return every_pair(total)
    sparse = range(0, total, -(-total // LOOKED_AT))
    return neighbours(total, overlap) | set(combinations(sparse, 2))
