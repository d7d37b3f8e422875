#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long after ready a boot's waterfall is on the screen of a console, without a
collector: of nodes that the console started, and of nodes that it hears of over the mesh.

Prints one JSON document. The screen is that of a real terminal (tmux), read as often as
it can be; the console draws at most ten times a second.
"""
import datetime
import json
import os
import re
import statistics
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "term"), os.path.join(HERE, "..", "e2e")]
import mesh  # noqa: E402
from test_console import MESHTUI, Terminal  # noqa: E402

TIMES = int(os.environ.get("WATERFALL_TIMES", "10"))
WITHIN_S = 20


def shown(screen, kind):
    """Nodes of this type whose row in the list of boots has a duration."""
    return set(re.findall(kind + r"\.\w{6}(?= +\d)", screen))


def until(predicate):
    end = time.monotonic() + WITHIN_S
    while not predicate():
        mesh.check(time.monotonic() < end, "it never came")
    return time.time()


def others(t, term, seed):
    """Nodes of another runtime directory, from the line in their log on."""
    took = []
    for i in range(TIMES):
        node = t.launch("gateway", seeds=[seed])
        ready = until(lambda n=node: "ready on" in n.log())
        took.append(until(lambda i=i: len(shown(term.screen(), "gateway")) > i) - ready)
    return took


def ready_at(events):
    """When the last child said READY, by the console's own events."""
    with open(events, encoding="utf-8") as f:
        ready = [e for e in map(json.loads, f) if e.get("kind") == "node.ready"]
    at = ready[-1]["at"].replace("Z", "+00:00")
    return len(ready), datetime.datetime.fromisoformat(at).timestamp()


def own(term, events):
    took = []
    for i in range(TIMES):
        before = len(shown(term.screen(), "broker"))
        term.press("n", "Enter")
        seen = until(lambda b=before: len(shown(term.screen(), "broker")) > b)
        until(lambda i=i: os.path.exists(events) and ready_at(events)[0] > i)
        took.append(seen - ready_at(events)[1])
    return took


def figures(took):
    ms = sorted(round(s * 1000) for s in took)
    return {"median_ms": statistics.median(ms), "max_ms": ms[-1], "each_ms": ms}


def main():
    t = mesh.Test()
    term = None
    try:
        first = t.start("broker")
        events = os.path.join(t.dir, "events.jsonl")
        term = Terminal(f"{MESHTUI} --observe --seed {first.seed()} --events {events}",
                        width=120, height=60)
        term.until("1 live")
        term.press("5")
        term.until("booted in")
        answer = {"own": figures(own(term, events)),
                  "other": figures(others(t, term, first.seed()))}
        print(json.dumps(answer, indent=1))
        term.press("q")
        term.press("y")
        term.until("THE-END")
    finally:
        if term:
            term.close()
        t.close()


if __name__ == "__main__":
    main()
