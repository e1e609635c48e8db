"""L1, SSIM and PSNR: the loss that trains and the judge that reports.

SSIM is Wang et al. 2004, eq. 13, per colour channel with a gaussian window of 11 pixels and sigma 1.5. The loss pads
with zeros to the picture's size, as the original 3DGS does; the judge looks only where the window lies inside.
"""

from dataclasses import dataclass
from typing import Any
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d


WINDOW_PX = 11
SIGMA_PX = 1.5
C1 = 0.01**2
C2 = 0.03**2
Region = Literal["same", "valid"]
Picture = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Local mean and variance (H, W, 3) of a picture under the window: worth keeping for a photo that returns."""

    mean: Tensor
    variance: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """Scalars; ``total`` is (1 - w) l1 + w (1 - ssim)."""

    total: Tensor
    l1: Tensor
    ssim: Tensor


def photo_loss(picture: Tensor, photo: Tensor, ssim_weight: float, photo_moments: Moments | None = None) -> Loss:
    """How far a drawn picture (H, W, 3) is from the photo (H, W, 3), differentiably. Kerbl et al. 2023, eq. 7."""
    l1 = (picture - photo).abs().mean()
    similarity = ssim_map(picture, photo, "same", photo_moments).mean()
    return Loss((1 - ssim_weight) * l1 + ssim_weight * (1 - similarity), l1, similarity)


def ssim_map(picture: Tensor, photo: Tensor, region: Region, photo_moments: Moments | None = None) -> Tensor:
    """Structural similarity per pixel and channel: (H, W, 3), or (H - 10, W - 10, 3) for the region "valid"."""
    known = photo_moments or moments(photo, region)
    mean, square, product = _blur(torch.stack([picture, picture * picture, picture * photo]), region)
    variance = square - mean * mean
    covariance = product - mean * known.mean
    light = (2 * mean * known.mean + C1) / (mean * mean + known.mean * known.mean + C1)
    return light * (2 * covariance + C2) / (variance + known.variance + C2)


def moments(picture: Tensor, region: Region) -> Moments:
    mean, square = _blur(torch.stack([picture, picture * picture]), region)
    return Moments(mean, square - mean * mean)


def psnr(picture: Picture, photo: Picture, mask: NDArray[np.bool_] | None = None) -> float:
    """Peak signal-to-noise ratio, dB, of a picture clipped to 0..1 against a photo (H, W, 3) in 0..1.

    Only where the mask (H, W) is true. At most 100 dB, so that equal pictures keep a mean meaningful.
    """
    squares = (np.clip(picture, 0, 1).astype(np.float64) - photo) ** 2
    chosen = squares if mask is None else squares[mask]
    return float(-10 * np.log10(max(chosen.mean(), 1e-10))) if chosen.size else float("nan")


def ssim(picture: Picture, photo: Picture, mask: NDArray[np.bool_] | None = None) -> float:
    """Mean structural similarity of a picture clipped to 0..1, over window centres whose window lies inside."""
    if min(photo.shape[:2]) < WINDOW_PX:
        return float("nan")
    similarity = _similarity(np.clip(picture, 0, 1).astype(np.float64), photo.astype(np.float64))
    rim = WINDOW_PX // 2
    chosen = similarity if mask is None else similarity[mask[rim:-rim, rim:-rim]]
    return float(chosen.mean()) if chosen.size else float("nan")


def _similarity(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """``ssim_map`` of the region "valid" by OpenCV: on the CPU fifteen times as fast as torch's convolution."""
    rim = WINDOW_PX // 2

    def blurred(values: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = cv2.GaussianBlur(values, (WINDOW_PX, WINDOW_PX), SIGMA_PX)
        return np.asarray(whole[rim:-rim, rim:-rim], np.float64)

    mean_1, mean_2 = blurred(first), blurred(second)
    variances = blurred(first**2) - mean_1**2 + blurred(second**2) - mean_2**2
    covariance = blurred(first * second) - mean_1 * mean_2
    light = (2 * mean_1 * mean_2 + C1) / (mean_1**2 + mean_2**2 + C1)
    return light * (2 * covariance + C2) / (variances + C2)


def _blur(pictures: Tensor, region: Region) -> Tensor:
    """Pictures (B, H, W, 3), each weighted by the window; separable, hence two passes of 11 taps and not one of 121."""
    batch, height, width, channels = pictures.shape
    window = _window(pictures)
    planes = pictures.permute(0, 3, 1, 2).reshape(batch * channels, 1, height, width)
    padding = WINDOW_PX // 2 if region == "same" else 0
    planes = conv2d(planes, window.view(1, 1, -1, 1), padding=(padding, 0))
    planes = conv2d(planes, window.view(1, 1, 1, -1), padding=(0, padding))
    return planes.view(batch, channels, *planes.shape[2:]).permute(0, 2, 3, 1)


def _window(like: Tensor) -> Tensor:
    places = torch.arange(WINDOW_PX, dtype=like.dtype, device=like.device) - WINDOW_PX // 2
    window = torch.exp(-(places**2) / (2 * SIGMA_PX**2))
    return window / window.sum()
