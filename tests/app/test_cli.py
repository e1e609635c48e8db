"""The command line as a person meets it: a process of its own, its exit code, its two streams."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.faults import VARIABLE
from app.settings import HOME_VARIABLE
from tests.app.disks import mounted
from tests.places import ROOT


LONG = ["--set", "grow.pause_s=0.02", "--set", "grow.max_steps=2000"]


class Desk:
    """A person with some photos and a terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.photos = folder / "holiday"
        self.photos.mkdir()
        for number in range(3):
            (self.photos / f"{number}.jpg").write_bytes(b"\xff\xd8\xff" + bytes([number]))
        self.environment = {**os.environ, HOME_VARIABLE: str(folder / "home"), "PYTHONIOENCODING": "utf-8"}
        self.project = folder / "home" / "library" / "holiday.splatroom"

    def start(self, *words: object, program: str = "tests.app.tiny_cli") -> subprocess.Popen[str]:
        command = [sys.executable, "-m", program, *map(str, words)]
        pipe = subprocess.PIPE
        environment = self.environment | {"PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, text=True)

    def types(self, *words: object, program: str = "tests.app.tiny_cli") -> subprocess.CompletedProcess[str]:
        process = self.start(*words, program=program)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def asks(self, *words: object) -> tuple[int, dict]:
        """Exit code and the JSON object in the last line."""
        done = self.types(*words, "--json")
        return done.returncode, json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def states(answer: dict) -> str:
    return " ".join(stage["state"] for stage in answer["stages"])


def test_photos_go_down_the_road_and_the_same_command_again_has_nothing_to_do(desk: Desk) -> None:
    first = desk.types("run", desk.photos)
    assert first.returncode == 0
    assert str(desk.project) in first.stdout
    assert "preset draft, cpu" in first.stderr
    assert "grow: done" in first.stderr
    code, answer = desk.asks("run", desk.photos)
    assert code == 0
    assert answer == {
        "ok": True,
        "project": str(desk.project),
        "stages": [{"name": name, "state": "done"} for name in ("gather", "place", "grow", "pack")],
        "quality": None,
        "problem": None,
    }
    assert len(list((desk.project / "log").glob("*.jsonl"))) == 1  # the second time, no child was started


def test_what_was_set_is_kept_and_the_project_alone_goes_on(desk: Desk) -> None:
    code, answer = desk.asks("run", desk.photos, "--set", "place.salt=x", "--until", "place", "--preset", "best")
    assert code == 0
    assert states(answer) == "done done missing missing"
    text = (desk.project / "project.toml").read_text()
    assert 'salt = "x"' in text
    assert 'preset = "best"' in text
    code, answer = desk.asks("run", desk.project)
    assert code == 0
    assert states(answer) == "done done done done"
    assert (desk.project / "project.toml").read_text() == text
    assert "xxx" not in (desk.project / "place" / "joined.txt").read_text()


def test_ctrl_c_pauses_safely_and_the_same_command_goes_on(desk: Desk) -> None:
    words = ("run", desk.photos, *LONG)
    process = desk.start(*words, "--json")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("grow:"):
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Pausing safely" in err
    answer = json.loads(out.splitlines()[-1])
    assert not answer["ok"]
    assert answer["problem"] is None
    assert states(answer) == "done done missing missing"
    steps = int((desk.project / "grow" / "checkpoint.txt").read_text().split()[1])
    assert steps > 0
    done = desk.types("run", desk.project, "--set", f"grow.max_steps={steps + 5}")
    assert done.returncode == 0
    grown = (desk.project / "grow" / "grown.txt").read_text()
    assert grown.startswith(f"{steps + 5} ")


@pytest.mark.skipif(os.name == "nt", reason="the second Ctrl-C is sent as POSIX's SIGINT")
def test_a_second_ctrl_c_does_not_wait(desk: Desk) -> None:
    process = desk.start("run", desk.photos, *LONG, "--set", "grow.deaf=true")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("grow:"):
            process.send_signal(signal.SIGINT)
        if line.startswith("Pausing"):
            break
    began_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began_s < 4  # the ladder alone would take eight seconds


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "grow.max_step=3"], "grow.max_steps"),
        (["--set", "grow.max_steps=few"], "a whole number"),
        (["--device", "cuda"], "This machine cannot use cuda"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(desk: Desk, words: list[str], said: str) -> None:
    desk.environment["PATH"] = str(desk.folder)  # without nvidia-smi, wherever this runs
    done = desk.types("run", desk.photos, *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert not desk.project.exists()


def test_a_source_that_is_not_there_and_a_folder_without_photos_are_told_apart(desk: Desk) -> None:
    code, answer = desk.asks("run", desk.folder / "nowhere.jpg")
    assert code == 1
    assert answer["problem"]["title"] == "A photo, video or folder is not there"
    (desk.folder / "empty").mkdir()
    code, answer = desk.asks("run", desk.folder / "empty")
    assert code == 1
    assert answer["problem"]["title"] == "There is no photo or video there"


def test_a_folder_with_things_of_ones_own_is_never_emptied(desk: Desk) -> None:
    (desk.folder / "frames").mkdir()
    mine = desk.folder / "frames" / "my own picture.jpg"
    mine.write_bytes(b"\xff\xd8\xff")
    code, answer = desk.asks("run", desk.photos, "--project", desk.folder)
    assert (code, answer["problem"]["title"]) == (1, "The folder holds other things")
    assert mine.exists()
    assert not (desk.folder / "project.toml").exists()


@pytest.mark.skipif(os.name == "nt", reason="file names are always Unicode there")
def test_a_photo_with_an_impossible_name_goes_down_the_road(desk: Desk) -> None:
    (desk.photos / os.fsdecode(b"gr\xfcn.jpg")).write_bytes(b"\xff\xd8\xff odd")
    odd = desk.folder / os.fsdecode(b"gr\xfcn")
    desk.photos.rename(odd)
    code, answer = desk.asks("run", odd)
    assert code == 0
    assert states(answer) == "done done done done"


def test_copied_photos_make_the_project_whole(desk: Desk) -> None:
    assert desk.types("run", desk.photos, "--copy").returncode == 0
    code, answer = desk.asks("run", desk.photos)
    assert (code, states(answer)) == (0, "done done done done")
    for photo in desk.photos.iterdir():
        photo.unlink()
    code, answer = desk.asks("run", desk.project, "--set", "gather.pieces=6")
    assert (code, states(answer)) == (0, "done done done done")


def test_a_newer_project_a_damaged_one_and_none_are_refused(desk: Desk) -> None:
    desk.types("run", desk.photos)
    path = desk.project / "project.toml"
    text = path.read_text()
    path.write_text(text.replace("format = 1", "format = 9"))
    code, answer = desk.asks("run", desk.project)
    assert (code, answer["problem"]["title"]) == (1, "The project is newer than this program")
    path.write_text(text + "\n[grow]\nmax_stepps = 3\n")
    code, answer = desk.asks("status", desk.project)
    assert (code, answer["problem"]["title"]) == (1, "There is no such knob")
    assert "grow.max_steps" in answer["problem"]["try_this"]
    code, answer = desk.asks("status", desk.folder / "gone.splatroom")
    assert (code, answer["problem"]["title"]) == (1, "There is no project")


def test_a_second_run_of_the_same_project_is_refused_while_the_first_works(desk: Desk) -> None:
    process = desk.start("run", desk.photos, *LONG)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("grow:"):
            break
    code, answer = desk.asks("status", desk.project)
    assert code == 0
    assert states(answer) == "done done running missing"
    code, answer = desk.asks("run", desk.photos)
    assert (code, answer["problem"]["title"]) == (1, "The project is in use")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130


def test_a_disk_that_may_not_be_written_is_named(desk: Desk) -> None:
    with mounted(desk.folder / "locked", "ro") as locked:
        done = desk.types("run", desk.photos, "--project", locked / "p.splatroom")
    assert done.returncode == 1
    assert "A file or folder may not be written" in done.stderr
    assert str(locked) in done.stderr


def test_a_path_that_cannot_be_a_folder_is_named(desk: Desk) -> None:
    file = desk.folder / "file"
    file.write_text("not a folder")
    done = desk.types("run", desk.photos, "--project", file / "p.splatroom")
    assert done.returncode == 1
    assert "file" in done.stderr
    assert "our fault" not in done.stderr
    assert file.read_text() == "not a folder"


def test_a_dead_worker_is_words_on_stderr_and_one_object_on_stdout(desk: Desk) -> None:
    desk.environment[VARIABLE] = "segv:place"
    done = desk.types("run", desk.photos, "--json")
    assert done.returncode == 1
    assert "The work broke off" in done.stderr
    answer = json.loads(done.stdout)
    assert "SIGSEGV" in answer["problem"]["happened"] or os.name == "nt"
    assert Path(answer["problem"]["log_path"]).exists()
    assert states(answer) == "done failed missing missing"


def test_status_tells_sizes_and_doubts(desk: Desk) -> None:
    desk.types("run", desk.photos, "--set", "place.doubtful=yes")
    said = desk.types("status", desk.project)
    assert said.returncode == 0
    assert "doubtful" in said.stdout
    assert "two runs disagree" in said.stdout
    code, answer = desk.asks("status", desk.project)
    assert code == 0
    assert answer["sizes_bytes"]["gather"] > 0
    assert states(answer) == "done doubtful done done"


def test_export_gives_a_copy_and_never_replaces_unasked(desk: Desk) -> None:
    desk.types("run", desk.photos)
    code, answer = desk.asks("export", desk.project, "-o", "mine.ply")
    assert (code, answer["problem"]["title"]) == (1, "There is no result yet")
    (desk.project / "splats").mkdir()
    (desk.project / "splats" / "splats.ply").write_bytes(b"ply of a training")
    code, answer = desk.asks("render", desk.project, "--camera", 0, "-o", "view.xyz")
    assert (code, answer["problem"]["title"]) == (1, "This kind of file is not known")
    code, answer = desk.asks("export", desk.project, "-o", "mine.spz")
    assert (code, answer["problem"]["title"]) == (1, "This kind of file is not known")
    code, answer = desk.asks("export", desk.project, "-o", "nowhere/mine.ply")
    assert (code, answer["problem"]["title"]) == (1, "The folder is not there")
    mine = desk.folder / "mine.ply"
    code, answer = desk.asks("export", desk.project, "-o", "mine.ply")
    assert (code, answer["files"]) == (0, [str(mine)])
    assert mine.read_bytes() == b"ply of a training"
    mine.write_bytes(b"edited by hand")
    code, answer = desk.asks("export", desk.project, "-o", "mine.ply")
    assert (code, answer["problem"]["title"]) == (1, "The file is there already")
    assert mine.read_bytes() == b"edited by hand"
    assert desk.types("export", desk.project, "-o", "mine.ply", "--overwrite").returncode == 0
    assert mine.read_bytes() == b"ply of a training"


@pytest.mark.parametrize("words", [[], ["run"], ["run", "x", "--until", "nowhere"], ["fly"], ["status"]])
def test_what_is_not_understood_is_usage(desk: Desk, words: list[str]) -> None:
    done = desk.types(*words)
    assert done.returncode == 2
    assert "usage: splatroom" in done.stderr


@pytest.mark.parametrize("words", [[], ["run"], ["run", "x", "--threads", "few"], ["fly"], ["status"], ["run", ""]])
def test_even_what_is_not_understood_ends_in_one_object_where_json_was_asked_for(desk: Desk, words: list[str]) -> None:
    code, answer = desk.asks(*words)
    assert (code, answer["ok"], answer["stages"]) == (2, False, [])
    assert answer["problem"]["title"] == "The command was not understood"
    assert "_count" not in answer["problem"]["happened"]


@pytest.mark.skipif(os.name == "nt", reason="pipes break without a word there")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_leaves_early_is_no_problem(desk: Desk, unbuffered: str) -> None:
    desk.types("run", desk.photos)
    desk.environment["PYTHONUNBUFFERED"] = unbuffered
    process = desk.start("status", desk.project)
    assert process.stdout is not None
    process.stdout.close()  # before the first word
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=20) == 141


def test_the_work_goes_on_when_nobody_reads_its_progress_any_more(desk: Desk) -> None:
    process = desk.start("run", desk.photos)
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.close()
    process.wait(timeout=30)
    assert states(desk.asks("status", desk.project)[1]) == "done done done done"


def test_a_folder_without_photos_leaves_nothing_behind(desk: Desk) -> None:
    (desk.folder / "bare").mkdir()
    assert desk.types("run", desk.folder / "bare").returncode == 1
    assert not (desk.project.parent / "bare.splatroom").exists()


def test_a_project_named_beside_photos_or_another_project_is_asked_about(desk: Desk) -> None:
    desk.types("run", desk.photos)
    for words in ((desk.project, desk.photos), (desk.project, "--project", desk.folder / "other.splatroom")):
        code, answer = desk.asks("run", *words)
        assert (code, answer["problem"]["title"]) == (1, "Photos and a project were mixed up")


def test_a_damaged_list_of_photos_says_how_to_give_them_anew(desk: Desk) -> None:
    desk.types("run", desk.photos)
    (desk.project / "sources.json").write_text("[]")
    code, answer = desk.asks("status", desk.project)
    assert (code, answer["problem"]["title"]) == (1, "The list of photos cannot be understood")
    (desk.project / "sources.json").unlink()
    code, answer = desk.asks("run", desk.photos, "--project", desk.project)
    assert (code, states(answer)) == (0, "done done done done")


def test_status_says_what_failed(desk: Desk) -> None:
    desk.types("run", desk.photos, "--set", "place.overlap=no")
    said = desk.types("status", desk.project).stdout
    assert re.search(r"place +failed .*Only 2 of 5 photos fit together", said)


@pytest.mark.parametrize(
    ("report", "said", "psnr"),
    [
        ('{"psnr": null, "ssim": null, "gaussians": 3}', "no photo was held out", None),
        ('{"psnr": Infinity, "ssim": NaN, "gaussians": 3}', "not measured", None),
        ('{"psnr": 21.5, "ssim": 0.5, "gaussians": 3}', "21.50 dB", 21.5),
    ],
)
def test_quality_is_said_as_it_is(desk: Desk, report: str, said: str, psnr: float | None) -> None:
    desk.types("run", desk.photos)
    (desk.project / "splats").mkdir()
    (desk.project / "splats" / "report.json").write_text(report)
    assert said in desk.types("status", desk.project).stdout
    done = desk.types("status", desk.project, "--json")
    answer = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert answer["quality"]["psnr"] == psnr


def test_a_report_that_says_nothing_is_no_quality(desk: Desk) -> None:
    desk.types("run", desk.photos)
    (desk.project / "splats").mkdir()
    for report in ("[]", "{}", "{"):
        (desk.project / "splats" / "report.json").write_text(report)
        code, answer = desk.asks("status", desk.project)
        assert (code, answer["quality"]) == (0, None)


def test_a_finished_project_on_a_disk_that_may_only_be_read_is_told_and_exported(desk: Desk) -> None:
    desk.types("run", desk.photos)
    (desk.project / "splats").mkdir()
    (desk.project / "splats" / "splats.ply").write_bytes(b"ply")
    with mounted(desk.folder / "disk", "size=10M") as disk:
        shutil.copytree(desk.project, disk / "p.splatroom")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert desk.asks("status", disk / "p.splatroom")[0] == 0
        assert desk.asks("export", disk / "p.splatroom", "-o", "copy.ply")[0] == 0
        code, answer = desk.asks("run", disk / "p.splatroom")
        assert (code, states(answer)) == (0, "done done done done")


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be there")
def test_names_with_line_breaks_stay_on_their_line(desk: Desk) -> None:
    odd = desk.folder / "two\nlines"
    desk.photos.rename(odd)
    done = desk.types("run", odd)
    assert done.returncode == 0
    assert "two\\nlines.splatroom" in done.stdout


def test_help_shows_the_road_and_every_command_has_json(desk: Desk) -> None:
    top = desk.types("--help", program="app")
    assert top.returncode == 0
    assert "splatroom run" in top.stdout
    for command in ("run", "status", "render", "export", "doctor"):
        assert command in top.stdout
        assert "--json" in desk.types(command, "--help", program="app").stdout


def test_help_answers_at_once(desk: Desk) -> None:
    took_s = []
    for _ in range(3):
        began_s = time.monotonic()
        assert desk.types("--help", program="app").returncode == 0
        took_s.append(time.monotonic() - began_s)
    assert min(took_s) < 0.5


def test_a_running_command_imports_no_science_in_the_persons_process(desk: Desk) -> None:
    code = (
        "import sys; from app import cli; from tests.app.tiny_stages import TINY\n"
        "if __name__ == '__main__':\n"
        "    cli.main(sys.argv[1:], TINY)\n"
        "    print(' '.join(sys.modules))\n"
    )
    script = desk.folder / "script.py"
    script.write_text(code)
    environment = desk.environment | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), "run", str(desk.photos)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "app.jobs" in loaded
    assert not loaded & {"torch", "gsplat", "pycolmap", "numba", "cv2", "av", "numpy", "keyring"}


@pytest.mark.slow
def test_doctor_has_a_line_for_everything_and_an_exit_code(desk: Desk) -> None:
    done = desk.types("doctor", "--json", program="app")
    answer = json.loads(done.stdout.splitlines()[-1])
    names = {finding["name"] for finding in answer["findings"]}
    assert names >= {"Python", "torch", "pycolmap", "CPU", "memory", "NVIDIA card", "video h264", "display", "disk"}
    missing = [finding for finding in answer["findings"] if finding["state"] == "missing"]
    assert all(finding["fix"] for finding in missing)
    assert answer["ok"] == (not missing) == (done.returncode == 0)
