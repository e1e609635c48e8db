"""Photos: what a pinhole camera sees of a place, developed to sRGB."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reconstruction.camera import Camera
from resources.sample.studio.charts import irradiance
from resources.sample.studio.crew import share_out
from resources.sample.studio.light import ABOVE_M
from resources.sample.studio.light import Place
from resources.sample.studio.light import sunlight
from resources.sample.studio.noise import chance
from resources.sample.studio.patterns import reflectance
from resources.sample.studio.rays import Vector
from resources.sample.studio.rays import face_of
from resources.sample.studio.rays import local_point
from resources.sample.studio.rays import nearest
from resources.sample.studio.rays import normal_at
from resources.sample.studio.solids import Floats


FAR_M = 100.0
SOFTNESS_PX = 1.25
"""How far light strays in the lens."""
EXPOSURE = 1.5
WHITE = 2.6
"""The exposed light that is drawn pure white."""


def photograph(place: Place, light: Floats, camera: Camera, samples_per_side: int) -> NDArray[np.uint8]:
    """The picture (h, w, 3) sRGB. light: what `bake` found; rays a pixel: the square of ``samples_per_side``."""
    lens, pose = _optics(camera)
    linear = np.zeros((camera.size_px[1], camera.size_px[0], 3))
    share_out(lambda start, stop: _expose(place, light, pose, lens, samples_per_side, start, stop, linear), len(linear))
    return develop(linear)


def depths(place: Place, camera: Camera) -> Floats:
    """How far (h, w) the surface at each pixel's centre lies along the camera's z axis, metres."""
    lens, pose = _optics(camera)
    depths_m = np.zeros((camera.size_px[1], camera.size_px[0]))
    share_out(lambda start, stop: _measure(place, pose, lens, start, stop, depths_m), len(depths_m))
    return depths_m


def develop(linear: Floats) -> NDArray[np.uint8]:
    """Light as a film shows it: a soft shoulder in the highlights, then the sRGB curve.

    Reinhard et al. 2002, "Photographic tone reproduction for digital images", eq. 4; IEC 61966-2-1.
    """
    x = EXPOSURE * np.maximum(linear, 0)
    film = np.minimum(x * (1 + x / WHITE**2) / (1 + x), 1)
    srgb = np.where(film <= 0.0031308, 12.92 * film, 1.055 * film ** (1 / 2.4) - 0.055)
    return np.round(255 * srgb).astype(np.uint8)


def _optics(camera: Camera) -> tuple[Floats, Floats]:
    lens = np.array([*camera.focal_px, *camera.centre_px], np.float64)
    return lens, np.asarray(camera.camera_from_world, np.float64)


@njit(cache=True, nogil=True, error_model="numpy")
def _expose(
    place: Place,
    light: Floats,
    pose: Floats,
    lens: Floats,
    samples_per_side: int,
    start: int,
    stop: int,
    picture: Floats,
) -> None:
    """Adds the light that falls on rows ``start`` to ``stop`` of ``picture`` (h, w, 3)."""
    width = picture.shape[1]
    samples = samples_per_side * samples_per_side
    for row in range(start, stop):
        for column in range(width):
            for sample in range(samples):
                key = row * width + column
                x, y = _scattered(key, sample, samples_per_side)
                # Another order over the sun's disc than over the pixel, so that the two do not go together.
                a, b = _scattered(key + width * len(picture), 7 * sample % samples, samples_per_side)
                origin, way = _ray(pose, lens, column + 0.5 + _tent(x), row + 0.5 + _tent(y))
                red, green, blue = _radiance(place, light, origin, way, a, b)
                picture[row, column, 0] += red / samples
                picture[row, column, 1] += green / samples
                picture[row, column, 2] += blue / samples


@njit(cache=True, error_model="numpy")
def _scattered(key: int, sample: int, per_side: int) -> tuple[float, float]:
    """A point of the unit square: one in each cell of a grid, anywhere within it."""
    return (
        (sample % per_side + chance(key, sample, 1)) / per_side,
        (sample // per_side + chance(key, sample, 2)) / per_side,
    )


@njit(cache=True, error_model="numpy")
def _tent(a: float) -> float:
    """An offset in px, distributed like a tent, for a in [0, 1): a lens is a little soft, a ray is not."""
    if a < 0.5:
        return SOFTNESS_PX * (math.sqrt(2 * a) - 1)
    return SOFTNESS_PX * (1 - math.sqrt(2 - 2 * a))


@njit(cache=True, error_model="numpy")
def _ray(pose: Floats, lens: Floats, x_px: float, y_px: float) -> tuple[Vector, Vector]:
    """The camera's place and the direction (unit) seen at a point of the image, world."""
    x, y = (x_px - lens[2]) / lens[0], (y_px - lens[3]) / lens[1]
    length = math.sqrt(x * x + y * y + 1)
    way = (
        (pose[0, 0] * x + pose[1, 0] * y + pose[2, 0]) / length,
        (pose[0, 1] * x + pose[1, 1] * y + pose[2, 1]) / length,
        (pose[0, 2] * x + pose[1, 2] * y + pose[2, 2]) / length,
    )
    origin = (
        -(pose[0, 0] * pose[0, 3] + pose[1, 0] * pose[1, 3] + pose[2, 0] * pose[2, 3]),
        -(pose[0, 1] * pose[0, 3] + pose[1, 1] * pose[1, 3] + pose[2, 1] * pose[2, 3]),
        -(pose[0, 2] * pose[0, 3] + pose[1, 2] * pose[1, 3] + pose[2, 2] * pose[2, 3]),
    )
    return origin, way


@njit(cache=True, error_model="numpy")
def _radiance(place: Place, light: Floats, origin: Vector, way: Vector, a: float, b: float) -> Vector:
    """The light that comes back along a ray; a, b in [0, 1) choose a part of the sun's disc."""
    solids = place.solids
    distance, solid = nearest(solids, place.tree, origin, way, FAR_M)
    if solid < 0:
        return 0.0, 0.0, 0.0
    point = (origin[0] + distance * way[0], origin[1] + distance * way[1], origin[2] + distance * way[2])
    local = local_point(solids, solid, point)
    face = face_of(solids, solid, local)
    r = reflectance(solids, solid, point, local, face)
    glow = solids.glows[solid]
    e = irradiance(solids, place.charts, light, solid, local, face)
    normal = normal_at(solids, solid, local, face)
    above = (point[0] + ABOVE_M * normal[0], point[1] + ABOVE_M * normal[1], point[2] + ABOVE_M * normal[2])
    s = sunlight(place, above, normal, a, b)
    return (
        r[0] * ((e[0] + s[0]) / math.pi + glow),
        r[1] * ((e[1] + s[1]) / math.pi + glow),
        r[2] * ((e[2] + s[2]) / math.pi + glow),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _measure(place: Place, pose: Floats, lens: Floats, start: int, stop: int, depths_m: Floats) -> None:
    for row in range(start, stop):
        for column in range(depths_m.shape[1]):
            origin, way = _ray(pose, lens, column + 0.5, row + 0.5)
            distance, _ = nearest(place.solids, place.tree, origin, way, FAR_M)
            depths_m[row, column] = distance * (pose[2, 0] * way[0] + pose[2, 1] * way[1] + pose[2, 2] * way[2])
