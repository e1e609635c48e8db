"""L1, SSIM and PSNR."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from reconstruction.quality import C1
from reconstruction.quality import C2
from reconstruction.quality import moments
from reconstruction.quality import photo_loss
from reconstruction.quality import psnr
from reconstruction.quality import ssim
from reconstruction.quality import ssim_map


def pictures(seed: int, height: int = 20, width: int = 24) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    first = chance.random((height, width, 3))
    return first, np.clip(first + chance.normal(0, 0.1, first.shape), 0, 1)


def slow_ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Window by window as the paper writes it: weighted means, and variances about them."""
    taps = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    weights = np.outer(taps, taps) / taps.sum() ** 2
    values = []
    for top in range(first.shape[0] - 10):
        for left in range(first.shape[1] - 10):
            for channel in range(3):
                a = first[top : top + 11, left : left + 11, channel]
                b = second[top : top + 11, left : left + 11, channel]
                mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
                variance_a, variance_b = (weights * (a - mean_a) ** 2).sum(), (weights * (b - mean_b) ** 2).sum()
                covariance = (weights * (a - mean_a) * (b - mean_b)).sum()
                light = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
                values.append(light * (2 * covariance + C2) / (variance_a + variance_b + C2))
    return float(np.mean(values))


def test_ssim_is_what_the_paper_writes() -> None:
    first, second = pictures(0)
    assert ssim(first, second) == pytest.approx(slow_ssim(first, second), abs=1e-10)  # both float64


def test_the_judge_and_the_loss_mean_the_same_ssim() -> None:
    first, second = pictures(7)
    loss_side = ssim_map(torch.tensor(first), torch.tensor(second), "valid").mean().item()
    assert ssim(first, second) == pytest.approx(loss_side, abs=1e-10)  # both float64


def test_equal_pictures_are_perfect() -> None:
    first, _ = pictures(1)
    assert ssim(first, first) == pytest.approx(1, abs=1e-12)
    assert psnr(first, first) == 100
    assert photo_loss(torch.tensor(first), torch.tensor(first), 0.2).total.item() == pytest.approx(0, abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_ssim_is_symmetric_and_at_most_one(seed: int) -> None:
    first, second = pictures(seed)
    assert ssim(first, second) == pytest.approx(ssim(second, first), abs=1e-12)
    assert ssim(first, second) < 1


def test_psnr_of_a_known_error() -> None:
    photo = np.full((12, 12, 3), 0.5)
    assert psnr(photo + 0.1, photo) == pytest.approx(20, abs=1e-9)  # -10 log10(0.1 ** 2)


def test_what_is_drawn_beyond_white_counts_as_white() -> None:
    photo = np.ones((12, 12, 3))
    assert psnr(photo + 0.7, photo) == 100


def test_masked_pixels_are_not_judged() -> None:
    first, second = pictures(2)
    mask = np.zeros(first.shape[:2], bool)
    mask[:, :14] = True
    spoilt = np.where(mask[..., None], second, 0.0)
    assert psnr(spoilt, first, mask) == psnr(second, first, mask)
    assert psnr(spoilt, first) < psnr(second, first)
    assert ssim(second, first, mask) == pytest.approx(ssim_in(second, first, columns=14), abs=1e-10)


def ssim_in(first: np.ndarray, second: np.ndarray, columns: int) -> float:
    """Mean over windows centred left of that column."""
    values = ssim_map(torch.tensor(first), torch.tensor(second), "valid").numpy()
    return float(values[:, : columns - 5].mean())


def test_same_and_valid_agree_where_the_window_lies_inside() -> None:
    first, second = (torch.tensor(picture) for picture in pictures(3))
    whole, inside = ssim_map(first, second, "same"), ssim_map(first, second, "valid")
    assert whole.shape == first.shape
    assert inside.shape == (10, 14, 3)
    torch.testing.assert_close(whole[5:-5, 5:-5], inside)


def test_remembered_moments_change_nothing() -> None:
    first, second = (torch.tensor(picture) for picture in pictures(4))
    fresh = photo_loss(first, second, 0.2)
    remembered = photo_loss(first, second, 0.2, moments(second, "same"))
    assert fresh.total.item() == remembered.total.item()


def test_the_weight_mixes_l1_and_ssim() -> None:
    first, second = (torch.tensor(picture) for picture in pictures(5))
    loss = photo_loss(first, second, 0.3)
    assert loss.l1.item() == pytest.approx(float(np.abs(first.numpy() - second.numpy()).mean()))
    assert loss.total.item() == pytest.approx(0.7 * loss.l1.item() + 0.3 * (1 - loss.ssim.item()))


def test_the_loss_gradient_is_its_slope() -> None:
    picture, photo = (torch.tensor(values[:13, :13]) for values in pictures(6))
    direction = torch.tensor(np.random.default_rng(0).normal(size=picture.shape))
    picture.requires_grad_()
    (gradient,) = torch.autograd.grad(photo_loss(picture, photo, 0.2).total, picture)
    step = 1e-6 * direction
    rise = photo_loss(picture + step, photo, 0.2).total - photo_loss(picture - step, photo, 0.2).total
    assert (gradient * direction).sum().item() == pytest.approx(rise.item() / 2e-6, rel=1e-5)  # central difference


def test_a_picture_smaller_than_the_window_has_no_ssim() -> None:
    assert np.isnan(ssim(np.zeros((8, 30, 3)), np.zeros((8, 30, 3))))
