"""What this machine can compute on is told without importing what computes."""

import os
import stat
from pathlib import Path

import pytest

from app.devices import Card
from app.devices import choose_device
from app.devices import nvidia_card
from app.devices import parse_card
from app.devices import torch_cuda
from app.devices import usable_threads
from app.errors import DeviceMissing


def test_a_cards_own_words_are_understood() -> None:
    card = parse_card("NVIDIA GeForce RTX 4090, 24564, 560.35.03\nNVIDIA GeForce RTX 3060, 12288, 560.35.03\n")
    assert card == Card("NVIDIA GeForce RTX 4090", 24564 * 2**20, "560.35.03")
    assert parse_card("") is None
    assert parse_card("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.") is None


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_a_driver_the_work_goes_to_the_cpu_and_the_reason_is_said(empty_path: Path) -> None:
    assert nvidia_card() is None
    assert choose_device("auto").device == "cpu"
    assert "no NVIDIA card" in choose_device("auto").why
    with pytest.raises(DeviceMissing):
        choose_device("cuda")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in driver program is a shell script")
def test_a_card_alone_is_not_enough_where_torch_cannot_use_it(empty_path: Path) -> None:
    program = empty_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA RTX A4000, 16376, 550.54'\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    assert nvidia_card() == Card("NVIDIA RTX A4000", 16376 * 2**20, "550.54")
    assert choose_device("auto").device == ("cuda" if torch_cuda() else "cpu")
    program.write_text("#!/bin/sh\nexit 9\n")
    assert nvidia_card() is None


@pytest.mark.skipif(os.name == "nt", reason="the stand-in driver program is a shell script")
def test_a_driver_off_the_path_is_found_as_in_wsl(empty_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = empty_path / "lib" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'NVIDIA RTX A4000, 16376, 550.54'\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setattr("app.devices.DRIVER_PLACES", (str(empty_path / "nowhere"), str(program)))
    assert nvidia_card() == Card("NVIDIA RTX A4000", 16376 * 2**20, "550.54")


def test_torchs_own_file_says_what_torch_says() -> None:
    torch = pytest.importorskip("torch")
    assert torch_cuda() == torch.version.cuda


def test_no_more_threads_than_there_are() -> None:
    assert usable_threads(0) >= 1
    assert usable_threads(1) == 1
    assert usable_threads(10_000) == usable_threads(0)
