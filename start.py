#!/usr/bin/env python3
"""Splatroom's front door: it needs nothing but Python 3.11-3.13 and fetches everything else itself.

The first start makes the environment `.venv` beside this file and leaves a note in it; a later start only reads that
note. What start.py itself has to say goes to stderr, since stdout belongs to the program, whose `--json` machines read.
SPLATROOM_TORCH names the build of torch where the choice made here does not suit: cpu, cu128, torch==2.13.0, a wheel.
An older Python must still be able to read this file and the two it imports, to be told in words that it is too old:
no syntax newer than 3.8.
"""

from __future__ import annotations

import ast
import ctypes
import hashlib
import importlib
import importlib.util
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path


if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

sys.path.insert(0, str(Path(__file__).resolve().parent))  # Python itself leaves it out under PYTHONSAFEPATH

from app.environment_note import Note
from app.environment_note import joined
from app.environment_note import read_note
from app.environment_note import work_needed
from app.environment_note import write_note
from app.torch_build import Torch
from app.torch_build import choose_torch
from app.torch_build import nvidia_driver_seen
from app.torch_build import this_machine


ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NOTE = VENV / "splatroom.json"

COMMANDS = """\
Splatroom turns photos or a video into a 3D Gaussian splat. Its window comes with the next version; until then:

  python3 start.py demo [--project DIR]   takes the sample photos through every stage
  python3 start.py run PHOTOS...          takes yours: files, folders, videos
  python3 start.py status PROJECT         what is done, and how good it is
  python3 start.py render PROJECT ...     draws a picture of the result
  python3 start.py export PROJECT ...     writes the result for other programs
  python3 start.py doctor                 what this machine can do, and what it lacks
  python3 start.py --help                 all of the command line
  python3 start.py test [--cuda-compile]  format, lint, types, import contracts, every test (further words are pytest's)
"""

# What pip cannot bring: libraries, programs and modules of Python, with the packages that hold them in Debian | Ubuntu.
PARTS_TO_RUN = {
    "ensurepip": "python{}.{}-venv".format(*sys.version_info),
    "libGL.so.1": "libgl1",
    "libgthread-2.0.so.0": "libglib2.0-0t64|libglib2.0-0",
}
VIRTUAL_SCREEN = {"Xvfb": "xvfb"}
PARTS_TO_TEST = {  # what Qt asks of a screen
    "libEGL.so.1": "libegl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


class Trouble(Exception):
    """What happened and what to try, in words for the person at the door."""


def main(words: list[str]) -> int:
    return in_words(lambda: answer(words))


def in_words(work: Callable[[], int]) -> int:
    """The work's exit code. Every failure of the set-up and of the checks ends here, as a sentence."""
    try:
        return work()
    except Trouble as trouble:
        say(str(trouble))
    except OSError as error:
        say(explained(str(error)) or f"The system refused: {error}.")
    except KeyboardInterrupt:
        say("Interrupted. The same command again continues.")
        return 130
    return 1


def answer(words: list[str]) -> int:
    """The exit code of the whole program."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise Trouble(
            f"Splatroom runs on Python 3.11, 3.12 and 3.13, and this is {platform.python_version()}. "
            "Install one of these (python.org) and start with it, for instance: python3.13 start.py"
        )
    if not words:
        print(COMMANDS, end="")
        return 0
    if words[0] == "test":
        return test(words[1:])
    if words[0] == "demo":
        words = demo_words(words[1:])
    set_up()
    # -P: a folder named app where the person stands must not be taken for ours.
    return become([str(PYTHON), "-P", "-m", "app", *words])


def demo_words(words: list[str]) -> list[str]:
    """The command line of the demo: the sample photos, into a project right here unless the words name another."""
    named = any(word.split("=")[0] == "--project" for word in words)
    project = [] if named else ["--project", "demo.splatroom"]
    return ["run", str(ROOT / "resources" / "sample" / "photos"), *project, *words]


def test(words: list[str]) -> int:
    """Brings what the tests ask of the system and of the environment. Every check is then the matter of `tests`."""
    screen = {} if os.environ.get("DISPLAY") else VIRTUAL_SCREEN
    provide({**PARTS_TO_RUN, **PARTS_TO_TEST, **screen})
    set_up(extras=("test",))
    os.chdir(ROOT)
    os.environ.pop("PYTHONSAFEPATH", None)  # -m has to find `tests` in this folder
    return become([str(PYTHON), "-m", "tests", *words])


def become(command: list[str]) -> int:
    """Hands this process over to the command, so that Ctrl-C, a kill and the exit code need no relay."""
    if os.name == "posix":
        os.execve(command[0], command, with_programs())
    # Windows cannot hand a process over. Ctrl-C reaches both: the command answers it, this one only waits.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call(command, env=with_programs())


def with_programs() -> dict[str, str]:
    """This process's variables, with the environment's programs in reach: torch calls ninja by its bare name."""
    return {**os.environ, "PATH": os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", os.defpath)])}


def say(sentence: str) -> None:
    print(f"start.py: {sentence}", file=sys.stderr, flush=True)


def set_up(extras: tuple[str, ...] = ()) -> None:
    """Leaves a whole environment behind. Where there is one already, this costs a few milliseconds."""
    wanted = Note(
        root=str(ROOT),
        python="{}.{}".format(*sys.version_info),
        project_hash=hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
        extras=extras,
        torch_wish=os.environ.get("SPLATROOM_TORCH", ""),
        nvidia=nvidia_driver_seen(),
    )
    if work_needed(read_note(NOTE), wanted, PYTHON.exists()) == "nothing":
        return
    provide(PARTS_TO_RUN)
    with alone():
        found = read_note(NOTE)  # again: another start.py may just have finished
        work = work_needed(found, wanted, PYTHON.exists())
        if work == "remake":
            remove_environment(adopted=found is not None and found.adopted)
        if work != "nothing":
            make_environment(joined(found, wanted) if found and work == "install" else wanted)


@contextmanager
def alone() -> Iterator[None]:
    """One start.py at a time sets up. The system frees the lock with its process, however that ends."""
    with Path(__file__).open("rb") as door:
        door.seek(1 << 30)  # Windows locks bytes against reading: one far behind the end hurts nobody
        if not locked(door.fileno()):
            say("Another start.py is setting up; waiting for it.")
            while not locked(door.fileno()):
                time.sleep(1)
        yield


def locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_environment(adopted: bool) -> None:
    if adopted:
        raise Trouble("`.venv` no longer fits, and start.py did not make it. Move it away, then try again.")
    if Path(sys.prefix).resolve() == VENV:
        raise Trouble("`.venv` must be made anew, but its own Python runs this. Type `deactivate`, then try again.")
    say("`.venv` is half made, or made for another Python, folder or torch: making it anew.")
    shutil.rmtree(VENV)


def make_environment(wanted: Note) -> None:
    """Installs into `.venv`, between a note that says unfinished and one that says ready."""
    started_s = time.monotonic()
    say("Setting up `.venv` beside start.py: once, for a few minutes, with downloads.")
    wanted = replace(wanted, adopted=wanted.adopted or (PYTHON.exists() and not NOTE.exists()))
    VENV.mkdir(exist_ok=True)
    if not wanted.adopted:
        write_note(wanted, NOTE)
    if not PYTHON.exists():
        finish([sys.executable, "-m", "venv", str(VENV)])
    settings = pip_settings(finish([str(PYTHON), "-m", "pip", "config", "list"]))
    torch = choose_torch(this_machine(settings.get("find-links", ())), wanted.torch_wish)
    say(torch.why)
    install(wanted.extras, torch, settings)
    write_note(replace(wanted, ready=True), NOTE)
    say(f"Set up in {time.monotonic() - started_s:.0f} s.")


def install(extras: tuple[str, ...], torch: Torch, settings: dict[str, tuple[str, ...]]) -> None:
    """This project and all it needs, by uv; by pip where there is no uv for this machine."""
    installer = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--retries=2", "install"]
    status, said = echoed([*installer, "--quiet", "uv"], {})
    uv = status == 0
    if uv:
        installer = [str(PYTHON), "-m", "uv", "pip", "install", f"--python={PYTHON}"]
    elif explained(said):
        raise Trouble(explained(said))
    command = [*installer, "-e", f".[{','.join(extras)}]" if extras else "."]
    variables = uv_variables(settings)
    status, said = echoed([*command, *torch.words(uv)], variables)
    if status and torch.backend and "download.pytorch.org" in said:
        say("PyTorch's index cannot be reached: taking torch from the ordinary one (CUDA on Linux, CPU on Windows).")
        status, said = echoed(command, variables)
    if status:
        raise Trouble(
            explained(said)
            or "The packages could not be installed; the lines above say why. Try once more, or "
            "delete the folder .venv first. If torch does not fit, SPLATROOM_TORCH chooses another build."
        )


def pip_settings(listing: str) -> dict[str, tuple[str, ...]]:
    """What `pip config list` says, by option. Of several sources the nearest counts, as for pip itself."""
    nearness = ("global", "install", ":env:")
    lines = re.findall(r"^(global|install|:env:)\.([a-z-]+)=('.*'|\".*\")$", listing, re.MULTILINE)
    lines.sort(key=lambda line: nearness.index(line[0]))
    return {option: tuple(ast.literal_eval(value).split()) for _, option, value in lines}


def uv_variables(settings: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """The same in uv's words: it does not read pip's settings, and stops at the first index where pip asks all."""
    variables = {
        "UV_FIND_LINKS": ",".join(settings.get("find-links", ())),
        "UV_DEFAULT_INDEX": " ".join(settings.get("index-url", ())),
        "UV_INDEX": " ".join(settings.get("extra-index-url", ())),
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "1",
        "SSL_CERT_FILE": " ".join(settings.get("cert", ())),
    }
    return {name: value for name, value in variables.items() if value and name not in os.environ}


def provide(parts: dict[str, str]) -> None:
    """Installs what is missing of `parts` where it may, else names the line to type. Only Linux lacks any."""
    absent = [name for name in parts if missing(name)] if platform.system() == "Linux" else []
    if not absent:
        return
    packages = package_names(absent, parts)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise Trouble(
            f"This system lacks {', '.join(absent)}. Type: sudo apt-get install {' '.join(packages)} "
            "(systems other than Debian and Ubuntu have other names for these packages), then try again."
        )
    say(f"Installing what this system lacks: apt-get install {' '.join(packages)}")
    command = ["apt-get", "install", "--yes", "-qq", "--no-install-recommends"]
    variables = {"DEBIAN_FRONTEND": "noninteractive"}
    if echoed([*command, *packages], variables)[0] != 0:  # the lists of packages are missing or old
        echoed(["apt-get", "update"], variables)
        echoed([*command, *package_names(absent, parts)], variables)
    importlib.invalidate_caches()
    still_absent = [name for name in absent if missing(name)]
    if still_absent:
        raise Trouble(f"apt-get did not bring {', '.join(still_absent)}; its words above say why.")


def missing(part: str) -> bool:
    if ".so" not in part:
        return not (shutil.which(part) or importlib.util.find_spec(part))
    try:
        ctypes.CDLL(part)  # the loader itself is asked: packages are renamed, libraries are not
    except OSError:
        return True
    return False


def package_names(absent: list[str], parts: dict[str, str]) -> list[str]:
    """The package that holds each absent part, by the name that this system's apt knows."""
    known = set()
    if shutil.which("apt-cache"):
        known.update(finish(["apt-cache", "pkgnames"]).split())
    names = [parts[part].split("|") for part in absent]
    return [next((name for name in candidates if name in known), candidates[-1]) for candidates in names]


def finish(command: list[str]) -> str:
    """What a short command prints; its failure in words."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise Trouble(explained(done.stdout) or f"`{' '.join(command)}` failed: {done.stdout.strip()}")
    return done.stdout


def echoed(command: list[str], variables: dict[str, str]) -> tuple[int, str]:
    """A long command's exit code and its words, which pass on to stderr as they come."""
    said = []
    options = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    with subprocess.Popen(command, env={**os.environ, **variables}, **options) as process:
        for line in process.stdout or ():
            said.append(line)
            sys.stderr.write(line)
    return process.returncode, "".join(said)


def explained(said: str) -> str:
    """The sentence for what uv, pip, venv or the system said; empty where none fits."""
    sentences = {
        r"no space left|not enough space|quota|(errno|os error) (28|112|122)\b|winerror 112\b": (
            "The disk is full. The environment needs 2 GB, with CUDA 6 GB: make room, then try again."
        ),
        r"permission denied|access is denied|read-only file system|(errno|os error) (13|30)\b|winerror 5\b": (
            f"A folder may not be written. Put Splatroom, now in {ROOT}, where you may write; then try again."
        ),
        r"dns error|error sending request|failed to fetch|newconnectionerror|connection (refused|reset|broken)"
        r"|timed out|network is unreachable|name resolution|certificate": (
            "The package index cannot be reached. Check the network and, where there is one, the proxy; then try again."
        ),
    }
    return next((words for signs, words in sentences.items() if re.search(signs, said, re.IGNORECASE)), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
