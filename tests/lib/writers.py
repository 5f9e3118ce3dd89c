# SPDX-License-Identifier: Apache-2.0
"""Clients that write while something breaks, and keep in mind what they were told.

    with Writers(leat) as writers:  # above: ids that are taken
        writers.good()          # until so many were answered that it is written
        break_something()
        writers.see(503)        # until this status was seen
    writers.check(ids)          # against the ids that the table of notes holds afterwards

One client sends rows one by one, one three rows a body, one a body that is several statements. What was answered is what must
be there: 2xx: all of it; any problem: none of it; outcome-unknown or no answer: all or none."""
import threading
import time

import httpx

from leat import client_of

KINDS = (1, 3, 6000)  # rows of a body
UNKNOWN = (503, "outcome-unknown")


class Writers:
    def __init__(self, leat, kinds=KINDS, above=0):
        self.url, self.kinds, self.ended = leat.url, kinds, False
        self.units, self.problems = [], {}  # units: (first id, rows, "yes" | "no" | "unknown")
        self.ids, self.lock = above + 100000, threading.Lock()
        self.threads = [threading.Thread(target=self._write, args=(rows,)) for rows in kinds]

    def _note(self, first, rows, outcome, problem=None):
        with self.lock:
            self.units.append((first, rows, outcome))
            if problem:
                self.problems[problem] = self.problems.get(problem, 0) + 1

    def _send(self, client, first, rows):
        body = "".join(f'{{"id":{first + i},"text":"written"}}\n' for i in range(rows))
        try:
            answer = client.post("/api/notes", content=body, headers={"Content-Type": "application/x-ndjson", "Prefer": "return=minimal"})
        except httpx.HTTPError as error:
            self._note(first, rows, "unknown", (0, type(error).__name__))
            return
        if answer.status_code == 201:
            self._note(first, rows, "yes")
            return
        problem = (answer.status_code, answer.json()["code"])
        self._note(first, rows, "unknown" if problem == UNKNOWN else "no", problem)

    def _write(self, rows):
        with client_of(self.url) as client:
            while not self.ended:
                with self.lock:
                    first, self.ids = self.ids, self.ids + rows
                self._send(client, first, rows)

    def _await(self, condition):
        until = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < until, f"waited in vain: {self.problems}"
            time.sleep(0.01)

    def good(self, times=3):
        """Until each kind was written so many times more."""
        with self.lock:
            begin = len(self.units)
        self._await(lambda: all(sum(unit[1:] == (rows, "yes") for unit in self.units[begin:]) >= times for rows in self.kinds))

    def see(self, status, times=3):
        def seen():
            return sum(count for (told, _), count in dict(self.problems).items() if told == status)
        before = seen()
        self._await(lambda: seen() >= before + times)

    def check(self, ids, allowed=(503,)):
        """ids: those that are there."""
        ids = set(ids)
        for first, rows, outcome in self.units:
            there = sum(number in ids for number in range(first, first + rows))
            assert there in {"yes": (rows,), "no": (0,), "unknown": (0, rows)}[outcome], f"{there} of {rows} rows, and the answer was: {outcome}"
        assert all(status in (0, *allowed) for status, _ in self.problems), self.problems

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        for thread in self.threads:
            thread.join()
