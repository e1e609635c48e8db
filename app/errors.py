"""What can go wrong around the science, as typed facts; the words for a person are made in ``app/problems.py``.

AppError
├── NotAProject        a folder without a project in it
├── DamagedProject     a project file that cannot be understood
├── NewerProject       written by a newer version of this program
├── ProjectInUse       another process is writing it
├── FolderTaken        a folder that holds things of the names that a project would use
├── WithoutSources     a project that was told of no photo or video
├── NothingFound       files and folders without a photo or video in them
├── UnknownKnob        a knob, stage or preset that does not exist
├── BadKnobValue       a knob that cannot take that value
├── BadAssignment      something else than stage.knob=value was to be set
├── DamagedSources     a list of photos that cannot be understood
├── ProjectAmongOthers a project where only photos, or one project alone, can be meant
├── FolderMissing      a file was to go into a folder that is not there
├── DamagedSettings    a settings file that cannot be understood
├── DeviceMissing      a device was asked for that this machine does not have
├── NoResultYet        a stage's product was asked for before there is one
├── AlreadyThere       a file that would have been overwritten
├── NoSuchPhoto        a photo number beyond the last one
├── BadCameraPath      a file of camera poses that cannot be understood
└── NoKeyring          this system keeps no secrets
"""

from dataclasses import dataclass
from pathlib import Path


class AppError(Exception):
    """A fact that stops a command or a job."""


@dataclass(eq=False)
class NotAProject(AppError):
    path: Path


@dataclass(eq=False)
class DamagedProject(AppError):
    path: Path
    """The file at fault."""
    reason: str


@dataclass(eq=False)
class NewerProject(AppError):
    path: Path
    found: int
    known: int


@dataclass(eq=False)
class ProjectInUse(AppError):
    path: Path


@dataclass(eq=False)
class FolderTaken(AppError):
    path: Path
    names: tuple[str, ...]


@dataclass(eq=False)
class WithoutSources(AppError):
    path: Path
    """The project."""


@dataclass(eq=False)
class NothingFound(AppError):
    asked: tuple[str, ...]
    """The names of the files and folders that were given."""


@dataclass(eq=False)
class UnknownKnob(AppError):
    name: str
    nearest: str | None
    known: tuple[str, ...]


@dataclass(eq=False)
class BadKnobValue(AppError):
    name: str
    value: str
    expected: str
    """In words: 'a whole number'."""


@dataclass(eq=False)
class BadAssignment(AppError):
    text: str


@dataclass(eq=False)
class DamagedSources(AppError):
    path: Path
    """The list."""
    reason: str


@dataclass(eq=False)
class ProjectAmongOthers(AppError):
    path: Path


@dataclass(eq=False)
class FolderMissing(AppError):
    path: Path
    """The folder."""


@dataclass(eq=False)
class DamagedSettings(AppError):
    path: Path
    reason: str


@dataclass(eq=False)
class DeviceMissing(AppError):
    device: str
    reason: str


@dataclass(eq=False)
class NoResultYet(AppError):
    path: Path
    """The project."""
    stage: str


@dataclass(eq=False)
class AlreadyThere(AppError):
    path: Path


@dataclass(eq=False)
class NoSuchPhoto(AppError):
    number: int
    total: int


@dataclass(eq=False)
class BadCameraPath(AppError):
    path: Path
    reason: str


@dataclass(eq=False)
class NoKeyring(AppError):
    reason: str
