"""Small videos of the textured place, made with the encoders that PyAV brings along."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from tests.reconstruction.frames_world import Rgb
from tests.reconstruction.frames_world import view


CLOCK_HZ = 1000
UNTOLD = 2
"""AVCOL_SPC_UNSPECIFIED"""
UNCONVERTIBLE = 14
"""AVCOL_SPC_ICTCP, which FFmpeg's scaler refuses"""
_OPTIONS: dict[str, dict[str, object]] = {
    "libx264": {"crf": "18", "preset": "ultrafast"},
    "libx265": {"crf": "18", "preset": "ultrafast", "x265-params": "log-level=none"},
    "libsvtav1": {"crf": "18", "preset": "10"},
    "libvpx-vp9": {"crf": "18", "b:v": "0", "deadline": "realtime", "cpu-used": "8"},
    "mjpeg": {"b": "20M"},
}


@dataclass(frozen=True, slots=True)
class Coding:
    """How a video is written, and what it says of itself."""

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    matrix: Colorspace = Colorspace.ITU601
    claimed_matrix: int | None = None
    """None: the truth"""
    pixel_aspect: Fraction = Fraction(1)


def save_clip(
    path: Path, pictures: Sequence[Rgb], times_s: Sequence[float] | None = None, coding: Coding = Coding()
) -> Path:
    """A video of those pictures, 10 a second where no times are given."""
    times_s = [index / 10 for index in range(len(pictures))] if times_s is None else times_s
    clock = Fraction(1, 10) if path.suffix == ".avi" else Fraction(1, CLOCK_HZ)  # AVI knows no times, only a rate
    claimed_matrix = coding.matrix if coding.claimed_matrix is None else coding.claimed_matrix
    with av.open(str(path), "w") as container:
        stream = container.add_stream(coding.codec, rate=10)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = coding.pixel_format
        stream.codec_context.time_base = clock
        stream.codec_context.thread_count = 1
        stream.codec_context.sample_aspect_ratio = coding.pixel_aspect
        stream.codec_context.colorspace = claimed_matrix
        stream.options = _OPTIONS.get(coding.codec, {})
        for picture, time_s in zip(pictures, times_s):
            rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = rgb.reformat(format=coding.pixel_format, dst_colorspace=coding.matrix)
            frame.colorspace = claimed_matrix
            frame.pts, frame.time_base = round(time_s / clock), clock
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def walk(frames: int, size_px: tuple[int, int] = (160, 120), step: float = 1.0) -> list[Rgb]:
    """The views of a camera that goes sideways."""
    return [view(step * index, size_px) for index in range(frames)]


def turn_clockwise(path: Path) -> None:
    """Marks an MP4 as recorded with the phone upright: to be shown turned by 90 degrees clockwise.

    The track header's matrix, ISO/IEC 14496-12, 8.3.2: (a, b, u, c, d, v, x, y, w), 16.16 fixed point and 2.30.
    """
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 4 + 20 + 8 + 8
    one = 1 << 16
    content[at : at + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
