"""What this machine can compute on, told without importing anything heavy."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from app.errors import DeviceMissing


DeviceName = Literal["cpu", "cuda"]

DRIVER_PLACES = ("/usr/lib/wsl/lib/nvidia-smi", "C:/Windows/System32/nvidia-smi.exe")
"""Where the driver's program lies off the PATH: in WSL, and in services of Windows."""


@dataclass(frozen=True, slots=True)
class Card:
    """An NVIDIA graphics card, as its driver describes it."""

    name: str
    memory_bytes: int
    driver: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A device, and why that one, for a person."""

    device: DeviceName
    why: str
    demanded: bool = False
    """Nothing else will do; otherwise the worker may still fall back to the CPU, should torch not see the card."""


def choose_device(asked: Literal["auto", "cpu", "cuda"]) -> Choice:
    """The device to work on. Raises DeviceMissing where one was asked for that is not there."""
    if asked == "cpu":
        return Choice("cpu", "as asked", demanded=True)
    card, lack = nvidia_card(), cuda_lack()
    if card is None:
        lack = "no NVIDIA card or driver was found"
    if lack:
        if asked == "cuda":
            raise DeviceMissing("cuda", lack)
        return Choice("cpu", lack)
    return Choice("cuda", card.name if card else "", demanded=asked == "cuda")


def usable_threads(asked: int) -> int:
    """How many threads the work gets; 0 asks for all that the system lets this process have."""
    most = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(asked, most) if asked else most


def nvidia_card() -> Card | None:
    """The first card, as nvidia-smi, which comes with every driver, tells it."""
    program = shutil.which("nvidia-smi") or next((place for place in DRIVER_PLACES if Path(place).exists()), None)
    if program is None:
        return None
    query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):  # a driver that does not answer is as good as none
        return None
    return parse_card(answer)


def parse_card(answer: str) -> Card | None:
    """The card in the first line of nvidia-smi's answer."""
    match = re.match(r"(.+), (\d+), (\S+)", answer)
    return Card(match[1], int(match[2]) * 2**20, match[3]) if match else None


def cuda_lack() -> str:
    """What the installed packages lack for work on a card; nothing: empty."""
    if torch_cuda() is None:
        return "the installed torch is built for the CPU alone"
    if find_spec("gsplat") is None:
        return "gsplat is not installed"
    return ""


def torch_cuda() -> str | None:
    """The CUDA version that the installed torch is built for: read from its files, since importing it takes seconds."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).with_name("version.py")
    match = (
        re.search(r"^cuda[^=]*= *'([\d.]+)'", path.read_text(encoding="utf-8"), re.MULTILINE) if path.exists() else None
    )
    return match[1] if match else None
