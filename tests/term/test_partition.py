#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a person sees of a cut: the edge goes long before the link is given up, both are
marked, and it comes back.

Prints how long each took, from what the console ordered to the screen. The figures are no
claims here: the machine is shared.
"""
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_console import MESHTUI, with_terminal  # noqa: E402

NODES = 5
WHOLE = NODES * (NODES - 1) // 2    # few enough that each is linked with each
PATIENCE_S = 60
TOLD = r"told to fail: \d+ node"
CALM = "an edge is what both ends report"


def ordered(term, primitive, downs):
    """Puts this fault on nodes that chance names, for 12 s; then shows the topology."""
    term.press("8", "Home", *["Down"] * downs, "Enter")
    term.until(primitive + r"\. ")
    term.press("Tab", "1", "2", "s", "Enter")
    term.until("Begin")
    term.press("y")
    term.until(r"#\d+ +" + primitive)
    term.press("1")


def timed(term, pattern):
    began = time.monotonic()
    term.until(pattern, PATIENCE_S)
    return time.monotonic() - began


def cut_and_back(figures, term):
    term.until("No nodes found")
    for _ in range(NODES):
        term.press("n", "Enter")
    term.until(r"%d live" % NODES, PATIENCE_S)
    term.until(r"%d edges" % WHOLE, PATIENCE_S)
    assert "\u2717" not in term.screen(), term.screen()
    ordered(term, "partition-pair", 5)
    term.until(TOLD, PATIENCE_S)
    figures["gone after"] = timed(term, r"\b%d edges" % (WHOLE - 1))
    screen = term.screen()
    topology = screen.split("arrows select")[0]
    assert not re.search(TOLD, screen) or "\u2717" in topology, screen
    term.until(CALM, PATIENCE_S)
    figures["back after"] = timed(term, r"\b%d edges" % WHOLE)
    assert "\u2717" not in term.screen(), term.screen()
    term.press("q")
    term.until("Quit")
    term.press("y")
    term.ended(0)


def main():
    figures = {}
    print("1..1")
    try:
        with_terminal(MESHTUI + " --observe",
                      lambda term: cut_and_back(figures, term))
        print("ok 1 - the edge of a pair that is cut goes, and comes back")
    except Exception as error:  # whatever it was, in TAP
        print("not ok 1 - the edge of a pair that is cut goes and comes back")
        for line in str(error).splitlines() or [repr(error)]:
            print("# " + line)
        return 1
    for name, seconds in figures.items():
        print("# %s %.2f s" % (name, seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
