"""Videos of every codec and container give their sharpest, well-spread frames, upright and with their times."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from av.video.reformatter import Colorspace
from hypothesis import given
from hypothesis import strategies

from reconstruction.configs import FramesConfig
from reconstruction.errors import IdenticalPhotos
from reconstruction.errors import NearTwin
from reconstruction.errors import NothingReadable
from reconstruction.errors import UnreadablePhoto
from reconstruction.errors import UnreadableVideo
from reconstruction.errors import VideoEndsEarly
from reconstruction.frames.clip import clip_frames
from reconstruction.frames.clip import open_clip
from reconstruction.frames.find_frames import find_frames
from reconstruction.frames.windows import even_windows
from reconstruction.frames.windows import filled_windows
from reconstruction.frames.windows import windows_wanted
from reconstruction.progress import Cancelled
from reconstruction.progress import Progress
from tests.places import shared_data
from tests.reconstruction.clips_world import UNCONVERTIBLE
from tests.reconstruction.clips_world import UNTOLD
from tests.reconstruction.clips_world import Coding
from tests.reconstruction.clips_world import save_clip
from tests.reconstruction.clips_world import turn_clockwise
from tests.reconstruction.clips_world import walk
from tests.reconstruction.frames_world import Ear
from tests.reconstruction.frames_world import Rgb
from tests.reconstruction.frames_world import frames_of
from tests.reconstruction.frames_world import pixels
from tests.reconstruction.frames_world import save_views


CODEC_LEVELS = 6.0
"""Mean difference in levels that coding may make, twice: as video at quality 18, then as JPEG."""

CLIPS = [
    ("walk.mp4", "libx264", "yuv420p"),
    ("walk.m4v", "libx264", "yuv420p"),
    ("walk.mts", "libx264", "yuv420p"),
    ("walk.mov", "libx265", "yuv420p"),
    ("walk.mov", "libx265", "yuv420p10le"),
    ("walk.mov", "prores_ks", "yuv422p10le"),
    ("walk.mkv", "libsvtav1", "yuv420p"),
    ("walk.webm", "libvpx-vp9", "yuv420p"),
    ("walk.avi", "mjpeg", "yuvj420p"),
]


@pytest.mark.parametrize(("name", "codec", "pixel_format"), CLIPS)
def test_every_codec_and_container_is_read_in_its_colours(
    tmp_path: Path, name: str, codec: str, pixel_format: str
) -> None:
    pictures = walk(12)
    path = save_clip(tmp_path / name, pictures, coding=Coding(codec, pixel_format))
    frames, ear = frames_of([path], tmp_path / "frames")
    assert not ear.warnings
    assert len(frames.frames) == 12
    assert [frame.time_s for frame in frames.frames] == pytest.approx([index / 10 for index in range(12)], abs=0.002)
    for index in (0, 6, 11):
        written = pixels(frames.path(frames.frames[index]))
        assert np.abs(written - pictures[index]).mean() < CODEC_LEVELS
        # No tint: limited range taken for full, or 601 for 709, shifts whole channels.
        assert np.abs((written - pictures[index]).mean(axis=(0, 1))).max() < 2.0


@pytest.mark.parametrize(
    ("size_px", "matrix", "claimed"),
    [
        ((160, 120), Colorspace.ITU709, None),
        ((1280, 720), Colorspace.ITU601, None),
        ((160, 120), Colorspace.ITU601, UNTOLD),
        ((1280, 720), Colorspace.ITU709, UNTOLD),
        ((160, 120), Colorspace.ITU601, UNCONVERTIBLE),
    ],
)
def test_colours_are_right_whether_a_video_names_its_matrix_or_not(
    tmp_path: Path, size_px: tuple[int, int], matrix: Colorspace, claimed: int | None
) -> None:
    patch = np.full((size_px[1], size_px[0], 3), (200, 60, 40), np.uint8)
    path = save_clip(tmp_path / "patch.mp4", [patch] * 2, coding=Coding(matrix=matrix, claimed_matrix=claimed))
    frame = next(iter(clip_frames(open_clip(path), skim=False)))
    assert claimed is None or frame.decoded.colorspace == claimed
    assert frame.small_gray() is not None
    # The wrong matrix is off by 15 levels here.
    assert np.abs(frame.picture(1600).rgb.astype(int) - patch).max() <= 3


def test_a_phone_held_upright_gives_upright_frames(tmp_path: Path) -> None:
    pictures = walk(6)
    path = save_clip(tmp_path / "phone.mp4", pictures)
    turn_clockwise(path)
    frames, _ = frames_of([path], tmp_path / "frames")
    assert {frame.size_px for frame in frames.frames} == {(120, 160)}
    upright = np.rot90(pictures[3], -1)
    assert np.abs(pixels(frames.path(frames.frames[3])) - upright).mean() < CODEC_LEVELS


def test_large_videos_are_scaled(tmp_path: Path) -> None:
    path = save_clip(tmp_path / "walk.mp4", walk(5, (320, 240)))
    frames, _ = frames_of([path], tmp_path / "frames", FramesConfig(long_side_px=160))
    assert {frame.size_px for frame in frames.frames} == {(160, 120)}


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    path = save_clip(tmp_path / "camcorder.mp4", walk(5), coding=Coding(pixel_aspect=Fraction(4, 3)))
    frames, _ = frames_of([path], tmp_path / "frames")
    assert {frame.size_px for frame in frames.frames} == {(213, 120)}


def test_times_of_an_uneven_recording_are_its_own(tmp_path: Path) -> None:
    times_s = [0.0, 0.033, 0.1, 0.2, 0.7, 0.734, 2.0, 2.5]
    path = save_clip(tmp_path / "uneven.mp4", walk(8), times_s)
    frames, _ = frames_of([path], tmp_path / "frames")
    assert [frame.time_s for frame in frames.frames] == pytest.approx(times_s, abs=0.002)


def test_an_uneven_recording_still_gives_forty_frames(tmp_path: Path) -> None:
    """Sixty frames in the first second, then one a second: windows of equal time would stay empty."""
    times_s = [index / 60 for index in range(60)] + [float(second) for second in range(2, 12)]
    path = save_clip(tmp_path / "uneven.mp4", walk(70), times_s)
    frames, _ = frames_of([path], tmp_path / "frames", FramesConfig(drop_twins=False))
    assert len(frames.frames) == 40
    assert len(list((tmp_path / "frames" / "images").iterdir())) == 40
    assert not [frame.name for frame in frames.frames if not frame.name.startswith("uneven_0000")]


def test_of_each_window_the_sharpest_frame_is_taken(tmp_path: Path) -> None:
    pictures = walk(40, step=0.5)
    sharp = [index for index in range(40) if index % 4 == (index // 4) % 4]
    shaken = [picture if index in sharp else _soft(picture) for index, picture in enumerate(pictures)]
    path = save_clip(tmp_path / "shaken.mp4", shaken)
    config = FramesConfig(video_least=10, video_windows_per_second=2.5)
    frames, _ = frames_of([path], tmp_path / "frames", config)
    assert [frame.name for frame in frames.frames] == [f"shaken_{index:06d}.jpg" for index in sharp]


def test_where_the_camera_stood_still_one_frame_is_enough(tmp_path: Path) -> None:
    pictures = walk(6)
    path = save_clip(tmp_path / "pause.mp4", [*pictures[:4], *[pictures[3]] * 8, *pictures[4:]])
    frames, ear = frames_of([path], tmp_path / "frames")
    assert len(frames.frames) == 6
    assert len(ear.of(NearTwin)) == 8
    assert ear.of(NearTwin)[0].startswith("pause.mp4 at ")
    assert len(list((tmp_path / "frames" / "images").iterdir())) == 6


def test_a_video_of_one_picture_is_said_to_be_so(tmp_path: Path) -> None:
    path = save_clip(tmp_path / "still.mp4", walk(1) * 10)
    with pytest.raises(IdenticalPhotos):
        frames_of([path], tmp_path / "frames")


def test_never_more_frames_than_the_person_wants(tmp_path: Path) -> None:
    path = save_clip(tmp_path / "walk.mp4", walk(50))
    frames, _ = frames_of([path], tmp_path / "frames", FramesConfig(video_least=5, video_most=7))
    assert len(frames.frames) == 7


def test_long_windows_pass_over_frames_that_no_other_needs(tmp_path: Path) -> None:
    path = save_clip(
        tmp_path / "walk.mov", walk(60, step=0.3), coding=Coding("libx265")
    )  # with frames that no other needs
    clip = open_clip(path)
    seen = [frame.time_s for frame in clip_frames(clip, skim=True)]
    assert 5 < len(seen) < 40
    frames, ear = frames_of([path], tmp_path / "frames", FramesConfig(video_least=2, video_windows_per_second=0.5))
    assert len(frames.frames) == 3
    assert not ear.warnings


def test_photos_and_videos_of_one_capture_go_together(tmp_path: Path) -> None:
    save_views(tmp_path / "in", count=3)
    save_clip(tmp_path / "in" / "a_walk.mp4", walk(5))
    save_clip(tmp_path / "in" / "b_walk.mp4", walk(5, step=1.3))
    frames, _ = frames_of([tmp_path / "in"], tmp_path / "frames")
    assert [frame.source for frame in frames.frames] == [
        *["a_walk.mp4"] * 5,
        *["b_walk.mp4"] * 5,
        *[f"view_{index}.jpg" for index in range(3)],
    ]
    assert [frame.group for frame in frames.frames] == [0] * 5 + [1] * 5 + [2] * 3


def test_a_video_that_is_none_stops_only_when_alone(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(40_000))
    with pytest.raises(UnreadableVideo) as caught:
        frames_of([tmp_path / "noise.mp4"], tmp_path / "frames")
    assert caught.value.path == tmp_path / "noise.mp4"
    (tmp_path / "more.mov").write_bytes(b"\0\0\0\x08wide" + bytes(200))
    with pytest.raises(NothingReadable):
        frames_of([tmp_path / "noise.mp4", tmp_path / "more.mov"], tmp_path / "frames")
    save_views(tmp_path / "in", count=3)
    frames, ear = frames_of([tmp_path / "noise.mp4", tmp_path / "in"], tmp_path / "frames")
    assert len(frames.frames) == 3
    assert ear.of(UnreadablePhoto) == ["noise.mp4"]


@pytest.mark.parametrize("name", ["noise.mp4", "truncated_no_moov_maybe.mp4"])
def test_videos_without_an_index_are_refused_in_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableVideo, match="cut off"):
        frames_of([shared_data("odd/made") / name], tmp_path)


def test_a_video_whose_pictures_are_gone_is_refused(tmp_path: Path) -> None:
    path = save_clip(tmp_path / "hollow.mp4", walk(6))
    content = bytearray(path.read_bytes())
    begin, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    content[begin:end] = bytes(end - begin)
    path.write_bytes(content)
    with pytest.raises(UnreadableVideo, match="none of its frames"):
        frames_of([path], tmp_path / "frames")


def test_a_video_that_ends_early_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    pictures = walk(40)
    path = save_clip(tmp_path / "whole.mkv", pictures)
    content = path.read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) * 6 // 10])
    frames, ear = frames_of([tmp_path / "cut.mkv"], tmp_path / "frames")
    assert 10 < len(frames.frames) < 35
    assert [warning.read_frames for warning in ear.warnings if isinstance(warning, VideoEndsEarly)] == [
        len(frames.frames)
    ]
    for index in (0, len(frames.frames) - 1):
        assert np.abs(pixels(frames.path(frames.frames[index])) - pictures[index]).mean() < CODEC_LEVELS


def test_the_drone_video_says_how_much_of_it_could_be_read(tmp_path: Path) -> None:
    frames, ear = frames_of([shared_data("video/pyramid.mp4")], tmp_path)
    early = [warning for warning in ear.warnings if isinstance(warning, VideoEndsEarly)]
    assert [(warning.read_frames, warning.claimed_frames) for warning in early] == [(883, 1033)]
    assert 55 <= len(frames.frames) <= 60  # two a second of 29.5 s, less a twin or two


def test_the_walk_along_the_building_gives_forty_frames_of_ten_seconds(tmp_path: Path) -> None:
    frames, ear = frames_of([shared_data("video/gopro_max_heromode.mp4")], tmp_path)
    assert 38 <= len(frames.frames) <= 41
    assert not ear.warnings
    times_s = [frame.time_s for frame in frames.frames if frame.time_s is not None]
    assert max(np.diff(times_s)) < 0.6  # two windows of a quarter of a second


def test_a_long_video_can_be_cancelled_between_frames(tmp_path: Path) -> None:
    path = save_clip(tmp_path / "walk.mp4", walk(60))

    class Patient(Ear):
        def advanced(self, done: int, total: int, facts: dict[str, int | float | str]) -> None:
            super().advanced(done, total, facts)
            if len(self.advances) == 20:
                progress.stop.set()

    ear = Patient()
    progress = Progress(ear, min_gap_s=0.0)
    with pytest.raises(Cancelled):
        find_frames([path], tmp_path / "frames", FramesConfig(), progress)
    assert len(ear.advances) == 20
    assert not (tmp_path / "frames" / "frames.json").exists()


def test_progress_never_runs_backwards_and_ends_complete(tmp_path: Path) -> None:
    save_views(tmp_path / "in", count=3)
    save_clip(tmp_path / "in" / "walk.mp4", walk(30))
    ear = Ear()
    find_frames([tmp_path / "in"], tmp_path / "frames", FramesConfig(), Progress(ear, min_gap_s=0.0))
    shares = [done / total for done, total, _ in ear.advances]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {"kept", "photo"} <= ear.advances[3][2].keys()


def test_windows_follow_the_length_of_a_video() -> None:
    config = FramesConfig()
    assert windows_wanted(60.0, 1800, config) == 120  # two a second
    assert windows_wanted(5.0, 150, config) == 40  # shorter windows
    assert windows_wanted(1.0, 25, config) == 25  # it has no more
    assert windows_wanted(3600.0, 108_000, config) == 300  # longer windows


@given(strategies.lists(strategies.floats(0, 1000), min_size=1, max_size=60, unique=True), strategies.data())
def test_filled_windows_each_hold_a_frame(times: list[float], data: strategies.DataObject) -> None:
    times_s = sorted(times)
    count = data.draw(strategies.integers(1, len(times_s)))
    assert {filled_windows(times_s, count).at(time_s) for time_s in times_s} == set(range(count))


@given(strategies.floats(0.1, 1e4), strategies.integers(1, 300), strategies.floats(0, 2))
def test_even_windows_cover_every_moment(duration_s: float, count: int, share: float) -> None:
    window = even_windows(duration_s, count).at(share * duration_s)
    assert 0 <= window < count
    if share < 1:
        assert window in (int(share * count) - 1, int(share * count), int(share * count) + 1)  # rounding at the border


def _soft(picture: Rgb) -> Rgb:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), np.uint8)
