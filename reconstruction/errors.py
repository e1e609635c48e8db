"""What can go wrong with photos, as typed facts; the words for a person are made in ``app/problems.py``.

    CaptureError
    ├── NothingReadable       not one photo or video among the sources could be read
    ├── TooFewPhotos          fewer usable photos than a reconstruction needs
    ├── UnreadableVideo       a video that cannot be decoded at all
    ├── SourceMissing         a source path that is not there
    ├── PlainPhotos           blank or blurred pictures: almost nothing to recognise in them
    ├── IdenticalPhotos       the same picture again and again
    ├── TurnedOnTheSpot       the camera only rotated: no depth can be seen
    ├── SeparatePlaces        groups of photos that share nothing with each other
    ├── NotEnoughOverlap      too few of the photos fit together
    ├── ImplausibleCameras    only models with an absurd lens were found
    └── MappingCrashed        the mapping library failed or died at every attempt
    FormatError
    ├── UnreadableFile        not what its suffix says, or truncated
    ├── NewerFormat           written by a newer version of this program
    └── UnknownFormat         no reader or writer for that suffix
    TrainingError
    ├── NothingToTrainOn      a scene without photos or points
    └── TrainingDiverged      a loss that is not a number

``PhotoWarning`` and its kin are not exceptions: one bad photo of eighty is said, and the work goes on.
"""

from dataclasses import dataclass
from pathlib import Path


class CaptureError(Exception):
    """A fact about the photos that stops the work."""


@dataclass(eq=False)
class NothingReadable(CaptureError):
    tried: int
    """How many files were looked at."""
    examples: tuple[str, ...] = ()
    """A few of their names, with the reason."""


@dataclass(eq=False)
class TooFewPhotos(CaptureError):
    found: int
    needed: int


@dataclass(eq=False)
class UnreadableVideo(CaptureError):
    path: Path
    reason: str


@dataclass(eq=False)
class SourceMissing(CaptureError):
    path: Path


@dataclass(eq=False)
class PlainPhotos(CaptureError):
    photos: tuple[str, ...]
    """Names of the photos in which next to nothing can be recognised."""
    total: int


@dataclass(eq=False)
class IdenticalPhotos(CaptureError):
    total: int


@dataclass(eq=False)
class TurnedOnTheSpot(CaptureError):
    total: int
    median_angle_deg: float
    """Median triangulation angle of what was seen; useful parallax begins at about two degrees."""


@dataclass(eq=False)
class SeparatePlaces(CaptureError):
    groups: tuple[tuple[str, ...], ...]
    """Photo names, largest group first."""


@dataclass(eq=False)
class NotEnoughOverlap(CaptureError):
    registered: int
    total: int
    left_out: tuple[str, ...] = ()


@dataclass(eq=False)
class ImplausibleCameras(CaptureError):
    focal_px: float
    long_side_px: int


@dataclass(eq=False)
class MappingCrashed(CaptureError):
    exit_code: int
    """Negative: the signal that ended the mapping process; 0: it lives and said what went wrong."""
    last_words: str


class FormatError(Exception):
    """A fact about a file that is to be read or written."""


@dataclass(eq=False)
class UnreadableFile(FormatError):
    path: Path
    reason: str


@dataclass(eq=False)
class NewerFormat(FormatError):
    path: Path
    found: int
    known: int


@dataclass(eq=False)
class UnknownFormat(FormatError):
    path: Path
    known: tuple[str, ...]


class TrainingError(Exception):
    """A fact about a scene or a run that stops training."""


@dataclass(eq=False)
class NothingToTrainOn(TrainingError):
    photos: int
    points: int


@dataclass(eq=False)
class TrainingDiverged(TrainingError):
    step: int


@dataclass(frozen=True, slots=True)
class PhotoWarning:
    """Something about one photo, video or model that the work survives; ``str()`` of it is one plain sentence."""

    photo: str
    """The file's name as the person knows it; empty where the warning is about the whole capture."""


@dataclass(frozen=True, slots=True)
class UnreadablePhoto(PhotoWarning):
    reason: str

    def __str__(self) -> str:
        return f"{self.photo} could not be read: {self.reason}."


@dataclass(frozen=True, slots=True)
class DamagedPhoto(PhotoWarning):
    reason: str

    def __str__(self) -> str:
        return f"{self.photo} is damaged and was left out: {self.reason}."


@dataclass(frozen=True, slots=True)
class BlurredPhoto(PhotoWarning):
    sharpness: float
    """Against its neighbours: 1 is as sharp as they are."""

    def __str__(self) -> str:
        return f"{self.photo} is blurred ({self.sharpness:.0%} of its neighbours' sharpness) and was left out."


@dataclass(frozen=True, slots=True)
class NearTwin(PhotoWarning):
    twin: str

    def __str__(self) -> str:
        return f"{self.photo} is nearly the same picture as {self.twin} and was left out."


@dataclass(frozen=True, slots=True)
class VideoEndsEarly(PhotoWarning):
    read_frames: int
    claimed_frames: int

    def __str__(self) -> str:
        return f"{self.photo} ends early: {self.read_frames} of {self.claimed_frames} frames could be read."


@dataclass(frozen=True, slots=True)
class LeftOut(PhotoWarning):
    reason: str

    def __str__(self) -> str:
        return f"{self.photo} was left out: {self.reason}."


@dataclass(frozen=True, slots=True)
class DoubtfulCameras(PhotoWarning):
    reason: str

    def __str__(self) -> str:
        return f"The cameras are doubtful: {self.reason}."
