"""Gates: what a model must be like to be believed at all. None of them proves it right; agreement does that."""

import math

from reconstruction.sfm.model import Model


POINTS_PER_ROOT = 100
"""A model of n photos has more than this times sqrt(n) points."""
LARGEST_ERROR_PX = 1.5
FOCAL_RANGE = (0.4, 3.0)
"""Of the long side: from a very wide lens to a telephoto lens."""
LARGEST_DISTORTION = 1.0
LEAST_ANGLE_DEG = 2.0
"""Median triangulation angle; below it depth is noise."""
FEWEST_PHOTOS = 3
LARGEST_STRETCH = 0.02
"""Pixels are square: a lens with fx and fy farther apart has swallowed an error of the poses."""


def faults(model: Model) -> list[str]:
    """What is wrong with a model, each the end of a sentence; empty when it is sound."""
    if len(model) < FEWEST_PHOTOS:
        return [f"only {len(model)} photos have a place"]
    found = []
    if model.points <= POINTS_PER_ROOT * math.sqrt(len(model)):
        found.append(f"only {model.points} points were seen from several places")
    if not model.error_px < LARGEST_ERROR_PX:
        found.append(f"points miss their photos by {model.error_px:.1f} px on average")
    if not plausible_lens(model):
        found.append(f"the lens would have a focal length of {model.focal_px[0].mean():.0f} px")
    if model.angle_deg <= LEAST_ANGLE_DEG:
        found.append(f"points are seen under {model.angle_deg:.1f} degrees only")
    return found


def plausible_lens(model: Model) -> bool:
    """Whether every camera has a focal length and a distortion that real lenses have."""
    shares = model.focal_px / model.size_px.max(axis=1, keepdims=True)
    within = (shares >= FOCAL_RANGE[0]) & (shares <= FOCAL_RANGE[1])
    return bool(within.all() and (abs(model.distortion) < LARGEST_DISTORTION).all())


def square_pixels(model: Model) -> bool:
    return bool((abs(model.focal_px[:, 0] / model.focal_px[:, 1] - 1) <= LARGEST_STRETCH).all())
