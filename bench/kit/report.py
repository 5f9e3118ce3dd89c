# SPDX-License-Identifier: Apache-2.0
"""Medians, ratios and goals as Markdown."""

import random
from statistics import median

RESAMPLED = 4000

# name: (heading, how a number is written)
METRICS = {
    "rate": ("requests/s", "{:,.0f}"),
    "rows_rate": ("rows/s", "{:,.0f}"),
    "half_rate": ("requests/s at half load", "{:,.0f}"),
    "hit_percent": ("hits, %", "{:.2f}"),
    "hit_p99_us": ("p99 µs of a hit", "{:,.0f}"),
    "answer_bytes": ("bytes/answer", "{:,.0f}"),
    "cpu_us": ("CPU µs/request", "{:.1f}"),
    "p50_us": ("p50 µs", "{:,.0f}"),
    "p99_us": ("p99 µs", "{:,.0f}"),
    "mean_us": ("mean µs", "{:,.0f}"),
    "first_us": ("page 1, p50 µs", "{:,.0f}"),
    "deep_us": ("deep page, p50 µs", "{:,.0f}"),
    "deep_ratio": ("deep page / page 1", "{:.2f} ×"),
    "failed": ("failed", "{:.0f}"),
    "idle_mib": ("idle MiB", "{:.1f}"),
    "connection_bytes": ("bytes/idle connection", "{:.0f}"),
    "served": ("served of 10,000", "{:,.0f}"),
    "served_mib": ("MiB while serving them", "{:.1f}"),
    "above_idle_mib": ("MiB above idle", "{:.1f}"),
    "queries": ("queries", "{:.0f}"),
    "all_ms": ("ms until all are served", "{:,.0f}"),
    "ready_ms": ("ms until ready", "{:.0f}"),
}


def interval(values):
    """Where the median lies with 95 in 100: by resampling (percentile bootstrap), the same for the same values."""
    drawn = random.Random(1)
    medians = sorted(median(drawn.choices(values, k=len(values))) for _ in range(RESAMPLED))
    return medians[RESAMPLED // 40], medians[-RESAMPLED // 40]


class Result:
    """What a case came to: for each contender a list of measurements, one a round; {name: why} of those left out."""

    def __init__(self, case, measured, skipped):
        self.case = case
        self.measured = measured
        self.skipped = skipped

    def median(self, contender, metric):
        return median(one[metric] for one in self.measured[contender])

    def spread(self, contender, metric):
        values = [one[metric] for one in self.measured[contender]]
        return min(values), max(values)

    def table(self):
        if not self.measured:
            return ["Nobody could be measured."]
        used = [m for m in METRICS if any(m in rounds[0] for rounds in self.measured.values())]
        lines = ["| | " + " | ".join(METRICS[m][0] for m in used) + " |", "|---" * (len(used) + 1) + "|"]
        for contender in self.measured:
            cells = [self._cell(contender, metric) for metric in used]
            lines.append(f"| {contender} | " + " | ".join(cells) + " |")
        return lines

    def _cell(self, contender, metric):
        if metric not in self.measured[contender][0]:
            return ""
        write = METRICS[metric][1].format
        text = write(self.median(contender, metric))
        if metric in ("rate", "rows_rate"):
            low, high = self.spread(contender, metric)
            text += f" ({write(low)}–{write(high)})"
        return text

    def pairs(self, goal):
        """Round by round Leat's number over the other's."""
        both = zip(self.measured[goal.of], self.measured[goal.against])
        return [one[goal.metric] / other[goal.metric] for one, other in both]

    def judge(self, goal):
        """(sentence, the number reached, whether it is enough); None when a contender was not measured."""
        if any(name not in self.measured for name in (goal.of, *goal.others())):
            return None
        heading, write = METRICS[goal.metric]
        reached, told = self.median(goal.of, goal.metric), ""
        if goal.paired:
            ratios = self.pairs(goal)
            reached, write, told = median(ratios), "{:.3f} ×", " ({:.3f}–{:.3f} × with 95 in 100, {} pairs)".format(*interval(ratios), len(ratios))
        elif goal.against:
            # What others reach by turns, a request of one and then of the next.
            reached *= sum(1 / (self.median(name, goal.metric) or float("nan")) for name in goal.others())
            write = "{:.2f} ×"
        low, high = goal.at_least, goal.at_most
        bound = f"≥ {write.format(low)}" if low is not None else f"≤ {write.format(high)}"
        subject = f"{goal.of} / {' and '.join(goal.others())}: {heading}" if goal.against else f"{goal.of}: {heading}"
        enough = reached >= low if low is not None else reached <= high
        return f"{subject} {bound}" + (" (stretch)" if goal.stretch else ""), write.format(reached) + told, enough

    def failed(self):
        """Names of contenders of whom a request failed."""
        return [name for name, rounds in self.measured.items() if any(one.get("failed") for one in rounds)]

    def goals(self):
        judged = [(self.judge(goal), goal) for goal in self.case.goals]
        return [(*verdict, goal.stretch) for verdict, goal in judged if verdict]

    def markdown(self):
        lines = [f"## {self.case.title} (`{self.case.name}`)", "", *self.table(), ""]
        for sentence, reached, enough, stretch in self.goals():
            word = "reached" if enough else "not reached" if stretch else "MISSED"
            lines.append(f"- {sentence}: **{reached}**, {word}")
        for name in self.failed():
            lines.append(f"- requests to {name} FAILED: its figures are not to be relied on")
        for name, why in self.skipped.items():
            lines.append(f"- {name} was SKIPPED: {why}")
        return lines + [""]


def page(results, machine, command, conditions):
    """The whole page."""
    lines = ["# Leat beside its peers", "", f"`{command}`", "", *machine, *conditions, ""]
    for result in results:
        lines += result.markdown()
    return "\n".join(lines)
