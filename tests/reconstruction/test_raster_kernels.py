"""The CPU rasteriser's parts: SIMD values, tiles, the loss, the cache."""

import numpy as np
import pytest
import torch
from numba import njit

from reconstruction.gaussians import Gaussians
from reconstruction.raster.kernels import cache
from reconstruction.raster.kernels import simd
from reconstruction.raster.kernels.canvas import Canvas
from reconstruction.raster.kernels.canvas import Grid
from reconstruction.raster.kernels.layout import LINE
from reconstruction.raster.kernels.layout import TILE_HEIGHT
from reconstruction.raster.kernels.layout import TILE_WIDTH
from reconstruction.raster.kernels.layout import X
from reconstruction.raster.kernels.layout import pack
from reconstruction.raster.kernels.layout import unpack
from reconstruction.raster.kernels.ssim import loss
from reconstruction.raster.kernels.ssim import photo_statistics
from reconstruction.training.engine.reference import structural_similarity
from tests.reconstruction.raster_world import crowded_splats
from tests.reconstruction.raster_world import slanted_camera


JIT = {**simd.JIT, "cache": False}
FEW_ULPS = 1e-6
"""A few units in the last place of float32."""


@njit(**JIT)
def apply_all(values, out):
    x = simd.load(values, 0)
    simd.store(out, 0, simd.exp(x))
    simd.store(out, 16, simd.log2(simd.exp(x)))
    simd.store(out, 32, simd.select((x > -2.0) & (x <= 3.0), 2.0 * x + 1.0, -x))
    simd.store(out, 48, simd.maximum(simd.floor(x), simd.minimum(simd.ceil(x), -1.0)))
    simd.store(out, 64, simd.root(simd.magnitude(x)) / 3)
    simd.store(out, 80, simd.sums_of_nine(x, 2 * x, 3 * x, 4 * x, 5 * x, 6 * x, 7 * x, 8 * x, x - x + 1))
    return simd.bits_of(x > 0.0), simd.sum_of(x)


@njit(**JIT)
def turn_it(matrix):
    simd.turn(matrix, 0)


def test_lanes_compute_what_numpy_computes():
    x = np.random.default_rng(0).normal(0, 4, 16).astype(np.float32)
    out = np.zeros(96, np.float32)
    bits, total = apply_all(x, out)
    np.testing.assert_allclose(out[:16], np.exp(x.astype(np.float64)), rtol=FEW_ULPS, atol=FEW_ULPS)
    np.testing.assert_allclose(out[16:32], x * np.log2(np.e), rtol=FEW_ULPS, atol=FEW_ULPS)
    np.testing.assert_allclose(out[32:48], np.where((x > -2) & (x <= 3), 2 * x + 1, -x), rtol=FEW_ULPS, atol=FEW_ULPS)
    np.testing.assert_allclose(
        out[48:64], np.maximum(np.floor(x), np.minimum(np.ceil(x), -1)), rtol=FEW_ULPS, atol=FEW_ULPS
    )
    np.testing.assert_allclose(out[64:80], np.sqrt(np.abs(x)) / 3, rtol=FEW_ULPS, atol=FEW_ULPS)
    np.testing.assert_allclose(out[80:], [*(k * x.sum() for k in range(1, 9)), 16, *[0] * 7], rtol=1e-5, atol=1e-5)
    assert [bool(bits >> lane & 1) for lane in range(16)] == (x > 0).tolist()
    assert total == pytest.approx(x.sum(), rel=1e-5)


def test_turning_is_transposing():
    matrix = np.arange(256, dtype=np.float32)
    turn_it(matrix)
    np.testing.assert_array_equal(matrix.reshape(16, 16), np.arange(256).reshape(16, 16).T)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_rows_hold_every_parameter(degree):
    gaussians = crowded_splats(degree=degree).gaussians()
    for name, array in unpack(pack(gaussians), gaussians.sh.shape[1]).items():
        np.testing.assert_array_equal(array, getattr(gaussians, name))


def pairs_of(canvas: Canvas) -> set[tuple[int, int]]:
    """The (tile, splat) pairs that were listed."""
    starts = canvas.tile_starts
    tiles = np.repeat(np.arange(canvas.grid.tiles), np.diff(starts))
    return set(zip(tiles.tolist(), canvas.pair_splats[: canvas.pairs].tolist()))


def reached_pairs(canvas: Canvas, gaussians: Gaussians, size_px: tuple[int, int]) -> set[tuple[int, int]]:
    """The pairs in which the splat's alpha at some pixel is at least 1/255, by looking at every pixel."""
    width, height = size_px
    xs, ys = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    found = set()
    for splat in np.flatnonzero(canvas.boxes):
        x, y, a, b, c = canvas.drawn.reshape(-1, LINE)[splat, X : X + 5].astype(np.float64)
        dx, dy = xs - x, ys - y
        alpha = gaussians.opacities[splat] * np.exp(-0.5 * (a * dx * dx + c * dy * dy) - b * dx * dy)
        rows, columns = np.nonzero(alpha >= 1 / 255)
        tiles = rows // TILE_HEIGHT * canvas.grid.columns + columns // TILE_WIDTH
        found |= {(tile, int(splat)) for tile in set(tiles.tolist())}
    return found


@pytest.mark.parametrize("size_px", [(150, 110), (16, 8), (33, 200)])
def test_every_tile_that_a_splat_reaches_is_listed_and_hardly_another(size_px):
    gaussians = crowded_splats(count=200).gaussians()
    canvas = Canvas(size_px, len(gaussians))
    canvas.place(pack(gaussians), slanted_camera(size_px), 0)
    listed, reached = pairs_of(canvas), reached_pairs(canvas, gaussians, size_px)
    assert len(listed) == canvas.pairs  # counted and listed alike: no pair twice, none left out
    missing = reached - listed
    assert len(missing) <= 1e-3 * len(reached)  # a rim within rounding of a pixel's centre
    # a tile's corner may lie between the ellipse and the rows' widest points, where no pixel's centre is
    assert len(listed - reached) < 0.12 * len(reached) + 3


def test_a_tiles_splats_come_from_front_to_back():
    gaussians = crowded_splats(count=200).gaussians()
    canvas = Canvas((150, 110), len(gaussians))
    camera = slanted_camera((150, 110))
    canvas.place(pack(gaussians), camera, 0)
    depths = camera.project(gaussians.means)[1]
    for start, end in zip(canvas.tile_starts[:-1], canvas.tile_starts[1:]):
        assert (np.diff(depths[canvas.pair_splats[start:end]]) >= -1e-6).all()  # the kernel's depths are float32


@pytest.mark.parametrize("size_px", [(40, 30), (16, 8), (7, 5), (33, 330)])
def test_the_loss_and_its_gradient_are_torchs(size_px):
    width, height = size_px
    grid = Grid(size_px)
    chance = np.random.default_rng(3)
    picture = chance.random((3, height, width), np.float32)
    photo = np.clip(picture + chance.normal(0, 0.1, picture.shape), 0, 1).astype(np.float32)
    planes, photo_planes, mean, variance, gradient = (grid.planes(3) for _ in range(5))
    planes[:] = 7  # what splats leave in the margin must not count
    grid.cropped(planes)[:] = picture
    grid.cropped(photo_planes)[:] = photo
    rows, columns = grid.plane_shape
    photo_statistics(photo_planes, height, rows, columns, mean, variance)
    l1, ssim = loss(planes, photo_planes, mean, variance, height, rows, columns, width, np.float32(0.2), gradient)
    leaf = torch.tensor(picture.transpose(1, 2, 0), dtype=torch.float64, requires_grad=True)
    truth = torch.from_numpy(photo.transpose(1, 2, 0)).double()
    true_l1, true_ssim = (leaf - truth).abs().mean(), structural_similarity(leaf, truth)
    (0.8 * true_l1 + 0.2 * (1 - true_ssim)).backward()
    assert leaf.grad is not None
    assert l1 == pytest.approx(true_l1.item(), rel=1e-5)
    assert ssim == pytest.approx(true_ssim.item(), rel=1e-4)  # variances are differences of float32 squares
    error = np.linalg.norm(grid.cropped(gradient).transpose(1, 2, 0) - leaf.grad.numpy())
    assert error < 1e-3 * float(leaf.grad.norm())
    outside = gradient.reshape(3, rows, columns)[:, :height, width:]
    assert not outside.any()


def test_the_cache_folder_ends_in_the_kernels_stamp(tmp_path):
    name = cache.stamp()
    assert cache.cache_folder(str(tmp_path), name) == tmp_path / name
    assert cache.cache_folder(str(tmp_path / name), name) == tmp_path / name  # a child inherits its parent's choice
    assert cache.cache_folder(None, name).name == name


def test_the_stamp_changes_with_any_kernel(tmp_path, monkeypatch):
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    first.write_text("1")
    second.write_text("2")
    monkeypatch.setattr(cache, "SOURCES", (first, second))
    before = cache.stamp()
    second.write_text("3")
    assert cache.stamp() != before
