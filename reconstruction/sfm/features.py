"""Features: the places of a photo that can be recognised in another."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reconstruction.camera import fit
from reconstruction.frames.frame_set import Frame
from reconstruction.frames.frame_set import FrameSet
from reconstruction.progress import Progress
from reconstruction.sfm.parallel import each


CONTRAST = 0.02
"""OpenCV divides it by its three levels an octave: the 0.0067 that COLMAP uses."""
SPARE = 2
"""So many times more features than asked are kept: the finer ones feed the independent second mapping."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What can be recognised in one photo, the largest blobs first: they are found again from farther away."""

    keypoints: NDArray[np.float32]
    """(N, 4) x, y px in the frame, scale px (a blob's standard deviation), orientation rad"""
    descriptors: NDArray[np.uint8]
    """(N, 128) RootSIFT times 512, as COLMAP keeps it"""

    def __len__(self) -> int:
        return len(self.keypoints)

    def __getitem__(self, part: slice) -> "Features":
        return Features(self.keypoints[part], self.descriptors[part])

    @property
    def unit_descriptors(self) -> NDArray[np.float32]:
        """(N, 128), of length one."""
        descriptors = self.descriptors.astype(np.float32)
        return descriptors / np.maximum(np.linalg.norm(descriptors, axis=1, keepdims=True), 1e-6)


def find_features(
    frames: FrameSet, long_side_px: int, at_most: int, progress: Progress, threads: int
) -> list[Features]:
    """SIFT of every frame, at most ``SPARE * at_most`` each.

    OpenCV's SIFT takes a fifth of the time of COLMAP's (0.15 against 0.75 CPU-s at 1000 px) at the same accuracy.
    """

    def find(frame: Frame) -> Features:
        return features_of(frames.path(frame), frames.mask_path(frame), long_side_px, SPARE * at_most)

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return each(find, frames.frames, threads, progress, "finding features")
    finally:
        cv2.setNumThreads(before)


def features_of(path: Path, mask_path: Path | None, long_side_px: int, at_most: int) -> Features:
    """The features of one picture, found at a reduced size; none where it is blank or cannot be read."""
    full = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    if full is None or min(full.shape) < 16:
        return Features(np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8))
    full_size_px = (full.shape[1], full.shape[0])
    size_px = fit(full_size_px, long_side_px)
    small = cv2.resize(full, size_px, interpolation=cv2.INTER_AREA)
    mask = _mask(mask_path, size_px) if mask_path else None
    sift = cv2.SIFT.create(contrastThreshold=CONTRAST, enable_precise_upscale=True)
    found, histograms = sift.detectAndCompute(small, mask)
    if not found:
        return Features(np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8))
    blobs = np.array([(*point.pt, point.size, point.angle) for point in found], np.float32)
    order = np.argsort(-blobs[:, 2], kind="stable")[:at_most]
    return Features(_in_frame(blobs[order], size_px, full_size_px), _root_sift(histograms[order]))


def _mask(path: Path, size_px: tuple[int, int]) -> NDArray[np.uint8] | None:
    mask = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    return None if mask is None else cv2.resize(mask, size_px, interpolation=cv2.INTER_NEAREST).astype(np.uint8)


def _in_frame(blobs: NDArray, size_px: tuple[int, int], full_size_px: tuple[int, int]) -> NDArray[np.float32]:
    """OpenCV counts from the centre of the first pixel, and its size is a blob's diameter of two deviations."""
    scale = np.array([full_size_px[0] / size_px[0], full_size_px[1] / size_px[1]])
    centres_px = (blobs[:, :2] + 0.5) * scale
    return np.column_stack([centres_px, blobs[:, 2] / 2 * scale.mean(), np.radians(blobs[:, 3])]).astype(np.float32)


def _root_sift(histograms: NDArray) -> NDArray[np.uint8]:
    """Arandjelovic and Zisserman 2012: the square root of the L1-normalised histogram."""
    shares = histograms / np.maximum(histograms.sum(axis=1, keepdims=True), 1e-6)
    return np.clip(np.round(512 * np.sqrt(shares)), 0, 255).astype(np.uint8)
