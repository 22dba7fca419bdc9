"""The queue of all jobs: who is next in each lane, what each person may have, who still looks.

A person is who logged in, once for each login, or an address; who is on their own machine is one
for each page. Of those who wait in a lane the one comes next whose last job began longest ago. Work
that takes longer than its lane allows goes on in another, and its person's next begins there, so
that it is in nobody's way whose work is short.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from kn_assets.errors import KnError
from kn_assets.processes import UNFORESEEN, Stopped
from ui.rows import Answer
from ui.runs.job import Job, Lane, Longer, Work

FORGOTTEN_S = 10.0  # without a look at it, before a job is cancelled: its page is closed
REMEMBERED = 64  # results of shared work
SLOW_S = 60.0  # that a person's work begins where longer work is done
REMEMBERED_S = 600.0  # that it is known when a person's last job began
COUNTED = 3  # shared runs of a person that wait or run together

log = logging.getLogger(__name__)


@dataclass
class _Ticket:
    """What a page that asked for a job knows it by."""

    job: Job
    looked: float = field(default_factory=time.monotonic)


class Queue:
    """Jobs of all people in turn, each lane in threads of its own; safe to call from any thread.

    `close` it at the end.
    """

    def __init__(self, lanes: Mapping[str, Lane]) -> None:
        self._lanes = lanes
        self._jobs: dict[str, list[Job]] = {name: [] for name in lanes}  # waiting or running
        self._threads = {
            name: ThreadPoolExecutor(lane.at_once, thread_name_prefix=name)
            for name, lane in lanes.items()
        }
        self._tickets: dict[str, _Ticket] = {}
        self._shared: OrderedDict[Hashable, Job] = OrderedDict()
        self._started: dict[tuple[str, str], deque[float]] = {}
        self._begun: dict[tuple[str, str], float] = {}  # by lane and person, of their last job
        self._slow: dict[str, float] = {}  # by person, when work of theirs last took longer
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_often, name="sweeper", daemon=True)

    def start(self, work: Work, person: str) -> str:
        """Queue a person's job; gives its ticket, which can't be guessed, to look at and cancel it.

        Raises KnError where the person or the lane has as many as they may.
        """
        with self._lock:
            job = self._shared.get(work.shared) if work.shared is not None else None
            if job is None or job.state["state"] in ("failed", "cancelled"):
                job = self._enter(work, person)
            ticket = secrets.token_urlsafe(16)
            job.tickets.add(ticket)
            self._tickets[ticket] = _Ticket(job)
            if self._sweeper.ident is None:
                self._sweeper.start()
            return ticket

    def look(self, ticket: str) -> Answer:
        """The job's `state`, with what belongs to it.

        waiting: `before`, how many are done first; running: `words`, `done`, `of`; done: `result`;
        failed: `error`. Raises KnError where nobody looked for a while.
        """
        with self._lock:
            if ticket not in self._tickets:
                raise KnError("this run is over, since its page had not asked for it: run it again")
            held = self._tickets[ticket]
            held.looked = time.monotonic()
            state, lane = held.job.state, held.job.work.lane
            if state["state"] != "waiting":
                return state
            running = sum(j.state["state"] != "waiting" for j in self._jobs[lane])
            place = running + self._in_turn(lane).index(held.job)
            return {**state, "before": max(0, place - self._lanes[lane].at_once + 1)}

    def cancel(self, ticket: str) -> None:
        """Give a ticket back: a job that nobody else asked for is over, and stops."""
        with self._lock:
            held = self._tickets.pop(ticket, None)
            if held is None:
                return
            job = held.job
            job.tickets.discard(ticket)
            if not job.tickets and not job.is_over:
                job.put("cancelled")
                job.stop.set()
                self._leave(job)

    def close(self) -> None:
        """Begin no other job, and stop those that run."""
        self._closed.set()
        with self._lock:
            for ticket in list(self._tickets):
                self.cancel(ticket)
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    # -- one job ---------------------------------------------------------------------------------

    def _enter(self, work: Work, person: str) -> Job:
        lane = self._lanes[work.lane]
        lanes = (work.lane, work.then.lane) if work.then is not None else (work.lane,)
        own = [j for name in lanes for j in self._jobs[name] if j.person == person]
        is_own = work.shared is None
        counted = sum(j.work.counted for j in own) if work.counted else 0
        if counted >= COUNTED or len(own) >= lane.each:
            n = len(own) if len(own) >= lane.each else counted
            raise KnError(f"{n} of your runs aren't over yet: wait for their end, or cancel one")
        if work.then is not None and time.monotonic() - self._slow.get(person, -SLOW_S) < SLOW_S:
            work = work.then
        self._check_place(work.lane)
        if is_own or work.counted:
            self._count(work.lane, person, lane.a_minute)
        else:
            self._count(f"{work.lane}: look", person, lane.looks_a_minute)
        job = Job(work, person)
        self._jobs[work.lane].append(job)
        if not is_own:
            self._shared[work.shared] = job
            self._shared.move_to_end(work.shared)
            while len(self._shared) > REMEMBERED:
                self._shared.popitem(last=False)
        self._threads[work.lane].submit(self._run_next, work.lane)
        return job

    def _check_place(self, name: str) -> None:
        n = len(self._jobs[name])
        if n >= self._lanes[name].waiting + self._lanes[name].at_once:
            raise KnError(f"{n} runs are waiting already: try again later")

    def _count(self, kind: str, person: str, most: int) -> None:
        now = time.monotonic()
        for key, times in list(self._started.items()):
            while times and now - times[0] > 60:
                times.popleft()
            if not times:
                del self._started[key]
        times = self._started.setdefault((kind, person), deque())
        if len(times) >= most:
            raise KnError(f"{most} runs a minute are allowed here: wait a little")
        times.append(now)

    def _in_turn(self, lane: str) -> list[Job]:
        """The jobs that wait in a lane, as they will be done if no other comes."""
        waiting = [j for j in self._jobs[lane] if j.state["state"] == "waiting"]
        rounds: dict[str, int] = {}
        places = []
        for job in waiting:
            rounds[job.person] = rounds.get(job.person, -1) + 1
            places.append((rounds[job.person], self._begun.get((lane, job.person), 0.0)))
        order = sorted(range(len(waiting)), key=places.__getitem__)
        return [waiting[i] for i in order]

    def _run_next(self, lane: str) -> None:
        """Do the next job that waits in a lane, unless all were cancelled."""
        with self._lock:
            job = next(iter(self._in_turn(lane)), None)
            if job is None:
                return
            job.tell("", 0, 0)
            self._begun[lane, job.person] = time.monotonic()
        try:
            result = job.work.do(job)
            self._finish(job, "done", result=result)
        except Longer:
            self._go_on(job)
        except Stopped:
            self._finish(job, "cancelled")
        except KnError as e:
            self._finish(job, "failed", error=str(e))
        except Exception:
            # A page would wait for ever. What Python says of it is for the log.
            log.exception("a run failed in a way not foreseen")
            self._finish(job, "failed", error=UNFORESEEN)

    def _go_on(self, job: Job) -> None:
        """Let a job wait where longer work is done."""
        with self._lock:
            then = job.work.then
            self._leave(job)
            self._slow[job.person] = time.monotonic()
            if job.is_over or then is None:
                return
            try:
                self._check_place(then.lane)
            except KnError as e:
                job.put("failed", error=str(e))
                return
            job.work = then
            job.put("waiting")
            self._jobs[then.lane].append(job)
            self._threads[then.lane].submit(self._run_next, then.lane)

    def _finish(self, job: Job, state: str, **more: object) -> None:
        with self._lock:
            job.put(state, **more)
            self._leave(job)

    def _leave(self, job: Job) -> None:
        if job in self._jobs[job.work.lane]:
            self._jobs[job.work.lane].remove(job)
        failed = job.state["state"] != "done"
        if failed and self._shared.get(job.work.shared) is job:  # asked for again, it's tried again
            del self._shared[job.work.shared]

    # -- pages that are closed -------------------------------------------------------------------

    def _sweep_often(self) -> None:
        while not self._closed.wait(1.0):
            self.sweep()

    def sweep(self) -> None:
        """Cancel what nobody has looked at for FORGOTTEN_S."""
        with self._lock:
            oldest = time.monotonic() - FORGOTTEN_S
            for ticket in [t for t, held in self._tickets.items() if held.looked < oldest]:
                self.cancel(ticket)
            long_ago = time.monotonic() - REMEMBERED_S
            self._begun = {key: at for key, at in self._begun.items() if at > long_ago}
            self._slow = {person: at for person, at in self._slow.items() if at > long_ago}
