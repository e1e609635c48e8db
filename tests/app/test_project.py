"""A project is its folder: knobs that differ, sources that are never touched, one writer at a time."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import DamagedProject
from app.errors import NewerProject
from app.errors import NotAProject
from app.errors import NothingFound
from app.errors import ProjectInUse
from app.errors import UnknownKnob
from app.prepare import capture_name
from app.prepare import default_folder
from app.project import Project
from app.sources import Sources
from app.sources import copy_sources
from app.sources import find_sources
from reconstruction.configs import STAGE_CONFIGS
from reconstruction.errors import SourceMissing


JPEG = b"\xff\xd8\xff" + bytes(100)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "Garten im März"
    folder.mkdir()
    for number in (10, 2, 1):
        (folder / f"img_{number}.jpg").write_bytes(JPEG + bytes([number]))
    (folder / "notes.txt").write_text("not a photo")
    (folder / ".hidden.jpg").write_bytes(JPEG)
    return folder


def test_a_project_file_says_only_what_differs(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "Garden.splatroom", "Garden")
    project = project.set("draft", {"splats": {"max_steps": 2_000, "seed": 3}}, STAGE_CONFIGS)
    project.write()
    text = (project.folder / "project.toml").read_text()
    assert "format = 1" in text
    assert "seed = 3" in text
    assert "max_steps" not in text  # the preset says so already
    assert Project.open(project.folder) == project
    assert project.configs(STAGE_CONFIGS)["splats"].max_steps == 2_000
    assert project.configs(STAGE_CONFIGS)["splats"].seed == 3


def test_knobs_stay_when_the_preset_changes_and_go_back_to_it_when_they_say_the_same(tmp_path: Path) -> None:
    project = Project.create(tmp_path, "x").set("draft", {"splats": {"long_side_px": 700}}, STAGE_CONFIGS)
    best = project.set("best", {}, STAGE_CONFIGS)
    assert best.configs(STAGE_CONFIGS)["splats"].long_side_px == 700
    assert best.set(None, {"splats": {"long_side_px": 1600}}, STAGE_CONFIGS).knobs == {}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("format = 2\nname = 'x'\ncreated = 2026-01-01T00:00:00Z\n", NewerProject),
        ("name = 'x'\n", DamagedProject),
        ("format = 1\nname = 'x'\n", DamagedProject),
        ("format = 1\nthis is no TOML", DamagedProject),
        ("\udcff", DamagedProject),
        ("format = 1\ncreated = 2026-01-01T00:00:00Z\npreset = 'drafty'\n", DamagedProject),
        ("format = true\ncreated = 2026-01-01T00:00:00Z\n", DamagedProject),
        ("format = 0\ncreated = 2026-01-01T00:00:00Z\n", DamagedProject),
        ("format = 1\ncreated = 2026-01-01T00:00:00Z\nname = [1]\n", DamagedProject),
    ],
)
def test_a_project_file_that_cannot_be_taken_is_refused(tmp_path: Path, text: str, error: type[Exception]) -> None:
    (tmp_path / "project.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(error):
        Project.open(tmp_path)


def test_an_unknown_knob_in_the_file_names_the_nearest(tmp_path: Path) -> None:
    text = "format = 1\ncreated = 2026-01-01T00:00:00Z\n[splats]\nmax_stepps = 5\n"
    (tmp_path / "project.toml").write_text(text)
    with pytest.raises(UnknownKnob) as raised:
        Project.open(tmp_path).configs(STAGE_CONFIGS)
    assert raised.value.nearest == "splats.max_steps"


def test_no_project_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(NotAProject):
        Project.open(tmp_path / "nowhere")


def test_one_writer_at_a_time_and_looking_does_not_disturb(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p.splatroom", "p")
    assert not project.in_use()
    with project.writing():
        assert project.in_use()
        with pytest.raises(ProjectInUse), project.writing():
            pass
    assert not project.in_use()
    with project.writing():
        pass


def test_sources_are_listed_as_a_person_counts_and_without_what_is_no_photo(photos: Path, tmp_path: Path) -> None:
    found = find_sources((photos,), tmp_path / "p.splatroom", Sources())
    assert [source.path.name for source in found.files] == ["img_1.jpg", "img_2.jpg", "img_10.jpg"]
    with pytest.raises(SourceMissing):
        find_sources((photos / "gone.jpg",), tmp_path, Sources())


def test_the_digest_follows_content_and_not_time(photos: Path, tmp_path: Path) -> None:
    sources = find_sources((photos,), tmp_path, Sources())
    sources.write(tmp_path)
    assert Sources.read(tmp_path) == sources
    before = sources.digest(tmp_path)
    os.utime(photos / "img_1.jpg", ns=(1, 1))
    assert sources.digest(tmp_path) == before
    (photos / "img_1.jpg").write_bytes(JPEG + b"other")
    changed = sources.digest(tmp_path)
    assert changed != before
    assert find_sources((photos,), tmp_path, sources).digest(tmp_path) == changed


def test_a_project_around_its_photos_does_not_take_its_own_pictures_for_sources(photos: Path) -> None:
    (photos / "frames" / "images").mkdir(parents=True)
    (photos / "frames" / "images" / "img_1.jpg").write_bytes(JPEG)
    (photos / "assets").mkdir()
    (photos / "assets" / "poster.jpg").write_bytes(JPEG)
    assert len(find_sources((photos,), photos, Sources()).files) == 3


def test_a_photo_that_is_away_for_now_changes_nothing(photos: Path, tmp_path: Path) -> None:
    sources = find_sources((photos,), tmp_path, Sources())
    before = sources.digest(tmp_path)
    (photos / "img_1.jpg").rename(tmp_path / "elsewhere.jpg")
    assert sources.digest(tmp_path) == before


def test_copied_sources_no_longer_need_the_originals(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p.splatroom"
    folder.mkdir()
    originals = {path: path.read_bytes() for path in photos.iterdir()}
    copied = copy_sources(find_sources((photos,), folder, Sources()), folder)
    assert {path: path.read_bytes() for path in photos.iterdir()} == originals
    assert copy_sources(find_sources((photos,), folder, Sources()), folder) == copied
    assert all(path.is_relative_to(folder) and path.exists() for path in copied.paths(folder))


def test_copies_have_the_same_digest_and_two_cards_may_use_the_same_name(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p.splatroom"
    folder.mkdir()
    (tmp_path / "card 2").mkdir()
    (tmp_path / "card 2" / "IMG_1.jpg").write_bytes(JPEG + b"another")
    found = find_sources((photos,), folder, Sources())
    assert copy_sources(found, folder).digest(folder) == found.digest(folder)
    both = copy_sources(find_sources((photos, tmp_path / "card 2"), folder, Sources()), folder)
    assert both.copied
    assert len({path.read_bytes() for path in both.paths(folder)}) == 4


@pytest.mark.skipif(os.name == "nt", reason="file names are always Unicode there")
def test_a_name_that_is_no_unicode_is_a_name(photos: Path, tmp_path: Path) -> None:
    odd = photos / os.fsdecode(b"gr\xfcn.jpg")
    odd.write_bytes(JPEG)
    sources = find_sources((odd,), tmp_path, Sources())
    sources.write(tmp_path)
    assert Sources.read(tmp_path) == sources
    assert sources.digest(tmp_path)


def test_the_same_sources_find_their_project_again_and_others_get_their_own(photos: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    first = default_folder((photos,), library)
    assert first.name == "Garten im März.splatroom"
    first.mkdir(parents=True)
    find_sources((photos,), first, Sources()).write(first)
    assert default_folder((photos,), library) == first
    assert default_folder((photos / "img_1.jpg", photos / "img_2.jpg"), library).name == "Garten im März 2.splatroom"


def test_a_capture_is_called_what_a_person_would_call_it(photos: Path) -> None:
    images = photos / "images"
    images.mkdir()
    video = photos / "walk.mp4"
    video.write_bytes(b"")
    assert capture_name((photos,)) == "Garten im März"
    assert capture_name((images,)) == "Garten im März"
    assert capture_name((video,)) == "walk"
    assert capture_name((photos / "img_1.jpg", video)) == "Garten im März"


def test_a_project_is_a_value(tmp_path: Path) -> None:
    project = Project.create(tmp_path, "x")
    project.set("draft", {"splats": {"seed": 1}}, STAGE_CONFIGS)
    assert project == replace(project)
    assert project.preset is None
    assert project.knobs == {}


def test_a_project_file_saved_by_an_editor_that_puts_a_mark_first_is_read(tmp_path: Path) -> None:
    text = "format = 1\ncreated = 2026-01-01T00:00:00Z\nname = 'Gärten'\n"
    (tmp_path / "project.toml").write_text(text, encoding="utf-8-sig")
    assert Project.open(tmp_path).name == "Gärten"


def test_an_emptied_folder_does_not_make_a_project_forget_its_photos(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p.splatroom"
    known = find_sources((photos,), folder, Sources())
    for photo in photos.iterdir():
        photo.unlink() if photo.is_file() else None
    with pytest.raises(NothingFound):
        find_sources((photos,), folder, known)
