"""Which model is believed, and when the search may end."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from reconstruction.configs import CamerasConfig
from reconstruction.sfm.gates import faults
from reconstruction.sfm.gates import square_pixels
from reconstruction.sfm.ladder import Candidate
from reconstruction.sfm.ladder import judge
from reconstruction.sfm.ladder import rungs
from reconstruction.sfm.ladder import settled
from reconstruction.sfm.model import Model
from tests.reconstruction.sfm_world import ring_model


CONFIG = CamerasConfig()


def main_of(model: Model) -> Candidate:
    return Candidate(model, "likely main", "incremental", Path("main.db"))


def check_of(model: Model) -> Candidate:
    return Candidate(model, "likely check", "incremental", Path("check.db"))


def bent(model: Model) -> Model:
    poses = model.camera_from_world.copy()
    poses[::2, :3, 3] *= 1.5
    return replace(model, camera_from_world=poses)


def test_a_good_model_has_no_faults():
    assert faults(ring_model()) == []


def test_every_gate_closes_on_its_own_fault():
    model = ring_model(20)
    assert "seen from several places" in faults(replace(model, points=400))[0]
    assert "px on average" in faults(replace(model, error_px=1.6))[0]
    assert "px on average" in faults(replace(model, error_px=float("nan")))[0]
    assert "focal length" in faults(replace(model, focal_px=model.focal_px * 4))[0]
    assert "focal length" in faults(replace(model, focal_px=model.focal_px * 0.4))[0]
    assert "focal length" in faults(replace(model, distortion=np.full(20, 1.3)))[0]
    assert "degrees" in faults(replace(model, angle_deg=1.5))[0]
    assert faults(model.only(model.names[:2])) == ["only 2 photos have a place"]


def test_stretched_pixels_are_not_square():
    model = ring_model()
    assert square_pixels(replace(model, focal_px=model.focal_px * [1.0, 1.015]))
    assert not square_pixels(replace(model, focal_px=model.focal_px * [1.0, 1.03]))


def test_another_seed_confirms_nothing():
    verdict = judge([main_of(ring_model()), main_of(ring_model())], 20, CONFIG)
    assert verdict is not None
    assert verdict.doubt == "no second, independent mapping succeeded"
    assert not settled(verdict, 20, CONFIG)


def test_an_independent_model_that_agrees_ends_the_search():
    verdict = judge([main_of(ring_model()), check_of(ring_model())], 20, CONFIG)
    assert verdict is not None
    assert verdict.doubt is None
    assert settled(verdict, 20, CONFIG)


def test_consensus_beats_size():
    """lund: the bent model and the right one have the same photos; only the right one comes out twice."""
    good = ring_model(20)
    larger = bent(replace(good, points=9000))
    verdict = judge([main_of(larger), main_of(good), check_of(replace(good, points=3000))], 20, CONFIG)
    assert verdict is not None
    assert verdict.model is good
    assert verdict.doubt is None


def test_models_that_disagree_leave_a_doubt_with_its_reason():
    verdict = judge([main_of(ring_model()), check_of(bent(ring_model()))], 20, CONFIG)
    assert verdict is not None
    assert verdict.doubt is not None
    assert "elsewhere" in verdict.doubt


def test_of_two_confirmed_models_the_one_that_keeps_more_photos_wins():
    model = ring_model(20)
    bent_end = model.camera_from_world.copy()
    bent_end[16:, :3, 3] += 2
    larger = main_of(replace(model, camera_from_world=bent_end))
    smaller = main_of(replace(model, points=3000).only(model.names[:18]))
    verdict = judge([larger, smaller, check_of(replace(model, points=2000).only(model.names[:18]))], 20, CONFIG)
    assert verdict is not None
    assert verdict.kept == model.names[:18]
    assert (verdict.strays, verdict.unproven) == ((), ())


def test_photos_that_only_one_mapping_has_are_unproven_and_its_database_is_told():
    model = ring_model(20)
    verdict = judge([main_of(model), check_of(model.only(model.names[:17]))], 20, CONFIG)
    assert verdict is not None
    assert verdict.unproven == model.names[17:]
    assert verdict.database == Path("main.db")


def test_strays_do_not_count_as_placed():
    model = ring_model(20)
    elsewhere = model.camera_from_world.copy()
    elsewhere[15:, :3, 3] += 2
    verdict = judge([main_of(model), check_of(replace(model, camera_from_world=elsewhere))], 20, CONFIG)
    assert verdict is not None
    assert verdict.doubt is None
    assert not settled(verdict, 20, CONFIG)


def test_an_unsound_model_neither_wins_nor_confirms():
    absurd = replace(ring_model(), angle_deg=0.3)
    assert judge([main_of(absurd), check_of(absurd)], 20, CONFIG) is None


def test_too_few_photos_are_no_result_and_some_more_let_the_search_go_on():
    model = ring_model(20)
    nine, fourteen = model.only(model.names[:9]), model.only(model.names[:14])
    assert judge([main_of(nine), check_of(nine)], 20, CONFIG) is None
    verdict = judge([main_of(fourteen), check_of(fourteen)], 20, CONFIG)
    assert verdict is not None
    assert verdict.doubt is None
    assert not settled(verdict, 20, CONFIG)


def test_without_cross_check_the_search_ends_at_a_doubtful_model():
    verdict = judge([main_of(ring_model())], 20, CONFIG)
    assert settled(verdict, 20, replace(CONFIG, cross_check=False))


def test_rungs_begin_plainly_and_clear_only_focal_lengths_that_are_known():
    unknown, known = list(rungs(False)), list(rungs(True))
    assert unknown[0] == known[0]
    assert all("global" in [rung.mapper for rung in every] for every in (unknown, known))
    assert all(rung.trust_focal for rung in unknown)
    assert sum(not rung.trust_focal for rung in known) == 1
    assert not known[0].lax
