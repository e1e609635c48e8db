"""From what went wrong to words for a person: what happened, and what to try."""

import errno
import signal
import traceback
from dataclasses import dataclass
from pathlib import Path

from app import errors as app
from reconstruction import errors as science


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that stopped the work, said to the person whose work it is."""

    title: str
    """Short; no path in it."""
    happened: str
    try_this: str
    log_path: str = ""
    """The job's log, where there was a job."""
    report: str = ""
    """For us, where the fault is ours: the traceback, or the last lines that were printed."""


def explain(error: BaseException, log_path: Path | None = None) -> Problem:
    """The words for an exception; whatever we did not foresee is our fault and says so."""
    words = _app_words(error) or _science_words(error) or _system_words(error)
    log = str(log_path or "")
    if words is not None:
        return Problem(*words, log)
    return Problem(
        "This is our fault",
        f"Splatroom met something it was not prepared for: {type(error).__name__}: {error}",
        "Nothing you made is lost. Start again to go on from the last step; if it happens again, send us the log.",
        log,
        "".join(traceback.format_exception(error)),
    )


def explain_death(exit_code: int | None, log_path: Path, printed: tuple[str, ...]) -> Problem:
    """The words for a worker that died without a word of its own."""
    name = _signal_name(exit_code)
    report = "\n".join(printed)
    if name == "SIGKILL" or exit_code == _WINDOWS_NO_MEMORY:
        return Problem(
            "This computer ran out of memory",
            f"The system ended the work because it was out of memory ({name or 'no memory left'}).",
            _NEED_LESS,
            str(log_path),
            report,
        )
    how = f"by {name}" if name else f"with code {exit_code}"
    return Problem(
        "The work broke off",
        f"The process doing the work crashed ({how}); that is a fault in Splatroom or in a library or driver it uses.",
        "Nothing you made is lost. Start again to go on from the last step; if it happens again, send us the log.",
        str(log_path),
        report,
    )


Words = tuple[str, str, str]
"""Title, what happened, what to try."""

_NEED_LESS = (
    "Close other programs, or choose a smaller preset or fewer photos, then start again: it goes on from the last step."
)
_WINDOWS_NO_MEMORY = 0xC0000017
_WINDOWS_DEATHS = {
    0xC0000005: "an access violation",
    0xC00000FD: "a stack overflow",
    0xC000001D: "an illegal instruction",
}


def _signal_name(exit_code: int | None) -> str:
    if exit_code is None:
        return ""
    if exit_code < 0 and -exit_code in {member.value for member in signal.Signals}:
        return signal.Signals(-exit_code).name
    return _WINDOWS_DEATHS.get(exit_code & 0xFFFFFFFF, "")


def _science_words(error: BaseException) -> Words | None:
    match error:
        case science.CaptureError():
            return _capture_words(error)
        case science.UnreadableFile(path=path, reason=reason):
            return (
                "A file could not be read",
                f"{path.name} is not what its name says, or is incomplete: {reason}.",
                "Get the file again from where it came, or use another one.",
            )
        case science.NewerFormat(path=path, found=found, known=known):
            return (
                "The file is newer than this program",
                f"{path.name} has format {found}; this version knows formats up to {known}.",
                "Install the newest version of Splatroom.",
            )
        case science.UnknownFormat(path=path, known=known):
            return (
                "This kind of file is not known",
                f"Nothing here reads or writes {path.suffix or 'a name without a suffix'} ({path.name}).",
                f"Use one of: {', '.join(known)}.",
            )
        case science.NothingToTrainOn(photos=photos, points=points):
            return (
                "There is nothing to train on",
                f"The scene has {photos} photos and {points} points.",
                "Look at the cameras stage: it needs photos that overlap.",
            )
        case science.TrainingDiverged(step=step):
            return (
                "Training lost its way",
                f"At step {step} the numbers stopped making sense.",
                "Start again: it goes on from the last good step. If it happens again, try another preset.",
            )
        case science.FormatError() | science.TrainingError():
            return ("The work could not go on", str(error) or type(error).__name__, "Look into the log for details.")
    return None


def _capture_words(error: science.CaptureError) -> Words:
    match error:
        case science.NothingReadable(tried=tried, examples=examples):
            return (
                "No photo could be read",
                f"None of {tried} files is a photo or video that can be read. {_listed(examples)}".strip(),
                "Give JPEG, PNG, TIFF or WebP photos, or a video, and look whether they open elsewhere.",
            )
        case science.TooFewPhotos(found=found, needed=needed):
            return (
                "Too few photos",
                f"There {_photos_are(found)} to work with; at least {needed} are needed.",
                "Walk around the subject and take 30 photos or more, each overlapping the one before by two thirds.",
            )
        case science.UnreadableVideo(path=path, reason=reason):
            return (
                "The video could not be read",
                f"{path.name} could not be decoded: {reason}.",
                "Look whether it plays elsewhere; copy it again from the camera, or convert it to MP4.",
            )
        case science.SourceMissing(path=path):
            return (
                "A photo, video or folder is not there",
                f"{path} does not exist.",
                "Check the name, and that the drive or card it lies on is connected.",
            )
        case science.PlainPhotos(photos=photos, total=total):
            return (
                "The photos show too little",
                f"In {len(photos)} of {total} photos there is almost nothing to recognise: plain surfaces, or blur.",
                "Take photos of things with texture - edges, print, leaves, stone - in good light, with a steady hand.",
            )
        case science.IdenticalPhotos(total=total):
            return (
                "All photos are the same",
                f"The {total} photos show one and the same picture.",
                "Move the camera between photos: depth is seen only from different places.",
            )
        case science.TurnedOnTheSpot(total=total, median_angle_deg=angle):
            return (
                "The camera only turned on the spot",
                f"Over the {total} photos the camera hardly moved ({angle:.1f} degrees of parallax): no depth to see.",
                "Step sideways between photos, around the subject.",
            )
        case science.SeparatePlaces(groups=groups):
            sizes = " and ".join(str(len(group)) for group in groups)
            return (
                "The photos show separate places",
                f"The photos fall into {len(groups)} groups that share nothing: {sizes} photos.",
                "Make one project for each place, or add photos that lead from one to the other.",
            )
        case science.NotEnoughOverlap(registered=registered, total=total, left_out=left_out):
            return (
                f"Only {registered} of {total} photos fit together",
                f"For the others no place was found. {_listed(left_out)}".strip(),
                "Add photos between the gaps, each overlapping the one before by two thirds.",
            )
        case science.ImplausibleCameras(focal_px=focal_px, long_side_px=long_side_px):
            return (
                "The cameras make no sense",
                f"Only an absurd lens would explain them (focal length {focal_px:.0f} px, pictures {long_side_px} px).",
                "Leave out photos of screens, mirrors and other places; use the camera's original, uncropped files.",
            )
    return ("The photos cannot be used", str(error) or type(error).__name__, "Look into the log for details.")


def _app_words(error: BaseException) -> Words | None:
    match error:
        case app.NotAProject() | app.DamagedProject() | app.NewerProject() | app.ProjectInUse() | app.WithoutSources():
            return _project_words(error)
        case app.UnknownKnob(name=name, nearest=nearest, known=known):
            hint = f"Did you mean {nearest}?" if nearest else f"Known are: {', '.join(known)}."
            return ("There is no such knob", f"Nothing is called {name}.", hint)
        case app.BadKnobValue(name=name, value=value, expected=expected):
            return ("A knob cannot take that value", f"{name} cannot be {value!r}.", f"It has to be {expected}.")
        case app.DamagedSettings(path=path, reason=reason):
            return (
                "The settings cannot be read",
                f"{path}: {reason}.",
                "Correct that line, or delete the file to start anew.",
            )
        case app.DeviceMissing(device=device, reason=reason):
            return (
                f"This machine cannot use {device}",
                f"{reason[:1].upper()}{reason[1:]}.",
                "Use --device cpu, or see what `splatroom doctor` says about the graphics card.",
            )
        case app.NoResultYet(path=path, stage=stage):
            return (
                "There is no result yet",
                f"The stage {stage} of {path.name} is not finished.",
                f"Run it first: splatroom run {path}",
            )
        case app.AlreadyThere(path=path):
            return ("The file is there already", f"{path} exists and was left alone.", "Choose another name with -o.")
        case app.NoSuchPhoto(number=number, total=total):
            return (
                "There is no such photo",
                f"Photo {number} was asked for; there are {total}.",
                f"Choose 0 to {total - 1}.",
            )
        case app.BadCameraPath(path=path, reason=reason):
            return (
                "The camera path cannot be read",
                f"{path.name}: {reason}.",
                "See `splatroom render --help` for how such a file looks.",
            )
        case app.NoKeyring(reason=reason):
            return (
                "This system keeps no secrets",
                f"No keyring could be used: {reason}.",
                "Start the desktop's keyring (GNOME Keyring, KWallet), or give the secret anew each time.",
            )
        case app.AppError():
            return (
                "The command could not be carried out",
                str(error) or type(error).__name__,
                "Look at splatroom --help.",
            )
    return None


def _project_words(error: BaseException) -> Words | None:
    match error:
        case app.NotAProject(path=path):
            return (
                "There is no project",
                f"{path} holds no project.toml.",
                "Give a folder that ends in .splatroom, or photos to make a new project of.",
            )
        case app.DamagedProject(path=path, reason=reason):
            return (
                "The project file cannot be understood",
                f"{path}: {reason}.",
                "Correct that line if you edited the file; your photos and results are untouched.",
            )
        case app.NewerProject(path=path, found=found, known=known):
            return (
                "The project is newer than this program",
                f"{path.name} has format {found}; this version knows formats up to {known}.",
                "Install the newest version of Splatroom.",
            )
        case app.ProjectInUse(path=path):
            return (
                "The project is in use",
                f"Another Splatroom is working in {path.name}.",
                "Wait until it is done, or stop it there.",
            )
        case app.WithoutSources(path=path):
            return (
                "No photo was given",
                f"{path.name} knows of no photos or videos.",
                f"Add some: splatroom run PHOTOS --project {path}",
            )
    return None


def _system_words(error: BaseException) -> Words | None:
    match error:
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return (
                "The disk is full",
                f"There was no room left to write{_of(error)}.",
                "Free some space, then start again: it goes on from the last step.",
            )
        case OSError(errno=errno.EACCES | errno.EPERM | errno.EROFS):
            return (
                "A file or folder may not be written or read",
                f"The system refused access{_of(error)} ({error.strerror}).",
                "Give yourself the right to it, or choose another folder with --project.",
            )
        case OSError(errno=errno.ENOENT):
            return (
                "A file is not there",
                f"Something went missing{_of(error)}.",
                "Check the name, and that its drive is connected.",
            )
        case OSError() if error.strerror:
            return (
                "The system could not read or write a file",
                f"{error.strerror}{_of(error)}.",
                "Check the drive and its connection, then start again.",
            )
        case MemoryError():
            return _OUT_OF_MEMORY
        case RuntimeError() if "out of memory" in str(error).lower():  # torch's class cannot be named without torch
            return _OUT_OF_MEMORY
    return None


_OUT_OF_MEMORY = (
    "There was not enough memory",
    "The work needed more memory than this computer or its graphics card has free.",
    _NEED_LESS,
)


def _of(error: OSError) -> str:
    return f": {error.filename}" if error.filename else ""


def _photos_are(count: int) -> str:
    return {0: "is no photo", 1: "is one photo"}.get(count, f"are {count} photos")


def _listed(names: tuple[str, ...], most: int = 3) -> str:
    """'a.jpg, b.jpg, c.jpg and 4 more', or nothing."""
    if not names:
        return ""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"({', '.join(names[:most])}{more})"
