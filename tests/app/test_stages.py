"""A stage is done when its record says today's fingerprint; the folder alone tells."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UnknownKnob
from app.knobs import Knobs
from app.knobs import Value
from app.project import Project
from app.sources import Sources
from app.sources import find_sources
from app.stages import TABLE
from app.stages import Machine
from app.stages import Record
from app.stages import fingerprint
from app.stages import run_stage
from app.stages import status
from reconstruction.configs import STAGE_CONFIGS
from reconstruction.errors import NotEnoughOverlap
from reconstruction.progress import Cancelled
from reconstruction.progress import Progress
from tests.app.tiny_stages import TINY


FAST: Knobs = {"gather": {"pause_s": 0.0}, "place": {"pause_s": 0.0}, "grow": {"pause_s": 0.0}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8\xff a photo")
    made = Project.create(tmp_path / "p.splatroom", "p").set(None, FAST, TINY.configs)
    made.write()
    find_sources((photo,), made.folder, Sources()).write(made.folder)
    return made


def states(project: Project) -> str:
    return " ".join(stage.state for stage in status(project, TINY))


def go(project: Project, progress: Progress | None = None) -> list[str]:
    """The names of the stages that had to run."""
    ran = []
    for stage in TINY:
        stands = next(each for each in status(project, TINY) if each.name == stage.name)
        if not stands.finished and stands.fingerprint:
            run_stage(project, stage, stands.fingerprint, progress or Progress(), Machine(), TINY)
            ran.append(stage.name)
    return ran


def with_knob(project: Project, stage: str, knob: str, value: Value) -> Project:
    return replace(project, knobs={**project.knobs, stage: {**project.knobs.get(stage, {}), knob: value}})


def test_a_new_project_lacks_everything_and_a_finished_one_nothing(project: Project) -> None:
    assert states(project) == "missing missing missing missing"
    assert go(project) == ["gather", "place", "grow", "pack"]
    assert states(project) == "done done done done"
    assert go(project) == []


def test_a_changed_photo_makes_everything_stale(project: Project) -> None:
    go(project)
    (project.folder.parent / "photo.jpg").write_bytes(b"\xff\xd8\xff another")
    assert states(project) == "stale stale stale stale"


def test_a_changed_knob_makes_its_stage_and_the_next_ones_stale(project: Project) -> None:
    go(project)
    assert states(with_knob(project, "place", "salt", "x")) == "done stale stale stale"
    assert states(with_knob(project, "pack", "shout", True)) == "done done done stale"


def test_a_stage_that_comes_to_the_same_result_leaves_the_next_ones_done(project: Project) -> None:
    go(project)
    assert go(with_knob(project, "place", "pause_s", 0.001)) == ["place"]


def test_a_longer_training_goes_on_and_a_shorter_wish_is_already_fulfilled(project: Project) -> None:
    go(project)
    before = (project.folder / "grow" / "checkpoint.txt").read_text().split()
    longer = with_knob(project, "grow", "max_steps", 30)
    assert states(longer) == "done done stale stale"
    assert go(longer) == ["grow", "pack"]
    after = (project.folder / "grow" / "checkpoint.txt").read_text().split()
    assert after[0] == before[0]  # the same fingerprint: it went on, it did not start anew
    assert after[1] == "30"
    assert states(with_knob(project, "grow", "max_steps", 5)) == "done done done done"


def test_a_result_that_was_deleted_or_cut_short_is_not_done(project: Project) -> None:
    go(project)
    (project.folder / "grow" / "grown.txt").unlink()
    assert states(project) == "done done stale stale"
    go(project)
    (project.folder / "gather" / "0.txt").write_text("short")
    assert states(project).startswith("stale")


def test_a_doubtful_result_says_so_and_is_built_upon(project: Project) -> None:
    doubtful = with_knob(project, "place", "doubtful", True)
    go(doubtful)
    assert states(doubtful) == "done doubtful done done"


def test_a_damaged_record_is_no_record(project: Project) -> None:
    go(project)
    (project.folder / "place" / "stage.json").write_text('{"fingerprint": ')
    assert states(project) == "done missing stale stale"
    (project.folder / "place" / "stage.json").write_text('{"fingerprint": "x"}')
    assert states(project) == "done missing stale stale"


def test_a_stage_that_fails_leaves_no_record_and_no_half_product_of_the_next_attempt(project: Project) -> None:
    go(project)
    failing = with_knob(project, "place", "overlap", False)
    with pytest.raises(NotEnoughOverlap):
        go(failing)
    assert Record.read(project.folder / "place") is None
    (project.folder / "gather" / "stage.json").unlink()
    (project.folder / "gather" / "leftover.txt").write_text("of an attempt that was killed")
    go(project)
    assert not (project.folder / "gather" / "leftover.txt").exists()


def test_a_cancelled_stage_is_not_done_and_goes_on_where_it_stopped(project: Project) -> None:
    progress = Progress()
    progress.stop.set()
    with pytest.raises(Cancelled):
        go(project, progress)
    assert states(project) == "missing missing missing missing"
    assert go(project) == ["gather", "place", "grow", "pack"]


def test_a_project_that_was_moved_is_as_done_as_before(project: Project, tmp_path: Path) -> None:
    go(project)
    moved = tmp_path / "elsewhere" / "q.splatroom"
    shutil.copytree(project.folder, moved)
    assert states(Project.open(moved)) == "done done done done"


def test_until_takes_what_is_needed_and_no_more() -> None:
    assert [stage.name for stage in TINY.until("grow")] == ["gather", "place", "grow"]
    assert [stage.name for stage in TABLE.until(None)] == ["frames", "cameras", "splats", "assets"]
    with pytest.raises(UnknownKnob) as raised:
        TABLE.until("splat")
    assert raised.value.nearest == "splats"


def test_fingerprints_are_stable_and_leave_out_what_extends() -> None:
    for stage in TABLE:
        config = STAGE_CONFIGS[stage.name]()
        print_ = fingerprint(stage, config, ("a", "b"))
        assert print_ == fingerprint(stage, STAGE_CONFIGS[stage.name](), ("a", "b"))
        assert print_ != fingerprint(stage, config, ("a", "c"))
        assert print_ != fingerprint(stage, config, ("b", "a"))
        assert print_ != fingerprint(replace(stage, version=stage.version + 1), config, ("a", "b"))
    splats = next(stage for stage in TABLE if stage.name == "splats")
    longer = STAGE_CONFIGS["splats"](max_steps=99_999)
    assert fingerprint(splats, longer, ()) == fingerprint(splats, STAGE_CONFIGS["splats"](), ())


@given(st.sampled_from(sorted(STAGE_CONFIGS)), st.data())
def test_every_other_knob_shapes_the_fingerprint(name: str, data: st.DataObject) -> None:
    stage = next(each for each in TABLE if each.name == name)
    config = stage.config()
    knobs = [knob for knob, field in stage.config.__dataclass_fields__.items() if not field.metadata.get("extends")]
    knob = data.draw(st.sampled_from(knobs))
    value = getattr(config, knob)
    other = {bool: not value, str: f"{value}x"}.get(type(value))
    changed = replace(config, **{knob: value + 1 if other is None else other})
    assert fingerprint(stage, changed, ()) != fingerprint(stage, config, ())


def test_device_and_threads_are_nobodys_knobs() -> None:
    for config in STAGE_CONFIGS.values():
        assert not {"device", "threads"} & set(config.__dataclass_fields__)


def test_the_record_is_the_last_thing_written(project: Project) -> None:
    go(project)
    for stage in TINY:
        folder = project.folder / stage.name
        record = json.loads((folder / "stage.json").read_text())
        newest = max(path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "stage.json")
        assert (folder / "stage.json").stat().st_mtime_ns >= newest
        assert all((folder / file).stat().st_size == size for file, size in record["files"].items())


def test_a_failed_stage_is_told_by_the_newest_log(project: Project) -> None:
    log = project.folder / "log"
    log.mkdir()
    ended = {"event": "JobEnded", "job": "a", "stage": "place", "at_s": 1.0, "outcome": "failed", "problem": None}
    (log / "20260101-000000.jsonl").write_text(json.dumps(ended) + "\n")
    assert states(project) == "missing failed missing missing"
    (log / "20260101-000001.jsonl").write_text(json.dumps({**ended, "outcome": "cancelled"}) + "\n")
    assert states(project) == "missing missing missing missing"
