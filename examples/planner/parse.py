#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes an event of a sentence: parse.py [PORT], 9000 unless told. It stands where a language model would.

    curl localhost:9000/parse --json '{"text": "Dentist tomorrow at 3pm for 45 min", "now": "2025-03-01T09:00:00Z"}'
    {"title": "Dentist", "category": "health", "starts_at": "2025-03-02T15:00:00Z", "minutes": 45}

What it cannot read of a sentence stays in the title; a sentence without a time is for now. Needs Python alone.
"""
import datetime
import http.server
import json
import re
import sys

BODY_BYTES_MAX = 64 * 1024
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
CATEGORIES = {
    "work": "meeting|call|review|standup|client|office|planning",
    "study": "lecture|exam|reading|homework|class|course",
    "health": "dentist|doctor|gym|run|yoga|swim",
    "family": "dinner|birthday|mum|dad|kids|school",
    "travel": "train|flight|bus|trip|hotel",
}


def cut(pattern, text):
    """(the match or None, the text without it)"""
    match = re.search(rf"\b(?:{pattern})\b", text, re.I)
    return match, text[:match.start()] + text[match.end():] if match else text


def day_of(text, now):
    match, text = cut("today|tonight|tomorrow|(?:on |next )?(?:" + "|".join(DAYS) + r")|in (\d{1,3}) days?", text)
    word = match[0].lower().split()[-1] if match else "today"
    if match and match[1]:
        ahead = int(match[1])
    elif word in DAYS:
        ahead = (DAYS.index(word) - now.weekday() - 1) % 7 + 1
    else:
        ahead = int(word == "tomorrow")
    return now.date() + datetime.timedelta(days=ahead), text


def time_of(text):
    """None: no time of day is named."""
    match, text = cut(r"(?:at )?(\d{1,2})(?::(\d\d))? ?(am|pm)|at (\d{1,2})(?::(\d\d))?|(?:at )?(noon|midnight)", text)
    if not match:
        return None, text
    if match[6]:
        return datetime.time(12 if match[6].lower() == "noon" else 0), text
    hour, minute = int(match[1] or match[4]), int(match[2] or match[5] or 0)
    if match[3]:
        hour = hour % 12 + 12 * (match[3].lower() == "pm")
    return (datetime.time(hour, minute) if hour < 24 and minute < 60 else None), text


def minutes_of(text):
    match, text = cut(r"for (\d{1,3})(?:\.(5))? ?(m|min|minutes?|h|hours?)|for (?:an|half an) hour", text)
    if not match:
        return None, text
    if not match[1]:
        return (30 if "half" in match[0].lower() else 60), text
    minutes = int(match[1]) * (60 if match[3].lower().startswith("h") else 1) + (30 if match[2] else 0)
    return max(1, min(minutes, 10080)), text


def parse(text, now):
    day, rest = day_of(text, now)
    minutes, rest = minutes_of(rest)
    time, rest = time_of(rest)
    starts = datetime.datetime.combine(day, time) if time else now if day == now.date() else datetime.datetime.combine(day, datetime.time(9))
    category = next((name for name, words in CATEGORIES.items() if re.search(rf"\b(?:{words})\b", text, re.I)), "other")
    title = re.sub(r"\s+", " ", rest).strip(" ,.;-")[:200] or "Untitled"
    return {"title": title, "category": category, "starts_at": starts.strftime("%Y-%m-%dT%H:%M:%SZ"), "minutes": minutes}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, status, body):
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or -1)
        if not 0 <= length <= BODY_BYTES_MAX:
            self.close_connection = True
            self.answer(411 if length < 0 else 413, {"error": f"a body of at most {BODY_BYTES_MAX} bytes is expected"})
            return
        try:
            asked = json.loads(self.rfile.read(length))
            now = datetime.datetime.fromisoformat(asked["now"].rstrip("Z")) if "now" in asked else datetime.datetime.utcnow()
            self.answer(200, parse(asked["text"], now.replace(microsecond=0)))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            self.answer(400, {"error": 'expected {"text": "Dentist tomorrow at 3pm", "now": "2025-03-01T09:00:00Z"}; `now` may be left out'})

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Handler).serve_forever()
