"""All that science knows of the world outside: how far it is, what it must say, and whether to stop."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING
from typing import Protocol

from reconstruction.errors import PhotoWarning


if TYPE_CHECKING:
    from reconstruction.gaussians import Gaussians

Fact = int | float | str

SHARES = 2**20
"""A verb of several parts counts shares of its whole work, since its parts count different things. Nobody would choose
this number of photos or steps: where it is the total, shares are meant."""


class Cancelled(Exception):
    """The person asked to stop. What is on the disk is valid; the same call later goes on."""


class Listener(Protocol):
    """Where a verb's words go: the worker's pipe, a test's list, or nowhere."""

    def advanced(self, done: int, total: int, facts: dict[str, Fact]) -> None: ...
    def warned(self, warning: PhotoWarning) -> None: ...
    def preview_due(self) -> bool: ...
    def preview(self, gaussians: "Gaussians") -> None: ...


class Silence:
    """A listener for whoever calls a verb as a plain function."""

    def advanced(self, done: int, total: int, facts: dict[str, Fact]) -> None: ...
    def warned(self, warning: PhotoWarning) -> None: ...
    def preview_due(self) -> bool:
        return False

    def preview(self, gaussians: "Gaussians") -> None: ...


@dataclass(slots=True)
class Progress:
    """What a verb says while it works. Calling it is also where cancelling happens.

    A verb calls it at least twice a second of work; at most ten calls a second travel on, the last one
    (done == total) always.
    """

    listener: Listener = field(default_factory=Silence)
    stop: threading.Event = field(default_factory=threading.Event)
    """For libraries with a cancel token of their own; calling and ``check()`` look at it for everybody else."""
    min_gap_s: float = 0.1
    clock: Callable[[], float] = time.monotonic
    _begin: float = 0.0
    _end: float = 1.0
    _last_s: float = -1e9

    def __call__(self, done: int, total: int, **facts: Fact) -> None:
        """So much is finished; facts are what a person likes to see: ``registered=31``. Raises Cancelled."""
        self.check()
        if done < total and not self.due():
            return
        self._last_s = self.clock()
        if (self._begin, self._end) == (0.0, 1.0):
            self.listener.advanced(done, total, facts)
            return
        share = self._begin + (self._end - self._begin) * done / max(total, 1)
        self.listener.advanced(round(SHARES * share), SHARES, facts)

    def due(self) -> bool:
        """Whether a call would travel on now; lets a caller skip computing costly facts."""
        return self.clock() - self._last_s >= self.min_gap_s

    def check(self) -> None:
        """Raises Cancelled when the person asked to stop."""
        if self.stop.is_set():
            raise Cancelled

    def warn(self, warning: PhotoWarning) -> None:
        """Partial failure: say it, go on."""
        self.listener.warned(warning)

    def offer(self, make: Callable[[], "Gaussians"]) -> None:
        """A preview, built only if one is due."""
        if self.listener.preview_due():
            self.listener.preview(make())

    def part(self, begin: float, end: float) -> "Progress":
        """The same progress for a step that covers the share [begin, end] of this verb's work."""
        span = self._end - self._begin
        return Progress(
            self.listener,
            self.stop,
            self.min_gap_s,
            self.clock,
            self._begin + span * begin,
            self._begin + span * end,
        )
