"""`python -m tests`: every check runs, the tests come last, on a screen of their own."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import tests.__main__ as checks
from start import ROOT
from start import Trouble


posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has no signals and shell scripts of this kind")
needs_xvfb = pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not on this machine")


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def checking(folder: Path, tools: str, words: list[str], display: str) -> "subprocess.Popen[str]":
    """All checks, with a shell script in the place of the Python that runs the tools."""
    script(folder / "python", f'echo "$*" >> "{folder}/seen"\ncase "$*" in {tools} esac')
    script(folder / "lint-imports", f'echo lint-imports >> "{folder}/seen"')
    code = f"""
import sys
from start import in_words
from tests.__main__ import check
sys.executable = {str(folder / "python")!r}
sys.exit(in_words(lambda: check({words!r})))
"""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def connect(display: str) -> None:
    """Knocks at a screen. The abstract name (leading NUL) is there even where /tmp/.X11-unix may not be made."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0/tmp/.X11-unix/X" + display.removeprefix(":"))


@posix_only
def test_every_check_runs_although_one_fails_and_the_tests_have_the_last_word(tmp_path):
    tools = '"-m ruff check"*) exit 3;; "-m pytest"*) echo "5 passed in 0.1s";;'
    process = checking(tmp_path, tools, ["-k", "some"], display=":7")
    out, err = process.communicate(timeout=20)
    assert (tmp_path / "seen").read_text().splitlines() == [
        "-m ruff format --check .",
        "-m ruff check .",
        "-m pyright",
        "lint-imports",
        "-m pytest -k some",
    ]
    assert process.returncode == 1
    assert out == "5 passed in 0.1s\n"
    assert "start.py: Failed: Lint. " in err
    assert err.splitlines()[-1] == "start.py: Tests: python -m pytest -k some"


@posix_only
@pytest.mark.parametrize(("tests_end", "exit_code"), [("exit 0", 0), ("exit 5", 5), ("kill -9 $$", 137)])
def test_the_exit_code_of_the_tests_comes_back(tests_end, exit_code, tmp_path):
    process = checking(tmp_path, f'"-m pytest"*) {tests_end};;', [], display=":7")
    process.communicate(timeout=20)
    assert process.returncode == exit_code


@posix_only
def test_an_interrupted_check_is_the_last(tmp_path):
    process = checking(tmp_path, '"-m pyright"*) exit 130;;', [], display=":7")
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "start.py: Interrupted. The same command again continues."
    assert (tmp_path / "seen").read_text().splitlines()[-1] == "-m pyright"


@needs_xvfb
def test_a_kill_during_the_tests_closes_the_screen_too(tmp_path):
    process = checking(tmp_path, '"-m pytest"*) echo $DISPLAY; exec sleep 30;;', [], display="")
    assert process.stdout is not None
    display = process.stdout.readline().strip()
    connect(display)
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 143
    with pytest.raises(ConnectionRefusedError):
        connect(display)


@needs_xvfb
def test_the_virtual_screen_answers_while_it_is_needed_and_not_after(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with checks.virtual_screen() as variables:
        connect(variables["DISPLAY"])
    with pytest.raises(ConnectionRefusedError):
        connect(variables["DISPLAY"])


def test_a_screen_that_is_there_is_used(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":7")
    with checks.virtual_screen() as variables:
        assert variables == {}


@posix_only
def test_cuda_is_compiled_with_the_toolkit_that_nvcc_itself_names(tmp_path, monkeypatch):
    script(
        tmp_path / "nvcc",
        f'echo "Cuda compilation tools, release 13.0, V13.0.88"; echo "#$ TOP={tmp_path}/cuda/bin/.."',
    )
    script(
        tmp_path / "python", f'case "$2" in *torch.version*) echo built for 13.0;; *) env > "{tmp_path}/seen";; esac'
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MAX_JOBS", "3")
    monkeypatch.delenv("CUDA_HOME", raising=False)
    monkeypatch.delenv("TORCH_CUDA_ARCH_LIST", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    checks.compile_cuda()
    seen = dict(line.partition("=")[::2] for line in (tmp_path / "seen").read_text().splitlines())
    assert seen["CUDA_HOME"] == str(tmp_path / "cuda")
    assert seen["TORCH_CUDA_ARCH_LIST"] == "7.5;8.0;8.6;8.9;9.0;12.0"
    assert seen["MAX_JOBS"] == "3"


@posix_only
def test_cuda_is_not_compiled_for_a_torch_that_knows_no_cuda(tmp_path, monkeypatch):
    script(tmp_path / "nvcc", 'echo "Cuda compilation tools, release 12.8, V12.8.93"')
    script(tmp_path / "python", "echo a warning; echo built for None")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(Trouble, match="Set the variable SPLATROOM_TORCH to cu128"):
        checks.compile_cuda()


def test_cuda_is_not_compiled_without_nvcc(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Trouble, match="nvcc, which is not here"):
        checks.compile_cuda()
