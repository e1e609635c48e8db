"""Jobs: the parent's side. A queue that runs one job at a time and tells the Hub what happens."""

import asyncio
import os
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app.child import Child
from app.child import Graces
from app.draw_views import DrawViews
from app.events import Event
from app.events import Hub
from app.events import JobEnded
from app.events import Run
from app.events import fold
from app.log import new_log
from app.run_stages import RunStages
from app.worker import Order
from app.worker import ShowPreviews


def order_run(task: RunStages, preview_gap_s: float | None = None) -> Order:
    """The job that takes a project down the road."""
    log_path = new_log(task.folder, datetime.now())
    return Order(uuid.uuid4().hex[:12], task, task.folder, log_path, task.machine.threads, preview_gap_s)


def order_drawing(task: DrawViews) -> Order:
    """The job that draws pictures, also from a disk that may only be read.

    Its log lies apart: the newest of the others tells how the project stands.
    """
    writable = os.access(task.project, os.W_OK)
    place = task.project if writable else Path(tempfile.mkdtemp(prefix="splatroom-"))
    log_path = new_log(place, datetime.now(), "render")
    return Order(uuid.uuid4().hex[:12], task, task.project, log_path, task.machine.threads)


class Jobs:
    """For the loop's thread alone; every child process has its own thread, whose words arrive here by the loop."""

    def __init__(self, hub: Hub, graces: Graces | None = None) -> None:
        self._hub = hub
        self._graces = graces or Graces()
        self._loop = asyncio.get_running_loop()
        self._queue: list[Order] = []
        self._running: tuple[Order, Child] | None = None
        self._ends: dict[str, asyncio.Future[JobEnded]] = {}

    @property
    def running(self) -> Order | None:
        return self._running[0] if self._running else None

    @property
    def waiting(self) -> tuple[Order, ...]:
        """In the order in which they will run."""
        return tuple(self._queue)

    def start(self, order: Order) -> asyncio.Future[JobEnded]:
        """Runs it now, or after those that came before; the answer is how it ended."""
        self._ends[order.job] = self._loop.create_future()
        self._queue.append(order)
        self._next()
        return self._ends[order.job]

    def move(self, job: str, place: int) -> None:
        """A waiting job to another place in the queue; 0 is next."""
        order = next(order for order in self._queue if order.job == job)
        self._queue.remove(order)
        self._queue.insert(place, order)

    def watch(self, job: str, show: Callable[[Run, Run], None]) -> Callable[[], None]:
        """Calls ``show(old, new)`` whenever that job's run changes; the answer ends that."""
        run = Run(job)

        def take(event: Event) -> None:
            nonlocal run
            old, run = run, fold(run, event)
            if run is not old:
                show(old, run)

        return self._hub.subscribe(take)

    def cancel(self, job: str) -> None:
        """Ends it safely; started again, it goes on. A waiting job leaves the queue."""
        self._tell(job, "cancel")

    def kill(self, job: str) -> None:
        """Ends it at once; what was committed or kept in a checkpoint stays."""
        self._tell(job, "kill")

    def show_previews(self, job: str, gap_s: float | None) -> None:
        """How often a running job offers its newest splats; None: not at all."""
        if self._running and self._running[0].job == job:
            self._running[1].say(ShowPreviews(gap_s))

    async def close(self) -> None:
        """Cancels everything and waits until the last process is gone."""
        ends = tuple(self._ends.values())
        for order in (*self._queue, *([self._running[0]] if self._running else [])):
            self.cancel(order.job)
        if ends:
            await asyncio.wait(ends)

    def _tell(self, job: str, request: str) -> None:
        if self._running and self._running[0].job == job:
            self._running[1].say("kill" if request == "kill" else "cancel")
            return
        order = next((order for order in self._queue if order.job == job), None)
        if order is not None:
            self._queue.remove(order)
            self._take(JobEnded(job, "", time.time(), "cancelled"))

    def _next(self) -> None:
        if self._running or not self._queue:
            return
        order = self._queue.pop(0)
        self._running = (order, Child(order, self._deliver, self._graces))

    def _deliver(self, event: Event) -> None:
        """Called in the child's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, event)

    def _take(self, event: Event) -> None:
        try:
            self._hub.publish(event)
        finally:  # a listener's fault must not stop the queue
            if isinstance(event, JobEnded):
                self._ended(event)

    def _ended(self, event: JobEnded) -> None:
        if self._running and self._running[0].job == event.job:
            self._running = None
        end = self._ends.pop(event.job)
        if not end.done():
            end.set_result(event)
        self._next()
