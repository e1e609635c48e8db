"""Which build of torch fits this machine: CUDA for an NVIDIA driver, a wheel that lies here, else the CPU's.

start.py asks before anything is installed: standard library only, and no syntax newer than Python 3.8.
"""

from __future__ import annotations

import platform
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote


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
