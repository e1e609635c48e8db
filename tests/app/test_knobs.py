"""Knobs are checked by name, type and range before anything is done with them."""

from dataclasses import asdict

import pytest

from app.errors import BadAssignment
from app.errors import BadKnobValue
from app.errors import UnknownKnob
from app.knobs import Knobs
from app.knobs import checked
from app.knobs import differing
from app.knobs import parse_assignment
from reconstruction.configs import PRESETS
from reconstruction.configs import STAGE_CONFIGS


@pytest.mark.parametrize(
    ("text", "knobs"),
    [
        ("splats.max_steps=300", {"splats": {"max_steps": 300}}),
        ("splats.max_steps=30_000", {"splats": {"max_steps": 30_000}}),
        ("splats.ssim_weight=0", {"splats": {"ssim_weight": 0.0}}),
        (" frames.drop_twins = no ", {"frames": {"drop_twins": False}}),
        ("splats.background=random", {"splats": {"background": "random"}}),
    ],
)
def test_an_assignment_takes_the_type_of_its_knob(text: str, knobs: Knobs) -> None:
    parsed = parse_assignment(text, STAGE_CONFIGS)
    assert parsed == knobs
    for stage, values in parsed.items():
        assert [type(value) for value in values.values()] == [type(value) for value in knobs[stage].values()]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("splats.max_step=300", "splats.max_steps"),
        ("splat.max_steps=300", "splats.max_steps"),
        ("frames.long_side=800", "frames.long_side_px"),
        ("zzzzqqq=1", None),
    ],
)
def test_an_unknown_knob_names_the_nearest(text: str, nearest: str | None) -> None:
    with pytest.raises(UnknownKnob) as raised:
        parse_assignment(text, STAGE_CONFIGS)
    assert raised.value.nearest == nearest


@pytest.mark.parametrize(
    "text",
    [
        "splats.max_steps=many",
        "splats.max_steps=1.5",
        "splats.max_steps=-3",
        "splats.ssim_weight=nan",
        "splats.ssim_weight=inf",
        "frames.drop_twins=perhaps",
        "splats.background=green",
    ],
)
def test_a_value_that_the_knob_cannot_take_is_refused(text: str) -> None:
    with pytest.raises(BadKnobValue):
        parse_assignment(text, STAGE_CONFIGS)


@pytest.mark.parametrize("text", ["splats.max_steps", "=3", "", "splats.max_steps:3"])
def test_what_is_no_assignment_is_told_how_one_looks(text: str) -> None:
    with pytest.raises(BadAssignment):
        parse_assignment(text, STAGE_CONFIGS)


@pytest.mark.parametrize(
    "text",
    [
        "frames.long_side_px=0",
        "frames.jpeg_quality=200",
        "splats.long_side_px=4",  # SSIM's window is larger than such a picture: it was nan
        "splats.sh_degree=9",
        "splats.ssim_weight=7",
        "splats.max_gaussians=0",
        "splats.seed=99999999999",
        "cameras.features=0",
        "assets.poster_long_side_px=0",
    ],
)
def test_a_value_out_of_range_is_refused_before_the_work_and_does_not_crash_in_it(text: str) -> None:
    with pytest.raises(BadKnobValue) as raised:
        parse_assignment(text, STAGE_CONFIGS)
    assert " from " in raised.value.expected
    stage, knob, value = text.replace("=", ".").split(".")
    with pytest.raises(BadKnobValue):
        checked({stage: {knob: int(value)}}, STAGE_CONFIGS)


def test_every_knob_lies_within_its_own_range() -> None:
    for stage, config in STAGE_CONFIGS.items():
        assert checked({stage: asdict(config())}, STAGE_CONFIGS)[stage] == asdict(config())


def test_a_file_may_write_a_whole_number_where_a_number_is_wanted_but_not_the_reverse() -> None:
    assert checked({"splats": {"ssim_weight": 1}}, STAGE_CONFIGS) == {"splats": {"ssim_weight": 1.0}}
    with pytest.raises(BadKnobValue):
        checked({"splats": {"max_steps": 1.0}}, STAGE_CONFIGS)
    with pytest.raises(BadKnobValue):
        checked({"splats": {"max_steps": True}}, STAGE_CONFIGS)
    with pytest.raises(UnknownKnob):
        checked({"colour": "red"}, STAGE_CONFIGS)


def test_every_preset_is_made_of_known_knobs() -> None:
    for knobs in PRESETS.values():
        assert checked(knobs, STAGE_CONFIGS) == knobs


def test_only_what_differs_is_kept() -> None:
    knobs: Knobs = {"splats": {"max_steps": 2_000, "sh_degree": 3, "seed": 7}}
    assert differing(knobs, PRESETS["draft"], STAGE_CONFIGS) == {"splats": {"seed": 7}}
    assert differing(knobs, {}, STAGE_CONFIGS) == {"splats": {"max_steps": 2_000, "seed": 7}}
