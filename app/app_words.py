"""What a fact about projects, knobs or this machine means to a person, and what to try."""

from app import errors as app


Words = tuple[str, str, str]
"""Title, what happened, what to try."""


def app_words(error: BaseException) -> Words | None:
    """The words for a fact of ``app/errors.py``; None for anything else."""
    match error:
        case app.UnknownKnob(name=name, nearest=nearest, known=known):
            hint = f"Did you mean {nearest}?" if nearest else f"Known are: {', '.join(known)}."
            return ("There is no such knob", f"Nothing is called {name}.", hint)
        case app.BadKnobValue(name=name, value=value, expected=expected):
            return ("A knob cannot take that value", f"{name} cannot be {value!r}.", f"It has to be {expected}.")
        case app.BadAssignment(text=text):
            return (
                "That cannot be set",
                f"{text!r} does not say which knob gets which value.",
                "Write it as in --set splats.max_steps=4000.",
            )
        case app.FolderMissing(path=path):
            return ("The folder is not there", f"{path} does not exist.", "Make it first, or choose another with -o.")
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
            return (
                "The file is there already",
                f"{path} exists and was left as it is.",
                "Choose another name with -o, or give --overwrite.",
            )
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
    return _project_words(error)


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
        case app.FolderTaken(path=path, names=names):
            return (
                "The folder holds other things",
                f"{path} is no project and has {', '.join(names)} in it, which a project would use for itself.",
                "Choose a folder that is empty or not there yet with --project.",
            )
        case app.WithoutSources(path=path):
            return (
                "No photo was given",
                f"{path.name} knows of no photos or videos.",
                f"Add some: splatroom run PHOTOS --project {path}",
            )
        case app.NothingFound(asked=asked):
            return (
                "There is no photo or video there",
                f"Nothing in {', '.join(asked)} looks like one.",
                "Give JPEG, PNG, TIFF or WebP photos, videos, or folders that hold some.",
            )
        case app.DamagedSources(path=path, reason=reason):
            return (
                "The list of photos cannot be understood",
                f"{path}: {reason}.",
                f"Delete that file, then give the photos anew: splatroom run PHOTOS --project {path.parent}",
            )
        case app.ProjectAmongOthers(path=path):
            return (
                "Photos and a project were mixed up",
                f"{path.name} is a project, and something else was named beside it.",
                f"To go on with it: splatroom run {path}   To give it photos: splatroom run PHOTOS --project {path}",
            )
    return None
