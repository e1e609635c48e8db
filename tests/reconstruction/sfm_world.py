"""Small models and photos of known cameras for the tests of structure from motion."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reconstruction.frames.frame_set import Frame
from reconstruction.frames.frame_set import FrameSet
from reconstruction.geometry import Array
from reconstruction.geometry import Similarity
from reconstruction.sfm.model import Model


def ring_model(photos: int = 20, features: str = "a") -> Model:
    """Cameras around the origin, looking at it, with everything a good model has."""
    poses = np.tile(np.eye(4), (photos, 1, 1))
    for pose, angle in zip(poses, np.linspace(0, 2 * np.pi, photos, endpoint=False)):
        pose[:3, :3] = [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
        pose[:3, 3] = [0, 0.1 * np.sin(3 * angle), 2]
    return Model(
        Path(features),
        tuple(f"{number:03d}.jpg" for number in range(photos)),
        poses,
        np.full((photos, 2), 800.0),
        np.tile([1000, 750], (photos, 1)),
        np.zeros(photos),
        points=5000,
        error_px=0.8,
        angle_deg=12.0,
    )


def moved_poses(poses: NDArray, to: Similarity) -> Array:
    """The same cameras in another world."""
    return np.stack([to.move_camera(pose) for pose in poses])


def frame_set(folder: Path, pictures: Sequence[NDArray], group: int = 0) -> FrameSet:
    """The pictures as frames of one camera."""
    (folder / "images").mkdir(parents=True)
    frames = []
    for number, picture in enumerate(pictures):
        name = f"{number:03d}.jpg"
        assert cv2.imwrite(str(folder / "images" / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
        frames.append(Frame(name, f"IMG_{number}.JPG", (picture.shape[1], picture.shape[0]), group, 1.0))
    return FrameSet(folder, tuple(frames))


def clutter(size_px: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    """A picture full of things to recognise: filled discs and boxes of all sizes and tones."""
    chance = np.random.default_rng(seed)
    picture = np.full((size_px[1], size_px[0], 3), 128, np.uint8)
    for _ in range(size_px[0] * size_px[1] // 400):
        x, y = int(chance.integers(size_px[0])), int(chance.integers(size_px[1]))
        half = int(chance.integers(3, 16))
        tone = [int(value) for value in chance.integers(0, 256, 3)]
        if chance.random() < 0.5:
            cv2.circle(picture, (x, y), half, tone, -1)
        else:
            cv2.rectangle(picture, (x - half, y - half // 2), (x + half, y + half // 2), tone, -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.uint8)


SIZE_PX = (480, 360)
FOCAL_PX = 400.0


def around_a_house(photos: int, sides: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """Photos from a ring around a cube with these four pictures on its sides, on a floor like no other."""
    floor = ([-3, -3, 0], [6, 0, 0], [0, 6, 0], clutter((900, 900), 9))
    starts, along = [(-1, -1), (1, -1), (1, 1), (-1, 1)], [(2, 0), (0, 2), (-2, 0), (0, -2)]
    walls = [([*start, 0], [*step, 0], [0, 0, 2], side) for start, step, side in zip(starts, along, sides)]
    pictures = []
    for angle in np.linspace(0, 2 * np.pi, photos, endpoint=False):
        eye = np.array([4.4 * np.cos(angle), 4.4 * np.sin(angle), 2.2])
        picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 150, np.uint8)
        for corner, u, v, texture in [floor, *walls]:
            if np.cross(u, v) @ (eye - corner) > 0:
                _draw(picture, eye, np.array([corner, u, v], np.float64), texture)
        pictures.append(picture)
    return pictures


def _draw(picture: NDArray[np.uint8], eye: Array, wall: Array, texture: NDArray[np.uint8]) -> None:
    """One wall (corner and two edges) as seen from ``eye`` towards the cube."""
    ahead = np.array([0, 0, 0.7]) - eye
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1])
    right /= np.linalg.norm(right)
    k = np.array([[FOCAL_PX, 0, SIZE_PX[0] / 2], [0, FOCAL_PX, SIZE_PX[1] / 2], [0, 0, 1]])
    camera = k @ np.stack([right, np.cross(ahead, right), ahead])
    corner, u, v = wall
    height, width = texture.shape[:2]
    homography = camera @ np.column_stack([u / width, v / height, corner - eye])
    drawn = cv2.warpPerspective(texture, homography, SIZE_PX, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), homography, SIZE_PX)
    picture[mask > 127] = drawn[mask > 127]
