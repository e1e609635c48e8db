"""The search for a model: grounds from cheap to dear, and on each every way to map it, until a verdict is settled."""

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path

from reconstruction.configs import CamerasConfig
from reconstruction.errors import CaptureError
from reconstruction.errors import NotEnoughOverlap
from reconstruction.frames.frame_set import FrameSet
from reconstruction.progress import Progress
from reconstruction.sfm.attempts import Workshop
from reconstruction.sfm.diagnosis import refuse_plain
from reconstruction.sfm.diagnosis import refuse_still
from reconstruction.sfm.diagnosis import refuse_turn
from reconstruction.sfm.diagnosis import seen_flat
from reconstruction.sfm.diagnosis import separate_places
from reconstruction.sfm.diagnosis import why_not
from reconstruction.sfm.features import Features
from reconstruction.sfm.features import find_features
from reconstruction.sfm.ladder import Rung
from reconstruction.sfm.ladder import Verdict
from reconstruction.sfm.ladder import judge
from reconstruction.sfm.ladder import rungs
from reconstruction.sfm.ladder import settled
from reconstruction.sfm.view_graph import STRONG
from reconstruction.sfm.view_graph import ViewGraph
from reconstruction.sfm.view_graph import around_gaps
from reconstruction.sfm.view_graph import build_graph
from reconstruction.sfm.view_graph import every_pair
from reconstruction.sfm.view_graph import extended
from reconstruction.sfm.view_graph import likely_pairs
from reconstruction.sfm.view_graph import reverified
from reconstruction.sfm.view_graph import shared_cameras
from reconstruction.sfm.view_graph import sparser


MANY_PAIRS = 250
"""Up to this many photos every pair may be matched as a last resort."""
FINE_LONG_SIDE_PX = 1600
FINE_FEATURES = 4096
"""The dear ground: a third of lund's and kitchen's photos only fit together with so many."""
TIES = 2
"""So many strong pairs with confirmed photos hold another in place."""
FLAT = "everything in the photos lies on one plane, which also a turning camera would show"


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Matches to map from, and others of the same photos for the cross-check."""

    name: str
    main: ViewGraph
    check: Callable[[Progress], ViewGraph]
    """Built while the main mapping already runs"""
    climb: Progress
    """For the mapping from these matches: it begins where the matching ended"""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What the search ends with."""

    verdict: Verdict
    graph: ViewGraph
    """Of the last ground that was tried"""


def search(workshop: Workshop, config: CamerasConfig, progress: Progress, threads: int) -> Found:
    """The best model and the matches of its ground; a CaptureError where there is none."""
    total = len(workshop.frames.frames)
    best: Found | None = None
    why: CaptureError = NotEnoughOverlap(0, total)
    for ground in grounds(workshop.frames, config, progress, threads):
        if separate_places(ground.main, config):
            why = why_not(workshop.frames, ground.main, [], config)
            continue
        climb = Climb(workshop, ground, config, threads)
        climb.run(ground.climb)
        verdict = judge(workshop.candidates, total, config)
        if verdict is not None:
            flat = verdict.doubt is None and seen_flat(ground.main)
            verdict = replace(verdict, doubt=FLAT) if flat else verdict
            verdict = replace(verdict, unproven=loose_ends(verdict, ground.main, workshop.frames))
            best = Found(verdict, ground.main)
        if settled(verdict, total, config):
            break
        why = why_not(workshop.frames, ground.main, [c.model for c in workshop.candidates], config)
    if best is not None:
        return best
    if workshop.crashes and not workshop.candidates:
        raise workshop.crashes[-1]
    raise why


def loose_ends(verdict: Verdict, graph: ViewGraph, frames: FrameSet) -> tuple[str, ...]:
    """The unproven photos that hang on to the proven ones by fewer than ``TIES`` strong pairs.

    The end of a walk may bend away in the one mapping that reached it; a photo amidst proven ones has no such freedom.
    """
    proven = set(verdict.kept) - set(verdict.unproven)
    names = [frame.name for frame in frames.frames]

    def ties(place: int) -> int:
        strong = [pair for pair in graph.pairs_of(place) if pair.inliers >= STRONG]
        return sum(names[pair.second if pair.first == place else pair.first] in proven for pair in strong)

    return tuple(name for place, name in enumerate(names) if name in verdict.unproven and ties(place) < TIES)


class Climb:
    """Every way to map one ground, until the verdict is settled."""

    def __init__(self, workshop: Workshop, ground: Ground, config: CamerasConfig, threads: int) -> None:
        self._workshop = workshop
        self._ground = ground
        self._config = config
        self._threads = threads
        self._check: ViewGraph | None = None
        self._databases: dict[tuple[str, bool], Path] = {}

    def run(self, progress: Progress) -> None:
        total = len(self._ground.main)
        focal_known = any(camera.has_prior_focal_length for camera in self._ground.main.cameras)
        for number, rung in enumerate(rungs(focal_known)):
            self._attempt(rung, progress.part(1 - 0.5**number, 1 - 0.5 ** (number + 1)))
            if settled(judge(self._workshop.candidates, total, self._config), total, self._config):
                return
            # Photos without a common view stay apart however they are mapped.
            if len(self._ground.main.components(15)[0]) < self._config.least_accepted * total:
                return

    def _attempt(self, rung: Rung, progress: Progress) -> None:
        database = self._database("main", rung, progress.part(0.0, 0.1))
        tasks = {"main": self._workshop.start("main", rung, database)}
        if self._config.cross_check:
            database = self._database("check", rung, progress.part(0.1, 0.4))
            tasks["check"] = self._workshop.start("check", rung, database)
        names = {role: f"{self._ground.name} {role}" for role in tasks}
        self._workshop.finish(tasks, names, progress.part(0.4, 1.0))

    def _database(self, role: str, rung: Rung, progress: Progress) -> Path:
        key = role, rung.trust_focal
        if key not in self._databases:
            graph = self._graph(role, progress.part(0.0, 0.6))
            if not rung.trust_focal:
                cameras = shared_cameras(self._workshop.frames, trust_focal=False)
                graph = reverified(graph, cameras, self._threads, progress.part(0.6, 1.0))
            self._databases[key] = self._workshop.database(graph)
        return self._databases[key]

    def _graph(self, role: str, progress: Progress) -> ViewGraph:
        if role == "main":
            return self._ground.main
        if self._check is None:
            self._check = self._ground.check(progress)
        return self._check


def grounds(frames: FrameSet, config: CamerasConfig, progress: Progress, threads: int) -> Iterator[Ground]:
    """Matches of the likely pairs; of every pair; of more features at a higher resolution."""
    total = len(frames.frames)
    cameras = shared_cameras(frames, trust_focal=True)
    features = find_features(frames, config.long_side_px, config.features, progress.part(0.0, 0.25), threads)
    refuse_plain(frames, features)
    coarse = [part[: config.features] for part in features]
    looking, matching = progress.part(0.25, 0.3), progress.part(0.3, 0.45)
    chosen = likely_pairs(coarse, frames.ordered, config, threads, looking)
    graph = build_graph(coarse, cameras, chosen, threads, matching)
    if frames.ordered:
        gaps = around_gaps(graph, config.overlap) - chosen
        graph = extended(graph, gaps, threads, progress.part(0.45, 0.5))
    refuse_still(graph)
    refuse_turn(graph)
    yield _ground("likely", graph, features, config, progress.part(0.5, 0.75), threads)
    if len(chosen) < total * (total - 1) // 2 and total <= MANY_PAIRS:
        fuller = extended(graph, every_pair(total) - chosen, threads, progress.part(0.75, 0.8))
        if len(fuller.pairs) > 1.05 * len(graph.pairs):
            graph = fuller
            yield _ground("likely", graph, features, config, progress.part(0.8, 0.88), threads)
    features = find_features(frames, FINE_LONG_SIDE_PX, FINE_FEATURES, progress.part(0.88, 0.91), threads)
    fine = [part[:FINE_FEATURES] for part in features]
    chosen = every_pair(total) if total <= config.exhaustive_up_to else chosen | around_gaps(graph, config.overlap)
    graph = build_graph(fine, cameras, chosen, threads, progress.part(0.91, 0.94))
    yield _ground("fine", graph, features, config, progress.part(0.94, 1.0), threads)


def _ground(
    name: str, graph: ViewGraph, features: list[Features], config: CamerasConfig, climb: Progress, threads: int
) -> Ground:
    """The check has half of the pairs, and features finer than the main mapping's, or every second one of them."""

    def check(progress: Progress) -> ViewGraph:
        others = [
            whole[len(used) :] if 2 * len(whole) >= 3 * len(used) else whole[1::2]
            for whole, used in zip(features, graph.features)
        ]
        return build_graph(others, graph.cameras, sparser(graph, config.seed), threads, progress)

    return Ground(name, graph, check, climb)
