"""One attempt of the ladder: two databases mapped side by side, each in a process of its own."""

import shutil
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from reconstruction.errors import MappingCrashed
from reconstruction.frames.frame_set import FrameSet
from reconstruction.progress import Progress
from reconstruction.sfm.database import write_database
from reconstruction.sfm.ladder import Candidate
from reconstruction.sfm.ladder import Rung
from reconstruction.sfm.mapper import Mapper
from reconstruction.sfm.mapper import follow
from reconstruction.sfm.mapping import Adjustment
from reconstruction.sfm.mapping import Mapping
from reconstruction.sfm.mapping import Refocusing
from reconstruction.sfm.model import Model
from reconstruction.sfm.model import read_model
from reconstruction.sfm.model import read_models
from reconstruction.sfm.view_graph import ViewGraph


@dataclass(slots=True)
class Workshop:
    """The two mapping processes, the scratch folder they write to, and what they made."""

    frames: FrameSet
    scratch: Path
    mappers: dict[str, Mapper]
    seed: int
    candidates: list[Candidate] = field(default_factory=list)
    crashes: list[MappingCrashed] = field(default_factory=list)
    _count: int = 0

    def database(self, graph: ViewGraph) -> Path:
        """A new database of that graph."""
        self._count += 1
        path = self.scratch / f"{self._count}.db"
        write_database(path, self.frames, graph)
        return path

    def start(self, role: str, rung: Rung, database: Path) -> Mapping:
        """Begins to map in that role's process; ``finish`` collects the result."""
        if rung.mapper == "global":
            database = Path(shutil.copy(database, database.with_suffix(".global.db")))
        task = Mapping(
            database, self.frames.folder / "images", self._folder(), self.seed + rung.seed, rung.mapper, rung.lax
        )
        self.mappers[role].start(task)
        return task

    def finish(self, tasks: dict[str, Mapping], features: dict[str, str], progress: Progress) -> None:
        """Waits for the named roles' tasks and keeps their largest models as candidates."""
        total = len(self.frames.frames)
        placed = dict.fromkeys(tasks, 0)

        def heard(role: str, count: int) -> None:
            # A mapper that gives up a beginning starts again at two.
            placed[role] = max(placed[role], min(count, total))
            share = sum(placed.values()), total * len(tasks)
            progress(min(share[0], share[1] - 1), share[1], doing="placing photos", registered=placed.get("main", 0))

        ends = follow({role: self.mappers[role] for role in tasks}, heard, progress.check)
        for role, crash in ends.items():
            if crash is not None:
                self.crashes.append(crash)
                continue
            models = read_models(tasks[role].out)
            if models:
                self.candidates.append(Candidate(models[0], features[role], tasks[role].mapper, tasks[role].database))
        best = max((candidate.model for candidate in self.candidates), key=len, default=None)
        facts = {"registered": len(best), "points": best.points} if best else {}
        progress(1, 1, doing="placing photos", **facts)

    def adjusted(
        self, model: Model, photos: tuple[str, ...], principal_point: bool, progress: Progress
    ) -> Model | None:
        """The model of these photos after a last adjustment with a fuller lens; None where that failed."""
        return self._revised(Adjustment(model.folder, photos, self._folder(), principal_point), progress)

    def refocused(self, model: Model, photos: tuple[str, ...], progress: Progress) -> Model | None:
        """The model of these photos with a focal length for each; None where that failed."""
        return self._revised(Refocusing(model.folder, photos, self._folder()), progress)

    def _revised(self, task: Adjustment | Refocusing, progress: Progress) -> Model | None:
        self.mappers["main"].start(task)
        crash = follow({"main": self.mappers["main"]}, lambda role, count: None, progress.check)["main"]
        if crash is not None:
            self.crashes.append(crash)
            return None
        return read_model(task.out)

    def _folder(self) -> Path:
        self._count += 1
        return self.scratch / f"{self._count}"
