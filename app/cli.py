"""The words of the command line. Only light modules are imported here: ``--help`` answers at once."""

import argparse
import io
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

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


def main(arguments: Sequence[str] | None = None, table: "Table | None" = None) -> int:
    """Carries out one command; the answer is the exit code. The table is the real one unless a test brings its own."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    parser = make_parser(tuple(table.configs) if table else tuple(STAGE_CONFIGS))
    typed = parser.parse_args(arguments)
    if typed.command == "run" and not typed.sources and not typed.project:
        parser.error("run: give photos, a video or a project")
    try:
        from app.commands import carry_out  # what a terminal and a job need; --help does without
        from app.stages import TABLE

        return carry_out(typed, table or TABLE)
    except KeyboardInterrupt:  # before there was anything to pause
        return 130


def make_parser(stages: tuple[str, ...]) -> argparse.ArgumentParser:
    """Everything that can be typed about these stages."""
    parser = argparse.ArgumentParser(
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
        "sources", nargs="*", metavar="SOURCE", type=Path, help="photos, folders, videos, or one project to go on with"
    )
    where = command.add_argument_group("where")
    where.add_argument(
        "--project", type=Path, metavar="DIR", help="the project folder (default: NAME.splatroom in your library)"
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
    view.add_argument("--path", type=Path, metavar="FILE", help="a JSON file of camera poses: one picture each")
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
    command.add_argument("project", type=Path, metavar="DIR", help="the project folder")


def _add_output(command: argparse.ArgumentParser, *, required: bool, what: str) -> None:
    command.add_argument("-o", "--output", type=Path, metavar="FILE", required=required, help=what)
    command.add_argument("--overwrite", action="store_true", help="replace a file of that name")


def _add_machine(command: argparse.ArgumentParser) -> None:
    machine = command.add_argument_group("this machine")
    machine.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where to compute (default: the settings')")
    machine.add_argument("--threads", type=_count, default=0, metavar="N", help="cores to use (default: the settings')")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value
