"""Photos of every make become upright 8-bit sRGB frames; those that cannot are named and left out."""

import os
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies
from PIL import ExifTags
from PIL import Image
from PIL import ImageCms

from reconstruction.camera import fit
from reconstruction.configs import FramesConfig
from reconstruction.errors import DamagedPhoto
from reconstruction.errors import IdenticalPhotos
from reconstruction.errors import LeftOut
from reconstruction.errors import NothingReadable
from reconstruction.errors import SourceMissing
from reconstruction.errors import TooFewPhotos
from reconstruction.errors import UnreadablePhoto
from reconstruction.frames.exif import read_shot
from reconstruction.frames.find_frames import find_frames
from reconstruction.frames.frame_set import FrameSet
from reconstruction.frames.names import Names
from reconstruction.frames.photo import read_photo
from reconstruction.frames.sources import list_sources
from reconstruction.frames.sources import natural_key
from reconstruction.frames.unusable import Unusable
from reconstruction.progress import Cancelled
from reconstruction.progress import Progress
from tests.places import shared_data
from tests.reconstruction.frames_world import Ear
from tests.reconstruction.frames_world import frames_of
from tests.reconstruction.frames_world import pixels
from tests.reconstruction.frames_world import save_views
from tests.reconstruction.frames_world import view


JPEG_LEVELS = 4.0
"""Mean difference in levels that coding at quality 92 to 95 may make."""


def test_photos_become_frames_in_natural_order_with_a_record(tmp_path: Path) -> None:
    save_views(tmp_path / "in", count=12)
    frames, ear = frames_of([tmp_path / "in"], tmp_path / "frames")
    assert [frame.name for frame in frames.frames] == [f"view_{index}.jpg" for index in range(12)]
    assert FrameSet.read(tmp_path / "frames") == frames
    assert frames.ordered
    assert frames.groups == (0,)
    assert not ear.warnings
    assert ear.advances[-1] == (12, 12, {"kept": 12})


def test_large_photos_are_scaled_and_small_ones_left_alone(tmp_path: Path) -> None:
    save_views(tmp_path / "in", count=3, suffix=".png")
    frames, _ = frames_of([tmp_path / "in"], tmp_path / "frames", FramesConfig(long_side_px=160))
    assert {frame.size_px for frame in frames.frames} == {(160, 120)}
    for index, frame in enumerate(frames.frames):
        expected = np.asarray(Image.fromarray(view(float(index))).resize((160, 120), Image.Resampling.BOX), float)
        assert np.abs(pixels(frames.path(frame)) - expected).mean() < JPEG_LEVELS


def test_an_upright_jpeg_of_the_right_size_is_not_coded_again(tmp_path: Path) -> None:
    paths = save_views(tmp_path / "in", count=3)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Secret"
    Image.open(paths[0]).save(paths[0], quality="keep", exif=exif, comment="home address")
    frames, _ = frames_of([tmp_path / "in"], tmp_path / "frames")
    written = frames.path(frames.frames[0])
    assert np.array_equal(pixels(written), pixels(paths[0]))
    assert b"Secret" not in written.read_bytes()
    assert b"home address" not in written.read_bytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_every_orientation_ends_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = Image.fromarray(view(0.0))
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = tmp_path / f"photo{suffix}"
    stored.save(path, exif=exif, quality=95)
    photo = read_photo(path, 160)
    assert photo.picture.size_px == (160, 120)
    assert photo.full_size_px == (320, 240)
    expected = np.asarray(upright.resize((160, 120), Image.Resampling.BOX), float)
    assert np.abs(photo.picture.rgb - expected).mean() < JPEG_LEVELS


def test_orientation_of_real_phones_ends_upright() -> None:
    folder = shared_data("odd/orientation")
    upright = read_photo(folder / "Landscape_1.jpg", 240).picture.rgb.astype(float)
    for orientation in range(2, 9):
        turned = read_photo(folder / f"Landscape_{orientation}.jpg", 240).picture.rgb.astype(float)
        # The photos differ in a number painted on them, so they correlate but are not equal.
        assert np.corrcoef(upright.ravel(), turned.ravel())[0, 1] > 0.9
    assert read_photo(folder / "portrait-orientation-6.jpg", 840).full_size_px == (840, 700)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "RGBA", "LA", "I;16"])
def test_every_mode_becomes_eight_bit_rgb(tmp_path: Path, mode: str) -> None:
    original = view(0.0)
    image = Image.fromarray(original)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    suffix = ".tif" if mode in ("CMYK", "YCbCr") else ".png"
    image.save(tmp_path / f"photo{suffix}")
    photo = read_photo(tmp_path / f"photo{suffix}", 320)
    assert photo.picture.rgb.dtype == np.uint8
    assert photo.picture.mask is None
    shown = np.asarray(
        image.convert("RGB") if mode != "I;16" else Image.fromarray(original).convert("L").convert("RGB")
    )
    assert np.abs(photo.picture.rgb.astype(int) - shown).max() <= 1  # rounding


def test_sixteen_bit_colour_tiff_keeps_its_colours(tmp_path: Path) -> None:
    original = view(0.0)
    cv2.imwrite(str(tmp_path / "deep.tif"), cv2.cvtColor(original, cv2.COLOR_RGB2BGR).astype(np.uint16) * 257)
    photo = read_photo(tmp_path / "deep.tif", 320)
    assert np.abs(photo.picture.rgb.astype(int) - original).max() <= 1


def test_what_is_transparent_becomes_black_and_is_masked(tmp_path: Path) -> None:
    for index in range(3):
        rgba = np.dstack([view(float(index)), np.full((240, 320), 255, np.uint8)])
        rgba[:, :100, 3] = 0
        Image.fromarray(rgba).save(tmp_path / f"cut_{index}.png")
    frames, _ = frames_of([tmp_path], tmp_path / "frames")
    mask_path = frames.mask_path(frames.frames[0])
    assert mask_path is not None
    mask = np.asarray(Image.open(mask_path))
    assert mask.shape == (240, 320)
    assert (mask[:, :100] == 0).all()
    assert (mask[:, 100:] == 255).all()
    assert pixels(frames.path(frames.frames[0]))[:, :90].max() < 12  # JPEG rings near the cut


def test_masks_of_photos_that_are_left_out_go_with_them(tmp_path: Path) -> None:
    for index in range(3):
        rgba = np.dstack([view(float(index)), np.full((240, 320), 255, np.uint8)])
        rgba[:, :100, 3] = 0
        Image.fromarray(rgba).save(tmp_path / f"cut_{index}.png")
    (tmp_path / "cut_3.png").write_bytes((tmp_path / "cut_1.png").read_bytes())
    frames, _ = frames_of([tmp_path], tmp_path / "frames")
    assert len(frames.frames) == 3
    assert sorted(path.name for path in (tmp_path / "frames" / "masks").iterdir()) == [
        "cut_0.jpg.png",
        "cut_1.jpg.png",
        "cut_2.jpg.png",
    ]


def test_a_wide_gamut_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    profile = _linear_rgb_profile()
    image = Image.fromarray(np.full((100, 100, 3), 55, np.uint8))
    image.save(tmp_path / "linear.png", icc_profile=profile)
    image.save(tmp_path / "broken.png", icc_profile=b"no profile at all")
    image.save(tmp_path / "srgb.png", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # 55 / 255 = 0.2157 in linear light is 0.5017 in sRGB (IEC 61966-2-1): 128.
    assert np.abs(read_photo(tmp_path / "linear.png", 100).picture.rgb.astype(int) - 128).max() <= 2
    assert (read_photo(tmp_path / "broken.png", 100).picture.rgb == 55).all()
    assert (read_photo(tmp_path / "srgb.png", 100).picture.rgb == 55).all()


def test_large_jpegs_decode_small_and_keep_their_full_size_in_mind(tmp_path: Path) -> None:
    large = Image.fromarray(view(0.0, (640, 480)))
    large.save(tmp_path / "large.jpg", quality=95)
    photo = read_photo(tmp_path / "large.jpg", 160)
    assert photo.full_size_px == (640, 480)
    expected = np.asarray(large.resize((160, 120), Image.Resampling.BOX), float)
    assert np.abs(photo.picture.rgb - expected).mean() < JPEG_LEVELS


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".bmp"])
def test_a_file_that_is_cut_off_is_never_taken(tmp_path: Path, suffix: str, share: float) -> None:
    Image.fromarray(view(0.0)).save(tmp_path / f"whole{suffix}")
    content = (tmp_path / f"whole{suffix}").read_bytes()
    (tmp_path / f"cut{suffix}").write_bytes(content[: int(len(content) * share)])
    read_photo(tmp_path / f"whole{suffix}", 320)
    with pytest.raises(Unusable) as caught:
        read_photo(tmp_path / f"cut{suffix}", 320)
    assert caught.value.why in ("damaged", "unreadable")


def test_bad_files_are_named_and_the_good_ones_go_on(tmp_path: Path) -> None:
    paths = save_views(tmp_path / "in", count=4)
    whole = paths[0].read_bytes()
    (tmp_path / "in" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in" / "empty.jpg").touch()
    (tmp_path / "in" / "text.jpg").write_text("hello")
    (tmp_path / "in" / "noise.png").write_bytes(np.random.default_rng(0).bytes(5000))
    Image.fromarray(view(9.0)).save(tmp_path / "in" / "really.jpg", format="PNG")
    Image.new("RGB", (2000, 70)).save(tmp_path / "in" / "strip.jpg")
    Image.new("RGB", (4000, 1)).save(tmp_path / "in" / "line.png")
    frames, ear = frames_of([tmp_path / "in"], tmp_path / "frames")
    assert [frame.source for frame in frames.frames] == ["really.jpg", *(path.name for path in paths)]
    assert ear.of(DamagedPhoto) == ["cut.jpg"]
    assert ear.of(UnreadablePhoto) == ["empty.jpg", "noise.png", "text.jpg"]
    assert ear.of(LeftOut) == ["line.png", "strip.jpg"]
    assert {entry.source: entry.why for entry in frames.dropped} == {
        "cut.jpg": "damaged",
        "empty.jpg": "unreadable",
        "noise.png": "unreadable",
        "text.jpg": "unreadable",
        "line.png": "unsuitable",
        "strip.jpg": "unsuitable",
    }


def test_odd_files_made_from_real_ones_are_told_apart(tmp_path: Path) -> None:
    frames, ear = frames_of([shared_data("odd/made")], tmp_path)
    assert [frame.name for frame in frames.frames] == [
        "duplicate_of_fox_0001.jpg",
        "name_with_spaces_01.jpg",
        "png_named.jpg",
    ]
    assert ear.of(DamagedPhoto) == ["truncated.jpg"]
    assert set(ear.of(UnreadablePhoto)) == {"empty.jpg", "text.jpg", "noise.mp4", "truncated_no_moov_maybe.mp4"}


def test_heic_and_raw_are_named_instead_of_read_by_their_preview(tmp_path: Path) -> None:
    paths = save_views(tmp_path / "in", count=3)
    paths.append(tmp_path / "in" / "raw.nef")
    Image.fromarray(view(0.0)).save(paths[-1], format="TIFF")
    (tmp_path / "in" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))
    frames, ear = frames_of([tmp_path / "in"], tmp_path / "frames")
    assert len(frames.frames) == 3
    assert ear.of(UnreadablePhoto) == ["phone.heic", "raw.nef"]


def test_a_picture_too_large_for_memory_is_refused_in_words(tmp_path: Path) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(bytes(1000))]
    coded = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(coded))
    with pytest.raises(Unusable, match="megapixels"):
        read_photo(tmp_path / "bomb.png", 320)


def test_nothing_readable_says_what_was_tried(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").touch()
    (tmp_path / "in" / "b.jpg").write_text("hello")
    with pytest.raises(NothingReadable) as caught:
        frames_of([tmp_path / "in"], tmp_path / "frames")
    assert caught.value.tried == 2
    assert caught.value.examples[0] == "a.jpg: the file is empty"
    (tmp_path / "void").mkdir()
    with pytest.raises(NothingReadable):
        frames_of([tmp_path / "void"], tmp_path / "frames")


def test_one_or_two_photos_are_too_few(tmp_path: Path) -> None:
    save_views(tmp_path / "in", count=2)
    with pytest.raises(TooFewPhotos) as caught:
        frames_of([tmp_path / "in"], tmp_path / "frames")
    assert (caught.value.found, caught.value.needed) == (2, 3)
    assert not (tmp_path / "frames" / "frames.json").exists()


def test_the_same_picture_again_and_again_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for quality in range(80, 90):
        Image.fromarray(view(0.0)).save(tmp_path / "in" / f"{quality}.jpg", quality=quality)
    with pytest.raises(IdenticalPhotos) as caught:
        frames_of([tmp_path / "in"], tmp_path / "frames")
    assert caught.value.total == 10


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing) as caught:
        frames_of([tmp_path / "gone"], tmp_path / "frames")
    assert caught.value.path == tmp_path / "gone"


def test_originals_stay_as_they_are_even_inside_the_folder_that_is_written(tmp_path: Path) -> None:
    paths = save_views(tmp_path / "in" / "frames" / "sub", count=3)
    before = [path.read_bytes() for path in paths]
    with pytest.raises(NothingReadable):
        frames_of([tmp_path / "in"], tmp_path / "in" / "frames")
    assert [path.read_bytes() for path in paths] == before


def test_walking_skips_what_is_not_the_persons_photos(tmp_path: Path) -> None:
    save_views(tmp_path, count=3)
    save_views(tmp_path / "b10", count=1)
    save_views(tmp_path / "b2", count=1)
    save_views(tmp_path / ".trash", count=1)
    save_views(tmp_path / "old.splatroom" / "frames", count=1)
    save_views(tmp_path / "__MACOSX", count=1)
    (tmp_path / "._view_0.jpg").write_bytes(b"resource fork")
    (tmp_path / "notes.txt").write_text("no photo")
    (tmp_path / "card.thm").write_bytes((tmp_path / "view_0.jpg").read_bytes())
    (tmp_path / "no_suffix").write_bytes((tmp_path / "view_0.jpg").read_bytes())
    found = list_sources([tmp_path, tmp_path / "view_1.jpg"], tmp_path / "out")
    names = [str(file.path.relative_to(tmp_path).as_posix()) for file in found]
    assert names == ["no_suffix", "view_0.jpg", "view_1.jpg", "view_2.jpg", "b2/view_0.jpg", "b10/view_0.jpg"]


def test_a_file_named_by_itself_is_never_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no photo")
    found = list_sources([tmp_path / "notes.txt"], tmp_path / "out")
    assert [file.kind for file in found] == ["photo"]


def test_names_sort_as_a_person_counts() -> None:
    names = ["img_10", "IMG_2", "img_1", "img_010b", "9", "a", ""]
    assert sorted(names, key=natural_key) == ["", "9", "a", "img_1", "IMG_2", "img_10", "img_010b"]


@given(strategies.lists(strategies.text(max_size=120), max_size=12))
def test_frame_names_are_plain_and_unique_whatever_the_photos_are_called(stems: list[str]) -> None:
    names = Names()
    given = [names.give(stem) for stem in stems]
    assert len({name.lower() for name in given}) == len(stems)
    for name in given:
        assert name.isascii()
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        assert name.endswith(".jpg")
        assert len(name) < 100


def test_names_are_readable_and_legal_on_every_system() -> None:
    names = Names()
    given = [names.give(stem) for stem in ("Müll eimer", "Mull_eimer", "写真", "con", "../../etc", "straße")]
    assert given == ["Mull_eimer.jpg", "Mull_eimer_2.jpg", "photo.jpg", "_con.jpg", "etc.jpg", "strasse.jpg"]


def test_photos_of_one_lens_share_a_group_and_others_do_not(tmp_path: Path) -> None:
    def save(name: str, step: float, size_px: tuple[int, int], focal_mm: float) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker", "M1"
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLength] = focal_mm
        Image.fromarray(view(step, size_px)).save(tmp_path / name, exif=exif)

    save("a.jpg", 0, (320, 240), 24.0)
    save("b.jpg", 1, (320, 240), 24.0)
    save("c.jpg", 2, (240, 320), 24.0)
    save("d.jpg", 3, (320, 240), 50.0)
    save("e.jpg", 4, (240, 320), 24.0)
    frames, _ = frames_of([tmp_path], tmp_path / "frames")
    assert [frame.group for frame in frames.frames] == [0, 0, 1, 2, 1]


def test_a_photo_turned_by_exif_shares_no_group_with_a_level_one(tmp_path: Path) -> None:
    paths = save_views(tmp_path / "in", count=3)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.open(paths[2]).save(paths[2], exif=exif)
    frames, _ = frames_of([tmp_path / "in"], tmp_path / "frames")
    assert [frame.group for frame in frames.frames] == [0, 0, 1]
    assert frames.frames[2].size_px == (240, 320)


def test_focal_length_follows_from_the_full_frame_equivalent(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 36
    Image.new("RGB", (360, 240)).save(tmp_path / "photo.jpg", exif=exif)
    shot = read_shot(Image.open(tmp_path / "photo.jpg"))
    # 36 mm on a 36 mm wide frame: the focal length is the width.
    assert shot.focal_px((360, 240)) == pytest.approx(360)
    assert shot.focal_px((180, 120)) == pytest.approx(180)


def test_focal_length_follows_from_the_sensors_resolution(tmp_path: Path) -> None:
    exif = Image.Exif()
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    detail[ExifTags.Base.FocalLength] = 10.0
    detail[ExifTags.Base.FocalPlaneXResolution] = 1000.0
    detail[ExifTags.Base.FocalPlaneResolutionUnit] = 3  # per centimetre: 100 px/mm
    detail[ExifTags.Base.ExifImageWidth], detail[ExifTags.Base.ExifImageHeight] = 720, 480
    Image.new("RGB", (360, 240)).save(tmp_path / "photo.jpg", exif=exif)  # a copy of half the size
    assert read_shot(Image.open(tmp_path / "photo.jpg")).focal_px((360, 240)) == pytest.approx(500)


def test_the_castles_focal_length_is_near_the_calibrated_one() -> None:
    photo = read_photo(shared_data("sceaux_castle/images/100_7100.JPG"), 1600)
    focal_px = photo.shot.focal_px(photo.full_size_px)
    assert focal_px == pytest.approx(2905.88, rel=0.03)  # K.txt; EXIF rounds the equivalent to whole millimetres


def test_position_is_read_with_its_signs(tmp_path: Path) -> None:
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "S", (33.0, 30.0, 36.0)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "W", (70.0, 0.0, 0.0)
    gps[ExifTags.GPS.GPSAltitudeRef], gps[ExifTags.GPS.GPSAltitude] = b"\x01", 12.5
    Image.new("RGB", (100, 100)).save(tmp_path / "photo.jpg", exif=exif)
    position = read_shot(Image.open(tmp_path / "photo.jpg")).position_wgs84
    assert position == pytest.approx((-33.51, -70.0, -12.5))


def test_positions_that_are_not_numbers_are_none() -> None:
    photo = read_photo(shared_data("odd/gps_exif/empty_gps.jpg"), 400)
    assert photo.shot.position_wgs84 is None
    assert photo.shot.make == "motorola"


def test_broken_exif_costs_no_photo() -> None:
    sizes = [read_photo(path, 400).picture.size_px for path in _large_enough(shared_data("odd/invalid_exif"))]
    assert len(sizes) == 4


def test_cancelling_stops_at_once_and_leaves_no_record(tmp_path: Path) -> None:
    save_views(tmp_path / "in", count=8)
    progress = Progress(Ear())

    class Impatient(Ear):
        def advanced(self, done: int, total: int, facts: dict[str, int | float | str]) -> None:
            progress.stop.set()

    progress.listener = Impatient()
    with pytest.raises(Cancelled):
        find_frames([tmp_path / "in"], tmp_path / "frames", FramesConfig(), progress)
    assert not (tmp_path / "frames" / "frames.json").exists()
    frames, _ = frames_of([tmp_path / "in"], tmp_path / "frames")
    assert len(frames.frames) == 8


def test_a_second_run_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    save_views(tmp_path / "many", count=8)
    save_views(tmp_path / "few", count=3)
    frames_of([tmp_path / "many"], tmp_path / "frames")
    frames_of([tmp_path / "few"], tmp_path / "frames")
    assert len(list((tmp_path / "frames" / "images").iterdir())) == 3


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    paths = save_views(tmp_path / "in", count=3)
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with pytest.raises(OSError) as caught:
        frames_of(paths, tmp_path / "blocked" / "frames")
    assert "blocked" in str(caught.value.filename)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes to stand for a full disk")
def test_a_full_disk_stops_the_stage_and_leaves_no_half_file(tmp_path: Path) -> None:
    import resource

    save_views(tmp_path / "in", count=6, suffix=".png")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError):
            frames_of([tmp_path / "in"], tmp_path / "frames")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "frames" / "frames.json").exists()
    assert not list((tmp_path / "frames" / "images").iterdir())


@given(strategies.integers(1, 20_000), strategies.integers(1, 20_000), strategies.integers(1, 4000))
def test_a_fitted_size_keeps_the_shape_and_never_grows(width: int, height: int, long_side_px: int) -> None:
    fitted_width, fitted_height = fit((width, height), long_side_px)
    assert max(fitted_width, fitted_height) == min(long_side_px, max(width, height))
    assert abs(fitted_width * height - fitted_height * width) <= max(width, height)  # half a pixel of rounding, or 1 px


def _large_enough(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if min(Image.open(path).size) >= 64]


def _linear_rgb_profile() -> bytes:
    """sRGB with its three tone curves replaced by the identity."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = struct.unpack(">I", profile[128:132])[0]
    for index in range(tags):
        signature, offset, size = struct.unpack(">4sII", profile[132 + 12 * index : 144 + 12 * index])
        if signature in (b"rTRC", b"gTRC", b"bTRC"):
            linear = b"curv" + bytes(4) + struct.pack(">I", 0)
            profile[offset : offset + len(linear)] = linear
        if signature == b"desc":
            text = bytes(profile[offset : offset + size]).replace(
                "sRGB".encode("utf-16-be"), "LINE".encode("utf-16-be")
            )
            profile[offset : offset + size] = text.replace(b"sRGB", b"LINE")
    return bytes(profile)


@pytest.mark.skipif(os.name == "nt", reason="file names are always Unicode there")
def test_a_photo_whose_name_is_no_unicode_becomes_a_frame_and_is_named_in_the_list(tmp_path: Path) -> None:
    photos = save_views(tmp_path / "in")
    photos[0].rename(tmp_path / "in" / os.fsdecode(b"\xff.jpg"))
    frames, _ = frames_of([tmp_path / "in"], tmp_path / "frames")
    assert FrameSet.read(tmp_path / "frames") == frames
    assert os.fsdecode(b"\xff.jpg") in {frame.source for frame in frames.frames}
    assert all(frame.name.isascii() for frame in frames.frames)
