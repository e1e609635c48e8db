#!/usr/bin/env python3
"""Splatroom's front door: one file that needs nothing but Python 3.11-3.13 and fetches everything else itself.

The first start makes the environment `.venv` beside this file and leaves a note in it; a later start only reads that
note. What start.py itself has to say goes to stderr, since stdout belongs to the program, whose `--json` machines read.
SPLATROOM_TORCH names the build of torch where the choice made here does not suit: cpu, cu128, torch==2.13.0, a wheel.
An older Python must still be able to read this file, to be told in words that it is too old: no syntax newer than 3.8.
"""

from __future__ import annotations

import ast
import ctypes
import hashlib
import importlib
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote


if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


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
    """The exit code of the whole program. Every failure of the set-up ends here, as a sentence."""
    try:
        if not (3, 11) <= sys.version_info[:2] <= (3, 13):
            raise Trouble(
                f"Splatroom runs on Python 3.11, 3.12 and 3.13, and this is {platform.python_version()}. "
                "Install one of these (python.org) and start with it, for instance: python3.13 start.py"
            )
        return answer(words)
    except Trouble as trouble:
        say(str(trouble))
    except OSError as error:
        say(explained(str(error)) or f"The system refused: {error}.")
    except KeyboardInterrupt:
        say("Interrupted. The same command again continues.")
        return 130
    return 1


def answer(words: list[str]) -> int:
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


def test(words: list[str]) -> int:
    """Every check in turn and the tests last, so that pytest's closing line is the last to be read."""
    screen = {} if os.environ.get("DISPLAY") else VIRTUAL_SCREEN
    provide({**PARTS_TO_RUN, **PARTS_TO_TEST, **screen})
    set_up(extras=("test",))
    if "--cuda-compile" in words:
        compile_cuda()
    checks = {
        "Format": [str(PYTHON), "-m", "ruff", "format", "--check", "."],
        "Lint": [str(PYTHON), "-m", "ruff", "check", "."],
        "Types": [str(PYTHON), "-m", "pyright"],
        "Import contracts": [str(PYTHON.with_name("lint-imports"))],
    }
    failed = [name for name, command in checks.items() if announced(name, command) != 0]
    if failed:
        say(f"Failed: {', '.join(failed)}. The tests run all the same, but this command ends with exit code 1.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves through the `with`, which closes the screen
    with virtual_screen() as variables:
        command = [str(PYTHON), "-m", "pytest", *(word for word in words if word != "--cuda-compile")]
        return announced("Tests", command, variables) or int(bool(failed))


def announced(name: str, command: list[str], variables: dict[str, str] | None = None) -> int:
    """The exit code of a check. Ctrl-C is the check's to answer, since it may have something to close first."""
    say(f"{name}: {' '.join([Path(command[0]).name, *command[1:]])}")
    # Windows would print the boxes of lint-imports to a pipe in a code page that has none.
    variables = {**with_programs(), "PYTHONIOENCODING": "utf-8", **(variables or {})}
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        status = subprocess.call(command, cwd=ROOT, env=variables)
    finally:
        signal.signal(signal.SIGINT, before)
    if status in (-signal.SIGINT, 130):
        raise KeyboardInterrupt
    return status if status >= 0 else 128 - status


@contextmanager
def virtual_screen() -> Iterator[dict[str, str]]:
    """The variables that lead every window to a screen of its own, where a Linux machine has none."""
    if platform.system() != "Linux" or os.environ.get("DISPLAY"):
        yield {}
        return
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(writing)
    try:
        with os.fdopen(reading) as answers:
            number = answers.readline().strip()  # comes when the screen is up, and empty if Xvfb has died
        if not number:
            raise Trouble("The virtual screen did not start. Type `Xvfb :99` to see why.")
        yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()


def compile_cuda() -> None:
    """Builds gsplat's CUDA extension, for which no card is needed."""
    nvcc = shutil.which("nvcc")
    if not nvcc:
        raise Trouble("--cuda-compile needs nvcc, which is not here. Install the CUDA toolkit, or leave the word out.")
    built_for = finish([str(PYTHON), "-c", "import torch; print('built for', torch.version.cuda)"])
    if not re.search(r"built for \d", built_for):
        release = re.search(r"release (\d+)\.(\d+)", finish([nvcc, "--version"]))
        raise Trouble(
            "--cuda-compile needs a CUDA build of torch, and the one in .venv is for the CPU only. Set the variable "
            f"SPLATROOM_TORCH to cu{''.join(release.groups()) if release else '128'}, then try again."
        )
    top = re.search(r"TOP=(.+)", finish([nvcc, "--dryrun", "-x", "cu", os.devnull]))  # nvcc may be a wrapper script
    variables = {
        "CUDA_HOME": str(Path(top[1].strip() if top else Path(nvcc).parent.parent).resolve()),
        "TORCH_CUDA_ARCH_LIST": "7.5;8.0;8.6;8.9;9.0;12.0",
        "MAX_JOBS": str(os.cpu_count() or 1),
    }
    command = [str(PYTHON), "-c", "from gsplat.cuda._backend import _C; raise SystemExit(_C is None)"]
    say("Compiling gsplat for CUDA takes about ten minutes of one core for each kind of card, once.")
    if announced("CUDA", command, {name: os.environ.get(name, value) for name, value in variables.items()}):
        raise Trouble("gsplat's CUDA extension was not built. Is there a C++ compiler? Does nvcc fit torch's CUDA?")


@dataclass(frozen=True)
class Note:
    """What an environment is made of. `ready` is written last: without it the environment is half made.

    `adopted`: somebody else made it, so that start.py adds to it and never removes it.
    """

    root: str
    python: str
    project_hash: str
    extras: tuple[str, ...]
    torch_wish: str
    nvidia: bool
    adopted: bool = False
    ready: bool = False


def read_note() -> Note | None:
    """The note in `.venv`; None where start.py left none, because somebody else made the environment or nobody."""
    try:
        said = json.loads(NOTE.read_text(encoding="utf-8"))
        return Note(**{**said, "extras": tuple(said["extras"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):  # torn, or another version's: ours, but not to be relied on
        return Note("", "", "", (), "", nvidia=False)


def write_note(note: Note) -> None:
    beside = NOTE.with_suffix(".new")
    beside.write_text(json.dumps(asdict(note)), encoding="utf-8")
    beside.replace(NOTE)


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
    if work_needed(read_note(), wanted, PYTHON.exists()) == "nothing":
        return
    provide(PARTS_TO_RUN)
    with alone():
        found = read_note()  # again: another start.py may just have finished
        work = work_needed(found, wanted, PYTHON.exists())
        if work == "remake":
            remove_environment(adopted=found is not None and found.adopted)
        if work != "nothing":
            make_environment(joined(found, wanted) if found and work == "install" else wanted)


def work_needed(found: Note | None, wanted: Note, python_exists: bool) -> str:
    """`nothing`, `install` (into what is there, if anything) or `remake`."""
    if found is None:
        return "install"
    if not (found.ready and python_exists) or (found.root, found.python) != (wanted.root, wanted.python):
        return "remake"
    other_torch = wanted.torch_wish not in ("", found.torch_wish)
    card_is_new = wanted.nvidia and not found.nvidia and not found.torch_wish
    if other_torch or card_is_new:
        return "remake"
    whole = found.project_hash == wanted.project_hash and set(wanted.extras) <= set(found.extras)
    return "nothing" if whole else "install"


def joined(found: Note, wanted: Note) -> Note:
    """What is there once `wanted` is installed into `found`. A build of torch once asked for stays."""
    extras = tuple(sorted({*found.extras, *wanted.extras}))
    torch_wish = wanted.torch_wish or found.torch_wish
    nvidia = found.nvidia or wanted.nvidia
    return replace(wanted, extras=extras, torch_wish=torch_wish, nvidia=nvidia, adopted=found.adopted)


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
        write_note(wanted)
    if not PYTHON.exists():
        finish([sys.executable, "-m", "venv", str(VENV)])
    settings = pip_settings(finish([str(PYTHON), "-m", "pip", "config", "list"]))
    torch = choose_torch(this_machine(settings.get("find-links", ())), wanted.torch_wish)
    say(torch.why)
    install(wanted.extras, torch, settings)
    write_note(replace(wanted, ready=True))
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


@dataclass(frozen=True)
class Machine:
    """What decides which build of torch fits. `wheels` are the file names of torch that pip finds locally."""

    system: str
    architecture: str
    python: tuple[int, int]
    nvidia: bool
    wheels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Torch:
    """One build of torch. `backend` is an index of PyTorch's own; empty, the ordinary index serves."""

    why: str
    requirement: str = ""
    backend: str = ""

    def words(self, uv: bool) -> list[str]:
        """What the installer is told. pip does not look at the driver, so that `auto` becomes one CUDA for it."""
        index = f"https://download.pytorch.org/whl/{self.backend.replace('auto', 'cu128')}"
        backend = f"--torch-backend={self.backend}" if uv else f"--extra-index-url={index}"
        return [word for word in (self.requirement, backend if self.backend else "") if word]


def choose_torch(machine: Machine, wish: str) -> Torch:
    """The build of torch for this machine. `wish` is SPLATROOM_TORCH, which has the last word."""
    if re.fullmatch(r"auto|cpu|xpu|cu\d+|rocm[\d.]+", wish):
        return Torch(f"torch: the {wish} build, as SPLATROOM_TORCH says.", backend=wish)
    if wish:
        local_wheel = wish.endswith(".whl") and "://" not in wish
        return Torch(f"torch: {wish}, as SPLATROOM_TORCH says.", str(Path(wish).absolute()) if local_wheel else wish)
    if machine.system == "Darwin":
        return Torch("torch: the build for macOS.")
    if machine.nvidia:
        return Torch("torch: the CUDA build for this NVIDIA driver, a large download.", backend="auto")
    version = newest_cpu_wheel(machine)
    if version:
        return Torch(f"torch: {version}, which pip finds on this machine.", f"torch=={version}")
    return Torch("torch: the CPU build, since no NVIDIA driver is to be seen.", backend="cpu")


def newest_cpu_wheel(machine: Machine) -> str | None:
    """The version of the newest local CPU wheel that this Python can install."""
    tag = "cp{}{}".format(*machine.python)
    system = {"Linux": "linux", "Windows": "win"}.get(machine.system, machine.system)
    wheel = re.compile(rf"torch-([\d.]+\+cpu)-{tag}-{tag}-\w*{system}\S*_{machine.architecture}\.whl", re.IGNORECASE)
    versions = [match[1] for match in map(wheel.fullmatch, machine.wheels) if match]
    return max(versions, key=lambda version: [int(part) for part in re.findall(r"\d+", version)], default=None)


def this_machine(find_links: tuple[str, ...]) -> Machine:
    folders = [Path(unquote(re.sub(r"^file:///(?=\w:)|^file://", "", link))).expanduser() for link in find_links]
    wheels = tuple(unquote(wheel.name) for folder in folders for wheel in folder.glob("torch-*.whl"))
    return Machine(platform.system(), platform.machine(), sys.version_info[:2], nvidia_driver_seen(), wheels)


def nvidia_driver_seen() -> bool:
    places = ("/proc/driver/nvidia/version", "/usr/lib/wsl/lib/nvidia-smi", "C:/Windows/System32/nvidia-smi.exe")
    return bool(shutil.which("nvidia-smi")) or any(Path(place).exists() for place in places)


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
