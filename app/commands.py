"""The commands of the command line: each takes what was typed and answers."""

import asyncio
import shutil
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from app.answer import Answer
from app.answer import read_quality
from app.console import Screen
from app.console import clock
from app.console import open_screen
from app.console import size
from app.devices import Choice
from app.devices import choose_device
from app.devices import usable_threads
from app.doctor import examine
from app.draw_views import DrawViews
from app.errors import AlreadyThere
from app.errors import FolderMissing
from app.errors import NoResultYet
from app.events import Hub
from app.events import JobEnded
from app.jobs import Jobs
from app.jobs import order_drawing
from app.jobs import order_run
from app.prepare import prepare
from app.problems import Problem
from app.problems import explain
from app.project import Project
from app.run_stages import RunStages
from app.settings import Settings
from app.settings import read_settings
from app.stages import Machine
from app.stages import Table
from app.stages import status as status_of
from app.standing import remark
from app.streams import fall_silent
from app.streams import one_line
from app.worker import Order
from reconstruction.durable import write_durably
from reconstruction.errors import UnknownFormat


PICTURES = (".png", ".jpg", ".jpeg")


def carry_out(typed: Namespace, table: Table) -> int:
    """Does what was typed and says how it went; the answer is the exit code."""
    try:
        answer = _COMMANDS[typed.command](typed, table)
    except KeyboardInterrupt:
        answer = Answer(False, typed.project, cancelled=True)
    except BrokenPipeError:  # nobody reads any more: there is no one to tell
        raise
    except Exception as error:  # the one top of this process: everything becomes words here
        answer = Answer(False, typed.project, problem=explain(error))
    if answer.problem:
        _complain(answer.problem)
    elif answer.cancelled:
        print("Paused: the same command goes on from here.", file=sys.stderr)
    if typed.json:
        print(answer.as_json())
    return answer.exit_code


def run(typed: Namespace, table: Table) -> Answer:
    """Takes photos, or a project, down the road."""
    settings = read_settings()
    choice = choose_device(typed.device or settings.device)
    machine = _machine(typed, settings, choice)
    project = prepare(typed, table.configs, settings, choice.device)
    wanted = {stage.name for stage in table.until(typed.until)}
    if all(stage.finished for stage in status_of(project, table) if stage.name in wanted):
        _say(typed, f"{project.folder}: everything is done already.")
        answer = _standing(project, table)
        _say_quality(typed, answer)
        return answer
    with open_screen(sys.stderr) as screen:
        screen.say(f"{project.folder}")
        screen.say(f"preset {project.preset}, {choice.device} ({choice.why}), {machine.threads} threads")
        order = order_run(RunStages(project.folder, table, typed.until, machine), preview_gap_s=10.0)
        end = asyncio.run(_follow(order, screen))
    answer = _ended(project, table, end)
    if answer.ok:
        _say(typed, f"{project.folder}")
        _say_quality(typed, answer)
    return answer


def status(typed: Namespace, table: Table) -> Answer:
    """How a project stands."""
    project = Project.open(typed.project)
    answer = _standing(project, table)
    sizes = {stage.name: _folder_bytes(project.folder / stage.name) for stage in answer.stages}
    seconds = {stage.name: stage.record.seconds for stage in answer.stages if stage.record}
    _say(typed, f"{project.folder}  (preset {project.preset})")
    for stage in answer.stages:
        took = clock(seconds[stage.name]) if stage.name in seconds else ""
        known = f"  {stage.name:<8} {stage.state:<8} {size(sizes[stage.name]):>8} {took:>8}"
        _say(typed, f"{known}  {remark(project, stage, table.configs)}".rstrip())
    _say_quality(typed, answer)
    return replace(answer, more={"sizes_bytes": sizes})


def render(typed: Namespace, table: Table) -> Answer:
    """Pictures of the result."""
    project = Project.open(typed.project)
    _need_result(project)
    settings = read_settings()
    choice = choose_device(typed.device or settings.device)
    machine = _machine(typed, settings, choice)
    task = DrawViews(project.folder, typed.camera, typed.path, typed.output.resolve(), typed.side_by_side, machine)
    for target in task.outputs():
        _check_target(target, PICTURES, typed.overwrite)
    with open_screen(sys.stderr) as screen:
        end = asyncio.run(_follow(order_drawing(task), screen))
    answer = _ended(project, table, end)
    files = [str(path) for path in task.outputs()] if answer.ok else []
    for file in files:
        _say(typed, file)
    return replace(answer, more={"files": files})


def doctor(typed: Namespace, table: Table) -> Answer:
    """What this machine has and lacks."""
    findings = examine()
    for finding in findings:
        _say(typed, f"{finding.state:<8} {finding.name:<14} {finding.found}")
        if finding.fix:
            _say(typed, f"{'':<8} {'':<14} -> {finding.fix}")
    return Answer(all(finding.good for finding in findings), more={"findings": [asdict(each) for each in findings]})


def export(typed: Namespace, table: Table) -> Answer:
    """The result as a file of one's own."""
    project = Project.open(typed.project)
    _need_result(project)
    target: Path = typed.output or Path(f"{project.name}.{typed.format}")
    _check_target(target, (f".{typed.format}",), typed.overwrite)

    def copy(file: BinaryIO) -> None:
        with (project.folder / "splats" / "splats.ply").open("rb") as original:
            shutil.copyfileobj(original, file)

    write_durably(target, copy)
    _say(typed, f"{target}  {size(target.stat().st_size)}")
    return replace(_standing(project, table), more={"files": [str(target.resolve())]})


_COMMANDS: dict[str, Callable[[Namespace, Table], Answer]] = {
    "run": run,
    "status": status,
    "render": render,
    "export": export,
    "doctor": doctor,
}


def _complain(problem: Problem) -> None:
    log = f"Log: {problem.log_path}" if problem.log_path else ""
    lines = [problem.title, *(f"  {one_line(words)}" for words in (problem.happened, problem.try_this, log) if words)]
    print("\n".join(lines if log or not problem.report else [*lines, problem.report]), file=sys.stderr)


def _machine(typed: Namespace, settings: Settings, choice: Choice) -> Machine:
    device = "auto" if choice.device == "cuda" and not choice.demanded else choice.device
    return Machine(device, usable_threads(typed.threads or settings.threads))


async def _follow(order: Order, screen: Screen) -> JobEnded:
    """How the job ended, shown while it runs; Ctrl-C pauses it, twice kills it."""
    jobs = Jobs(Hub())
    jobs.watch(order.job, screen.draw)
    ended = jobs.start(order)
    asks = _Asks(jobs, order.job, screen)
    with _signals(asks, asyncio.get_running_loop()):
        return await ended


@dataclass(slots=True)
class _Asks:
    """What Ctrl-C means, the first time and the second."""

    jobs: Jobs
    job: str
    screen: Screen
    count: int = 0

    def once_more(self) -> None:
        self.count += 1
        if self.count == 1:
            self.jobs.cancel(self.job)
            self.screen.say("Pausing safely ... (Ctrl-C again ends it at once)")
        else:
            self.jobs.kill(self.job)


@contextmanager
def _signals(asks: _Asks, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Ctrl-C, and the system's own wish to end us, reach the loop instead of breaking it."""

    in_terminal = sys.stderr.isatty()  # asked now: a closed one denies that it was

    def handle(number: int, frame: FrameType | None) -> None:
        if number == getattr(signal, "SIGHUP", None) and in_terminal:
            fall_silent()  # the terminal was closed: writing to it would be an error
        loop.call_soon_threadsafe(asks.once_more)

    known = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    wanted = [number for number in known if signal.getsignal(number) != signal.SIG_IGN]  # nohup's wish stands
    before = {number: signal.signal(number, handle) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ended(project: Project, table: Table, end: JobEnded) -> Answer:
    answer = _standing(project, table)
    return replace(answer, ok=end.outcome == "done", problem=end.problem, cancelled=end.outcome == "cancelled")


def _standing(project: Project, table: Table) -> Answer:
    return Answer(True, project.folder, status_of(project, table), read_quality(project))


def _need_result(project: Project) -> None:
    if not (project.folder / "splats" / "splats.ply").exists():
        raise NoResultYet(project.folder, "splats")


def _check_target(target: Path, suffixes: tuple[str, ...], overwrite: bool) -> None:
    """Before anything is computed: whether the file may be written, as far as can be told."""
    if target.suffix.lower() not in suffixes:
        raise UnknownFormat(target, suffixes)
    if not target.parent.is_dir():
        raise FolderMissing(target.parent)
    if target.exists() and (target.is_dir() or not overwrite):
        raise AlreadyThere(target)


def _say_quality(typed: Namespace, answer: Answer) -> None:
    quality = answer.quality
    if quality is None:
        return
    psnr, ssim, count = quality["psnr"], quality["ssim"], f"{quality['gaussians']:,} gaussians"
    if psnr is None or ssim is None:
        _say(typed, f"  quality  not measured: no photo was held out (splats.hold_out), {count}")
        return
    _say(typed, f"  quality  {psnr:.2f} dB on photos held out, SSIM {ssim:.3f}, {count}")


def _say(typed: Namespace, text: str) -> None:
    """To a person; with --json only the last line counts, and words go to stderr."""
    print(one_line(text), file=sys.stderr if typed.json else sys.stdout)


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
