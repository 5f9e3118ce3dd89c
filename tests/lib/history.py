# SPDX-License-Identifier: Apache-2.0
"""Histories of reads and writes, and whether what was read is explained by what was written.

Each key is written by one client alone, one write after the other, so its states are numbered: 0, 1, 2… A write is noted when it is sent
and when it was answered, a read when it was asked, when it was answered, and which states it showed. Of each read:

    not invented   the state was sent before the answer came
    not stale      it is no older than the last one whose write was answered before the question was asked, by the same instance; where
                   another instance wrote it, by `bound_s` before
    in order       of one path of one instance, asked by one client, it is no older than the one it was shown before
    whole          states that are always written together are shown together
"""
import bisect
import collections
import dataclasses


@dataclasses.dataclass
class Read:
    """states: key → state. `together`: groups of keys whose states are equal in every moment, and were read at once."""
    client: int
    instance: int
    path: str
    asked: float
    answered: float
    states: dict
    together: tuple = ()


class History:
    def __init__(self, bound_s):
        self.bound_s = bound_s
        self.sent = collections.defaultdict(list)  # key → when each state was sent
        self.acknowledged = collections.defaultdict(lambda: collections.defaultdict(list))  # key → instance → (when, state), in order
        self.reads = []

    def send(self, key, state, when):
        """States of a key are sent in their order; 0 is there from the beginning."""
        assert state == len(self.sent[key]) + 1, (key, state)
        self.sent[key].append(when)

    def acknowledge(self, key, state, when, instance):
        self.acknowledged[key][instance].append((when, state))

    def oldest(self, key, instance, asked):
        """The oldest state that may be shown to who asks then, there."""
        oldest = 0
        for writer, answers in self.acknowledged[key].items():
            before = bisect.bisect_left(answers, (asked - (0 if writer == instance else self.bound_s),))
            if before:
                oldest = max(oldest, answers[before - 1][1])
        return oldest

    def writes(self):
        return sum(len(answers) for by_instance in self.acknowledged.values() for answers in by_instance.values())

    def newest(self, key, answered):
        return bisect.bisect_left(self.sent[key], answered)

    def _complaint(self, read, key, state):
        if state > self.newest(key, read.answered):
            return "never written"
        if state < self.oldest(key, read.instance, read.asked):
            return f"stale: {self.oldest(key, read.instance, read.asked)} was answered before"
        return None

    def complaints(self):
        out, shown = [], {}
        for read in sorted(self.reads, key=lambda read: read.answered):
            for key, state in read.states.items():
                said = self._complaint(read, key, state)
                place = (read.client, read.instance, read.path, key)
                if not said and state < shown.get(place, 0):
                    said = f"out of order: {shown[place]} was shown before"
                shown[place] = max(state, shown.get(place, 0))
                if said:
                    out.append(f"{read.path} of {read.instance} showed {state} of {key}: {said}")
            for keys in read.together:
                if len({read.states[key] for key in keys}) > 1:
                    out.append(f"{read.path} of {read.instance} showed a half: {[(key, read.states[key]) for key in keys]}")
        return out
