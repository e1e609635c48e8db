"""Diagnosis: why photos do not become a model, as a typed fact."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence

import numpy as np

from reconstruction.configs import CamerasConfig
from reconstruction.errors import CaptureError
from reconstruction.errors import IdenticalPhotos
from reconstruction.errors import ImplausibleCameras
from reconstruction.errors import NotEnoughOverlap
from reconstruction.errors import PlainPhotos
from reconstruction.errors import SeparatePlaces
from reconstruction.errors import TurnedOnTheSpot
from reconstruction.frames.frame_set import Frame
from reconstruction.frames.frame_set import FrameSet
from reconstruction.sfm.features import Features
from reconstruction.sfm.gates import FEWEST_PHOTOS
from reconstruction.sfm.gates import FOCAL_RANGE
from reconstruction.sfm.gates import LEAST_ANGLE_DEG
from reconstruction.sfm.gates import plausible_lens
from reconstruction.sfm.matching import Pair
from reconstruction.sfm.model import Model
from reconstruction.sfm.view_graph import STRONG
from reconstruction.sfm.view_graph import ViewGraph


FEW_FEATURES = 60
"""A photo with fewer is plain: an ordinary one has thousands."""
STILL_PX = 1.5
"""Two photos whose common points move less were taken from one place in one direction."""
NEARLY_ALL = 0.9
ALL_BUT_CHANCE = 0.95
LARGEST_TURN_MISFIT = 0.1
SOFT = 0.5
"""A photo with less than this share of the others' sharpness is called soft."""
STRAY = "two independent mappings place it differently; photos between it and the others would settle it"
UNPROVEN = "only one of two independent mappings could place it; photos between it and the others would settle it"


def refuse_plain(frames: FrameSet, features: Sequence[Features]) -> None:
    """Raises PlainPhotos where most photos show next to nothing; matching would only waste time."""
    plain = tuple(frame.source for frame, found in zip(frames.frames, features) if len(found) < FEW_FEATURES)
    if len(plain) > len(frames.frames) / 2:
        raise PlainPhotos(plain, len(frames.frames))


def refuse_still(graph: ViewGraph) -> None:
    """Raises IdenticalPhotos where the photos hardly differ: mapping has nothing to go by."""

    def still(pair: Pair) -> bool:
        first, second = (graph.features[end].keypoints for end in (pair.first, pair.second))
        moves = first[pair.matches[:, 0], :2] - second[pair.matches[:, 1], :2]
        return float(np.median(np.linalg.norm(moves, axis=1))) < STILL_PX

    if len(graph.pairs) >= len(graph) - 1 and _share(graph, still) > NEARLY_ALL:
        raise IdenticalPhotos(len(graph))


def refuse_turn(graph: ViewGraph) -> None:
    """Raises TurnedOnTheSpot where turns and zooms of one standing camera explain all that is seen.

    A mapper would make a model of it all the same, often a large one, at any depth it likes.
    """
    if seen_flat(graph) and turn_misfit(graph) < LARGEST_TURN_MISFIT:
        raise TurnedOnTheSpot(len(graph), 0.0)


def seen_flat(graph: ViewGraph) -> bool:
    """Whether nearly every pair is explained by a homography: a camera that stood still, or a flat subject."""
    return bool(graph.pairs) and _share(graph, lambda pair: not pair.shows_depth) > ALL_BUT_CHANCE


def turn_misfit(graph: ViewGraph) -> float:
    """How far the pairs' homographies are from a rotation K R K^-1, at the focal length that suits them best.

    The median over pairs of the ratio of the largest to the smallest singular value of K^-1 H K, less one; 0 for a
    camera that only turns (Hartley and Zisserman 2004, section 8.4), about |baseline| / distance before a plane.
    Measured: 0.03 for a turning camera, 0.04 for crops of one picture; real captures above 0.7.
    """
    width, height = graph.cameras[0].width, graph.cameras[0].height
    homographies = np.array([pair.geometry.H for pair in graph.pairs if pair.geometry.H is not None]).reshape(-1, 3, 3)
    misfits = []
    for share in np.geomspace(*FOCAL_RANGE, 16) if len(homographies) else ():
        focal_px = share * max(width, height)
        k = np.array([[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1]])
        singular = np.linalg.svd(np.linalg.inv(k) @ homographies @ k, compute_uv=False)
        misfits.append(float(np.median(singular[:, 0] / np.maximum(singular[:, 2], 1e-12))) - 1)
    return min(misfits, default=float("inf"))


def why_not(frames: FrameSet, graph: ViewGraph, models: Sequence[Model], config: CamerasConfig) -> CaptureError:
    """The likeliest reason that no sound model was found."""
    names = [frame.source for frame in frames.frames]
    places = separate_places(graph, config)
    if places:
        return SeparatePlaces(tuple(tuple(names[place] for place in group) for group in places))
    best = max(models, key=len, default=None)
    if best and len(best) >= config.least_accepted * len(graph):
        if best.angle_deg <= LEAST_ANGLE_DEG:
            return TurnedOnTheSpot(len(graph), best.angle_deg)
        if not plausible_lens(best):
            return ImplausibleCameras(float(best.focal_px[0].mean()), int(best.size_px[0].max()))
    placed = set(best.names) if best else set()
    left_out = tuple(frame.source for frame in frames.frames if frame.name not in placed)
    return NotEnoughOverlap(len(placed), len(graph), left_out)


def why_left_out(frame: Frame, frames: FrameSet, graph: ViewGraph, placed: Collection[str]) -> str:
    """Why a photo has no place among those that have one, as the end of a sentence."""
    own = next(place for place, other in enumerate(frames.frames) if other.name == frame.name)
    if len(graph.features[own]) < FEW_FEATURES:
        return "almost nothing in it can be recognised: it is blank, too dark or blurred"
    shared = {pair.second if pair.first == own else pair.first: pair.inliers for pair in graph.pairs_of(own)}
    sharpness = float(np.median([other.sharpness for other in frames.frames if other.group == frame.group]))
    soft = "; it is also less sharp than the others" if frame.sharpness < SOFT * sharpness else ""
    if not shared:
        return f"it matches no other photo{soft}"
    nearest = max(shared, key=lambda place: (frames.frames[place].name in placed, shared[place]))
    other = frames.frames[nearest]
    if other.name not in placed:
        return f"it matches only photos that were left out too, like {other.source}{soft}"
    if shared[nearest] < STRONG:
        return f"it shares only {shared[nearest]} points with its best match, {other.source}{soft}"
    return f"it resembles {other.source} but no place for it agrees with the other photos{soft}"


def separate_places(graph: ViewGraph, config: CamerasConfig) -> list[tuple[int, ...]]:
    """Two or more groups of photos that see different things; empty where one group is nearly everything."""
    groups = [group for group in graph.components(STRONG) if len(group) >= FEWEST_PHOTOS]
    if len(groups) < 2 or len(groups[0]) >= config.least_registered * len(graph):
        return []
    second_counts = len(groups[1]) >= 0.15 * len(graph)
    return groups if second_counts and len(groups[0]) + len(groups[1]) >= 0.6 * len(graph) else []


def _share(graph: ViewGraph, true_of: Callable[[Pair], bool]) -> float:
    """Of how many of the pairs it is true."""
    return sum(map(true_of, graph.pairs)) / len(graph.pairs)
