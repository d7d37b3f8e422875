#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A console sees into nodes that it did not start and that are on no socket of its own.

The console has a runtime directory of its own, so what it knows of the nodes came over
the mesh, as it would from another host.
"""
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]
from mesh import converged, described, main, wait  # noqa: E402
from test_console import MESHTUI, with_terminal  # noqa: E402


def console(seed):
    return f"{MESHTUI} --observe --seed {seed}"


def boots_are_told(t):
    """a boot with 200 ms more in one step is a waterfall with 200 ms there"""
    a = t.start("broker")
    os.environ["MESHTUI_TEST_BOOT"] = "endpoint_created=200"
    try:
        b = t.start("gateway", seeds=[a.seed()])
    finally:
        del os.environ["MESHTUI_TEST_BOOT"]

    def check(term):
        term.until("2 live")
        term.press("5")
        term.until(rf"{b.name} booted in \d+ us, 7 spans")
        term.until(r"endpoint_created +\+\d+ +2\d{5} ")
        # The control: the other one has no such step.
        term.press("Down")
        term.until(rf"{a.name} booted in \d+ us, 7 spans")
        term.until(r"endpoint_created +\+\d+ +\d{1,5} ")
        term.press("q")
        term.ended(0)
    with_terminal(console(a.seed()), check)


def frames_are_told(t):
    """frames of the selected node come while pane 6 is open, and can be held still"""
    a = t.start("broker")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))

    def check(term):
        term.until("2 live")
        term.press("6")
        term.until("no node is selected")
        term.press("2", "Down", "6")
        term.until(r"(TX|RX) payload +\S+ +\d+ +digest of")
        term.until(r"\d+ sent, \d+ received")
        term.press("Space")
        term.until(r"PAUSED, [1-9]")
        term.press("2", "Enter")
        term.until(r"links +\d, told")
        term.press("Down", "Down")
        term.until("objects +timer")
        term.press("q")
        term.ended(0)
    with_terminal(console(a.seed()), check)


def watchers(node):
    return node.status()["tables"]["watchers"]


def what_they_see_is_told(t):
    """what a node saw happen is in the timeline, with who saw it; nobody asks for long"""
    a = t.start("broker")

    def check(term):
        term.until("1 live")
        assert watchers(a) == 0, "watched while nobody looks"
        term.press("4")
        wait(lambda: watchers(a) == 1, 10, "nobody watches")
        c = t.start("compute", seeds=[a.seed()])
        term.until(rf"view.up +{c.name}.* {a.name}")
        term.press("2")
        wait(lambda: watchers(a) == 0, 20, "still watched")
        term.press("q")
        term.ended(0)
    with_terminal(console(a.seed()), check, width=160)


if __name__ == "__main__":
    main(boots_are_told, frames_are_told, what_they_see_is_told)
