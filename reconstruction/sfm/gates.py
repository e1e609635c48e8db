"""Gates: what a model must be like to be believed at all. None of them proves it right; agreement does that."""

import math

import numpy as np

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
FEWEST_REFOCUSED = 6
LARGEST_ZOOM = 0.08
MOST_ZOOMED = 0.15
"""Of one camera's photos so many may have a focal length that differs by more than ``LARGEST_ZOOM``.

Measured: within 1 % at the castle, the fountain and the sample, 1.5 % in the kitchen; half of fox zoomed by 1.5: 18 %
off in the median.
"""
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


def mixed_zooms(model: Model, refocused: Model) -> str | None:
    """Why one focal length does not do for every camera, as the end of a sentence; None where it does.

    refocused: the same photos, each adjusted with a focal length of its own
    """
    ratios = np.ones(len(refocused))
    shared = dict(zip(model.names, model.focal_px[:, 0]))
    of_camera = np.array([shared[name] for name in refocused.names], np.float64)
    for focal_px in np.unique(of_camera):
        same = of_camera == focal_px
        ratios[same] = refocused.focal_px[same, 0] / np.median(refocused.focal_px[same, 0])
    off = int((abs(np.log(ratios)) > LARGEST_ZOOM).sum())
    if len(refocused) < FEWEST_REFOCUSED or off <= MOST_ZOOMED * len(refocused):
        return None
    least, most = refocused.focal_px[:, 0].min(), refocused.focal_px[:, 0].max()
    return (
        f"the photos fit together better with focal lengths from {least:.0f} to {most:.0f} px than with one, "
        "as where the zoom was changed between them"
    )


def square_pixels(model: Model) -> bool:
    return bool((abs(model.focal_px[:, 0] / model.focal_px[:, 1] - 1) <= LARGEST_STRETCH).all())
