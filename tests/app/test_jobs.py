"""The engine room: a child process per job that can be stopped, killed and orphaned, and loses nothing by it."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from app.child import Graces
from app.events import Event
from app.events import Hub
from app.events import JobEnded
from app.events import Run
from app.events import StageAdvanced
from app.events import StageFinished
from app.events import StageStarted
from app.events import Warned
from app.faults import VARIABLE
from app.jobs import Jobs
from app.jobs import order_run
from app.knobs import Knobs
from app.knobs import layered
from app.log import replay
from app.project import Project
from app.run_stages import RunStages
from app.sources import Sources
from app.sources import find_sources
from app.stages import Machine
from app.stages import status
from app.worker import Order
from tests.app.disks import mounted
from tests.app.tiny_stages import TINY
from tests.places import ROOT


FAST: Knobs = {"gather": {"pause_s": 0.0}, "place": {"pause_s": 0.0}, "grow": {"pause_s": 0.0}}
SLOW: Knobs = {"grow": {"pause_s": 0.02, "max_steps": 500}}
SHORT = Graces(ask_s=0.5, terminate_s=0.3, farewell_s=1.0)

posix = pytest.mark.skipif(os.name == "nt", reason="signals like these are POSIX's")


def make(tmp_path: Path, *knobs: Knobs) -> Project:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8\xff a photo")
    project = Project.create(tmp_path / "p.splatroom", "p").set(None, layered(FAST, *knobs), TINY.configs)
    project.write()
    find_sources((photo,), project.folder, Sources()).write(project.folder)
    return project


def order(project: Project) -> Order:
    return order_run(RunStages(project.folder, TINY, None, Machine()))


@dataclass
class Heard:
    """All events of one job, and what they came to."""

    events: list[Event]
    run: Run
    end: JobEnded
    log_path: Path


def carry_out(
    project: Project, act: Callable[[Jobs, str, Event], None] = lambda jobs, job, event: None, graces: Graces = SHORT
) -> Heard:
    """Runs the project to its end; ``act`` may interfere at any event."""
    return asyncio.run(follow(project, act, graces))


async def follow(project: Project, act: Callable[[Jobs, str, Event], None], graces: Graces) -> Heard:
    hub, events, runs = Hub(), [], [Run()]
    jobs = Jobs(hub, graces)
    wanted = order(project)
    hub.subscribe(events.append)
    hub.subscribe(lambda event: act(jobs, wanted.job, event))
    jobs.watch(wanted.job, lambda old, new: runs.append(new))
    end = await jobs.start(wanted)
    return Heard(events, runs[-1], end, wanted.log_path)


def states(project: Project) -> str:
    return " ".join(stage.state for stage in status(project, TINY))


def result(project: Project) -> str:
    return (project.folder / "pack" / "packed.txt").read_text()


def test_a_job_runs_the_road_and_tells_everything_in_order(tmp_path: Path) -> None:
    project = make(tmp_path)
    heard = carry_out(project)
    assert heard.end.outcome == "done"
    assert [event.stage for event in heard.events if isinstance(event, StageStarted)] == list(TINY.configs)
    assert [event.stage for event in heard.events if isinstance(event, StageFinished)] == list(TINY.configs)
    assert [event.photo for event in heard.events if isinstance(event, Warned)] == ["näme with späces.jpg"]
    assert isinstance(heard.events[-1], JobEnded)
    assert states(project) == "done done done done"
    assert not project.in_use()


def test_the_log_replays_to_the_run_that_was_seen(tmp_path: Path) -> None:
    heard = carry_out(make(tmp_path))
    assert replay(heard.log_path) == heard.run


def test_the_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    project = make(tmp_path)
    carry_out(project)
    assert [type(event) for event in carry_out(project).events] == [JobEnded]


def test_a_fact_about_the_photos_arrives_as_words_where_it_happened(tmp_path: Path) -> None:
    project = make(tmp_path, {"place": {"overlap": False}})
    heard = carry_out(project)
    assert heard.end.outcome == "failed"
    assert heard.end.stage == "place"
    assert heard.end.problem is not None
    assert heard.end.problem.title == "Only 2 of 5 photos fit together"
    assert states(project) == "done failed missing missing"


def test_pausing_keeps_the_checkpoint_and_running_again_goes_on_from_it(tmp_path: Path) -> None:
    project = make(tmp_path, SLOW)

    def pause(jobs: Jobs, job: str, event: Event) -> None:
        if isinstance(event, StageAdvanced) and event.stage == "grow" and event.done > 20:
            jobs.cancel(job)

    heard = carry_out(project, pause)
    assert heard.end.outcome == "cancelled"
    assert heard.end.problem is None
    assert [stage.state for stage in heard.run.stages] == ["done", "done", "paused"]
    steps = int((project.folder / "grow" / "checkpoint.txt").read_text().split()[1])
    again = carry_out(project, lambda jobs, job, event: jobs.kill(job) if isinstance(event, StageAdvanced) else None)
    first = next(event for event in again.events if isinstance(event, StageAdvanced))
    assert first.done > steps


@posix
def test_a_stage_that_does_not_listen_is_terminated_and_one_that_refuses_that_is_killed(tmp_path: Path) -> None:
    project = make(tmp_path, SLOW, {"grow": {"deaf": True}})
    begun: list[float] = []

    def cancel(jobs: Jobs, job: str, event: Event) -> None:
        if isinstance(event, StageStarted) and event.stage == "grow":
            begun.append(time.monotonic())
            jobs.cancel(job)

    heard = carry_out(project, cancel)
    took_s = time.monotonic() - begun[0]
    assert heard.end.outcome == "cancelled"
    assert SHORT.ask_s <= took_s < SHORT.ask_s + 2.0  # two seconds for a busy machine
    stubborn = make(tmp_path, SLOW, {"grow": {"deaf": True, "stubborn": True}})
    begun.clear()
    heard = carry_out(stubborn, cancel)
    took_s = time.monotonic() - begun[0]
    assert heard.end.outcome == "cancelled"
    assert SHORT.ask_s + SHORT.terminate_s <= took_s
    assert not stubborn.in_use()


def test_killing_does_not_wait(tmp_path: Path) -> None:
    project = make(tmp_path, SLOW, {"grow": {"deaf": True}})

    def kill(jobs: Jobs, job: str, event: Event) -> None:
        if isinstance(event, StageStarted) and event.stage == "grow":
            jobs.kill(job)

    heard = carry_out(project, kill, Graces(ask_s=60, terminate_s=60, farewell_s=60))
    assert heard.end.outcome == "cancelled"
    assert heard.events[-1].at_s - heard.events[-2].at_s < 5


@posix
@pytest.mark.parametrize(
    ("fault", "title"),
    [("segv:place", "The work broke off"), ("kill:grow", "This computer ran out of memory")],
)
def test_a_worker_that_dies_is_told_from_outside_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, title: str
) -> None:
    project = make(tmp_path)
    monkeypatch.setenv(VARIABLE, fault)
    heard = carry_out(project)
    assert heard.end.outcome == "failed"
    assert heard.end.stage == fault.partition(":")[2]
    assert heard.end.problem is not None
    assert heard.end.problem.title == title
    assert ("Segmentation fault" in heard.end.problem.report) == fault.startswith("segv")
    assert replay(heard.log_path) == heard.run
    monkeypatch.delenv(VARIABLE)
    assert carry_out(project).end.outcome == "done"


@posix
def test_no_secret_of_the_environment_gets_into_logs_or_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(tmp_path)
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", "hunter2-hunter2")
    monkeypatch.setenv(VARIABLE, "segv:place")
    argv: list[str] = []

    def look(jobs: Jobs, job: str, event: Event) -> None:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                argv.extend(child.cmdline())

    heard = carry_out(project, look)
    assert heard.end.problem is not None
    assert any("spawn_main" in word for word in argv)
    assert not any("hunter2" in word for word in argv)
    assert "hunter2" not in repr(heard.events)
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert files
    assert not any(b"hunter2" in path.read_bytes() for path in files)


def test_a_project_whose_log_cannot_be_written_says_so(tmp_path: Path) -> None:
    project = make(tmp_path)
    (project.folder / "log").write_text("a file where a folder belongs")
    heard = carry_out(project)
    assert heard.end.outcome == "failed"
    assert heard.end.problem is not None
    assert "file" in heard.end.problem.title.lower()
    assert "our fault" not in heard.end.problem.title


def test_a_disk_that_fills_up_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make(tmp_path)
    monkeypatch.setenv(VARIABLE, "full:grow")
    heard = carry_out(project)
    assert heard.end.problem is not None
    assert heard.end.problem.title == "The disk is full"
    assert states(project) == "done done failed missing"
    monkeypatch.delenv(VARIABLE)
    assert carry_out(project).end.outcome == "done"


def test_a_really_full_disk_is_said_and_after_making_room_the_work_goes_on(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=512k") as small_disk:
        project = make(small_disk)
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb") as file:
            for _ in range(1024):
                file.write(bytes(1024))
                file.flush()
        heard = carry_out(project)
        assert heard.end.outcome == "failed"
        assert heard.end.problem is not None
        assert heard.end.problem.title == "The disk is full"
        filler.unlink()
        assert carry_out(project).end.outcome == "done"


def test_a_project_that_another_process_writes_is_left_alone(tmp_path: Path) -> None:
    project = make(tmp_path)
    with project.writing():
        heard = carry_out(project)
    assert heard.end.problem is not None
    assert heard.end.problem.title == "The project is in use"
    assert states(project) == "missing missing missing missing"


def test_the_queue_runs_one_at_a_time_in_the_order_last_wished(tmp_path: Path) -> None:
    projects = []
    for name in "abcd":
        (tmp_path / name).mkdir()
        projects.append(make(tmp_path / name))

    async def play() -> tuple[list[str], list[JobEnded]]:
        hub, started = Hub(), []
        jobs = Jobs(hub, SHORT)
        hub.subscribe(lambda e: started.append(e.job) if isinstance(e, StageStarted) and e.stage == "gather" else None)
        orders = [order(project) for project in projects]
        ends = [jobs.start(each) for each in orders]
        assert jobs.running == orders[0]
        jobs.move(orders[2].job, 0)
        jobs.cancel(orders[3].job)
        assert jobs.waiting == (orders[2], orders[1])
        finished = list(await asyncio.gather(*ends))
        names = {each.job: name for each, name in zip(orders, "abcd")}
        return [names[job] for job in started], finished

    started, ends = asyncio.run(play())
    assert started == ["a", "c", "b"]
    assert [end.outcome for end in ends] == ["done", "done", "done", "cancelled"]


def test_one_failure_does_not_stop_the_rest_and_closing_waits_for_the_last(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "good").mkdir()
    bad, slow = make(tmp_path / "bad", {"place": {"overlap": False}}), make(tmp_path / "good", SLOW)

    async def play() -> tuple[JobEnded, JobEnded]:
        hub = Hub()
        jobs = Jobs(hub, SHORT)
        begun = asyncio.Event()
        hub.subscribe(lambda e: begun.set() if isinstance(e, StageStarted) and e.stage == "grow" else None)
        ends = jobs.start(order(bad)), jobs.start(order(slow))
        await begun.wait()
        await jobs.close()
        return ends[0].result(), ends[1].result()

    first, second = asyncio.run(play())
    assert (first.outcome, second.outcome) == ("failed", "cancelled")
    assert not slow.in_use()


PARENT = """
import asyncio, sys
from pathlib import Path
from app.events import Hub
from app.jobs import Jobs, order_run
from app.run_stages import RunStages
from app.stages import Machine
from tests.app.tiny_stages import TINY

async def main():
    hub = Hub()
    hub.subscribe(lambda event: print(event.stage, flush=True))
    await Jobs(hub).start(order_run(RunStages(Path(sys.argv[1]), TINY, None, Machine())))

if __name__ == "__main__":
    asyncio.run(main())
"""


def lives(process: psutil.Process) -> bool:
    """Not counting what is dead and only waits for the system to clear it away."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@posix
def test_a_child_leaves_within_a_second_of_its_parents_death(tmp_path: Path) -> None:
    project = make(tmp_path, SLOW, {"grow": {"deaf": True}})
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), str(project.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        while parent.stdout.readline() != "grow\n":
            pass
        children = psutil.Process(parent.pid).children(recursive=True)
        assert children
        parent.kill()
    deadline_s = time.monotonic() + 1.5  # one second is promised, half a one is for a busy machine
    while any(map(lives, children)) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not any(map(lives, children))
    assert not project.in_use()


async def live_until_killed(project: Project, stage: str, after_s: float) -> JobEnded:
    """Runs the project, and kills its worker so long after that stage has begun."""
    hub, begun = Hub(), asyncio.Event()
    hub.subscribe(lambda event: begun.set() if event.stage == stage else None)
    ended = Jobs(hub, SHORT).start(order(project))
    await begun.wait()
    await asyncio.sleep(after_s)
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            child.send_signal(signal.SIGKILL)
    return await ended


@posix
@pytest.mark.slow
def test_killed_twenty_times_anywhere_the_road_ends_in_the_same_place(tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    (tmp_path / "wild").mkdir()
    pace: Knobs = {stage: {"pause_s": 0.02} for stage in TINY.configs}
    calm, wild = make(tmp_path / "calm", pace), make(tmp_path / "wild", pace)
    assert carry_out(calm).end.outcome == "done"
    dice = random.Random(0)
    deaths: list[str] = []
    for stage in [*TINY.configs] * 5:
        (wild.folder / stage / "stage.json").unlink(missing_ok=True)
        if dice.random() < 0.5:  # the other half goes on from what the last one left
            (wild.folder / "grow" / "checkpoint.txt").unlink(missing_ok=True)
        end = asyncio.run(live_until_killed(wild, stage, dice.uniform(0, 0.08)))
        deaths += [end.stage] if end.outcome == "failed" else []
    assert len(deaths) >= 15  # a busy machine may let a stage of a tenth of a second slip through
    assert set(deaths) == set(TINY.configs)
    assert carry_out(wild).end.outcome == "done"
    assert result(wild) == result(calm)
