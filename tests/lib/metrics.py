# SPDX-License-Identifier: Apache-2.0
"""Reads a page of metrics as strictly as the text format 0.0.4 is written, and as Prometheus' own tools advise.

    page = metrics.parse(text)
    page.value("leat_request_seconds_count", route="/api/users", method="GET", **{"class": "2xx"})
"""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})? (\S+)")


class Page:
    def __init__(self):
        self.types, self.samples = {}, {}

    def family_of(self, name):
        """"x_bucket" is of the histogram x."""
        stem = re.sub(r"_(bucket|sum|count)$", "", name)
        return stem if self.types.get(stem) == "histogram" else name

    def value(self, name, **labels):
        """None where it is not there."""
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def series(self, name):
        """[(labels, value)] of one name."""
        return [(dict(labels), value) for (own, labels), value in self.samples.items() if own == name]


def unescape(text):
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text)


def parse_sample(page, line, family):
    match = SAMPLE.fullmatch(line)
    assert match, f"no sample: {line!r}"
    labels = {name: unescape(value) for name, value in re.findall(LABEL, match[2] or "")}
    key = (match[1], tuple(sorted(labels.items())))
    assert key not in page.samples, f"twice: {line!r}"
    assert page.family_of(match[1]) == family, f"{line!r} stands under {family}"
    page.samples[key] = float(match[match.lastindex])


def check_histogram(page, name):
    """Of each set of labels: buckets that never fall, the last is +Inf and the count."""
    series = {}
    for labels, value in page.series(f"{name}_bucket"):
        series.setdefault(tuple(sorted((k, v) for k, v in labels.items() if k != "le")), []).append((float(labels["le"]), value))
    for labels, buckets in series.items():
        assert buckets == sorted(buckets) and [count for _, count in buckets] == sorted(count for _, count in buckets), buckets
        assert buckets[-1][0] == float("inf") and buckets[-1][1] == page.value(f"{name}_count", **dict(labels)), labels
        assert page.value(f"{name}_sum", **dict(labels)) is not None


def parse(text):
    page, family, helped = Page(), None, set()
    assert text.endswith("\n") and "\r" not in text
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in helped and len(line.split(" ", 3)[3]) > 3, line
            helped.add(family)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family and name not in page.types and kind in ("counter", "gauge", "histogram"), line
            assert (kind == "counter") == name.endswith("_total"), line
            page.types[name] = kind
        else:
            parse_sample(page, line, family)
    for name, kind in page.types.items():
        if kind == "histogram":
            check_histogram(page, name)
        else:
            assert all(value >= 0 for _, value in page.series(name)), name
    return page
