"""Schedule, views, start, density and checkpoints: the parts that the training loop asks."""

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from reconstruction.camera import Camera
from reconstruction.configs import SplatsConfig
from reconstruction.durable import write_durably
from reconstruction.errors import NothingToTrainOn
from reconstruction.errors import UnreadableFile
from reconstruction.progress import Progress
from reconstruction.raster.reference import ReferenceRasterizer
from reconstruction.scene import Scene
from reconstruction.training.checkpoint import Checkpoint
from reconstruction.training.checkpoint import Checkpoints
from reconstruction.training.checkpoint import Effort
from reconstruction.training.checkpoint import Standing
from reconstruction.training.density import LEAST_OPACITY
from reconstruction.training.density import Density
from reconstruction.training.density import opacities
from reconstruction.training.density import revision
from reconstruction.training.engine.autograd import AutogradEngine
from reconstruction.training.engine.base import EngineState
from reconstruction.training.engine.base import Statistics
from reconstruction.training.engine.base import View
from reconstruction.training.engine.reference import ReferenceStepFacts
from reconstruction.training.evaluate import Canvas
from reconstruction.training.evaluate import glance
from reconstruction.training.evaluate import judge
from reconstruction.training.keeper import Keeper
from reconstruction.training.schedule import Leg
from reconstruction.training.schedule import Schedule
from reconstruction.training.start import first_gaussians
from reconstruction.training.views import Album
from reconstruction.training.views import EpochOrder
from tests.synthetic import known_gaussians
from tests.synthetic import ring


CONFIG = SplatsConfig(long_side_px=64, max_gaussians=300, max_steps=1000)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return ring(tmp_path_factory.mktemp("ring"), cameras=9, splats=40)


class TestSchedule:
    def test_the_rate_of_the_means_falls_to_a_hundredth(self) -> None:
        schedule = Schedule(CONFIG, Leg(0, 1000), extent=2.0)
        rates = [schedule.at(step).means for step in range(0, 1001, 100)]
        assert rates == sorted(rates, reverse=True)
        assert rates[-1] == pytest.approx(0.01 * rates[0])
        assert rates[0] == pytest.approx(2 * Schedule(CONFIG, Leg(0, 1000), extent=1.0).at(0).means)

    def test_colour_gains_its_degrees_one_by_one(self) -> None:
        schedule = Schedule(CONFIG, Leg(0, 1000), extent=1.0)
        degrees = [schedule.at(step).sh_degree for step in range(1000)]
        assert degrees[0] == 0
        assert degrees[-1] == CONFIG.sh_degree
        assert set(np.diff(degrees)) == {0, 1}
        assert max(Schedule(replace(CONFIG, sh_degree=1), Leg(0, 1000), 1.0).sh_degree(step) for step in (0, 999)) == 1

    def test_pictures_are_coarse_first(self) -> None:
        schedule = Schedule(CONFIG, Leg(0, 1000), extent=1.0)
        coarse = [schedule.is_coarse(step) for step in range(1000)]
        assert sum(coarse) == 1000 * CONFIG.coarse_share
        assert coarse == sorted(coarse, reverse=True)

    def test_a_longer_training_neither_starts_over_nor_goes_back_to_coarse_pictures(self) -> None:
        first, longer = Schedule(CONFIG, Leg(0, 1000), 1.0), Schedule(CONFIG, Leg(1000, 9000), 1.0)
        assert longer.at(1000).means < first.at(0).means
        assert longer.at(9000).means == pytest.approx(first.at(1000).means)
        assert not longer.is_coarse(1000)
        assert longer.at(1000).sh_degree == CONFIG.sh_degree

    def test_a_finished_leg_is_followed_and_an_unfinished_one_planned_anew(self) -> None:
        assert Leg(0, 1000).reaching(1000, done=1000) == Leg(0, 1000)
        assert Leg(0, 1000).reaching(3000, done=1000) == Leg(1000, 3000)
        assert Leg(0, 1000).reaching(3000, done=400) == Leg(0, 3000)
        assert Leg(1000, 3000).reaching(3000, done=2000) == Leg(1000, 3000)
        assert Leg(0, 1000).reaching(200, done=400) == Leg(0, 400)  # fewer steps than are done: nothing left to do
        assert Leg(0, 1000).reaching(200, done=1000) == Leg(0, 1000)

    def test_random_backgrounds_differ_by_step_and_repeat_by_seed(self) -> None:
        schedule = Schedule(replace(CONFIG, background="random"), Leg(0, 1000), 1.0)
        assert schedule.at(3).background == schedule.at(3).background
        assert schedule.at(3).background != schedule.at(4).background
        assert schedule.canvas(3).background == (0, 0, 0)
        assert Schedule(replace(CONFIG, background="white"), Leg(0, 1000), 1.0).at(3).background == (1, 1, 1)


class TestAlbum:
    def test_every_eighth_photo_is_never_learned_from(self, scene: Scene) -> None:
        album = Album(scene, CONFIG)
        assert [photo.name for photo in album.held_out] == ["000.png", "008.png"]
        seen = {album.at(step, coarse=False).name for step in range(50)}
        assert seen == {f"{number:03d}.png" for number in range(1, 8)}

    def test_nothing_is_held_out_when_asked_or_when_there_is_too_little(self, scene: Scene) -> None:
        assert Album(scene, replace(CONFIG, hold_out=0)).held_out == ()
        few = replace(scene, photos=scene.photos[:8])
        assert Album(few, CONFIG).held_out == ()
        assert len(Album(few, CONFIG).training) == 8

    def test_each_epoch_shows_every_photo_once_in_another_order(self) -> None:
        order = EpochOrder(7, seed=0)
        epochs = [[order.at(7 * epoch + place) for place in range(7)] for epoch in range(3)]
        assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
        assert len({tuple(epoch) for epoch in epochs}) == 3
        assert EpochOrder(7, seed=0).at(16) == epochs[2][2]  # also when one begins in the middle
        assert [EpochOrder(7, seed=1).at(place) for place in range(7)] != epochs[0]

    def test_the_coarse_view_is_the_fine_one_at_half_size(self, scene: Scene) -> None:
        album = Album(scene, CONFIG)
        fine, coarse = album.fine(scene.photos[0]), album.coarse(scene.photos[0])
        assert (fine.pixels.shape, coarse.pixels.shape) == ((48, 64, 3), (24, 32, 3))
        assert coarse.camera.size_px == (32, 24)
        assert coarse.camera.focal_px[0] == pytest.approx(fine.camera.focal_px[0] / 2)
        means = fine.pixels.reshape(24, 2, 32, 2, 3).mean(axis=(1, 3))
        np.testing.assert_allclose(coarse.pixels, means, atol=0.51)  # rounded once

    def test_photos_beyond_the_memory_budget_are_read_again_and_equal(self, scene: Scene) -> None:
        album = Album(scene, CONFIG, budget_bytes=0)
        first, again = album.fine(scene.photos[0]), album.fine(scene.photos[0])
        assert first is not again
        np.testing.assert_array_equal(first.pixels, again.pixels)
        kept = Album(scene, CONFIG)
        assert kept.fine(scene.photos[0]) is kept.fine(scene.photos[0])

    def test_a_pixel_of_a_mask_counts_only_when_all_of_it_is_clean(self, scene: Scene, tmp_path: Path) -> None:
        mask = np.full((48, 64), 255, np.uint8)
        mask[10, 20] = 0
        cv2.imwrite(str(tmp_path / "mask.png"), mask)
        photo = replace(scene.photos[0], mask_path=tmp_path / "mask.png")
        album = Album(replace(scene, photos=(photo,)), CONFIG)
        fine, coarse = album.fine(photo).mask, album.coarse(photo).mask
        assert fine is not None
        assert coarse is not None
        assert np.argwhere(~fine).tolist() == [[10, 20]]
        assert np.argwhere(~coarse).tolist() == [[5, 10]]

    def test_a_broken_photo_is_named(self, scene: Scene, tmp_path: Path) -> None:
        path = tmp_path / "broken.png"
        path.write_bytes(b"not a picture")
        broken = replace(scene.photos[0], path=path)
        with pytest.raises(UnreadableFile) as caught:
            Album(scene, CONFIG).fine(broken)
        assert caught.value.path == path


class TestStart:
    def test_each_point_becomes_a_splat_as_large_as_its_neighbourhood(self, scene: Scene) -> None:
        dense = replace(CONFIG, max_gaussians=5 * len(scene.points))
        gaussians = first_gaussians(scene, Album(scene, dense), dense)
        np.testing.assert_array_equal(gaussians.means, scene.points)
        assert gaussians.degree == 3
        i = 5
        nearest = np.sort(np.linalg.norm(scene.points - scene.points[i], axis=1))[1:4]
        reach = min(np.linalg.norm(scene.positions - scene.points[i], axis=1))
        expected = min(np.sqrt((nearest**2).mean()), 0.1 * reach)
        np.testing.assert_allclose(np.exp(gaussians.log_scales[i]), expected, rtol=1e-5)  # float32

    def test_too_few_points_are_joined_by_random_ones_in_view(self, scene: Scene) -> None:
        gaussians = first_gaussians(scene, Album(scene, CONFIG), CONFIG)
        assert len(gaussians) == 0.2 * CONFIG.max_gaussians > len(scene.points)
        for mean in gaussians.means[len(scene.points) :]:
            lands = [photo.camera.project(mean[None]) for photo in scene.photos]
            assert any(
                depth[0] > 0 and (centre[0] >= 0).all() and (centre[0] <= (64, 48)).all() for centre, depth in lands
            )

    def test_many_points_are_thinned_to_leave_room_for_growth(self, scene: Scene) -> None:
        few = replace(CONFIG, max_gaussians=125)
        assert len(first_gaussians(scene, Album(scene, few), few)) == 25

    def test_points_in_one_place_still_have_a_size(self, scene: Scene) -> None:
        heap = replace(scene, points=np.zeros_like(scene.points))
        few = replace(CONFIG, max_gaussians=5 * len(scene.points))
        assert np.isfinite(first_gaussians(heap, Album(heap, few), few).log_scales).all()

    def test_a_scene_without_points_or_photos_is_nothing_to_train_on(self, scene: Scene) -> None:
        no_points = replace(scene, points=scene.points[:0], colours=scene.colours[:0])
        with pytest.raises(NothingToTrainOn):
            first_gaussians(no_points, Album(no_points, CONFIG), CONFIG)
        no_photos = replace(scene, photos=())
        with pytest.raises(NothingToTrainOn):
            first_gaussians(no_photos, Album(no_photos, CONFIG), CONFIG)


def statistics(count: int, seed: int) -> Statistics:
    chance = np.random.default_rng(seed)
    world = known_gaussians(count, seed)
    seen = chance.integers(0, 5, count).astype(np.float32)
    return Statistics(
        gradients=np.where(seen > 0, chance.random(count), 0).astype(np.float32),
        seen=seen,
        logit_opacities=chance.normal(-2, 4, count).astype(np.float32),
        log_scales=world.log_scales,
        quats=3 * world.quats,
        means=world.means,
    )


class TestJudge:
    def test_only_what_a_mask_leaves_is_judged(self) -> None:
        """An engine without splats draws black; the photo is black where it is not masked."""
        engine = AutogradEngine(known_gaussians(3, seed=0).select(np.arange(0)), ReferenceRasterizer())
        mask = np.zeros((24, 40), bool)
        mask[:, :20] = True
        pixels = np.where(mask[..., None], 0, 255).repeat(3, axis=2).astype(np.uint8)
        whole = View("whole", Camera(np.eye(4), (40.0, 40.0), (20.0, 12.0), (40, 24)), pixels)
        masked, nothing = replace(whole, name="masked", mask=mask), replace(whole, name="nothing", mask=mask & False)
        canvas = Canvas((0.0, 0.0, 0.0), 0)
        judged = judge(engine, [whole, masked, nothing], canvas, Progress())
        assert [photo.photo for photo in judged] == ["whole", "masked"]
        assert judged[0].psnr < 5
        assert judged[1].psnr == 100
        assert judged[1].ssim > judged[0].ssim + 0.2
        assert glance(engine, [masked, nothing], canvas) == 100
        assert glance(engine, [nothing], canvas) is None


class TestDensity:
    @settings(max_examples=50, deadline=None)
    @given(st.integers(1, 60), st.integers(1, 150), st.integers(0, 1000))
    def test_no_revision_passes_its_target_or_makes_nonsense(self, count: int, target: int, seed: int) -> None:
        before = statistics(count, seed)
        change = revision(before, target, np.random.default_rng(seed))
        assert len(change.sources) == len(change.fresh) <= target
        assert change.fresh.sum() == len(change.means) == len(change.log_scales) == len(change.logit_opacities)
        assert all(np.isfinite(values).all() for values in (change.means, change.log_scales, change.logit_opacities))
        alive = opacities(before.logit_opacities) >= LEAST_OPACITY
        assert alive[change.sources].all()

    def test_the_transparent_die_and_nobody_else_while_there_is_room(self) -> None:
        before = statistics(50, 1)
        change = revision(before, 50, np.random.default_rng(0))
        alive = np.flatnonzero(opacities(before.logit_opacities) >= LEAST_OPACITY)
        assert set(change.sources) == set(alive)

    def test_splats_that_were_destroyed_by_rounding_die(self) -> None:
        before = statistics(20, 2)
        before.means[3, 0] = np.nan
        before.log_scales[4, 1] = np.inf
        before.quats[5] = 0
        before.logit_opacities[:] = 1
        change = revision(before, 40, np.random.default_rng(0))
        assert set(range(20)) - set(change.sources) == {3, 4, 5}
        assert np.isfinite(change.means).all()

    def test_the_overworked_split_most(self) -> None:
        before = statistics(1000, 3)
        before.logit_opacities[:] = 1
        before.gradients[:] = 9
        before.seen[:] = np.where(np.arange(1000) < 100, 1, 9)  # in the mean, half of all the weight lies on a tenth
        split = np.unique(revision(before, 1100, np.random.default_rng(0)).sources[-100:])
        assert 30 < (split < 100).sum() < 65  # 100 draws, mean 47 without repeats, deviation 5

    def test_halves_lie_on_the_longest_axis_and_cover_what_the_whole_did(self) -> None:
        whole = Statistics(
            gradients=np.ones(1, np.float32),
            seen=np.ones(1, np.float32),
            logit_opacities=np.array([1.0], np.float32),
            log_scales=np.log(np.array([[0.1, 0.4, 0.2]], np.float32)),
            quats=np.array([[np.sqrt(0.5), 0, 0, np.sqrt(0.5)]], np.float32),  # a quarter turn about z: y becomes -x
            means=np.array([[1.0, 2.0, 3.0]], np.float32),
        )
        change = revision(whole, 2, np.random.default_rng(0))
        np.testing.assert_allclose(np.sort(change.means[:, 0]), [0.8, 1.2], atol=1e-6)
        np.testing.assert_allclose(change.means[:, 1:], [[2, 3], [2, 3]], atol=1e-6)
        np.testing.assert_allclose(np.exp(change.log_scales), [[0.1, 0.25, 0.2]] * 2, rtol=1e-5)
        through = 1 - opacities(change.logit_opacities)
        assert through.prod() == pytest.approx(1 - opacities(whole.logit_opacities)[0], abs=1e-6)

    def test_the_population_grows_to_the_cap_and_then_rests(self) -> None:
        counts = grown(Density(cap=500, leg=Leg(0, 2000)), 100)
        assert counts[0] == 100
        assert counts[1499] == 500
        assert max(counts) == 500
        assert len(set(counts[1500:])) == 1
        assert (np.diff(counts) > 0).sum() == 14  # rounds 200, 300, ... 1500

    def test_who_splits_is_drawn_from_the_seed_and_the_step(self) -> None:
        def revised(seed: int, step: int) -> list[float]:
            engine = AutogradEngine(known_gaussians(60, seed=0), ReferenceRasterizer())
            state = engine.state()
            state.arrays["gradients"][:] = state.arrays["seen"][:] = 1
            engine.restore(state)
            Density(cap=90, leg=Leg(0, 1000), seed=seed).revise(engine, step)
            return engine.state().arrays["means"].tolist()

        assert revised(seed=0, step=699) == revised(seed=0, step=699)
        assert revised(seed=0, step=699) != revised(seed=1, step=699)
        assert revised(seed=0, step=699) != revised(seed=0, step=698)  # no round at all

    def test_a_longer_leg_brings_a_larger_cap_about(self) -> None:
        assert grown(Density(cap=900, leg=Leg(2000, 4000)), 400)[-1] == 900

    def test_a_population_above_a_lowered_cap_shrinks_to_it(self) -> None:
        assert grown(Density(cap=300, leg=Leg(0, 1000)), 400)[-1] == 300


def grown(density: Density, count: int) -> list[int]:
    """How many there are after each step of the leg, when all are opaque and drawn once."""
    counts = []
    for step in range(density.leg.begin, density.leg.end):
        if density.is_due(step):
            now = replace(statistics(count, step), logit_opacities=np.ones(count, np.float32))
            now = replace(now, gradients=np.ones(count, np.float32), seen=np.ones(count, np.float32))
            count = len(revision(now, density.target(count, step), np.random.default_rng(step)).sources)
        counts.append(count)
    return counts


def checkpoint(steps: int) -> Checkpoint:
    chance = np.random.default_rng(steps)
    arrays = {"means": chance.random((5, 3)).astype(np.float32), "seen": np.ones(5, np.float32)}
    return Checkpoint(Standing(steps, Leg(0, 1000), Effort(12.5, 11.0)), EngineState(arrays, steps))


class TestCheckpoints:
    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        Checkpoints(tmp_path, "a").write(checkpoint(70))
        found = Checkpoints(tmp_path, "a").newest()
        assert found is not None
        assert found.standing == checkpoint(70).standing
        assert found.state.steps == 70
        for name, array in checkpoint(70).state.arrays.items():
            np.testing.assert_array_equal(found.state.arrays[name], array)

    def test_one_of_another_format_is_passed_over(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Checkpoints(tmp_path, "a").write(checkpoint(70))
        monkeypatch.setattr("reconstruction.training.checkpoint.FORMAT", 2)
        assert Checkpoints(tmp_path, "a").newest() is None

    def test_the_last_two_are_kept(self, tmp_path: Path) -> None:
        checkpoints = Checkpoints(tmp_path, "a")
        for steps in (10, 20, 30, 40):
            checkpoints.write(checkpoint(steps))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["00000030.npz", "00000040.npz"]

    def test_other_inputs_have_no_checkpoint_here_and_their_own_replace_them(self, tmp_path: Path) -> None:
        Checkpoints(tmp_path, "a").write(checkpoint(900))
        other = Checkpoints(tmp_path, "b")
        assert other.newest() is None
        other.write(checkpoint(10))
        found = other.newest()
        assert found is not None
        assert found.standing.steps == 10

    @pytest.mark.parametrize("damage", ["empty", "torn", "flipped", "text"])
    def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(self, tmp_path: Path, damage: str) -> None:
        checkpoints = Checkpoints(tmp_path, "a")
        checkpoints.write(checkpoint(10))
        checkpoints.write(checkpoint(20))
        path = tmp_path / "00000020.npz"
        whole = bytearray(path.read_bytes())
        middle = whole.index(checkpoint(20).state.arrays["means"].tobytes()) + 7
        whole[middle] ^= 0x10
        damaged = {"empty": b"", "torn": path.read_bytes()[:-60], "flipped": bytes(whole), "text": b"00 not a zip"}
        path.write_bytes(damaged[damage])
        found = checkpoints.newest()
        assert found is not None
        assert found.standing.steps == 10

    def test_one_is_written_when_its_time_has_come_and_not_again_before(self, tmp_path: Path) -> None:
        now_s = [1000.0]
        keeper = Keeper(Checkpoints(tmp_path, "a"), Standing(0, Leg(0, 100), Effort()), Leg(0, 100), lambda: now_s[0])
        engine = AutogradEngine(known_gaussians(3, seed=0), ReferenceRasterizer())
        newest = []
        for steps in range(1, 8):
            now_s[0] += 10  # with 25 s between two: at 30, 60
            keeper.stepped(engine, steps, ReferenceStepFacts(1.0, 1.0, 0.0))
            newest.append(max((int(path.stem) for path in tmp_path.iterdir()), default=None))
        assert newest == [None, None, 3, 3, 3, 6, 6]
        assert keeper.effort().wall_s == 70

    def test_a_write_that_fails_leaves_the_old_file_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"old")

        def full_disk(file: BinaryIO) -> None:
            file.write(b"new, but not all of i")
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="No space"):
            write_durably(path, full_disk)
        assert path.read_bytes() == b"old"
        assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
