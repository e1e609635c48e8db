"""A road of four tiny stages that compute, sleep and can be killed: the engine room is tested with these."""

import hashlib
import signal
import time
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from app.stages import Product
from app.stages import Stage
from app.stages import Table
from app.stages import Work
from reconstruction.configs import EXTENDS
from reconstruction.errors import NotEnoughOverlap
from reconstruction.errors import UnreadablePhoto


@dataclass(frozen=True, slots=True)
class GatherConfig:
    """Reads the sources."""

    pieces: int = 5
    """How many files are written."""
    pause_s: float = 0.01
    """Between two of them."""


@dataclass(frozen=True, slots=True)
class PlaceConfig:
    """Joins the pieces."""

    salt: str = ""
    pause_s: float = 0.01
    doubtful: bool = False
    overlap: bool = True
    """Without it, the stage fails as photos do."""


@dataclass(frozen=True, slots=True)
class GrowConfig:
    """Hashes on and on, with a checkpoint at every step."""

    max_steps: int = field(default=20, metadata=EXTENDS)
    pause_s: float = 0.01
    deaf: bool = False
    """Never looks at the wish to stop."""
    stubborn: bool = False
    """Shrugs off SIGTERM, as a library deep in native code does."""


@dataclass(frozen=True, slots=True)
class PackConfig:
    """Writes the result."""

    shout: bool = False
    pause_s: float = 0.0


def gather(work: Work) -> Product:
    content = b"".join(path.read_bytes() for path in work.project.sources().paths(work.project.folder))
    files = []
    for number in range(work.config.pieces):
        work.progress(number, work.config.pieces, doing="gathering")
        path = work.folder / f"{number}.txt"
        path.write_text(hashlib.sha256(content + bytes([number])).hexdigest())
        files.append(path)
        time.sleep(work.config.pause_s)
    work.progress.warn(UnreadablePhoto("näme with späces.jpg", "it is empty"))
    work.progress(work.config.pieces, work.config.pieces)
    return Product(tuple(files))


def place(work: Work) -> Product:
    pieces = sorted(work.of("gather").glob("*.txt"))
    if not work.config.overlap:
        raise NotEnoughOverlap(registered=2, total=len(pieces))
    joined = work.folder / "joined.txt"
    with joined.open("w") as file:
        for number, piece in enumerate(pieces):
            work.progress(number, len(pieces), registered=number)
            file.write(piece.read_text() + work.config.salt)
            time.sleep(work.config.pause_s)
    return Product((joined,), ("two runs disagree",) if work.config.doubtful else ())


def grow(work: Work) -> Product:
    """Step n's state is the hash of step n - 1's: whatever was killed in between, the end is the same."""
    if work.config.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    checkpoint = work.folder / "checkpoint.txt"
    step, state = _read(checkpoint, work.fingerprint) or (0, (work.of("place") / "joined.txt").read_text())
    while step < work.config.max_steps:
        state, step = hashlib.sha256(state.encode()).hexdigest(), step + 1
        _keep(checkpoint, work.fingerprint, step, state)
        if not work.config.deaf:
            work.progress(step, work.config.max_steps, state=state[:6])
        time.sleep(work.config.pause_s)
    grown = work.folder / "grown.txt"
    grown.write_text(f"{step} {state}")
    return Product((grown,))


def pack(work: Work) -> Product:
    text = (work.of("grow") / "grown.txt").read_text()
    for number in range(5):
        work.progress(number, 5)
        time.sleep(work.config.pause_s)
    packed = work.folder / "packed.txt"
    packed.write_text(text.upper() if work.config.shout else text)
    return Product((packed,))


def _keep(path: Path, fingerprint: str, step: int, state: str) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(f"{fingerprint} {step} {state}")
    beside.replace(path)


def _read(path: Path, fingerprint: str) -> tuple[int, str] | None:
    if not path.exists():
        return None
    whose, step, state = path.read_text().split(" ", 2)
    return (int(step), state) if whose == fingerprint else None


TINY = Table(
    (
        Stage("gather", (), GatherConfig, gather),
        Stage("place", ("gather",), PlaceConfig, place),
        Stage("grow", ("place",), GrowConfig, grow, keeps=("checkpoint.txt",)),
        Stage("pack", ("grow", "place"), PackConfig, pack),
    )
)
