"""How far the reading of sources is, counted in pictures."""

from dataclasses import dataclass

from reconstruction.progress import Progress


@dataclass(slots=True)
class Tally:
    """A photo counts one; a video counts as many as it is expected to give."""

    progress: Progress
    total: int
    done: int = 0
    kept: int = 0

    def beat(self, photo: str) -> None:
        """Says where the work is; called at least twice a second. Raises Cancelled."""
        self.progress(min(self.done, self.total), self.total, kept=self.kept, photo=photo)
