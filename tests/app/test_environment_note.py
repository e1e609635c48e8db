"""What a start finds noted in `.venv` decides whether the environment is finished, remade or left alone."""

from dataclasses import replace

import pytest

from app.environment_note import Note
from app.environment_note import joined
from app.environment_note import read_note
from app.environment_note import work_needed
from app.environment_note import write_note


WHOLE = Note("/splatroom", "3.11", "abc", ("test",), "", nvidia=False, ready=True)
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
    assert work_needed(found, wanted, python_exists=True) == work


def test_an_environment_whose_python_has_been_uninstalled_is_remade():
    assert work_needed(WHOLE, WANTED, python_exists=False) == "remake"


def test_installing_into_an_environment_keeps_its_extras_and_its_torch():
    found = replace(WHOLE, torch_wish="cu128", nvidia=True)
    assert joined(found, replace(WANTED, extras=())) == replace(found, ready=False)


def test_an_environment_that_somebody_else_made_stays_theirs():
    assert joined(replace(WHOLE, adopted=True), WANTED).adopted


def test_a_note_comes_back_as_written_and_a_torn_one_counts_as_half_made(tmp_path):
    path = tmp_path / "splatroom.json"
    assert read_note(path) is None
    write_note(WHOLE, path)
    assert read_note(path) == WHOLE
    path.write_text(path.read_text()[:40])
    torn = read_note(path)
    assert torn is not None
    assert not torn.ready
