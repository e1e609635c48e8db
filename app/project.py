"""Project: a folder that tells its own state. There is no database to disagree with it."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock
from filelock import Timeout

from app.errors import DamagedProject
from app.errors import NewerProject
from app.errors import NotAProject
from app.errors import ProjectInUse
from app.knobs import Configs
from app.knobs import Knobs
from app.knobs import checked
from app.knobs import differing
from app.knobs import layered
from app.sources import Sources
from app.write_done import write_done
from reconstruction.configs import PRESETS


FORMAT = 1
"""Of ``project.toml`` and of the folder around it."""
SUFFIX = ".splatroom"
LOCK_PATIENCE_S = 1.0
"""A glance by ``in_use`` holds the lock for an instant; a writer outwaits it."""


@dataclass(frozen=True, slots=True)
class Project:
    """What ``project.toml`` says, and where everything else lies."""

    folder: Path
    name: str
    created: datetime
    preset: str | None = None
    knobs: Knobs = field(default_factory=dict)
    """Only those that differ from the preset and the defaults."""

    @staticmethod
    def create(folder: Path, name: str) -> "Project":
        """A new, empty project; its folder may be there already but must not hold a project."""
        folder.mkdir(parents=True, exist_ok=True)
        return Project(folder.resolve(), name, datetime.now(UTC).replace(microsecond=0))

    @staticmethod
    def open(folder: Path) -> "Project":
        path = folder / "project.toml"
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark first
        except (FileNotFoundError, NotADirectoryError):
            raise NotAProject(folder) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DamagedProject(path, str(error)) from error
        return _understood(folder.resolve(), path, content)

    @staticmethod
    def is_at(folder: Path) -> bool:
        return (folder / "project.toml").is_file()

    def write(self) -> None:
        content: dict[str, Any] = {"format": FORMAT, "name": self.name, "created": self.created}
        if self.preset:
            content["preset"] = self.preset
        write_done(self.folder / "project.toml", tomli_w.dumps(content | self.knobs))

    def set(self, preset: str | None, knobs: Knobs, configs: Configs) -> "Project":
        """The same project with another preset (None: as it is) and with knobs set on top of those it has."""
        chosen = replace(self, preset=preset or self.preset)
        wanted = layered(checked(self.knobs, configs), knobs)
        return replace(chosen, knobs=differing(wanted, chosen._preset_knobs(configs), configs))

    def configs(self, configs: Configs) -> dict[str, Any]:
        """Every stage's config as this project wants it: its own knobs over its preset's over the defaults."""
        knobs = layered(self._preset_knobs(configs), checked(self.knobs, configs))
        return {stage: config(**knobs.get(stage, {})) for stage, config in configs.items()}

    def sources(self) -> Sources:
        return Sources.read(self.folder)

    def logs(self) -> list[Path]:
        """One for every job, oldest first."""
        return sorted((self.folder / "log").glob("*.jsonl"))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Only one process at a time; the system gives the lock back however that process ends."""
        lock = FileLock(self.folder / ".lock", timeout=LOCK_PATIENCE_S)
        try:
            lock.acquire()
        except Timeout:
            raise ProjectInUse(self.folder) from None
        try:
            yield
        finally:
            lock.release()

    def in_use(self) -> bool:
        """Whether some process is writing it right now."""
        path = self.folder / ".lock"
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0):
                return False
        except Timeout:
            return True
        except OSError:  # a folder that may only be read: nobody here can be writing it
            return False

    def _preset_knobs(self, configs: Configs) -> Knobs:
        """A preset's knobs, as far as these stages have them."""
        for name, knobs in PRESETS.items():
            if name == self.preset:
                return {stage: values for stage, values in knobs.items() if stage in configs}
        return {}


def _understood(folder: Path, path: Path, content: dict[str, Any]) -> Project:
    found = content.pop("format", None)
    if type(found) is not int or found < 1:
        raise DamagedProject(path, "it does not say its format")
    if found > FORMAT:
        raise NewerProject(folder, found, FORMAT)
    name, created, preset = content.pop("name", folder.stem), content.pop("created", None), content.pop("preset", None)
    if not isinstance(created, datetime):
        raise DamagedProject(path, "it does not say when it was created")
    if not isinstance(name, str):
        raise DamagedProject(path, "its name is no text in quotes")
    if preset is not None and preset not in PRESETS:
        raise DamagedProject(path, f"there is no preset {preset!r}, only {', '.join(PRESETS)}")
    return Project(folder, name, created, preset, content)
