"""The words of the command line. Only light modules are imported here: ``--help`` answers at once."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from typing import NoReturn

from app import streams
from reconstruction.configs import PRESETS
from reconstruction.configs import STAGE_CONFIGS


if TYPE_CHECKING:
    from app.stages import Table

EPILOG = """\
the usual road:
  splatroom run ~/Pictures/garden               photos (or a video) become a splat, stage by stage
  splatroom status garden.splatroom             what is done, and how good it is
  splatroom export garden.splatroom -o garden.ply

The same `run` again goes on where it stopped. Exit codes: 0 done, 1 failed, 2 not understood, 130 paused.
"""

RUN_EPILOG = """\
examples:
  splatroom run photos/ --preset draft
  splatroom run walk.mp4 --project garden.splatroom --set frames.video_most=200
  splatroom run garden.splatroom --set splats.max_steps=15000      train longer
  splatroom run photos/ --until cameras

Ctrl-C pauses safely, a second Ctrl-C ends the work at once; either way the same command goes on later.
--preset and --set are kept in the project's project.toml.
"""

RENDER_EPILOG = """\
examples:
  splatroom render garden.splatroom --camera 12 --side-by-side -o compare.png
  splatroom render garden.splatroom --path flight.json -o frame.png     frame_0000.png, frame_0001.png, ...

A camera path is a JSON list of pinhole cameras (x right, y down, z forward; pixels):
  [{"camera_from_world": [[1,0,0,0], [0,1,0,0], [0,0,1,2], [0,0,0,1]],
    "focal_px": [800, 800], "centre_px": [480, 270], "size_px": [960, 540]}]
"""


USAGE, CANCELLED = 2, 130
UNREAD = 141
"""As a shell counts a program that nobody listens to any more."""


def main(arguments: Sequence[str] | None = None, table: "Table | None" = None) -> int:
    """Carries out one command; the answer is the exit code. The table is the real one unless a test brings its own."""
    streams.take_any_text()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = _answered(words, table)
    except KeyboardInterrupt:  # before there was anything to pause
        code = CANCELLED
    except BrokenPipeError:  # as in `splatroom status DIR | head -1`
        streams.fall_silent()
        return UNREAD
    return code if streams.flushed() else code or UNREAD


def _answered(words: Sequence[str], table: "Table | None") -> int:
    try:
        typed = make_parser(tuple(table.configs) if table else tuple(STAGE_CONFIGS)).parse_args(words)
        if typed.command == "run" and not typed.sources and not typed.project:
            raise NotUnderstood(typed.usage(), "splatroom run", "give photos, a video or a project")
    except NotUnderstood as fault:
        print(f"{fault.usage}{fault.program}: error: {fault.reason}", file=sys.stderr)
        if "--json" in words:
            from app.answer import misunderstood  # as below

            print(misunderstood(fault.program, fault.reason).as_json())
        return USAGE
    from app.commands import carry_out  # what a terminal and a job need; --help does without
    from app.stages import TABLE

    return carry_out(typed, table or TABLE)


class NotUnderstood(Exception):
    """What was typed is no command, or lacks something."""

    def __init__(self, usage: str, program: str, reason: str) -> None:
        super().__init__(reason)
        self.usage, self.program, self.reason = usage, program, reason


class Parser(argparse.ArgumentParser):
    """Raises NotUnderstood where argparse would print and exit: whoever asked for JSON is to get it."""

    def error(self, message: str) -> NoReturn:
        raise NotUnderstood(self.format_usage(), self.prog, message)


def make_parser(stages: tuple[str, ...]) -> argparse.ArgumentParser:
    """Everything that can be typed about these stages."""
    parser = Parser(
        "splatroom",
        description="From photos or a video to a 3D Gaussian splat.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for name, summary, epilog, add in (
        ("run", "take photos, a video or a project down the road", RUN_EPILOG, partial(_add_run, stages)),
        ("status", "what is done, stale or missing, and how good the result is", None, _add_status),
        ("render", "draw pictures of the result", RENDER_EPILOG, _add_render),
        ("export", "write the result as a file of your own", None, _add_export),
        ("doctor", "what this machine has, lacks, and what to do about it", None, _add_doctor),
    ):
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add(command)
        command.add_argument("--json", action="store_true", help="answer with one JSON object in the last line")
    return parser


def _add_run(stages: tuple[str, ...], command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "sources", nargs="*", metavar="SOURCE", type=_path, help="photos, folders, videos, or one project to go on with"
    )
    command.set_defaults(usage=command.format_usage)
    where = command.add_argument_group("where")
    where.add_argument(
        "--project", type=_path, metavar="DIR", help="the project folder (default: NAME.splatroom in your library)"
    )
    where.add_argument("--copy", action="store_true", help="copy the sources into the project (default: left in place)")
    how = command.add_argument_group("how")
    how.add_argument(
        "--preset", choices=tuple(PRESETS), help="how much work is done (default: standard on CUDA, else draft)"
    )
    how.add_argument(
        "--set", action="append", default=[], metavar="STAGE.KNOB=VALUE", help="set one knob; may be repeated"
    )
    how.add_argument("--until", choices=stages, help="stop after this stage")
    _add_machine(command)


def _add_status(command: argparse.ArgumentParser) -> None:
    _add_project(command)


def _add_render(command: argparse.ArgumentParser) -> None:
    _add_project(command)
    view = command.add_mutually_exclusive_group(required=True)
    view.add_argument("--camera", type=int, metavar="N", help="the camera of the scene's photo N, from 0")
    view.add_argument("--path", type=_path, metavar="FILE", help="a JSON file of camera poses: one picture each")
    command.add_argument("--side-by-side", action="store_true", help="with the photo to the left (for --camera)")
    _add_output(command, required=True, what="the picture: PNG or JPEG")
    _add_machine(command)


def _add_export(command: argparse.ArgumentParser) -> None:
    _add_project(command)
    command.add_argument("--format", choices=("ply",), default="ply", help="kind of file (default: %(default)s)")
    _add_output(command, required=False, what="the file (default: NAME.ply here)")


def _add_doctor(command: argparse.ArgumentParser) -> None:
    command.set_defaults(project=None)


def _add_project(command: argparse.ArgumentParser) -> None:
    command.add_argument("project", type=_path, metavar="DIR", help="the project folder")


def _add_output(command: argparse.ArgumentParser, *, required: bool, what: str) -> None:
    command.add_argument("-o", "--output", type=_path, metavar="FILE", required=required, help=what)
    command.add_argument("--overwrite", action="store_true", help="replace a file of that name")


def _add_machine(command: argparse.ArgumentParser) -> None:
    machine = command.add_argument_group("this machine")
    machine.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where to compute (default: the settings')")
    machine.add_argument("--threads", type=_count, default=0, metavar="N", help="cores to use (default: the settings')")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _path(text: str) -> Path:
    if not text:  # an unset variable of a script: Path("") would be the folder one stands in
        raise argparse.ArgumentTypeError("a name is empty")
    return Path(text).expanduser()
