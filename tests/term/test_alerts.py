#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is too high is seen in a console: counted above, listed, and acknowledged."""
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]
from mesh import converged, described, main, stand_still, wait  # noqa: E402
from test_console import MESHTUI, with_terminal  # noqa: E402


def a_stall_is_seen(t):
    """a node that stood still is an alert until a person has seen it; others are none"""
    a = t.start("broker")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))

    def check(term):
        term.until("2 live")
        term.press("7")
        term.until("AGE WHAT|nothing is or was too high")
        assert "loop.stalled" not in term.screen(), "it was there before"
        stand_still(b, a)
        term.until(rf"loop.stalled +{b.name} .* 2000 ms +\d+ ms .*NEW")
        # A machine with other work may well have raised loop.lag beside it.
        term.until(r" \d+ alerts? ")
        term.press("A")
        term.until(rf"loop.stalled +{b.name} .*seen")
        term.press("/", *a.name, "Enter")
        term.until(r"(?s)\A(?!.*loop\.stalled)")  # the control: who did not stand still
        term.press("Escape", "Enter")
        term.until("HEARD")
        term.press("4")
        term.until(rf"alert.raised +{b.name} +loop.stalled")
        term.press("q")
        term.ended(0)
    with_terminal(f"{MESHTUI} --observe --seed {a.seed()}", check, width=160)


if __name__ == "__main__":
    main(a_stall_is_seen)
