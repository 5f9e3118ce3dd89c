# SPDX-License-Identifier: Apache-2.0
"""What is asked of a Leat that hears what others write to its notes."""
import metrics


def page(leat):
    return metrics.parse(leat.get("/metrics").text)


def hears(leat):
    return page(leat).value("leat_changes_hears") == 1


def heard(leat, kind=None):
    """How many writes of others, of one kind or of all."""
    return sum(value for labels, value in page(leat).series("leat_changes_heard_total") if kind in (None, labels["kind"]))


def text_of(leat, key=1):
    return leat.get(f"/api/notes/{key}").json().get("text")


def told(leat, path):
    return leat.get(path).headers.get("cache-status", "")


def is_kept(leat, path):
    leat.get(path)
    return "hit" in told(leat, path)
