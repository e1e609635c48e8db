"""From what was typed to a project that is ready to run: which folder, which sources, which knobs."""

import os
from argparse import Namespace
from os.path import commonpath
from pathlib import Path

from app.devices import DeviceName
from app.errors import FolderTaken
from app.errors import NotAProject
from app.errors import ProjectAmongOthers
from app.knobs import Configs
from app.knobs import Knobs
from app.knobs import layered
from app.knobs import parse_assignment
from app.project import SUFFIX
from app.project import Project
from app.settings import Settings
from app.sources import OURS
from app.sources import Sources
from app.sources import copy_sources
from app.sources import find_sources


NOBODYS_NAMES = frozenset(
    {"images", "image", "photos", "pictures", "input", "frames", "dcim", "img", "jpg", "raw", "src"}
)
"""Folders so called are named after what holds them."""


def prepare(typed: Namespace, configs: Configs, settings: Settings, device: DeviceName) -> Project:
    """The project, with what was typed kept in it. Nothing is written before all of it is understood."""
    assigned = layered(*(parse_assignment(text, configs) for text in typed.set))
    asked = tuple(Path(source) for source in typed.sources)
    itself = next((path for path in asked if Project.is_at(path) or path.suffix == SUFFIX), None)
    same = itself is not None and typed.project is not None and typed.project.resolve() == itself.resolve()
    if itself and not same and (typed.project or len(asked) > 1):
        raise ProjectAmongOthers(itself)
    standing = itself if len(asked) == 1 else None if asked else typed.project
    if standing is not None:
        project = Project.open(standing)
        own = project.sources() if typed.copy else None
        return _kept(project, own, _chosen(project, typed, assigned, configs, device), typed)
    folder = typed.project or default_folder(asked, settings.library_folder)
    known = Project.open(folder) if Project.is_at(folder) else None
    if known is None:
        _check_free(folder)
    sources = find_sources(asked, folder, Sources.read(folder))
    project = known or Project.create(folder, os.fsencode(folder.stem).decode(errors="replace"))
    return _kept(project, sources, _chosen(project, typed, assigned, configs, device), typed)


def default_folder(asked: tuple[Path, ...], library: Path) -> Path:
    """The folder in the library for these sources: the one that has them already, or a new one of their name."""
    resolved = tuple(path.expanduser().resolve() for path in asked)
    name, number = capture_name(resolved), 1
    while True:
        folder = library / (f"{name}{SUFFIX}" if number == 1 else f"{name} {number}{SUFFIX}")
        if not folder.exists() or Sources.read(folder).asked == resolved:
            return folder
        number += 1


def capture_name(asked: tuple[Path, ...]) -> str:
    """What a person would call these sources."""
    place = asked[0] if len(asked) == 1 else Path(commonpath(asked))
    if place.name.lower() in NOBODYS_NAMES and place.parent.name:
        place = place.parent
    return (place.stem if place.is_file() else place.name) or "capture"


def _check_free(folder: Path) -> None:
    """A new project may stand in a folder that is in use, but not where it would empty what a person put there."""
    if folder.exists() and not folder.is_dir():
        raise NotAProject(folder)
    theirs = sorted(name for name in OURS if (folder / name).exists())
    if theirs:
        raise FolderTaken(folder, tuple(theirs))


def _chosen(project: Project, typed: Namespace, assigned: Knobs, configs: Configs, device: DeviceName) -> Project:
    """The project with the preset and knobs that were typed; a new one gets what suits the device."""
    suiting = "standard" if device == "cuda" else "draft"
    return project.set(typed.preset or project.preset or suiting, assigned, configs)


def _kept(project: Project, sources: Sources | None, chosen: Project, typed: Namespace) -> Project:
    """Written only where it says something new: a person may have edited the file, comments and all."""
    if chosen == project and sources is None and not os.access(project.folder, os.W_OK):
        return project  # on a disk that may only be read, what is done can still be told
    with project.writing():
        if chosen != project or not Project.is_at(project.folder):
            chosen.write()
        if sources is not None:
            copying = typed.copy or project.sources().copied
            kept = copy_sources(sources, project.folder) if copying else sources
            if kept != project.sources():
                kept.write(project.folder)
    return chosen
