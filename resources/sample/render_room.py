"""Renders the sample capture: 36 photos of a room that does not exist, and the truth about their cameras.

    python -m resources.sample.render_room

About seven minutes of processor time; ``--draft`` gives small, rough pictures in one.
"""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reconstruction.camera import Camera
from resources.sample.studio.light import bake
from resources.sample.studio.photograph import photograph
from resources.sample.studio.room import furnish
from resources.sample.studio.solids import Floats


HERE = Path(__file__).resolve().parent
SIZE_PX = (600, 400)
FOCAL_PX = 510.0
"""A 31 mm lens on 35 mm film."""
JPEG_QUALITY = 80
"""The highest that keeps all photos together at two megabytes."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One pass of the photographer around the middle of the room."""

    photos: int
    height_m: float
    radius_m: float
    turns_deg: tuple[float, float]
    """From, to; 0 is straight in front of the back wall, negative towards the window."""
    aim_height_m: float


WALKS = (
    Walk(14, 1.52, 2.28, (-60, 60), 0.98),
    Walk(12, 1.12, 2.15, (57, -57), 0.90),
    Walk(10, 1.98, 2.24, (-54, 54), 0.85),
)


@dataclass(frozen=True, slots=True)
class Quality:
    """How much time a picture is worth."""

    light_coarser: float
    """Light is stored so many times coarser than each surface deserves."""
    light_samples: int
    rays_per_side: int
    """A pixel is the mean of the square of so many rays."""


FINAL = Quality(light_coarser=1.0, light_samples=128, rays_per_side=4)
DRAFT = Quality(light_coarser=8.0, light_samples=16, rays_per_side=3)


def walk_around() -> list[Camera]:
    """The cameras: three arcs at three heights, hand-held, all towards the middle; ordered as one would walk."""
    random = np.random.default_rng(36)
    cameras: list[Camera] = []
    for walk in WALKS:
        for turn_deg in np.linspace(*walk.turns_deg, walk.photos):
            turn = math.radians(turn_deg + random.uniform(-1, 1))
            radius = walk.radius_m + random.uniform(-0.07, 0.07)
            height = walk.height_m + random.uniform(-0.05, 0.05)
            eye = np.array([radius * math.sin(turn), 0.40 - radius * math.cos(turn), height])
            aim = np.array([-0.25 * math.sin(turn), 0.75, walk.aim_height_m]) + random.uniform(-0.08, 0.08, 3)
            cameras.append(look(eye, aim, roll=math.radians(random.uniform(-1.2, 1.2))))
    return cameras


def look(eye: Floats, aim: Floats, roll: float) -> Camera:
    """A camera at ``eye`` (3,) that looks at ``aim`` (3,), tilted sideways by ``roll`` radians; world z is up."""
    forward = (aim - eye) / np.linalg.norm(aim - eye)
    level = np.cross(forward, [0.0, 0.0, 1.0])
    level /= np.linalg.norm(level)
    right = math.cos(roll) * level + math.sin(roll) * np.cross(forward, level)
    camera_from_world = np.eye(4)
    camera_from_world[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    camera_from_world[:3, 3] = -camera_from_world[:3, :3] @ eye
    return Camera(camera_from_world, (FOCAL_PX, FOCAL_PX), (SIZE_PX[0] / 2, SIZE_PX[1] / 2), SIZE_PX)


def render(cameras: list[Camera], quality: Quality) -> Iterator[NDArray[np.uint8]]:
    """A picture (h, w, 3) sRGB from each camera."""
    place, texels = furnish(quality.light_coarser)
    light = bake(place, texels, quality.light_samples)
    for camera in cameras:
        yield photograph(place, light, camera, quality.rays_per_side)


def write_truth(cameras: list[Camera], path: Path) -> None:
    """Where each photo was taken from, for tests and for the curious."""
    first = cameras[0]
    photos = [
        {"photo": f"photos/{photo_name(number)}", "camera_from_world": camera.camera_from_world.round(9).tolist()}
        for number, camera in enumerate(cameras, 1)
    ]
    content = {
        "world": "metres, right-handed, z up; the origin lies on the floor under the middle of the room",
        "camera": "pinhole without distortion; x right, y down, z forward; the image's top left corner is (0, 0)",
        "size_px": first.size_px,
        "focal_px": first.focal_px,
        "centre_px": first.centre_px,
        "photos": photos,
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def photo_name(number: int) -> str:
    """The file of the photo taken as number 1, 2, ..."""
    return f"room_{number:02d}.jpg"


def main() -> None:
    """Renders all photos, or those asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE, help="where photos/ and truth.json go (default: beside this)")
    parser.add_argument("--only", type=int, nargs="+", help="the numbers of the photos to render (default: all)")
    parser.add_argument("--draft", action="store_true", help="small and rough")
    options = parser.parse_args()
    photos = options.out / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    cameras = walk_around()
    numbers = options.only or range(1, len(cameras) + 1)
    chosen = [cameras[number - 1].fitted(360 if options.draft else SIZE_PX[0]) for number in numbers]
    for number, picture in zip(numbers, render(chosen, DRAFT if options.draft else FINAL)):
        path = photos / photo_name(number)
        Image.fromarray(picture).save(path, quality=JPEG_QUALITY, optimize=True, progressive=True)
        print(path, flush=True)
    write_truth(cameras, options.out / "truth.json")


if __name__ == "__main__":
    main()
