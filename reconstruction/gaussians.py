"""Gaussians: the product."""

from dataclasses import dataclass
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from reconstruction.harmonics import coefficients
from reconstruction.harmonics import degree_of


@dataclass(frozen=True, slots=True, eq=False)
class Gaussians:
    """N gaussians in world space, as optimised: raw parameters carry log_/logit_ in their names."""

    means: NDArray[np.float32]
    """(N, 3) world units"""
    quats: NDArray[np.float32]
    """(N, 4) wxyz, unit length; rotate local axes into world"""
    log_scales: NDArray[np.float32]
    """(N, 3) natural log of the standard deviations, world units"""
    logit_opacities: NDArray[np.float32]
    """(N,)"""
    sh: NDArray[np.float32]
    """(N, K, 3), K = (degree + 1)**2, real SH; sign and order as in the original 3DGS"""

    def __post_init__(self) -> None:
        n = len(self.means)
        k = self.sh.shape[1] if self.sh.ndim == 3 else -1
        expected = {"means": (n, 3), "quats": (n, 4), "log_scales": (n, 3), "logit_opacities": (n,), "sh": (n, k, 3)}
        for name, shape in expected.items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(f"{name} is {array.dtype} {array.shape}, not float32 {shape}")
        degree_of(k)

    def __len__(self) -> int:
        return len(self.means)

    @property
    def degree(self) -> int:
        """Degree of the spherical harmonics, 0-3."""
        return degree_of(self.sh.shape[1])

    @property
    def opacities(self) -> NDArray[np.float32]:
        """(N,) in 0..1"""
        return (0.5 * (1 + np.tanh(0.5 * self.logit_opacities))).astype(np.float32)  # a sigmoid that cannot overflow

    @property
    def size_bytes(self) -> int:
        return sum(getattr(self, field.name).nbytes for field in fields(self))

    def select(self, index: NDArray[np.bool_] | NDArray[np.integer]) -> "Gaussians":
        """Those that a mask (N,) or an index (M,) names."""
        return Gaussians(*(getattr(self, field.name)[index] for field in fields(self)))

    def sample(self, most: int) -> "Gaussians":
        """At most so many, evenly strided: the same ones each time, so that a preview does not flicker."""
        if len(self) <= most:
            return self
        return self.select(np.linspace(0, len(self) - 1, most).astype(np.int64))

    def with_degree(self, degree: int) -> "Gaussians":
        """The same gaussians with more (zero) or fewer coefficients of colour."""
        sh = np.zeros((len(self), coefficients(degree), 3), np.float32)
        kept = min(sh.shape[1], self.sh.shape[1])
        sh[:, :kept] = self.sh[:, :kept]
        return Gaussians(self.means, self.quats, self.log_scales, self.logit_opacities, sh)
