"""Unusable: why one photo or video gives no frame."""

from dataclasses import dataclass
from typing import Literal

from reconstruction.errors import DamagedPhoto
from reconstruction.errors import LeftOut
from reconstruction.errors import PhotoWarning
from reconstruction.errors import UnreadablePhoto


@dataclass(eq=False)
class Unusable(Exception):
    """A fact about one source; the others go on."""

    why: Literal["unreadable", "damaged", "unsuitable"]
    reason: str
    """Half a sentence for a person."""

    def warning(self, source: str) -> PhotoWarning:
        """The same, to be said about the photo or video of that name."""
        match self.why:
            case "unreadable":
                return UnreadablePhoto(source, self.reason)
            case "damaged":
                return DamagedPhoto(source, self.reason)
            case "unsuitable":
                return LeftOut(source, self.reason)
