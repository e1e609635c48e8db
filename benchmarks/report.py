"""How every benchmark ends: figures printed as one JSON line, kept beside the script, and held to their bounds.

A benchmark is a script whose docstring names its figures. It asks ``arguments`` for its options, measures, and leaves
through ``finish``; with ``--check`` the process exits with 1 where a figure misses its bound. Importing this file also
makes the packages of the checkout importable, so that ``python benchmarks/NAME.py`` needs no installation.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Literal
from typing import NoReturn


ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


@dataclass(frozen=True, slots=True)
class Figure:
    """One promised number."""

    name: str
    measured: float | None
    """None: could not be measured here, which is said and is no failure."""
    bound: float
    kind: Literal["at most", "at least"]

    @property
    def met(self) -> bool:
        if self.measured is None:
            return True
        return self.measured <= self.bound if self.kind == "at most" else self.measured >= self.bound


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """A parser that shows the script's docstring and knows ``--check``; the script adds its own options."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure named above is missed")
    return parser


def finish(script: str, results: dict[str, Any], figures: Sequence[Figure], check: bool) -> NoReturn:
    """Prints one JSON line, writes it as ``NAME.json`` beside ``script`` (its ``__file__``), and exits."""
    missed = [figure for figure in figures if not figure.met]
    content = {
        **results,
        "figures": [{**asdict(figure), "met": figure.met} for figure in figures],
        "machine": machine(),
    }
    Path(script).with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for figure in missed:
        print(f"missed: {figure.name} is {figure.measured:g}, not {figure.kind} {figure.bound:g}", file=sys.stderr)
    print(json.dumps(content))
    sys.exit(1 if check and missed else 0)


def machine() -> dict[str, str | int]:
    """This machine in general terms; nothing that names its owner or its place."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    facts = {
        key.strip(): value.strip()
        for key, colon, value in (line.partition(":") for line in cpuinfo.read_text().splitlines())
        if colon
    }
    name = facts.get("model name", platform.machine())
    if "cpu family" in facts:
        name += f", family {facts['cpu family']} model {facts.get('model', '?')}"
    wide = [
        flag for flag in ("avx2", "avx512f", "asimd") if flag in facts.get("flags", facts.get("Features", "")).split()
    ]
    return f"{name} ({', '.join(wide)})" if wide else name
