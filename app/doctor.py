"""What this machine has, lacks, and what to do about it. Whatever is heavy to ask is asked in a child process."""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

import psutil

from app.console import size
from app.devices import cuda_lack
from app.devices import nvidia_card
from app.devices import torch_cuda
from app.devices import usable_threads
from app.errors import DamagedSettings
from app.settings import Settings
from app.settings import read_settings
from app.settings import settings_path


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    name: str
    state: Literal["ok", "missing", "absent"]
    """'absent' lacks nothing that the command line needs."""
    found: str
    fix: str = ""

    @property
    def good(self) -> bool:
        return self.state != "missing"


PACKAGES = {  # name of the package -> name of what is imported
    "numpy": "numpy",
    "scipy": "scipy",
    "torch": "torch",
    "numba": "numba",
    "pycolmap": "pycolmap",
    "opencv-python": "cv2",
    "av": "av",
    "pillow": "PIL",
    "plyfile": "plyfile",
    "rich": "rich",
    "filelock": "filelock",
    "platformdirs": "platformdirs",
    "keyring": "keyring",
    "psutil": "psutil",
    "tomli-w": "tomli_w",
}
CODECS = ("h264", "hevc", "av1", "vp9", "prores")
ENOUGH_MEMORY_BYTES = 4 * 2**30
ENOUGH_DISK_BYTES = 5 * 2**30
PATIENCE_S = 120.0


def examine() -> tuple[Finding, ...]:
    """Everything, in the order in which a person would ask."""
    try:
        settings, fault = read_settings(), ""
    except DamagedSettings as error:
        settings, fault = Settings(), error.reason
    return (
        _python(),
        *_packages(),
        Finding("CPU", "ok", f"{usable_threads(0)} threads of {os.cpu_count()}, {platform.machine()}"),
        _memory(),
        _card(),
        _extension(),
        _display(),
        _disk(settings.library_folder),
        _settings(settings, fault),
    )


def _python() -> Finding:
    found = f"{platform.python_version()} on {platform.system()} {platform.release()} ({sys.executable})"
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding("Python", "ok" if good else "missing", found, "" if good else "Install Python 3.11, 3.12 or 3.13.")


def _packages() -> Iterator[Finding]:
    """Installed and importable: a package may be there and lack a system library."""
    broken = _ask(_import_all) or {}
    for package, module in PACKAGES.items():
        try:
            number = version(package)
        except PackageNotFoundError:
            yield Finding(package, "missing", "not installed", "python3 start.py doctor installs what is needed.")
            continue
        fault = broken.get(module)
        hint = "Often a system library is lacking: python3 start.py test names it." if fault else ""
        yield Finding(package, "missing" if fault else "ok", f"{number}  {fault}" if fault else number, hint)
    decoders = _ask(_decoders)
    for codec in CODECS:
        there = decoders is not None and codec in decoders
        fix = "" if there else "Reinstall av: its own build decodes this."
        yield Finding(
            f"video {codec}", "ok" if there else "missing", decoders[codec] if there and decoders else "", fix
        )


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    enough = memory.total >= ENOUGH_MEMORY_BYTES
    found = f"{size(memory.total)}, {size(memory.available)} of it free"
    return Finding(
        "memory", "ok" if enough else "missing", found, "" if enough else "4 GB are needed for small captures."
    )


def _card() -> Finding:
    card, lack = nvidia_card(), cuda_lack()
    if card is None:
        return Finding("NVIDIA card", "absent", "none, or no driver: training runs on the CPU", "")
    found = f"{card.name}, {size(card.memory_bytes)}, driver {card.driver}; torch is built for CUDA {torch_cuda()}"
    if lack:
        return Finding(
            "NVIDIA card", "missing", f"{card.name}: {lack}", "python3 start.py chooses the build for this card."
        )
    return Finding("NVIDIA card", "ok", found)


def _extension() -> Finding:
    """Whether gsplat's CUDA code is compiled and can be used. Never by importing it: that would compile it unasked."""
    name = "CUDA code"
    if nvidia_card() is None:
        return Finding(name, "absent", "not needed without an NVIDIA card")
    state = _ask(_cuda_state) or {"lacking": "torch could not be asked: it died, or never answered"}
    compiled = _compiled_extension()
    if compiled and "card" in state:
        return Finding(name, "ok", f"gsplat is compiled for {state['card']} ({compiled})")
    if compiled:
        fix = "Update the NVIDIA driver, then python3 start.py doctor: it installs the build of torch for it."
        return Finding(name, "missing", f"CUDA cannot be used: {state['lacking']}", fix)
    lacking = [tool for tool in ("nvcc", "cl" if os.name == "nt" else "g++") if shutil.which(tool) is None]
    if lacking:
        toolkit = f"CUDA toolkit {torch_cuda() or ''}".strip()
        fix = f"Install the {toolkit} and a C++ compiler, so that {' and '.join(lacking)} can be found."
        reason = state.get("lacking", "gsplat is not compiled")
        return Finding(name, "missing", f"{reason}; {' and '.join(lacking)} cannot be found", fix)
    fix = "python3 start.py test --cuda-compile does it now; else the first training does."
    return Finding(name, "absent", "gsplat is not compiled yet; its first use takes minutes", fix)


def _compiled_extension() -> Path | None:
    """gsplat's compiled library: within the package, or where torch keeps what it has built."""
    spec = find_spec("gsplat")
    package = Path(spec.origin).parent if spec and spec.origin else None
    built = Path(os.environ.get("TORCH_EXTENSIONS_DIR", Path.home() / ".cache" / "torch_extensions"))
    suffix = ".pyd" if os.name == "nt" else ".so"
    candidates = [*(package.glob(f"csrc*{suffix}") if package else ()), *built.glob(f"**/gsplat_cuda{suffix}")]
    return next(iter(candidates), None)


def _display() -> Finding:
    there = platform.system() != "Linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if there:
        return Finding(
            "display", "ok", os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "the system's"
        )
    return Finding("display", "absent", "none", "Only the window needs one; every command works without.")


def _disk(library: Path) -> Finding:
    """Room where new projects go: the nearest folder of that path that is there."""
    there = next(folder for folder in (library, *library.parents) if folder.exists())
    free_bytes = shutil.disk_usage(there).free
    enough = free_bytes >= ENOUGH_DISK_BYTES
    fix = "" if enough else "Free some space, or choose another library folder in the settings: 5 GB are soon used."
    return Finding("disk", "ok" if enough else "missing", f"{size(free_bytes)} free in {there}", fix)


def _settings(settings: Settings, fault: str) -> Finding:
    path = settings_path()
    if fault:
        return Finding("settings", "missing", f"{path}: {fault}", "Correct that line, or delete the file.")
    state = "" if path.exists() else " (not there: defaults)"
    return Finding("settings", "ok", f"{path}{state}; library {settings.library_folder}")


def _ask(question: Callable[[Connection], None]) -> dict[str, str] | None:
    """The answer of a child process; None where it died or never came back."""
    spawn = get_context("spawn")
    answers, answering = spawn.Pipe(duplex=False)
    process = spawn.Process(target=question, args=(answering,))
    process.start()
    answering.close()
    try:
        return answers.recv() if answers.poll(PATIENCE_S) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()


def _cuda_state(answering: Connection) -> None:
    """'card' -> its name where it can be drawn with, else 'lacking' -> why not."""
    state = import_module("reconstruction.raster.cuda_state").cuda_state()
    answering.send({"card" if state.usable else "lacking": state.reason})


def _import_all(answering: Connection) -> None:
    """Module -> why it cannot be imported."""
    broken = {}
    for module in PACKAGES.values():
        try:
            import_module(module)
        except (ImportError, OSError, AttributeError) as error:  # a library of the system, or one of another version
            broken[module] = f"cannot be imported: {error}"
    answering.send(broken)


def _decoders(answering: Connection) -> None:
    """Codec -> the decoder that PyAV has for it."""
    av = import_module("av")
    found = {}
    for codec in CODECS:
        try:
            found[codec] = av.codec.Codec(codec, "r").long_name
        except ValueError:  # PyAV's UnknownCodecError is one
            continue
    answering.send(found)
