"""The house keeps its rules: small files, small functions, nothing in the window that computes or blocks."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.places import ROOT


ROOMS = ("app", "reconstruction", "ui")
MOST_LINES = 400
MOST_FUNCTION_LINES = 60


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_every_file_is_one_idea_and_every_function_fits_a_screen() -> None:
    too_long = []
    for path in [*sources(*ROOMS), ROOT / "start.py"]:
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > MOST_LINES:
            too_long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    too_long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines")
    assert not too_long


def test_no_room_is_a_lumber_room() -> None:
    forbidden = re.compile(r"^(utils?|misc|common|core|helpers?|managers?)(\.py)?$")
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*") if forbidden.match(path.name)]
    assert not found


def test_the_window_never_opens_a_modal_loop_and_only_the_bridge_joins_hub_and_signal() -> None:
    for path in sources("ui"):
        text = path.read_text(encoding="utf-8")
        assert ".exec(" not in text, path
        assert not ("Hub" in text and "Signal" in text) or path.name == "bridge.py", path


def test_nobody_imports_another_files_private_name() -> None:
    offences = []
    for path in sources(*ROOMS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ROOMS:
                offences += [
                    f"{path.name}: {node.module}.{name.name}" for name in node.names if name.name.startswith("_")
                ]
    assert not offences


def test_the_contracts_are_held_without_exceptions() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        linter = tomllib.load(file)["tool"]["importlinter"]
    assert len(linter["contracts"]) == 5
    assert not any("ignore_imports" in contract for contract in linter["contracts"])


@pytest.mark.parametrize(
    "module", ["app.cli", "app.events", "app.project", "reconstruction.scene", "reconstruction.formats.files"]
)
def test_light_modules_leave_the_science_outside(module: str) -> None:
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    heavy = {"torch", "gsplat", "pycolmap", "numba", "cv2", "av", "boto3"} & set(loaded.split())
    assert not heavy
