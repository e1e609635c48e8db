"""The front door: what it decides on each kind of machine, and how it hands over to the program."""

import ast
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import start
from app.environment_note import Note
from app.environment_note import write_note


FRONT_DOOR = ("start.py", "app/__init__.py", "app/environment_note.py", "app/torch_build.py")

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has no signals and links of this kind")


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


def test_an_environment_that_somebody_else_made_is_not_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "VENV", tmp_path)
    with pytest.raises(start.Trouble, match="Move it away"):
        start.remove_environment(adopted=True)
    assert tmp_path.exists()


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


def test_python_3_8_can_read_every_file_that_tells_it_to_go():
    script = """
import sys, start
for module in sys.modules.values():
    print(getattr(module, "__file__", None))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=start.ROOT, capture_output=True, text=True, check=True)
    ours = {path for path in map(Path, done.stdout.splitlines()) if path.parent in (start.ROOT, start.ROOT / "app")}
    assert ours == {start.ROOT / name for name in FRONT_DOOR}
    for path in ours:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_a_bare_python_that_does_not_look_beside_its_script_opens_the_door(tmp_path):
    command = [sys.executable, "-I", "-S", start.__file__]  # no packages, and -I stands for PYTHONSAFEPATH as well
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


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


TELLS = """\
import json, os, sys, time
interrupts = 0
try:
    facts = {"file": __file__, "words": sys.argv[1:], "cwd": os.getcwd(), "path": os.environ["PATH"]}
    print(json.dumps(facts), flush=True)
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


def copy_front_door(root: Path) -> None:
    (root / "app").mkdir()
    for name in FRONT_DOOR:
        shutil.copy(start.ROOT / name, root / name)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with start.py, a whole environment (this Python), and an app and tests that tell what they were told."""
    root = tmp_path / "house"
    (root / ".venv" / "bin").mkdir(parents=True)
    copy_front_door(root)
    (root / "pyproject.toml").write_text("[project]\n")
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    note = Note(
        root=str(root.resolve()),
        python=f"{sys.version_info[0]}.{sys.version_info[1]}",
        project_hash=hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest(),
        extras=("test",),
        torch_wish="",
        nvidia=True,
        ready=True,
    )
    write_note(note, root / ".venv" / "splatroom.json")
    (root / "tests").mkdir()
    for room in ("app", "tests"):
        (root / room / "__main__.py").write_text(TELLS)
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
def test_the_checks_run_in_the_root_from_any_folder_and_under_a_safe_path_too(house, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # no apt-get, so that nothing is installed
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("SPLATROOM_TORCH", raising=False)
    command = [sys.executable, str(house / "start.py"), "test", "--cuda-compile", "-k", "some"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "This system lacks" in done.stderr:
        pytest.skip(done.stderr)
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (7, "")
    assert Path(said["file"]) == house / "tests" / "__main__.py"
    assert said["words"] == ["--cuda-compile", "-k", "some"]
    assert said["cwd"] == str(house)
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
    copy_front_door(tmp_path)
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
