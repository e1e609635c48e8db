"""FrameSet: the pictures that the next stages work on, and what became of the others."""

import json
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reconstruction.durable import write_whole


WhyDropped = Literal["unreadable", "damaged", "unsuitable", "blurred", "twin", "excess"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One upright picture on the disk."""

    name: str
    """File name within the set's ``images`` folder, unique, ASCII-safe: 'IMG_0412.jpg', 'walk_000123.jpg'."""
    source: str
    """The photo's or video's file name as the person knows it."""
    size_px: tuple[int, int]
    """(width, height) as written"""
    group: int
    """Frames of one group were taken with one lens at one size: they share a camera."""
    sharpness: float
    """Variance of the Laplacian of the small gray picture; comparable within one set."""
    focal_px: float | None = None
    """In pixels of this frame, where EXIF tells; a guess to start from, not a truth."""
    time_s: float | None = None
    """Within its video."""
    position_wgs84: tuple[float, float, float] | None = None
    """(latitude deg, longitude deg, altitude m) where EXIF tells; never NaN."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A photo that was looked at and left out."""

    source: str
    why: WhyDropped
    detail: str
    """A few words for a person."""


@dataclass(frozen=True, slots=True)
class FrameSet:
    """The frames in the order in which they were taken."""

    folder: Path
    """Holds ``images/``, and ``masks/`` where there are any."""
    frames: tuple[Frame, ...]
    dropped: tuple[Dropped, ...] = ()
    ordered: bool = True
    """Whether neighbours in the list were probably taken one after the other."""

    def path(self, frame: Frame) -> Path:
        return self.folder / "images" / frame.name

    def mask_path(self, frame: Frame) -> Path | None:
        """The mask (0: ignore) of that frame, or None where it has none."""
        path = self.folder / "masks" / f"{frame.name}.png"
        return path if path.exists() else None

    @property
    def groups(self) -> tuple[int, ...]:
        return tuple(sorted({frame.group for frame in self.frames}))

    def write(self) -> Path:
        """Written as ``frames.json`` beside the images."""
        path = self.folder / "frames.json"
        content = {
            "ordered": self.ordered,
            "frames": [asdict(frame) for frame in self.frames],
            "dropped": [asdict(dropped) for dropped in self.dropped],
        }
        text = json.dumps(content, indent=1)  # in ASCII: a photo's name need not be valid Unicode
        write_whole(path, text.encode())
        return path

    @staticmethod
    def read(folder: Path) -> "FrameSet":
        content = json.loads((folder / "frames.json").read_text(encoding="utf-8"))
        return FrameSet(
            folder,
            tuple(_frame(entry) for entry in content["frames"]),
            tuple(Dropped(**entry) for entry in content["dropped"]),
            content["ordered"],
        )


def _frame(entry: dict) -> Frame:
    position = entry.pop("position_wgs84")
    size = entry.pop("size_px")
    return Frame(size_px=(size[0], size[1]), position_wgs84=tuple(position) if position else None, **entry)
