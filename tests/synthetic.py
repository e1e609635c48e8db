"""A small world of known gaussians, and photos of it from a ring of known cameras.

The photos are painted here, by a few lines of numpy that share nothing with the rasterisers: they are a witness too.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians
from reconstruction.geometry import Similarity
from reconstruction.geometry import rotations_from_quats
from reconstruction.harmonics import colours_towards
from reconstruction.harmonics import sh_from_colour
from reconstruction.scene import PosedPhoto
from reconstruction.scene import Scene


def ring(
    folder: Path, cameras: int = 24, splats: int = 120, size_px: tuple[int, int] = (64, 48), seed: int = 0
) -> Scene:
    """A scene whose photos lie as PNG in ``folder``; its points are the splats' centres, slightly off."""
    world = known_gaussians(splats, seed)
    folder.mkdir(parents=True, exist_ok=True)
    photos = []
    for number, camera in enumerate(ring_cameras(cameras, size_px)):
        path = folder / f"{number:03d}.png"
        pixels = np.rint(255 * paint(world, camera)[..., ::-1]).astype(np.uint8)
        if not cv2.imwrite(str(path), pixels):
            raise OSError(f"{path} could not be written")
        photos.append(PosedPhoto(path.name, path, camera))
    chance = np.random.default_rng((seed, 1))
    points = world.means + chance.normal(0, 0.01, world.means.shape).astype(np.float32)
    colours = np.clip(255 * (0.5 + 0.28209479 * world.sh[:, 0]), 0, 255).astype(np.uint8)
    return Scene(tuple(photos), points, colours, Similarity.identity())


def known_gaussians(count: int, seed: int = 0, degree: int = 1) -> Gaussians:
    """Flat, coloured, mostly opaque splats in a ball of radius 0.5 about the origin."""
    chance = np.random.default_rng(seed)
    directions = chance.normal(size=(count, 3))
    radii = 0.5 * chance.random((count, 1)) ** (1 / 3)
    means = radii * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    quats = chance.normal(size=(count, 4))
    sh = chance.normal(0, 0.05, (count, (degree + 1) ** 2, 3))
    sh[:, 0] = sh_from_colour(chance.random((count, 3)))
    return Gaussians(
        means=means.astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        log_scales=np.log(chance.uniform([0.05, 0.05, 0.01], [0.12, 0.12, 0.03], (count, 3))).astype(np.float32),
        logit_opacities=chance.uniform(0.5, 4, count).astype(np.float32),
        sh=sh.astype(np.float32),
    )


def ring_cameras(count: int, size_px: tuple[int, int] = (64, 48)) -> list[Camera]:
    """Cameras at distance 1.5 from the origin, looking at it, evenly around and a little up and down; +y is down."""
    angles = 2 * np.pi * np.arange(count) / count
    heights = 0.4 * np.sin(3 * angles)
    return [
        look_at(np.array([1.5 * np.cos(angle), height, 1.5 * np.sin(angle)]), size_px)
        for angle, height in zip(angles, heights)
    ]


def look_at(position: NDArray[np.float64], size_px: tuple[int, int]) -> Camera:
    """A camera there whose picture's centre is the origin and whose right is level."""
    forward = -position / np.linalg.norm(position)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    camera_from_world = np.eye(4)
    camera_from_world[:3, :3] = [right, np.cross(forward, right), forward]
    camera_from_world[:3, 3] = -camera_from_world[:3, :3] @ position
    width, height = size_px
    return Camera(camera_from_world, (1.1 * width, 1.1 * width), (width / 2, height / 2), size_px)


def paint(
    gaussians: Gaussians, camera: Camera, background: tuple[float, float, float] = (0, 0, 0)
) -> NDArray[np.float64]:
    """What the camera sees (H, W, 3), clipped to 0..1: splat by splat from the front, over whole pictures."""
    centres_px, depths = camera.project(gaussians.means)
    directions = gaussians.means - camera.position
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    colours = colours_towards(gaussians.sh, directions)
    covariances = covariances_px2(gaussians, camera)
    inverses = np.linalg.inv(covariances)
    reaches_px = 3.4 * np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))  # beyond, any alpha is below 1/255
    width, height = camera.size_px
    opacities = gaussians.opacities
    pixels = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)
    picture, through = np.zeros((height, width, 3)), np.ones((height, width))
    for i in np.argsort(depths):
        if depths[i] < 0.01:
            continue
        (left, top), (right, bottom) = np.clip(
            [centres_px[i] - reaches_px[i], centres_px[i] + reaches_px[i] + 1], 0, 1e6
        )
        box = slice(int(top), int(bottom)), slice(int(left), int(right))
        offsets = pixels[box] - centres_px[i]
        distances = np.einsum("hwi,ij,hwj->hw", offsets, inverses[i], offsets)
        alpha = np.minimum(0.999, opacities[i] * np.exp(-0.5 * distances))
        alpha[alpha < 1 / 255] = 0
        picture[box] += (through[box] * alpha)[..., None] * colours[i]
        through[box] *= 1 - alpha
    return np.clip(picture + through[..., None] * background, 0, 1)


def covariances_px2(gaussians: Gaussians, camera: Camera) -> NDArray[np.float64]:
    """Of the splats' footprints (N, 2, 2) in the image. Zwicker et al. 2001, eq. 31, plus 0.3 on the diagonal."""
    axes = rotations_from_quats(gaussians.quats.astype(np.float64)) * np.exp(gaussians.log_scales)[:, None, :]
    x, y, z = (gaussians.means @ camera.camera_from_world[:3, :3].T + camera.camera_from_world[:3, 3]).T
    fx, fy = camera.focal_px
    zero = np.zeros_like(x)
    jacobians = np.array([[fx / z, zero, -fx * x / z**2], [zero, fy / z, -fy * y / z**2]]).transpose(2, 0, 1)
    spread = jacobians @ camera.camera_from_world[:3, :3] @ axes
    return spread @ spread.transpose(0, 2, 1) + 0.3 * np.eye(2)
