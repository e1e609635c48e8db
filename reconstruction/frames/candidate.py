"""Candidate: a picture that was read, measured and written, before it is known whether it stays."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from reconstruction.frames.look import Look


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    name: str
    """File name within ``images``"""
    source: str
    """The photo's or video's file name as the person knows it"""
    size_px: tuple[int, int]
    camera: Hashable
    """Equal for pictures that share a camera"""
    look: Look
    content: bytes = b""
    """Digest of the photo's file; empty for frames of a video"""
    focal_px: float | None = None
    position_wgs84: tuple[float, float, float] | None = None
    taken: datetime | None = None
    time_s: float | None = None
    """Within its video"""

    @property
    def title(self) -> str:
        """What to call it in a sentence: 'IMG_0412.jpg', 'walk.mp4 at 12.50 s'."""
        return self.source if self.time_s is None else f"{self.source} at {self.time_s:.2f} s"
