"""Every knob of every stage, on one page. What differs from these defaults is kept in the capture's ``project.toml``.

A field whose metadata says ``extends`` may grow without making finished work stale: training goes on instead.
What a person sets must lie ``within`` the least and the most that its metadata names.
"""

from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Literal


EXTENDS = {"extends": True}


def within(least: float, most: float) -> dict[str, Any]:
    """Metadata of a knob that works between these two, both included."""
    return {"least": least, "most": most}


LONGEST_SIDE_PX = 16_384
MOST_PHOTOS = 10_000
SEEDS = within(0, 2**31 - 1)
SHARES = within(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class FramesConfig:
    """How photos and videos become frames."""

    long_side_px: int = field(default=1600, metadata=within(64, LONGEST_SIDE_PX))
    """Frames are scaled down to this; larger gains little in matching and costs the square."""
    drop_blurred: bool = True
    """Leave out photos much less sharp than the others of their camera."""
    blurred_below: float = field(default=0.25, metadata=SHARES)
    """A photo is blurred when its sharpness is below this share of its neighbours' median."""
    drop_twins: bool = True
    """Leave out photos that show nearly the same picture as the one before."""
    twin_above: float = field(default=0.995, metadata=SHARES)
    """Two neighbours are twins when their small gray pictures correlate at least this much and nothing moved."""
    video_windows_per_second: float = field(default=2.0, metadata=within(0.01, 1000))
    """From each window of a video the sharpest frame is kept."""
    video_least: int = field(default=40, metadata=within(1, MOST_PHOTOS))
    """Windows shorten until a video gives this many frames, where it has them."""
    video_most: int = field(default=300, metadata=within(1, MOST_PHOTOS))
    """A video never gives more frames than this."""
    jpeg_quality: int = field(default=95, metadata=within(1, 100))
    """Of the frames that are written for matching and training."""


@dataclass(frozen=True, slots=True)
class CamerasConfig:
    """How cameras are found (structure from motion)."""

    long_side_px: int = field(default=1000, metadata=within(64, LONGEST_SIDE_PX))
    """Features are looked for in pictures of this size; it decides most of the time taken."""
    features: int = field(default=2048, metadata=within(64, 65_536))
    """Features kept per photo."""
    exhaustive_up_to: int = field(default=150, metadata=within(0, MOST_PHOTOS))
    """Up to this many photos, every pair is matched; above, neighbours and pairs across gaps."""
    overlap: int = field(default=10, metadata=within(1, MOST_PHOTOS))
    """Neighbours matched with each photo of a long sequence."""
    seed: int = field(default=0, metadata=SEEDS)
    """Of every random choice in matching and mapping."""
    least_registered: float = field(default=0.8, metadata=SHARES)
    """Below this share of placed photos the next rung of the ladder is tried."""
    least_accepted: float = field(default=0.5, metadata=SHARES)
    """Below this share of placed photos there is no result at all."""
    cross_check: bool = True
    """Map a second time from other pairs and compare; without it a result can only be doubtful."""
    agree_centres: float = field(default=0.03, metadata=SHARES)
    """Two models agree when their camera centres differ by at most this share of the extent ..."""
    agree_rotation_deg: float = field(default=3.0, metadata=within(0, 180))
    """... their rotations by at most this angle ..."""
    agree_focal: float = field(default=0.05, metadata=SHARES)
    """... and their focal lengths by at most this share."""


@dataclass(frozen=True, slots=True)
class SplatsConfig:
    """How gaussians are trained."""

    long_side_px: int = field(default=960, metadata=within(32, LONGEST_SIDE_PX))
    """Photos are scaled down to this for training."""
    max_gaussians: int = field(default=200_000, metadata=within(1, 100_000_000))
    """Growth stops at this many gaussians."""
    max_steps: int = field(default=7_000, metadata=EXTENDS | within(1, 10_000_000))
    """Steps of training; raising it later goes on from where training stood."""
    hold_out: int = field(default=8, metadata=within(0, MOST_PHOTOS))
    """Every so-manyth photo is kept from training and used to judge it; 0 trains on all."""
    sh_degree: int = field(default=3, metadata=within(0, 3))
    """Degree of the spherical harmonics: how much colour may change with the viewing direction."""
    ssim_weight: float = field(default=0.2, metadata=SHARES)
    """Share of structural similarity in the loss; the rest is the absolute difference."""
    background: Literal["black", "white", "random"] = "black"
    """What is drawn where no gaussian is; random discourages transparent walls."""
    coarse_share: float = field(default=0.7, metadata=SHARES)
    """Share of the steps that trains on pictures of half size first; up to 0.7 it costs no quality (0.05 dB on fox)."""
    seed: int = field(default=0, metadata=SEEDS)
    """Of every random choice in training."""


@dataclass(frozen=True, slots=True)
class AssetsConfig:
    """Which files are written from the result."""

    ply: bool = True
    """The standard 3DGS PLY that every viewer reads."""
    poster_long_side_px: int = field(default=1280, metadata=within(16, LONGEST_SIDE_PX))
    """Size of the poster picture."""


STAGE_CONFIGS = {"frames": FramesConfig, "cameras": CamerasConfig, "splats": SplatsConfig, "assets": AssetsConfig}

PresetName = Literal["draft", "standard", "best"]

PRESETS: dict[PresetName, dict[str, dict[str, Any]]] = {
    "draft": {"splats": {"long_side_px": 480, "max_gaussians": 50_000, "max_steps": 2_000}},
    "standard": {"splats": {"long_side_px": 960, "max_gaussians": 200_000, "max_steps": 7_000}},
    "best": {"splats": {"long_side_px": 1600, "max_gaussians": 1_000_000, "max_steps": 30_000}},
}
"""A preset is nothing but knobs; ``frames.long_side_px`` is the same in all, for matching and undistortion."""
