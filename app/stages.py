"""The table of stages: which verb fills which folder, and how a folder tells whether it is done.

A stage deletes its ``stage.json``, works, and writes ``stage.json`` last. Without that file, or with one whose
fingerprint is not today's, the stage is not done. State is derived from the folder each time, never stored twice.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from pathlib import Path
from typing import Any
from typing import Literal

from app.events import JobEnded
from app.knobs import unknown
from app.log import last_event
from app.project import Project
from app.write_done import write_done
from reconstruction.configs import AssetsConfig
from reconstruction.configs import CamerasConfig
from reconstruction.configs import FramesConfig
from reconstruction.configs import SplatsConfig
from reconstruction.progress import Progress


State = Literal["done", "stale", "missing", "running", "failed", "doubtful"]


@dataclass(frozen=True, slots=True)
class Machine:
    """What the work may use; it belongs to the machine and stays out of every fingerprint."""

    device: Literal["auto", "cpu", "cuda"] = "cpu"
    """auto: CUDA where torch, asked in the worker, can use it after all"""
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Work:
    """All that one run of a stage is told."""

    project: Project
    folder: Path
    """The stage's own, where its products go."""
    config: Any
    """An instance of the stage's config class."""
    progress: Progress
    machine: Machine
    fingerprint: str

    def of(self, stage: str) -> Path:
        """The folder of a stage that this one needs."""
        return self.project.folder / stage


@dataclass(frozen=True, slots=True)
class Product:
    """What a stage has made."""

    files: tuple[Path, ...]
    """Whatever of the folder makes up the result; scratch and checkpoints do not."""
    doubts: tuple[str, ...] = ()
    """Why the result may be wrong; empty: it is sound."""


RunStage = Callable[[Work], Product]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stop on the road."""

    name: str
    needs: tuple[str, ...]
    config: type
    run: RunStage
    version: int = 1
    """Raised when the code changes so that results made before must be made anew."""
    keeps: tuple[str, ...] = ()
    """What in its folder survives until the next attempt, which may go on from it."""


@dataclass(frozen=True, slots=True)
class Table:
    """The stages in the order in which they run."""

    stages: tuple[Stage, ...]

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    @property
    def configs(self) -> dict[str, type]:
        return {stage.name: stage.config for stage in self.stages}

    def until(self, last: str | None) -> tuple[Stage, ...]:
        """The stages that must be done for that one to be; all of them for None."""
        if last is None:
            return self.stages
        if last not in self.configs:
            raise unknown(last, tuple(self.configs))
        wanted = {last}
        for stage in reversed(self.stages):
            if stage.name in wanted:
                wanted.update(stage.needs)
        return tuple(stage for stage in self.stages if stage.name in wanted)


@dataclass(frozen=True, slots=True)
class Record:
    """What ``stage.json`` holds."""

    fingerprint: str
    output: str
    """Digest of the product: what the next stages' fingerprints are made of."""
    files: dict[str, int]
    """Relative path -> size in bytes, of the product"""
    reached: dict[str, int]
    """The knobs that extend, as far as this result went"""
    doubts: tuple[str, ...]
    seconds: float

    def write(self, folder: Path) -> None:
        write_done(folder / "stage.json", json.dumps(asdict(self), indent=1))

    @staticmethod
    def read(folder: Path) -> "Record | None":
        """None where there is none that can be understood: then the stage is not done."""
        try:
            content = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
            return Record(**(content | {"doubts": tuple(content["doubts"])}))
        except (OSError, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class StageStatus:
    """How one stage stands today."""

    name: str
    state: State
    fingerprint: str | None
    """What its record has to say; None while a stage before it is not done."""
    record: Record | None = field(default=None, repr=False)

    @property
    def finished(self) -> bool:
        """Whether the next stage may build on it."""
        return self.state in ("done", "doubtful")


def fingerprint(stage: Stage, config: Any, inputs: tuple[str, ...]) -> str:
    """Changes when the result would: with what goes in, with the knobs that shape it, with the code's version.

    ``inputs`` are the output digests of the stages it needs (of the sources, where it needs none).
    """
    knobs = {knob.name: getattr(config, knob.name) for knob in fields(config) if not knob.metadata.get("extends")}
    content = {"stage": stage.name, "version": stage.version, "knobs": knobs, "inputs": inputs}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def status(project: Project, table: Table) -> tuple[StageStatus, ...]:
    """How every stage stands, read from the folder alone."""
    configs = project.configs(table.configs)
    outputs: dict[str, str] = {}
    result = []
    for stage in table:
        today = None
        if all(need in outputs for need in stage.needs):
            inputs = tuple(outputs[need] for need in stage.needs) or (project.sources().digest(project.folder),)
            today = fingerprint(stage, configs[stage.name], inputs)
        record = Record.read(project.folder / stage.name)
        state = _state(project, stage, configs[stage.name], today, record)
        stands = StageStatus(stage.name, state, today, record)
        if stands.finished and record is not None:
            outputs[stage.name] = record.output
        result.append(stands)
    return tuple(result)


def run_stage(project: Project, stage: Stage, today: str, progress: Progress, machine: Machine, table: Table) -> Record:
    """The stage's product, made anew and committed."""
    folder = project.folder / stage.name
    config = project.configs(table.configs)[stage.name]
    (folder / "stage.json").unlink(missing_ok=True)
    _sweep(folder, stage.keeps)
    started_s = time.monotonic()
    product = stage.run(Work(project, folder, config, progress, machine, today))
    files = {path.relative_to(folder).as_posix(): path.stat().st_size for path in sorted(product.files)}
    output = _settled(folder, files)
    record = Record(today, output, files, _extending(config), product.doubts, time.monotonic() - started_s)
    record.write(folder)
    return record


def _state(project: Project, stage: Stage, config: Any, today: str | None, record: Record | None) -> State:
    if record is None:
        return _unfinished(project, stage.name)
    reached = all(record.reached.get(knob, 0) >= value for knob, value in _extending(config).items())
    if record.fingerprint != today or not reached or not _complete(project.folder / stage.name, record):
        return "stale"
    return "doubtful" if record.doubts else "done"


def _unfinished(project: Project, stage: str) -> State:
    """Why there is no record: the newest log tells."""
    logs = project.logs()
    last = last_event(logs[-1]) if logs else None
    if last is None or last.stage != stage:
        return "missing"
    if isinstance(last, JobEnded):
        return "failed" if last.outcome == "failed" else "missing"
    return "running" if project.in_use() else "missing"


def _extending(config: Any) -> dict[str, int]:
    return {knob.name: getattr(config, knob.name) for knob in fields(config) if knob.metadata.get("extends")}


def _complete(folder: Path, record: Record) -> bool:
    for name, size_bytes in record.files.items():
        try:
            if (folder / name).stat().st_size != size_bytes:
                return False
        except OSError:
            return False
    return True


def _sweep(folder: Path, keeps: tuple[str, ...]) -> None:
    """What an earlier attempt left would mix with this one's product."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name in keeps:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _settled(folder: Path, files: dict[str, int]) -> str:
    """The product's digest, with every byte of it on the disk: no power cut leaves the record without its files."""
    total = hashlib.sha256()
    for name in files:
        with (folder / name).open("rb+") as file:  # Windows syncs only what is open for writing
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        total.update(f"{name}\0{digest}\0".encode())
    return total.hexdigest()


def _run_frames(work: Work) -> Product:
    from reconstruction.frames.find_frames import find_frames  # OpenCV and PyAV: only the worker may pay for them

    sources = work.project.sources().paths(work.project.folder)
    find_frames(sources, work.folder, work.config, work.progress)
    return Product(_files(work.folder, "frames.json", "images", "masks"))


def _run_cameras(work: Work) -> Product:
    from reconstruction.frames.frame_set import FrameSet
    from reconstruction.sfm.find_cameras import find_cameras  # pycolmap, as above

    frames = FrameSet.read(work.of("frames"))
    scene = find_cameras(frames, work.folder, work.config, work.progress, threads=work.machine.threads)
    scene.write(work.folder)
    return Product(_files(work.folder, "scene.json", "points.npz", "images", "masks"), scene.doubts)


def _run_splats(work: Work) -> Product:
    from reconstruction.formats import files
    from reconstruction.scene import Scene
    from reconstruction.training.train import train  # torch and numba, as above

    trained = train(
        Scene.read(work.of("cameras")),
        work.config,
        work.progress,
        folder=work.folder,
        device=work.machine.device,
        threads=work.machine.threads,
        fingerprint=work.fingerprint,
    )
    files.write(work.folder / "splats.ply", trained.gaussians)
    report = json.dumps(trained.report.as_dict(), indent=1)
    (work.folder / "report.json").write_text(report, encoding="utf-8")
    return Product(_files(work.folder, "splats.ply", "report.json"))


def _run_assets(work: Work) -> Product:
    from reconstruction.assets import write_assets  # torch, as above
    from reconstruction.formats import files
    from reconstruction.raster.choose import choose_rasterizer
    from reconstruction.scene import Scene

    gaussians, scene = files.read(work.of("splats") / "splats.ply"), Scene.read(work.of("cameras"))
    rasterizer = choose_rasterizer(work.machine.device, work.machine.threads)
    return Product(write_assets(gaussians, scene, work.folder, work.config, work.progress, rasterizer))


def _files(folder: Path, *names: str) -> tuple[Path, ...]:
    """Those of the named files and of the files in the named folders that are there."""
    found: list[Path] = []
    for path in (folder / name for name in names):
        found += sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return tuple(path for path in found if path.exists())


TABLE = Table(
    (
        Stage("frames", (), FramesConfig, _run_frames),
        Stage("cameras", ("frames",), CamerasConfig, _run_cameras),
        Stage("splats", ("cameras",), SplatsConfig, _run_splats, keeps=("checkpoints", "history.jsonl", "splats.ply")),
        Stage("assets", ("splats", "cameras"), AssetsConfig, _run_assets),
    )
)
"""The road. It is a value, handed to whoever runs it: tests bring shorter ones."""
