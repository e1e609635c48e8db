"""The bench prototype's training step, imported from where it lies beside the project, to compare in the same run."""

import importlib
import sys
from typing import Any

import numpy as np
from report import ROOT

from reconstruction.camera import Camera
from reconstruction.gaussians import Gaussians


FOLDER = ROOT.parent / "shared" / "bench" / "cpu_training"

BETA_1, BETA_2, EPSILON = np.float32(0.9), np.float32(0.999), np.float32(1e-15)
STILL = np.float32(0)
"""Learning rate: parameters stay as they are, so that every step does the same work."""


def prototype_is_here() -> bool:
    return (FOLDER / "ras.py").exists()


class Prototype:
    """Its own arrays for the same splats, camera and photo; ``step`` is the order of ``train.py``'s."""

    def __init__(self, gaussians: Gaussians, camera: Camera, pixels: np.ndarray) -> None:
        sys.path.insert(0, str(FOLDER))
        self._ras: Any = importlib.import_module("ras")
        self._camera = camera
        self._drawer = importlib.import_module("api").Renderer(*camera.size_px)
        self._values = {
            "mean": gaussians.means.copy(),
            "ls": gaussians.log_scales.copy(),
            "q": gaussians.quats.copy(),
            "lo": gaussians.logit_opacities[:, None].copy(),
            "sh": gaussians.sh.reshape(len(gaussians), -1).copy(),
        }
        self._firsts = {name: np.zeros_like(value) for name, value in self._values.items()}
        self._seconds = {name: np.zeros_like(value) for name, value in self._values.items()}
        width, height = camera.size_px
        self._photo = np.zeros((3, self._drawer.hp, self._drawer.wp), np.float32)
        self._photo[:, :height, :width] = pixels.transpose(2, 0, 1) / np.float32(255)
        self._mean, self._variance = np.zeros_like(self._photo), np.zeros_like(self._photo)
        for channel in range(3):
            self._ras.ssim_stats_plane(
                self._photo[channel], height, width, self._mean[channel], self._variance[channel]
            )

    def step(self) -> None:
        ras, drawer, values = self._ras, self._drawer, self._values
        (width, height), (fx, fy), (cx, cy) = self._camera.size_px, self._camera.focal_px, self._camera.centre_px
        count = len(values["mean"])
        parameters = (values["mean"], values["ls"], values["q"], values["lo"].reshape(-1))
        sh = values["sh"].reshape(count, 16, 3)
        drawer.forward(*parameters, sh, 3, self._camera.camera_from_world, (fx, fy, cx, cy), np.zeros(3, np.float32))
        ras.loss(
            drawer.planes(drawer.img), self._photo, self._mean, self._variance, height, width, np.float32(0.2),
            drawer.planes(drawer.gimg), drawer.ws,
        )  # fmt: skip
        by_mean, by_scale, by_quat, by_logit, by_colour, _ = drawer.backward(*parameters, sh, shdir=True)
        for name, gradient in (("ls", by_scale), ("q", by_quat), ("lo", by_logit[:, None])):
            self._adam(name, gradient)
        corrections = (np.float32(0.1), np.float32(0.1), BETA_1, BETA_2, EPSILON)
        ras.sh_adam(
            values["mean"], drawer.cam, 3, drawer.ntile, by_colour, values["sh"], self._firsts["sh"],
            self._seconds["sh"], STILL, STILL, *corrections,
        )  # fmt: skip
        self._adam("mean", by_mean)

    def _adam(self, name: str, gradient: np.ndarray) -> None:
        value, first, second = self._values[name], self._firsts[name], self._seconds[name]
        corrections = (np.float32(0.1), np.float32(0.1), BETA_1, BETA_2, EPSILON)
        self._ras.adam(self._drawer.ntile, value, gradient, first, second, STILL, *corrections)
