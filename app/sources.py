"""Sources: the photos and videos of a capture. They are read, perhaps copied, and never changed."""

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path

from app.errors import DamagedSources
from app.errors import NothingFound
from app.write_done import write_done
from reconstruction.configs import STAGE_CONFIGS
from reconstruction.frames.sources import list_sources


OURS = frozenset({*STAGE_CONFIGS, "publish", "preview", "log"})
"""Folders of a project that the program fills, and empties when their stage begins anew."""


@dataclass(frozen=True, slots=True)
class Source:
    """One photo or video as it was when it was added."""

    path: Path
    """Absolute where the file was left in place, relative to the project where it was copied."""
    size_bytes: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Sources:
    """All of a capture's photos and videos, in a fixed order."""

    asked: tuple[Path, ...] = ()
    """The files and folders that the person named, absolute."""
    files: tuple[Source, ...] = ()

    def paths(self, folder: Path) -> tuple[Path, ...]:
        """Where the files of the project in ``folder`` are."""
        return tuple(folder / source.path for source in self.files)

    @property
    def copied(self) -> bool:
        """Whether the project holds them itself."""
        return any(not source.path.is_absolute() for source in self.files)

    def digest(self, folder: Path) -> str:
        """Changes when the content, name or order of any file does; nothing else matters.

        A file that is away (a drive unplugged) counts as unchanged: what was made from it stays good.
        """
        total = hashlib.sha256()
        for source in self.files:
            name = os.fsencode(source.path.name)  # which need not be valid UTF-8
            total.update(b"\0".join((name, _current(source, folder).sha256.encode(), b"")))
        return total.hexdigest()

    def write(self, folder: Path) -> None:
        files = [asdict(source) | {"path": source.path.as_posix()} for source in self.files]
        content = {"asked": [path.as_posix() for path in self.asked], "files": files}
        write_done(folder / "sources.json", json.dumps(content, indent=1))

    @staticmethod
    def read(folder: Path) -> "Sources":
        path = folder / "sources.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            files = tuple(Source(**(entry | {"path": Path(entry["path"])})) for entry in content["files"])
            return Sources(tuple(Path(text) for text in content["asked"]), files)
        except FileNotFoundError:
            return Sources()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedSources(path, f"it is not as Splatroom wrote it ({error})") from error


def find_sources(asked: tuple[Path, ...], project_folder: Path, known: Sources) -> Sources:
    """Every photo and video in the named files and folders; a file as ``known`` has it is not read again.

    Raises NothingFound and SourceMissing.
    """
    resolved = tuple(path.expanduser().resolve() for path in asked)
    by_path = {source.path: source for source in known.files}
    paths = [found.path for found in list_sources(resolved, project_folder / "frames")]
    files = tuple(
        _current(by_path[path], Path()) if path in by_path else _looked_at(path)
        for path in paths
        if not _is_ours(path, project_folder.resolve())
    )
    if not files:  # a folder that was emptied, or whose drive is away, must not make a project forget its photos
        raise NothingFound(tuple(path.name or str(path) for path in resolved))
    return Sources(resolved, files)


def copy_sources(sources: Sources, folder: Path) -> Sources:
    """The same sources, kept inside the project from now on; what is already there is left alone."""
    target = folder / "sources"
    target.mkdir(exist_ok=True)
    taken: set[str] = set()
    copied = []
    for number, source in enumerate(sources.files):
        name = source.path.name
        if name.casefold() in taken:  # two cards may both hold an IMG_0001.JPG
            name = f"{number:04d}_{name}"
        taken.add(name.casefold())
        copied.append(_copied(source, folder, name))
    return replace(sources, files=tuple(copied))


def _is_ours(path: Path, project_folder: Path) -> bool:
    """Whether the program wrote that picture itself: a project may stand among its photos, or around them."""
    if not path.is_relative_to(project_folder):
        return False
    return path.relative_to(project_folder).parts[0] in OURS


def _looked_at(path: Path) -> Source:
    facts = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(path, facts.st_size, facts.st_mtime_ns, digest)


def _current(source: Source, folder: Path) -> Source:
    """As the file is now; its bytes are read only when its size or time tell of a change."""
    path = folder / source.path
    try:
        facts = path.stat()
    except FileNotFoundError:
        return source
    if (facts.st_size, facts.st_mtime_ns) == (source.size_bytes, source.modified_ns):
        return source
    return replace(_looked_at(path), path=source.path)


def _copied(source: Source, folder: Path, name: str) -> Source:
    relative = Path("sources") / name
    target = folder / relative
    if not target.exists() or target.stat().st_size != source.size_bytes:
        beside = target.with_name(f"{target.name}.tmp")
        shutil.copy2(folder / source.path, beside)
        beside.replace(target)
    return replace(source, path=relative, modified_ns=target.stat().st_mtime_ns)
