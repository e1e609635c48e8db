"""Mesh: vertices, faces, colours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A triangle mesh in world space."""

    vertices: NDArray[np.float32]
    """(V, 3) world units"""
    faces: NDArray[np.int32]
    """(F, 3) rows of vertices, counter-clockwise seen from outside"""
    colours: NDArray[np.uint8]
    """(V, 3) sRGB"""

    def __post_init__(self) -> None:
        count = len(self.vertices)
        if self.colours.shape != (count, 3):
            raise ValueError(f"colours are {self.colours.shape}, not {(count, 3)}")
        if len(self.faces) and (self.faces.min() < 0 or self.faces.max() >= count):
            raise ValueError("a face names a vertex that does not exist")
