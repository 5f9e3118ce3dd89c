# SPDX-License-Identifier: Apache-2.0
"""Options, and the run itself: each case's contenders in turn, round after round."""

import argparse
import datetime
import fcntl
import os
import resource
import shlex
import signal
import sys

from .cases import CASES
from .machine import describe
from .process import Failed, NotYet
from .report import Result, page
from .world import BENCH, LEAT, POSTGRESQL, ROOT, WORK, World

ROUNDS_KEPT_MIN = 5  # fewer rounds are a try, and no page is written
CORES = 2


def parse(words):
    described = "Leat beside its peers, in turn, on the same data."
    parser = argparse.ArgumentParser(prog="bench/run", description=described)
    add = parser.add_argument
    more = {"action": "append", "default": []}
    add("--case", metavar="NAME", help="only this case (NAME*: those that begin so); may be repeated", **more)
    add("--list", action="store_true", help="print the cases and end")
    add("--rounds", type=int, default=5, help=f"from {ROUNDS_KEPT_MIN} on the result is kept (default 5)")
    add("--seconds", type=int, default=4, help="of each measurement (default 4)")
    add("--rows", type=int, default=1000000, help="transactions in the database (default 1000000)")
    add("--workers", type=int, default=1, help="of Leat, nginx and uvicorn each (default 1)")
    add("--leat-option", metavar="WORD", help="one more word for `leat serve`; may be repeated", **more)
    add("--only", metavar="CONTENDER", help="measure this contender only; may be repeated", **more)
    add("--peers-only", action="store_true", help="without Leat")
    return parser.parse_args(words)


def chosen(names):
    if not names:
        return CASES
    cases = []
    for name in names:
        found = [c for c in CASES if c.name == name or (name.endswith("*") and c.name.startswith(name[:-1]))]
        if not found:
            raise Failed(f"no case {name}; there are: {', '.join(c.name for c in CASES)}")
        cases += [case for case in found if case not in cases]
    return cases


def contenders(case, options):
    for one in case.contenders:
        unwanted = options.only and one.name not in options.only
        if not unwanted and not (options.peers_only and one.needs_leat):
            yield one


def prepared(world, case, options, skipped):
    """The contenders that can be measured, warmed up; why the others cannot goes into `skipped` under their names."""
    for one in contenders(case, options):
        try:
            one.prepare(world)
            one.measure(world, case, 1, 0)
            yield one
        except NotYet as lack:
            skipped[one.name] = str(lack)


def measure(world, case, options, skipped):
    """{contender's name: [its measurements]}; the first, short one warms up and is thrown away."""
    those = list(prepared(world, case, options, skipped))
    measured = {one.name: [] for one in those}
    for number in range(1, options.rounds + 1):
        for one in those if number % 2 else reversed(those):  # what drifts meanwhile is for and against each of them
            measured[one.name].append(one.measure(world, case, options.seconds, number))
    return measured


def run_cases(world, cases, options):
    results = []
    for case in cases:
        if not list(contenders(case, options)):
            continue
        print(f"{case.name}: {options.rounds} rounds of {options.seconds} s …", flush=True)
        skipped = {}
        results.append(Result(case, measure(world, case, options, skipped), skipped))
        print("\n".join(results[-1].markdown()), flush=True)
    return results


def keep(results, options, words):
    settings = ", ".join(f"{name}={value}" for name, value in POSTGRESQL.items() if value)
    conditions = [
        f"- {options.rows:,} transactions; {options.rounds} rounds of {options.seconds} s, contenders in turn; "
        "medians, with the least and the greatest of requests/s",
        f"- Workers of Leat, nginx and uvicorn: {options.workers} each; wrk with one thread",
        f"- PostgreSQL: {settings}, else Debian's defaults; over TCP loopback",
        "- CPU is user and system time of the server and, where it has one, of PostgreSQL with all its backends; "
        "for pgbench its own and PostgreSQL's",
    ]
    text = page(results, describe(ROOT), shlex.join(["bench/run", *words]), conditions)
    names = [result.case.name for result in results]
    what = "" if not options.case else "-" + (names[0] if len(names) == 1 else "some")
    os.makedirs(os.path.join(BENCH, "results"), exist_ok=True)
    path = os.path.join(BENCH, "results", f"{datetime.date.today()}{what}.md")
    with open(path, "w") as file:
        file.write(text)
    print(f"kept in {os.path.relpath(path, ROOT)}")


def settle_in():
    """Two cores for everything, as many descriptors as may be had, one bench at a time, and an end that cleans up."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.makedirs(WORK, exist_ok=True)
    lock = open(os.path.join(WORK, "lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        raise Failed("another bench is running: two at once would measure each other") from taken
    return lock


def run_all(words):
    options = parse(words)
    if options.list:
        print("\n".join(f"{case.name:18} {case.title}" for case in CASES))
        return 0
    cases = chosen(options.case)
    if not options.peers_only and not os.access(LEAT, os.X_OK):
        raise Failed("build/leat is not there: run `make build`, or give --peers-only")
    lock = settle_in()
    world = World(options)
    try:
        results = run_cases(world, cases, options)
    finally:
        world.close()
        lock.close()
    if options.rounds >= ROUNDS_KEPT_MIN and not options.peers_only and not options.only:
        keep(results, options, words)
    missed = [s for result in results for s, _, enough, stretch in result.goals() if not enough and not stretch]
    judged = sum(len(result.goals()) for result in results)
    print(f"{judged} goals judged, {len(missed)} missed")
    return 0


def main():
    try:
        return run_all(sys.argv[1:])
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
