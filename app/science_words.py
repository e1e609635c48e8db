"""What a fact about photos, files or training means to a person, and what to try."""

from app.app_words import Words
from reconstruction import errors as science


def science_words(error: BaseException) -> Words | None:
    """The words for a fact of ``reconstruction/errors.py``; None for anything else."""
    match error:
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
                "Take more photos that overlap; if splats.hold_out is 1, every photo is kept aside: set it to 8, or 0.",
            )
        case science.TrainingDiverged(step=step):
            return (
                "Training lost its way",
                f"At step {step} the numbers stopped making sense.",
                "Start again: it goes on from the last good step. If it happens again, try another preset.",
            )
    return _unusable_words(error) or _unplaced_words(error)


def _unusable_words(error: BaseException) -> Words | None:
    """The photos themselves are at fault."""
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
    return None


def _unplaced_words(error: BaseException) -> Words | None:
    """The photos are fine, and do not fit together."""
    match error:
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
        case science.MappingCrashed(exit_code=exit_code, last_words=last_words):
            how = f"died ({exit_code})" if exit_code else "gave up"
            return (
                "The library that places photos broke down",
                f"It {how} at every attempt. Its last words: {last_words or 'none'}.",
                "Start again; if that does not help, leave out unusual photos (screenshots, other cameras).",
            )
    return None


def _photos_are(count: int) -> str:
    return {0: "is no photo", 1: "is one photo"}.get(count, f"are {count} photos")


def _listed(names: tuple[str, ...], most: int = 3) -> str:
    """'a.jpg, b.jpg, c.jpg and 4 more', or nothing."""
    if not names:
        return ""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"({', '.join(names[:most])}{more})"
