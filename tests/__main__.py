"""Every check in turn and the tests last, so that pytest's closing line is the last to be read.

`python3 start.py test` makes the environment, then runs `python -m tests [--cuda-compile] [words for pytest]` in it.
"""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from start import ROOT
from start import Trouble
from start import finish
from start import in_words
from start import say
from start import with_programs


def check(words: list[str]) -> int:
    """The exit code of all checks together; `words` are pytest's, but for `--cuda-compile`."""
    if "--cuda-compile" in words:
        compile_cuda()
    checks = {
        "Format": [sys.executable, "-m", "ruff", "format", "--check", "."],
        "Lint": [sys.executable, "-m", "ruff", "check", "."],
        "Types": [sys.executable, "-m", "pyright"],
        "Import contracts": [str(Path(sys.executable).with_name("lint-imports"))],
    }
    failed = [name for name, command in checks.items() if announced(name, command) != 0]
    if failed:
        say(f"Failed: {', '.join(failed)}. The tests run all the same, but this command ends with exit code 1.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves through the `with`, which closes the screen
    with virtual_screen() as variables:
        command = [sys.executable, "-m", "pytest", *(word for word in words if word != "--cuda-compile")]
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
    built_for = finish([sys.executable, "-c", "import torch; print('built for', torch.version.cuda)"])
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
    command = [sys.executable, "-c", "from gsplat.cuda._backend import _C; raise SystemExit(_C is None)"]
    say("Compiling gsplat for CUDA takes about ten minutes of one core for each kind of card, once.")
    if announced("CUDA", command, {name: os.environ.get(name, value) for name, value in variables.items()}):
        raise Trouble("gsplat's CUDA extension was not built. Is there a C++ compiler? Does nvcc fit torch's CUDA?")


if __name__ == "__main__":
    sys.exit(in_words(lambda: check(sys.argv[1:])))
