# SPDX-License-Identifier: Apache-2.0
"""Clients that go on asking while something breaks, and note what each request came to.

    with Load(leat, ["/api/notes/1", "/api/notes"]) as load:
        load.good()                      # waits until the service answers
        server.kill()
        load.see((503, "database-unavailable"))
        server.start()
        load.good()
    load.check({(503, "database-unavailable")})

An outcome is (status, problem code or None), or ("closed", None) for a connection that ended without an answer. A request that
gets neither within PATIENCE_SECONDS is ("hung", None), which check() never forgives.
"""
import collections
import http.client
import json
import threading
import time

PATIENCE_SECONDS = 60
GOOD = (200, None)
REST_SECONDS = 0.005  # after a refusal: what fails at once would otherwise be asked ten thousand times a second


def ask(connection, path):
    """(outcome, headers) of one request on an http.client connection."""
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except TimeoutError:
        return ("hung", None), {}
    except (OSError, http.client.HTTPException):
        return ("closed", None), {}
    code = json.loads(body).get("code") if answer.status >= 400 else None
    return (answer.status, code), {name.lower(): value for name, value in answer.getheaders()}


class Load:
    def __init__(self, leat, paths, clients=8, closing=False):
        """closing: each request has a connection of its own."""
        self.leat, self.paths, self.closing = leat, paths, closing
        self.lock = threading.Lock()
        self.seen = collections.Counter()
        self.untold = set()  # outcomes of 503 without Retry-After
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(number,)) for number in range(clients)]

    def _client(self, number):
        connection = None
        while not self.ended.is_set():
            if connection is None:
                connection = http.client.HTTPConnection(self.leat.host, self.leat.port, timeout=PATIENCE_SECONDS)
            number += 1
            outcome, headers = ask(connection, self.paths[number % len(self.paths)])
            self._note(outcome, headers)
            if outcome[0] in ("hung", "closed") or headers.get("connection") == "close" or self.closing:
                connection.close()
                connection = None
            if outcome != GOOD:
                time.sleep(REST_SECONDS)
        if connection:
            connection.close()

    def _note(self, outcome, headers):
        with self.lock:
            self.seen[outcome] += 1
            if outcome[0] == 503 and "retry-after" not in headers:
                self.untold.add(outcome)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def see(self, *outcomes, times=1):
        """Waits until one of these came to pass, so often from now on."""
        def count():
            return sum(self.seen[outcome] for outcome in outcomes)
        before = count()
        until = time.monotonic() + 2 * PATIENCE_SECONDS
        while count() < before + times:
            assert self.leat.process.poll() is None, "leat is gone"
            assert time.monotonic() < until, f"not {times} of {outcomes}; seen: {dict(self.seen)}"
            time.sleep(0.01)

    def good(self, times=50):
        """Waits until requests succeed (again)."""
        self.see(GOOD, times=times)

    def check(self, allowed):
        """After the end: nothing but successes and these was seen, and each 503 said when to come again."""
        seen = set(self.seen) - {GOOD}
        assert seen <= set(allowed), f"beyond {allowed}: {dict(self.seen)}"
        assert self.seen[GOOD] and not self.untold, f"503 without Retry-After: {self.untold}; {dict(self.seen)}"
