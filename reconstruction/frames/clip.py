"""Clip: one video, what it claims, and its frames one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from reconstruction.camera import fit
from reconstruction.errors import UnreadableVideo
from reconstruction.frames.look import FINE_LONG_SIDE_PX
from reconstruction.frames.picture import Picture
from reconstruction.frames.picture import Pixels


_HD_HEIGHT_PX = 720
_CONVERTIBLE_COLORSPACES = frozenset({0, 1, 4, 5, 6, 7, 9})
"""RGB, 709, FCC, 601 (two numbers), SMPTE 240M, 2020: AVColorSpace of FFmpeg's pixfmt.h; its scaler refuses others."""


@dataclass(frozen=True, slots=True)
class Clip:
    path: Path
    frames: int
    """As the container claims or its packets tell; what can be decoded may be less."""
    duration_s: float


@dataclass(frozen=True, slots=True, eq=False)
class ClipFrame:
    """One decoded frame; its pixels are converted only when asked for."""

    number: int
    """From 0, among the frames that could be decoded"""
    time_s: float
    decoded: VideoFrame
    pixel_aspect: float
    """Width of a pixel by its height; camcorders record 1440 x 1080 pixels that are 4/3 wide."""

    def small_gray(self) -> Pixels | None:
        """(h, w) uint8 as stored, not turned: to compare the sharpness of frames of one clip.

        None where the frame is so damaged that it decodes but cannot be converted.
        """
        width, height = fit((self.decoded.width, self.decoded.height), FINE_LONG_SIDE_PX)
        try:
            gray = self.decoded.to_ndarray(
                width=width,
                height=height,
                format="gray",
                src_colorspace=self._colorspace(),
                interpolation=Interpolation.AREA,
            )
        except av.error.FFmpegError:
            return None
        return np.asarray(gray, np.uint8)

    def picture(self, long_side_px: int) -> Picture:
        """Upright sRGB with square pixels."""
        stored_px = self.decoded.width, self.decoded.height
        width, height = fit((round(stored_px[0] * self.pixel_aspect), stored_px[1]), long_side_px)
        # Scaling and colour in one step of FFmpeg cost a quarter of OpenCV's area filter on the full picture.
        scaling = Interpolation.BICUBIC if (width, height) == stored_px else Interpolation.AREA
        rgb = self.decoded.to_ndarray(
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=self._colorspace(),
            interpolation=scaling | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
        )
        quarter_turns = round(self.decoded.rotation / 90) % 4  # counterclockwise, as numpy turns
        return Picture(np.ascontiguousarray(np.rot90(np.asarray(rgb, np.uint8), quarter_turns)))

    def _colorspace(self) -> Colorspace | None:
        """None: the frame tells itself. Where it does not, every player takes 709 for HD and 601 below."""
        if self.decoded.colorspace in _CONVERTIBLE_COLORSPACES:
            return None
        return Colorspace.ITU709 if self.decoded.height >= _HD_HEIGHT_PX else Colorspace.ITU601


def open_clip(path: Path) -> Clip:
    """What the video at ``path`` claims to hold. Raises UnreadableVideo."""
    with _opened(path) as container:
        stream = _stream(container, path)
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        frames, duration_s = stream.frames, _duration_s(container, stream)
        if not duration_s and frames and rate:
            duration_s = frames / rate
        if not frames:
            frames = round(duration_s * rate)
        if frames and duration_s:
            return Clip(path, frames, duration_s)
    return _counted(path)


def clip_frames(clip: Clip, skim: bool) -> Iterator[ClipFrame]:
    """Every frame that can be decoded, in the order of showing; damaged ones are left out.

    With ``skim``, frames to which no other refers are not decoded, which saves up to half the time.
    Raises UnreadableVideo where the file cannot be opened.
    """
    number = 0
    with _opened(clip.path) as container:
        stream = _stream(container, clip.path)
        stream.thread_type = "AUTO"
        if skim:
            stream.codec_context.skip_frame = "NONREF"
        start_s = float((stream.start_time or 0) * (stream.time_base or 0))
        frame_s = clip.duration_s / max(clip.frames, 1)
        pixel_aspect = float(stream.sample_aspect_ratio or 1)
        for decoded in _decoded(container, stream):
            time_s = number * frame_s if decoded.time is None else decoded.time - start_s
            yield ClipFrame(number, max(0.0, time_s), decoded, pixel_aspect)
            number += 1


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """A damaged packet costs its frames, not the rest of the video; a damaged container ends it."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        yield from (frame for frame in frames if not frame.is_corrupt)


def _opened(path: Path) -> InputContainer:
    try:
        return av.open(str(path), metadata_errors="ignore")
    except av.error.FFmpegError as error:
        raise UnreadableVideo(path, _reason(error)) from error


def _stream(container: InputContainer, path: Path) -> VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream):
        raise UnreadableVideo(path, "it holds no moving picture")
    return stream


def _reason(error: av.error.FFmpegError) -> str:
    if isinstance(error, av.error.InvalidDataError):
        return "it is not a video, or the recording was cut off before its index was written"
    return (error.strerror or type(error).__name__).lower()


def _duration_s(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _counted(path: Path) -> Clip:
    """By its packets, without decoding: a recording of a browser claims nothing."""
    with _opened(path) as container:
        stream = _stream(container, path)
        times = [packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None]
        if not times:
            raise UnreadableVideo(path, "it holds no frames")
        duration_s = float((max(times) - min(times)) * (stream.time_base or 0)) * len(times) / max(len(times) - 1, 1)
        return Clip(path, len(times), duration_s)
