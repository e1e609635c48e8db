"""The front door: what it decides on each kind of machine, and how it hands over to the program."""

import ast
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import asdict
from dataclasses import replace
from pathlib import Path

import pytest

import start


posix_only = pytest.mark.skipif(
    os.name != "posix", reason="Windows has no signals, links and shell scripts of this kind"
)

LINUX = start.Machine("Linux", "x86_64", (3, 11), nvidia=False)
WINDOWS = start.Machine("Windows", "AMD64", (3, 13), nvidia=False)
LOCAL = replace(LINUX, wheels=("torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",))
WINDOWS_WHEEL = "torch-2.13.0+cpu-cp313-cp313-win_amd64.whl"


@pytest.mark.parametrize(
    ("machine", "wish", "words"),
    [
        pytest.param(replace(LINUX, nvidia=True), "", ["--torch-backend=auto"], id="Linux with an RTX card"),
        pytest.param(replace(WINDOWS, nvidia=True), "", ["--torch-backend=auto"], id="Windows with an RTX card"),
        pytest.param(LINUX, "", ["--torch-backend=cpu"], id="Linux without a card"),
        pytest.param(WINDOWS, "", ["--torch-backend=cpu"], id="Windows without a card"),
        pytest.param(start.Machine("Darwin", "arm64", (3, 12), nvidia=False), "", [], id="a Mac"),
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
    assert start.choose_torch(machine, wish).words(uv=True) == words


def test_a_wished_wheel_is_named_in_full_since_the_installer_runs_in_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert start.choose_torch(LINUX, "mine.whl").words(uv=True) == [str(tmp_path / "mine.whl")]


def test_of_several_local_wheels_the_newest_by_number_is_taken():
    wheels = tuple(f"torch-{version}+cpu-cp311-cp311-linux_x86_64.whl" for version in ("2.9.1", "2.13.0", "2.10.0"))
    assert start.newest_cpu_wheel(replace(LINUX, wheels=wheels)) == "2.13.0+cpu"


def test_pip_in_place_of_uv_is_sent_to_the_index_that_uv_would_have_chosen():
    index = "--extra-index-url=https://download.pytorch.org/whl/"
    assert start.Torch("", backend="cpu").words(uv=False) == [index + "cpu"]
    assert start.Torch("", backend="auto").words(uv=False) == [index + "cu128"]
    assert start.Torch("", "torch==2.13.0+cpu").words(uv=False) == ["torch==2.13.0+cpu"]


def test_local_wheels_are_found_in_pips_folders_also_under_their_quoted_name(tmp_path):
    (tmp_path / "torch-2.13.0%2Bcpu-cp311-cp311-linux_x86_64.whl").touch()
    (tmp_path / "numpy-2.0.0-cp311-cp311-linux_x86_64.whl").touch()
    machine = start.this_machine((f"file://{tmp_path.as_posix()}", "https://host/wheels", str(tmp_path / "absent")))
    assert machine.wheels == ("torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl",)


def test_uv_is_told_what_pip_is_told_and_the_nearest_source_counts(monkeypatch):
    listing = """\
:env:.find-links='/near'
global.cert='/etc/our.crt'
global.extra-index-url='https://one/simple\\nhttps://two/simple'
global.find-links='/far /farther'
global.index-url='https://mirror/simple'
install.find-links='/nearer'
"""
    settings = start.pip_settings(listing)
    for name in ("UV_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_INDEX", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    variables = start.uv_variables(settings)
    assert variables["UV_FIND_LINKS"] == "/near"
    assert variables["UV_DEFAULT_INDEX"] == "https://mirror/simple"
    assert variables["UV_INDEX"] == "https://one/simple https://two/simple"
    assert variables["SSL_CERT_FILE"] == "/etc/our.crt"
    monkeypatch.setenv("UV_FIND_LINKS", "/mine")
    assert "UV_FIND_LINKS" not in start.uv_variables(settings), "what a person set for uv is left alone"


WHOLE = start.Note("/splatroom", "3.11", "abc", ("test",), "", nvidia=False, ready=True)
WANTED = replace(WHOLE, ready=False)


@pytest.mark.parametrize(
    ("found", "wanted", "work"),
    [
        pytest.param(WHOLE, WANTED, "nothing", id="whole"),
        pytest.param(WHOLE, replace(WANTED, extras=()), "nothing", id="more there than wanted"),
        pytest.param(None, WANTED, "install", id="none, or somebody else's"),
        pytest.param(replace(WHOLE, extras=()), WANTED, "install", id="test tools lacking"),
        pytest.param(WHOLE, replace(WANTED, project_hash="def"), "install", id="other dependencies"),
        pytest.param(replace(WHOLE, ready=False), WANTED, "remake", id="half made"),
        pytest.param(WHOLE, replace(WANTED, root="/moved"), "remake", id="folder moved"),
        pytest.param(WHOLE, replace(WANTED, python="3.12"), "remake", id="another Python"),
        pytest.param(WHOLE, replace(WANTED, torch_wish="cpu"), "remake", id="another torch wished"),
        pytest.param(replace(WHOLE, torch_wish="cpu"), WANTED, "nothing", id="wish no longer repeated"),
        pytest.param(WHOLE, replace(WANTED, nvidia=True), "remake", id="a card has come"),
        pytest.param(replace(WHOLE, nvidia=True), WANTED, "nothing", id="the card has gone"),
        pytest.param(replace(WHOLE, torch_wish="cpu"), replace(WANTED, nvidia=True), "nothing", id="card, CPU wished"),
    ],
)
def test_an_environment_is_finished_remade_or_left_alone(found, wanted, work):
    assert start.work_needed(found, wanted, python_exists=True) == work


def test_an_environment_whose_python_has_been_uninstalled_is_remade():
    assert start.work_needed(WHOLE, WANTED, python_exists=False) == "remake"


def test_installing_into_an_environment_keeps_its_extras_and_its_torch():
    found = replace(WHOLE, torch_wish="cu128", nvidia=True)
    assert start.joined(found, replace(WANTED, extras=())) == replace(found, ready=False)


def test_an_environment_that_somebody_else_made_is_not_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "VENV", tmp_path)
    assert start.joined(replace(WHOLE, adopted=True), WANTED).adopted
    with pytest.raises(start.Trouble, match="Move it away"):
        start.remove_environment(adopted=True)
    assert tmp_path.exists()


def test_a_note_comes_back_as_written_and_a_torn_one_counts_as_half_made(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "NOTE", tmp_path / "splatroom.json")
    assert start.read_note() is None
    start.write_note(WHOLE)
    assert start.read_note() == WHOLE
    start.NOTE.write_text(json.dumps(asdict(WHOLE))[:40])
    torn = start.read_note()
    assert torn is not None
    assert not torn.ready


def test_only_one_start_at_a_time_sets_up():
    with Path(start.__file__).open("rb") as another:
        another.seek(1 << 30)
        with start.alone():
            assert not start.locked(another.fileno())
        assert start.locked(another.fileno())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("error: failed to copy file: No space left on device (os error 28)", "disk is full"),
        ("[Errno 28] No space left on device: '/x'", "disk is full"),
        ("[WinError 112] Es steht nicht genug Speicherplatz zur Verfügung", "disk is full"),
        ("[Errno 13] Permission denied: '/opt/splatroom/.venv'", "may not be written"),
        ("[Errno 30] Read-only file system: '/mnt'", "may not be written"),
        ("[WinError 5] Zugriff verweigert: 'C:\\\\x'", "may not be written"),
        ("cause: dns error\ncause: failed to lookup address information", "cannot be reached"),
        ("NewConnectionError('<pip ...>: Failed to establish a new connection')", "cannot be reached"),
        ("invalid peer certificate: UnknownIssuer", "cannot be reached"),
    ],
)
def test_what_the_installers_say_becomes_a_sentence(said, expected):
    assert expected in start.explained(said)


def test_what_nobody_foresaw_is_not_explained_away():
    assert start.explained("error: Failed to build `gsplat`") == ""


def test_the_demo_puts_its_project_here_unless_told_otherwise():
    photos = str(start.ROOT / "resources" / "sample" / "photos")
    assert start.demo_words(["--json"]) == ["run", photos, "--project", "demo.splatroom", "--json"]
    assert start.demo_words(["--project", "x"]) == ["run", photos, "--project", "x"]
    assert start.demo_words(["--project=x"]) == ["run", photos, "--project=x"]


def test_python_3_8_can_read_the_file_that_tells_it_to_go():
    ast.parse(Path(start.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13), (3, 14, 0)])
def test_an_unsupported_python_is_refused_in_one_sentence(version, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", version)
    assert start.main(["doctor"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("start.py: Splatroom runs on Python 3.11, 3.12 and 3.13, and this is ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("name", "absent"), [("libc.so.6", False), ("libnowhere.so.9", True)])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked for system libraries")
def test_libraries_are_found_by_the_loader_itself(name, absent):
    assert start.missing(name) == absent


def test_programs_and_modules_of_python_are_found():
    assert not start.missing("venv")
    assert start.missing("no-such-program")


@pytest.mark.skipif(not shutil.which("apt-cache"), reason="this system has no apt")
def test_of_two_names_for_a_package_the_one_that_apt_knows_is_taken():
    assert start.package_names(["a", "b"], {"a": "bash|no-such", "b": "no-such|bash"}) == ["bash", "bash"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked for system libraries")
def test_a_missing_library_names_the_line_to_type_where_apt_may_not_be_used():
    script = """
import os, start
if os.geteuid() == 0:
    os.setuid(65534)
start.provide({"libc.so.6": "libc6", "libnowhere.so.9": "libnowhere9"})
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=start.ROOT, capture_output=True, text=True, check=False)
    assert "This system lacks libnowhere.so.9. Type: sudo apt-get install libnowhere9 " in done.stderr


@pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not on this machine")
def test_the_virtual_screen_answers_while_it_is_needed_and_not_after(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with start.virtual_screen() as variables:
        # The abstract name (leading NUL) is there even where /tmp/.X11-unix may not be made.
        address = "\0/tmp/.X11-unix/X" + variables["DISPLAY"].removeprefix(":")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(address)
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
        client.connect(address)


def test_a_screen_that_is_there_is_used(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":7")
    with start.virtual_screen() as variables:
        assert variables == {}


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


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
    monkeypatch.setattr(start, "PYTHON", tmp_path / "python")
    start.compile_cuda()
    seen = dict(line.partition("=")[::2] for line in (tmp_path / "seen").read_text().splitlines())
    assert seen["CUDA_HOME"] == str(tmp_path / "cuda")
    assert seen["TORCH_CUDA_ARCH_LIST"] == "7.5;8.0;8.6;8.9;9.0;12.0"
    assert seen["MAX_JOBS"] == "3"


@posix_only
def test_cuda_is_not_compiled_for_a_torch_that_knows_no_cuda(tmp_path, monkeypatch):
    script(tmp_path / "nvcc", 'echo "Cuda compilation tools, release 12.8, V12.8.93"')
    script(tmp_path / "python", "echo a warning; echo built for None")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(start, "PYTHON", tmp_path / "python")
    with pytest.raises(start.Trouble, match="Set the variable SPLATROOM_TORCH to cu128"):
        start.compile_cuda()


def test_cuda_is_not_compiled_without_nvcc(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(start.Trouble, match="nvcc, which is not here"):
        start.compile_cuda()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with start.py, a whole environment (this Python) and an app that tells what it was told."""
    root = tmp_path / "house"
    (root / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(start.__file__, root)
    (root / "pyproject.toml").write_text("[project]\n")
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    note = start.Note(
        root=str(root.resolve()),
        python=f"{sys.version_info[0]}.{sys.version_info[1]}",
        project_hash=hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest(),
        extras=(),
        torch_wish="",
        nvidia=True,
        ready=True,
    )
    (root / ".venv" / "splatroom.json").write_text(json.dumps(asdict(note)))
    (root / "app").mkdir()
    (root / "app" / "__main__.py").write_text(
        """\
import json, os, sys, time
interrupts = 0
try:
    print(json.dumps({"words": sys.argv[1:], "cwd": os.getcwd(), "path": os.environ["PATH"]}), flush=True)
    time.sleep(30 if "wait" in sys.argv else 0)
except KeyboardInterrupt:
    interrupts += 1
    try:
        time.sleep(0.3)
    except KeyboardInterrupt:
        interrupts += 1
    sys.exit(130 + interrupts - 1)
sys.exit(7)
"""
    )
    return root


def knock(house: Path, words: list[str], cwd: Path) -> "subprocess.Popen[str]":
    variables = {name: value for name, value in os.environ.items() if name != "SPLATROOM_TORCH"}
    return subprocess.Popen(
        [sys.executable, str(house / "start.py"), *words],
        cwd=cwd,
        env={**variables, "PYTHONPATH": str(house)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@posix_only
def test_words_folder_and_exit_code_pass_through_and_an_app_folder_in_the_way_does_not_count(house, tmp_path):
    standing = tmp_path / "standing"
    (standing / "app").mkdir(parents=True)
    (standing / "app" / "__main__.py").write_text("raise SystemExit('the wrong app')")
    process = knock(house, ["run", "photos", "--project", "a b"], standing)
    out, err = process.communicate(timeout=20)
    said = json.loads(out)
    assert (process.returncode, err) == (7, "")
    assert said["words"] == ["run", "photos", "--project", "a b"]
    assert said["cwd"] == str(standing)
    assert said["path"].split(os.pathsep)[0] == str(house / ".venv" / "bin")


@posix_only
def test_ctrl_c_reaches_the_program_once_and_its_exit_code_comes_back(house, tmp_path):
    process = knock(house, ["run", "wait"], tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130, "131 would tell of a second interrupt"


@posix_only
def test_killing_the_front_door_leaves_no_program_behind(house, tmp_path):
    process = knock(house, ["run", "wait"], tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait(timeout=20)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_without_a_word_the_commands_are_listed_and_nothing_is_set_up(tmp_path):
    shutil.copy(start.__file__, tmp_path)
    process = knock(tmp_path, [], tmp_path)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert "window comes with the next version" in out
    for word in ("demo", "run", "status", "render", "export", "doctor", "test", "--help"):
        assert f"python3 start.py {word} " in out
    assert not (tmp_path / ".venv").exists()


def test_a_place_where_no_environment_can_be_made_is_answered_in_a_sentence(house, tmp_path):
    shutil.rmtree(house / ".venv")
    (house / ".venv").write_text("a file of this name is in the way")
    process = knock(house, ["doctor"], tmp_path)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("start.py: ")
    assert "Traceback" not in err
