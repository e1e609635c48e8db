"""Which files among the sources are photos or videos: told by their content, listed as a person would."""

import os
import re
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reconstruction.errors import SourceMissing


Kind = Literal["photo", "video"]

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".tif", ".tiff", ".webp", ".bmp"})
VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mts", ".m2ts", ".ts", ".mpg", ".mpeg"})
HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif", ".avif"})
RAW_SUFFIXES = frozenset({".dng", ".nef", ".cr2", ".cr3", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw"})
"""Their TIFF shell holds a tiny preview that must not be taken for the photo."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that should become one frame or many."""

    path: Path
    kind: Kind
    unsupported: str = ""
    """What it is, where it is known from the start that it cannot be read."""


def list_sources(sources: Sequence[Path], out: Path) -> tuple[SourceFile, ...]:
    """The photos and videos of files and folders, each once, in the order given; within a folder img_2 before img_10.

    Folders are walked to the bottom. Hidden files, files of other kinds and our own products (``out``, and projects
    that lie among the photos) are passed over in silence; a file that is named by itself never is.
    Raises SourceMissing.
    """
    own = out.resolve()
    found: dict[Path, SourceFile] = {}
    for source in sources:
        if not source.exists():
            raise SourceMissing(source)
        for path, named in _files(source):
            real = path.resolve()
            if real in found or real.is_relative_to(own):
                continue
            recognised = _recognised(path, named)
            if recognised:
                found[real] = recognised
    return tuple(found.values())


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts as a person counts: img_2 before img_10, whatever the case."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return tuple((0, int(part)) if index % 2 else (1, part) for index, part in enumerate(parts) if part)


def _files(source: Path) -> Iterator[tuple[Path, bool]]:
    """Each file, and whether the person named it."""
    if not source.is_dir():
        yield source, True
        return
    for folder, folders, names in os.walk(source):
        folders[:] = sorted((name for name in folders if _is_walked(name)), key=natural_key)
        for name in sorted(names, key=natural_key):
            if not name.startswith("."):
                yield Path(folder) / name, False


def _is_walked(folder: str) -> bool:
    return not folder.startswith(".") and folder != "__MACOSX" and not folder.endswith(".splatroom")


def _recognised(path: Path, named: bool) -> SourceFile | None:
    """What the file is; None where it is none of our business."""
    suffix = path.suffix.lower()
    # A camera card also holds previews under other suffixes (.thm, .lrv), which would come twice.
    if not named and suffix and suffix not in PHOTO_SUFFIXES | VIDEO_SUFFIXES | HEIF_SUFFIXES | RAW_SUFFIXES:
        return None
    content = _content(path)
    if content == "heif" or (content is None and suffix in HEIF_SUFFIXES):
        return SourceFile(path, "photo", "a HEIC or AVIF picture")
    if content in ("tiff", None) and suffix in RAW_SUFFIXES:
        return SourceFile(path, "photo", "a camera RAW file")
    if content == "video" or (content is None and suffix in VIDEO_SUFFIXES):
        return SourceFile(path, "video")
    if content is None and not suffix and not named:
        return None
    return SourceFile(path, "photo")


Content = Literal["photo", "tiff", "heif", "video"]

_MAGIC: tuple[tuple[int, bytes, Content], ...] = (
    (0, b"\xff\xd8\xff", "photo"),  # JPEG
    (0, b"\x89PNG\r\n\x1a\n", "photo"),
    (8, b"WEBP", "photo"),
    (0, b"BM", "photo"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"II+\x00", "tiff"),  # BigTIFF
    (0, b"MM\x00+", "tiff"),
    *((4, b"ftyp" + brand, "heif") for brand in (b"hei", b"hev", b"mif1", b"msf1", b"avi")),
    (4, b"ftyp", "video"),  # MP4 and QuickTime
    (4, b"moov", "video"),
    (4, b"mdat", "video"),
    (4, b"wide", "video"),
    (8, b"AVI ", "video"),
    (0, b"\x1a\x45\xdf\xa3", "video"),  # Matroska and WebM
    (0, b"\x00\x00\x01\xba", "video"),  # MPEG programme stream
)
_TS_PACKETS = ((0, 188), (4, 192))
"""(offset of the first sync byte 0x47, distance to the next): MPEG transport stream, and the cameras' .mts"""


def _content(path: Path) -> Content | None:
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError:  # said once, with its reason, when the pixels are wanted
        return None
    for offset, magic, content in _MAGIC:
        if head.startswith(magic, offset):
            return content
    for offset, packet in _TS_PACKETS:
        if head[offset : offset + 2 * packet + 1 : packet] == b"\x47\x47\x47":
            return "video"
    return None
