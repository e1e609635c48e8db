"""One read and one write for every format: the suffix decides."""

from pathlib import Path
from typing import BinaryIO
from typing import Protocol

from reconstruction.durable import write_durably
from reconstruction.errors import UnknownFormat
from reconstruction.formats.ply import read_ply
from reconstruction.formats.ply import write_ply
from reconstruction.gaussians import Gaussians


class Reader(Protocol):
    def __call__(self, path: Path) -> Gaussians: ...


class Writer(Protocol):
    def __call__(self, stream: BinaryIO, gaussians: Gaussians) -> None: ...


READERS: dict[str, Reader] = {".ply": read_ply}
WRITERS: dict[str, Writer] = {".ply": write_ply}


def read(path: Path) -> Gaussians:
    """The gaussians in that file. Raises UnknownFormat, UnreadableFile, OSError."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UnknownFormat(path, tuple(READERS))
    return reader(path)


def write(path: Path, gaussians: Gaussians) -> None:
    """Written beside and then put in place, so that no reader ever sees half a file. Raises UnknownFormat, OSError."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UnknownFormat(path, tuple(WRITERS))
    write_durably(path, lambda stream: writer(stream, gaussians))
