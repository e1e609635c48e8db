"""Training: from a scene to gaussians, on any engine."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reconstruction.configs import SplatsConfig
from reconstruction.gaussians import Gaussians
from reconstruction.progress import Cancelled
from reconstruction.progress import Progress
from reconstruction.raster.choose import Device
from reconstruction.scene import Scene
from reconstruction.training.checkpoint import Checkpoints
from reconstruction.training.checkpoint import Effort
from reconstruction.training.checkpoint import Standing
from reconstruction.training.density import Density
from reconstruction.training.engine.choose import EngineKind
from reconstruction.training.engine.choose import choose_engine
from reconstruction.training.evaluate import judge
from reconstruction.training.evaluate import mean
from reconstruction.training.keeper import Keeper
from reconstruction.training.report import History
from reconstruction.training.report import Report
from reconstruction.training.schedule import Leg
from reconstruction.training.schedule import Schedule
from reconstruction.training.start import first_gaussians
from reconstruction.training.views import Album
from reconstruction.training.views import spread
from reconstruction.training.witness import Witness


TRAIN_PHOTOS_JUDGED = 8


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    gaussians: Gaussians
    report: Report


def train(
    scene: Scene,
    config: SplatsConfig,
    progress: Progress,
    *,
    folder: Path,
    device: Device = "auto",
    threads: int | None = None,
    fingerprint: str = "",
) -> Trained:
    """The gaussians that look like the scene's photos, and how well they do.

    ``folder`` receives ``checkpoints/`` and ``history.jsonl``. When it holds a checkpoint of the same ``fingerprint``
    (of everything but ``max_steps``), training goes on from there: exactly as if it had never stopped, or, when all
    steps were done and ``max_steps`` has grown, with a further leg. Cancelled is raised after a last checkpoint.
    Raises NothingToTrainOn and TrainingDiverged.
    """
    return train_with(choose_engine(device, threads), scene, config, progress, folder=folder, fingerprint=fingerprint)


def train_with(
    kind: EngineKind,
    scene: Scene,
    config: SplatsConfig,
    progress: Progress,
    *,
    folder: Path,
    fingerprint: str = "",
) -> Trained:
    """As ``train``, on an engine of the caller's choice."""
    album = Album(scene, config)
    progress(0, 0, doing="getting ready")  # compiling for this machine takes a while the first time: no step counts yet
    checkpoints = Checkpoints(folder / "checkpoints", fingerprint)
    found = checkpoints.newest()
    engine = kind.make(found.gaussians() if found else first_gaussians(scene, album, config))
    if found:
        engine.restore(found.state)
    begun = found.standing if found else Standing(0, Leg(0, config.max_steps), Effort())
    leg = begun.leg.reaching(config.max_steps, begun.steps)
    schedule = Schedule(config, leg, scene.extent)
    density = Density(config.max_gaussians, leg, config.seed)
    keeper = Keeper(checkpoints, begun, leg)
    witness = Witness(album, schedule, History(folder / "history.jsonl", begun.steps), progress)

    try:
        for step in range(begun.steps, leg.end):
            facts = engine.step(album.at(step, schedule.is_coarse(step)), schedule.at(step))
            density.revise(engine, step)
            keeper.stepped(engine, step + 1, facts)
            witness.tell(engine, step + 1, facts, keeper.effort())
    except Cancelled:
        keeper.keep(engine)
        raise
    keeper.keep(engine)
    effort = keeper.effort()

    canvas = schedule.canvas(leg.end)
    held_out = judge(engine, map(album.fine, album.held_out), canvas, progress)
    learned = judge(engine, map(album.fine, spread(album.training, TRAIN_PHOTOS_JUDGED)), canvas, progress)
    gaussians = _finite(engine.gaussians())
    report = Report(
        psnr=mean([photo.psnr for photo in held_out]),
        ssim=mean([photo.ssim for photo in held_out]),
        train_psnr=mean([photo.psnr for photo in learned]),
        gaussians=len(gaussians),
        steps=leg.end,
        seconds=effort.wall_s,
        cpu_seconds=effort.cpu_s,
        peak_memory_bytes=engine.peak_memory_bytes(),
        device=kind.device,
        held_out=held_out,
    )
    return Trained(gaussians, report)


def _finite(gaussians: Gaussians) -> Gaussians:
    """Without those that rounding has destroyed since the last round of density control: they were not drawn."""
    columns = [gaussians.means, gaussians.quats, gaussians.log_scales, gaussians.logit_opacities[:, None]]
    numbers = np.concatenate([*columns, gaussians.sh.reshape(len(gaussians), -1)], axis=1)
    return gaussians.select(np.flatnonzero(np.isfinite(numbers).all(axis=1)))
