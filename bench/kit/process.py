# SPDX-License-Identifier: Apache-2.0
"""A child process that cannot outlive the bench, and what it and its own children use."""

import ctypes
import os
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_prctl = ctypes.CDLL(None).prctl


class Failed(Exception):
    """Something the bench needs did not work; the text says what and what to do."""


class NotYet(Failed):
    """A contender does not do yet what is measured: it is left out, and that is said."""


def die_with_parent():
    """For preexec_fn: the kernel ends the child when the bench is gone, however it went."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _stat(pid):
    """(parent, ticks of user and system time, those of children it has waited for included)."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b") ")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15]))


def _snapshot():
    """{pid: (parent, ticks)} of every process there is."""
    stats = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stats[int(name)] = _stat(name)
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended meanwhile
    return stats


class Process:
    """A running server. `stop_signal` asks it to end; ten seconds later it is killed."""

    def __init__(self, args, log, stop_signal=signal.SIGTERM, **popen):
        self.args = args
        self.log = log
        self.stop_signal = stop_signal
        with open(log, "wb") as out:
            self.child = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=die_with_parent, **popen
            )
        self.pid = self.child.pid

    def pids(self, stats=None):
        """Its own pid and those of all its descendants."""
        stats = stats or _snapshot()
        found = [self.pid]
        for pid in found:
            found += [child for child, (parent, _) in stats.items() if parent == pid]
        return found

    def cpu_seconds(self):
        """User and system time so far, of descendants that have ended too."""
        stats = _snapshot()
        return sum(stats[pid][1] for pid in self.pids(stats) if pid in stats) / TICKS_PER_SECOND

    def resident_bytes(self):
        """Memory in use, of it and its descendants, libraries included."""
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Rss:")) * 1024
        return total

    def peak_bytes(self):
        """The most memory it had since forget_peak(); of the process itself alone."""
        with open(f"/proc/{self.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) * 1024

    def forget_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")

    def wait_for(self, ready, seconds, pause=0.02):
        """Returns when ready() is true; Failed when the process ends or the time is over."""
        end = time.monotonic() + seconds
        while not ready():
            if self.child.poll() is not None:
                raise Failed(f"{self.args[0]} ended with {self.child.returncode}: {self.last_words()}")
            if time.monotonic() > end:
                raise Failed(f"{self.args[0]} is not ready after {seconds} s: {self.last_words()}")
            time.sleep(pause)

    def last_words(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-600:].strip() or f"(nothing in {self.log})"

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(self.stop_signal)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
