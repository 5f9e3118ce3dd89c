# SPDX-License-Identifier: Apache-2.0
"""Many kinds of requests together, kept answers among them: how many are hits, and how long these take at half of what the server can."""

import itertools
import json
import os
import random
import re
import socket
import threading
import time
import urllib.request

from .caches import leat_by
from .process import Failed
from .world import BENCH, get, run

MIXED_CONFIG = os.path.join(BENCH, "mixed", "leat.yaml")
INDUSTRIES = ["fintech", "lending", "crypto"]
PATHS = 50000
HOT_ROWS = 10000  # transactions that are looked at
WRITE_EACH_S = 1


def zipf(rng, most):
    """Yields 1 to most, n as often as 1/n."""
    weights = list(itertools.accumulate(1 / n for n in range(1, most + 1)))
    while True:
        yield from rng.choices(range(1, most + 1), cum_weights=weights, k=1000)


def mix(rows, users):
    """What dashboards, rules, reports and users ask for."""
    rng = random.Random(1)
    row, user, lists = zipf(rng, min(rows, HOT_ROWS)), zipf(rng, users), zipf(rng, min(users, 1000))
    kinds = [
        (20, lambda: "/api/dashboard/stats"),
        (10, lambda: f"/api/rules_by_industry?industry={rng.choice(INDUSTRIES)}"),
        (10, lambda: f"/api/top_users?industry={rng.choice(INDUSTRIES)}&top=10"),
        (20, lambda: f"/api/users/{next(user)}"),
        (25, lambda: f"/api/transactions/{next(row)}"),
        (15, lambda: f"/api/transactions?user_id={next(lists)}&limit=20"),
    ]
    makers = rng.choices([make for _, make in kinds], [weight for weight, _ in kinds], k=PATHS)
    return [make() for make in makers]


class Prober:
    """One connection on which the same is asked, each answer's time taken, apart by whether it was a hit."""

    def __init__(self, port, paths):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.paths = paths
        self.hits_us, self.others_us = [], []

    def ask(self, path):
        begin = time.perf_counter()
        self.socket.sendall(b"GET %s HTTP/1.1\r\nHost: leat\r\n\r\n" % path.encode())
        data = self.socket.recv(1 << 18)
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(1 << 18)
        head, _, body = data.partition(b"\r\n\r\n")
        left = int(re.search(rb"(?i)content-length: (\d+)", head)[1]) - len(body)
        while left > 0:
            left -= len(self.socket.recv(1 << 18))
        took_us = (time.perf_counter() - begin) * 1e6
        if not head.startswith(b"HTTP/1.1 200 "):
            raise Failed(f"{path}: {head[:100]!r}")
        (self.hits_us if b"Leat; hit" in head else self.others_us).append(took_us)

    def ask_each(self):
        for path in dict.fromkeys(self.paths):
            self.ask(path)
        self.socket.close()

    def run(self, seconds):
        end, rng = time.monotonic() + seconds, random.Random(2)
        while time.monotonic() < end:
            self.ask(rng.choice(self.paths))
            time.sleep(0.0005)  # it looks on, and is no load of its own
        self.socket.close()


class Mixed:
    name = "Leat"
    needs_leat = True
    PROBES_MIN = 100

    def prepare(self, world):
        server = leat_by(world, MIXED_CONFIG)
        paths = mix(world.rows, world.users)
        self.file = os.path.join(world.scratch, "mixed.txt")
        self.paths = paths
        with open(self.file, "w") as file:
            file.write("\n".join(paths) + "\n")
        Prober(server.port, paths).ask_each()  # as if it had run for a while

    def wrk(self, server, case, seconds, seed, pause_ms):
        out = run(["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "10s", "-s", f"{BENCH}/peers/wrk/mixed.lua",
                   f"http://127.0.0.1:{server.port}", "--", self.file, str(seed), str(pause_ms)])  # fmt: skip
        told = json.loads(out.strip().split("\n")[-1])
        return told["requests"] / told["us"] * 1e6, told["failed"]

    @staticmethod
    def answers(server):
        """(hits, all) of what may be kept, until now."""
        found = re.findall(r'leat_cache_answers_total\{[^}]*outcome="(\w+)"\} (\d+)', get(server.port, "/metrics").decode())
        return sum(int(n) for outcome, n in found if outcome == "hit"), sum(int(n) for _, n in found)

    @staticmethod
    def write(server, stop):
        for number in itertools.count(1):
            if stop.wait(WRITE_EACH_S):
                return
            request = urllib.request.Request(f"http://127.0.0.1:{server.port}/api/transactions/{number}", b'{"status": "review"}',
                                             {"Content-Type": "application/json"}, method="PATCH")  # fmt: skip
            urllib.request.urlopen(request, timeout=10).read()

    def measure(self, world, case, seconds, seed):
        server, stop = leat_by(world, MIXED_CONFIG), threading.Event()
        rate, _ = self.wrk(server, case, seconds, seed, 0)
        pause_ms = round(2 * case.connections / rate * 1000, 3)
        writer = threading.Thread(target=self.write, args=(server, stop))
        prober = Prober(server.port, self.paths)
        hits, answers = self.answers(server)
        loaded = {}
        wrk = threading.Thread(target=lambda: loaded.update(half=self.wrk(server, case, seconds, seed, pause_ms)))
        writer.start()
        wrk.start()
        try:
            prober.run(seconds)
        finally:
            stop.set()
            wrk.join()
            writer.join()
        hits, answers = (now - before for now, before in zip(self.answers(server), (hits, answers)))
        if len(prober.hits_us) < self.PROBES_MIN or "half" not in loaded:
            raise Failed(f"{len(prober.hits_us)} hits were looked at: too few")
        took = sorted(prober.hits_us)
        return {"rate": rate, "half_rate": loaded["half"][0], "hit_percent": 100 * hits / answers, "failed": loaded["half"][1],
                "p50_us": took[len(took) // 2], "hit_p99_us": took[len(took) * 99 // 100]}  # fmt: skip
