"""Events fold into a Run: in any order, without side effects, the same from the log as from the pipe."""

import pickle
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.events import Event
from app.events import Hub
from app.events import JobEnded
from app.events import PreviewReady
from app.events import Run
from app.events import StageAdvanced
from app.events import StageFinished
from app.events import StageStarted
from app.events import Warned
from app.events import fold
from app.events import from_json
from app.events import to_json
from app.log import append
from app.log import last_event
from app.log import read_log
from app.log import replay
from app.problems import Problem


JOBS = st.sampled_from(["a", "b"])
STAGES = st.sampled_from(["frames", "cameras", "splats"])
TIMES = st.floats(0, 1e9)
COUNTS = st.integers(-5, 1000)
FACTS = st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.floats(allow_nan=False), st.text(max_size=5)))
PROBLEMS = st.none() | st.builds(Problem, st.text(), st.text(), st.text(), st.text(), st.text())

EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(StageStarted, JOBS, STAGES, TIMES),
    st.builds(StageAdvanced, JOBS, STAGES, TIMES, COUNTS, COUNTS, FACTS),
    st.builds(StageFinished, JOBS, STAGES, TIMES, st.sampled_from(["done", "doubtful"]), st.just(("why",))),
    st.builds(Warned, JOBS, STAGES, TIMES, st.text(), st.text(), st.text()),
    st.builds(PreviewReady, JOBS, STAGES, TIMES, COUNTS),
    st.builds(JobEnded, JOBS, STAGES, TIMES, st.sampled_from(["done", "failed", "cancelled"]), PROBLEMS),
)


def folded(events: list[Event]) -> Run:
    run = Run()
    for event in events:
        run = fold(run, event)
    return run


@given(st.lists(EVENTS, max_size=30))
def test_any_events_in_any_order_give_a_run_that_can_be_drawn(events: list[Event]) -> None:
    run = folded(events)
    for stage in run.stages:
        assert 0 <= stage.fraction <= 1
        assert stage.left_s is None or stage.left_s >= 0
        assert stage.rate_per_s is None or stage.rate_per_s >= 0
    assert len({stage.name for stage in run.stages}) == len(run.stages)
    assert run.outcome is None or not any(stage.state == "running" for stage in run.stages)


@given(st.lists(EVENTS, max_size=15), EVENTS)
def test_folding_changes_nothing_but_its_answer(events: list[Event], event: Event) -> None:
    run = folded(events)
    before = pickle.dumps(run)
    assert fold(run, event) == fold(run, event)
    assert pickle.dumps(run) == before


@given(st.lists(EVENTS, max_size=15))
def test_events_survive_the_pipe_and_the_log(events: list[Event]) -> None:
    assert [pickle.loads(pickle.dumps(event)) for event in events] == events
    assert [from_json(to_json(event)) for event in events] == events


@given(st.lists(EVENTS, min_size=1, max_size=15), EVENTS)
def test_after_the_end_nothing_changes(events: list[Event], late: Event) -> None:
    run = fold(folded(events), JobEnded(folded(events).job, "", 0.0, "failed"))
    assert fold(run, late) is run


def test_a_log_replays_to_the_same_run_and_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    events: list[Event] = [
        StageStarted("a", "frames", 1.0),
        Warned("a", "frames", 1.5, "BlurredPhoto", "ä.jpg", "ä.jpg is blurred"),
        StageAdvanced("a", "frames", 2.0, 3, 10, {"kept": 3}),
        JobEnded("a", "frames", 3.0, "failed", Problem("t", "h", "try")),
    ]
    path = tmp_path / "log.jsonl"
    for event in events:
        append(path, event)
    assert replay(path) == folded(events)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert list(read_log(path)) == events[:-1]
    assert last_event(path) == events[-2]


def test_the_rate_is_that_of_the_last_seconds_and_of_this_run_alone() -> None:
    resumed = [StageAdvanced("a", "splats", float(t), 1400 + 10 * t, 2000) for t in range(30)]
    slower = [StageAdvanced("a", "splats", 29.0 + t, 1690 + 5 * t, 2000) for t in range(1, 21)]
    stage = folded([StageStarted("a", "splats", 0.0), *resumed]).stage("splats")
    assert stage is not None
    assert stage.rate_per_s == 10  # not the 1400 steps that were there before
    assert stage.left_s == 31
    later = folded([StageStarted("a", "splats", 0.0), *resumed, *slower]).stage("splats")
    assert later is not None
    assert later.rate_per_s == 5


def test_a_stage_that_speaks_rarely_still_has_a_rate() -> None:
    stage = folded([StageAdvanced("a", "cameras", 60.0 * t, t, 10) for t in range(4)]).stage("cameras")
    assert stage is not None
    assert stage.rate_per_s == 1 / 60


def test_a_bar_never_runs_backwards_when_work_is_done_again_on_another_rung() -> None:
    run, reached = folded([StageStarted("a", "cameras", 0.0)]), []
    for at_s, done in enumerate((10, 40, 30, 35, 60)):
        run = fold(run, StageAdvanced("a", "cameras", float(at_s), done, 100))
        reached.append(run.stages[0].fraction)
    assert reached == [0.1, 0.4, 0.4, 0.4, 0.6]
    assert run.stages[0].left_s is not None  # told from where the work really is


def test_the_hub_tells_everybody_until_they_leave() -> None:
    hub, heard = Hub(), []
    leave = hub.subscribe(heard.append)
    event = StageStarted("a", "frames", 0.0)
    hub.publish(event)
    leave()
    hub.publish(event)
    assert heard == [event]
