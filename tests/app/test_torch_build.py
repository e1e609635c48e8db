"""Each kind of machine gets the build of torch that runs on it."""

from dataclasses import replace

import pytest

from app.torch_build import Machine
from app.torch_build import Torch
from app.torch_build import choose_torch
from app.torch_build import newest_cpu_wheel
from app.torch_build import this_machine


LINUX = Machine("Linux", "x86_64", (3, 11), nvidia=False)
WINDOWS = Machine("Windows", "AMD64", (3, 13), nvidia=False)
LOCAL = replace(LINUX, wheels=("torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",))
WINDOWS_WHEEL = "torch-2.13.0+cpu-cp313-cp313-win_amd64.whl"


@pytest.mark.parametrize(
    ("machine", "wish", "words"),
    [
        pytest.param(replace(LINUX, nvidia=True), "", ["--torch-backend=auto"], id="Linux with an RTX card"),
        pytest.param(replace(WINDOWS, nvidia=True), "", ["--torch-backend=auto"], id="Windows with an RTX card"),
        pytest.param(LINUX, "", ["--torch-backend=cpu"], id="Linux without a card"),
        pytest.param(WINDOWS, "", ["--torch-backend=cpu"], id="Windows without a card"),
        pytest.param(Machine("Darwin", "arm64", (3, 12), nvidia=False), "", [], id="a Mac"),
        pytest.param(LOCAL, "", ["torch==2.13.0+cpu"], id="Linux, local wheel"),
        pytest.param(replace(WINDOWS, wheels=(WINDOWS_WHEEL,)), "", ["torch==2.13.0+cpu"], id="Windows, local wheel"),
        pytest.param(replace(LOCAL, nvidia=True), "", ["--torch-backend=auto"], id="card and local wheel"),
        pytest.param(replace(LOCAL, python=(3, 12)), "", ["--torch-backend=cpu"], id="Python 3.12, wheel for 3.11"),
        pytest.param(replace(LOCAL, architecture="aarch64"), "", ["--torch-backend=cpu"], id="ARM, wheel for x86"),
        pytest.param(
            replace(LINUX, wheels=(WINDOWS_WHEEL,)), "", ["--torch-backend=cpu"], id="wheel of another system"
        ),
        pytest.param(replace(LINUX, nvidia=True), "cpu", ["--torch-backend=cpu"], id="card, but CPU wished"),
        pytest.param(LINUX, "cu128", ["--torch-backend=cu128"], id="no card, but CUDA wished"),
        pytest.param(LOCAL, "torch==2.9.1", ["torch==2.9.1"], id="a version wished"),
        pytest.param(LINUX, "https://host/t.whl", ["https://host/t.whl"], id="an address wished"),
    ],
)
def test_every_kind_of_machine_gets_its_build_of_torch(machine, wish, words):
    assert choose_torch(machine, wish).words(uv=True) == words


def test_a_wished_wheel_is_named_in_full_since_the_installer_runs_in_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert choose_torch(LINUX, "mine.whl").words(uv=True) == [str(tmp_path / "mine.whl")]


def test_of_several_local_wheels_the_newest_by_number_is_taken():
    wheels = tuple(f"torch-{version}+cpu-cp311-cp311-linux_x86_64.whl" for version in ("2.9.1", "2.13.0", "2.10.0"))
    assert newest_cpu_wheel(replace(LINUX, wheels=wheels)) == "2.13.0+cpu"


def test_pip_in_place_of_uv_is_sent_to_the_index_that_uv_would_have_chosen():
    index = "--extra-index-url=https://download.pytorch.org/whl/"
    assert Torch("", backend="cpu").words(uv=False) == [index + "cpu"]
    assert Torch("", backend="auto").words(uv=False) == [index + "cu128"]
    assert Torch("", "torch==2.13.0+cpu").words(uv=False) == ["torch==2.13.0+cpu"]


def test_local_wheels_are_found_in_pips_folders_also_under_their_quoted_name(tmp_path):
    (tmp_path / "torch-2.13.0%2Bcpu-cp311-cp311-linux_x86_64.whl").touch()
    (tmp_path / "numpy-2.0.0-cp311-cp311-linux_x86_64.whl").touch()
    machine = this_machine((f"file://{tmp_path.as_posix()}", "https://host/wheels", str(tmp_path / "absent")))
    assert machine.wheels == ("torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl",)
