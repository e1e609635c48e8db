"""gsplat's own training with its default strategy: the measure for ours on CUDA.

Rates, schedule and order of calls follow gsplat 1.5.3's examples/simple_trainer.py with its defaults for one scene.
"""

import time
from typing import Any

import numpy as np
import torch
from gsplat.rendering import rasterization
from gsplat.strategy import DefaultStrategy
from scipy.spatial import KDTree
from torch import Tensor

from reconstruction.camera import Camera
from reconstruction.configs import SplatsConfig
from reconstruction.harmonics import coefficients
from reconstruction.harmonics import sh_from_colour
from reconstruction.quality import photo_loss
from reconstruction.quality import psnr
from reconstruction.quality import ssim
from reconstruction.scene import Scene
from reconstruction.training.engine.base import View
from reconstruction.training.evaluate import has_something_to_judge
from reconstruction.training.evaluate import mean
from reconstruction.training.views import Album


DEGREE_EVERY = 1000


def train_with_gsplat(scene: Scene, config: SplatsConfig) -> dict[str, Any]:
    """Quality, number of gaussians, seconds and peak memory after ``config.max_steps`` steps at full picture size."""
    torch.manual_seed(config.seed)
    torch.cuda.reset_peak_memory_stats()
    album = Album(scene, config)
    extent = 1.1 * scene.extent
    splats = _first(scene, config)
    optimizers = _optimizers(splats, extent)
    decay = torch.optim.lr_scheduler.ExponentialLR(optimizers["means"], 0.01 ** (1 / config.max_steps))
    strategy = DefaultStrategy(verbose=False)
    strategy.check_sanity(splats, optimizers)
    state = strategy.initialize_state(scene_scale=extent)
    torch.cuda.synchronize()
    start_s = time.perf_counter()
    for step in range(config.max_steps):
        view = album.at(step, coarse=False)
        degree = min(step // DEGREE_EVERY, config.sh_degree)
        picture, info = _draw(splats, view.camera, degree)
        strategy.step_pre_backward(splats, optimizers, state, step, info)
        photo = torch.from_numpy(view.pixels).cuda() / 255
        if view.mask is not None:
            picture = torch.where(torch.from_numpy(view.mask).cuda()[..., None], picture, photo)
        photo_loss(picture, photo, config.ssim_weight).total.backward()
        for optimizer in optimizers.values():
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        decay.step()
        strategy.step_post_backward(splats, optimizers, state, step, info, packed=False)
    torch.cuda.synchronize()
    seconds = time.perf_counter() - start_s
    views = filter(has_something_to_judge, map(album.fine, album.held_out))
    held_out = [_judged(splats, view, config.sh_degree) for view in views]
    return {
        "psnr": mean([quality[0] for quality in held_out]),
        "ssim": mean([quality[1] for quality in held_out]),
        "gaussians": len(splats["means"]),
        "seconds": seconds,
        "peak_memory_bytes": torch.cuda.max_memory_allocated(),
    }


def _first(scene: Scene, config: SplatsConfig) -> torch.nn.ParameterDict:
    points = torch.tensor(scene.points)
    distances = KDTree(scene.points).query(scene.points, k=4)[0][:, 1:]
    scales = np.sqrt((distances**2).mean(axis=1))
    sh = torch.zeros(len(points), coefficients(config.sh_degree), 3)
    sh[:, 0] = torch.tensor(sh_from_colour(scene.colours / np.float32(255)))
    tensors = {
        "means": points,
        "scales": torch.tensor(np.log(scales), dtype=torch.float32)[:, None].repeat(1, 3),
        "quats": torch.rand(len(points), 4),
        "opacities": torch.full((len(points),), float(np.log(0.1 / 0.9))),
        "sh0": sh[:, :1],
        "shN": sh[:, 1:],
    }
    return torch.nn.ParameterDict({name: torch.nn.Parameter(tensor.cuda()) for name, tensor in tensors.items()})


def _optimizers(splats: torch.nn.ParameterDict, extent: float) -> dict[str, torch.optim.Optimizer]:
    rates = {
        "means": 1.6e-4 * extent,
        "scales": 5e-3,
        "quats": 1e-3,
        "opacities": 5e-2,
        "sh0": 2.5e-3,
        "shN": 2.5e-3 / 20,
    }
    return {name: torch.optim.Adam([splats[name]], lr=rate, eps=1e-15) for name, rate in rates.items()}


def _draw(splats: torch.nn.ParameterDict, camera: Camera, degree: int) -> tuple[Tensor, dict[str, Any]]:
    width, height = camera.size_px
    pictures, _, info = rasterization(
        splats["means"],
        splats["quats"],
        torch.exp(splats["scales"]),
        torch.sigmoid(splats["opacities"]),
        torch.cat([splats["sh0"], splats["shN"]], dim=1),
        torch.tensor(camera.camera_from_world, dtype=torch.float32, device="cuda")[None],
        torch.tensor(camera.intrinsics, dtype=torch.float32, device="cuda")[None],
        width,
        height,
        sh_degree=degree,
        packed=False,
    )
    return pictures[0], info


@torch.no_grad()
def _judged(splats: torch.nn.ParameterDict, view: View, degree: int) -> tuple[float, float]:
    picture = _draw(splats, view.camera, degree)[0].cpu().numpy()
    photo = view.pixels / np.float32(255)
    return psnr(picture, photo, view.mask), ssim(picture, photo, view.mask)
