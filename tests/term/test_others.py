#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A console puts faults on nodes that it did not start, when they obey its identity."""
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]
import faults  # noqa: E402
from mesh import main, wait  # noqa: E402
from test_console import MESHTUI, with_terminal  # noqa: E402

PATIENCE_S = 60


def form(term, targets):
    """disk-full for ten minutes: only an order can end it sooner."""
    term.press("8", "Home", *["Down"] * 4, "Enter")
    term.until(r"disk-full\. ")
    term.press("C-u", *targets, "Tab", "C-u", "1", "0", "m", "Enter")


def others_take_orders(test):
    """a fault from the console on another's node, taken off when the console leaves"""
    nodes, op = faults.start(test, 3)
    stranger = test.start(kind="sensor", seeds=[nodes[0].seed()])
    faults.converged(nodes + [stranger])

    def look(term):
        term.until("4 live", PATIENCE_S)
        term.press("8")
        term.until("on 3 that obey you", PATIENCE_S)
        # The control: who does not obey is no target.
        form(term, "sensor")
        term.until("no node that obeys us has 'sensor'")
        term.press("Escape")
        form(term, nodes[1].name[-6:])
        term.until("Begin")
        term.press("y")
        wait(lambda: faults.active(nodes[1]) == ["disk-full"], PATIENCE_S,
             lambda: f"the fault: {nodes[1].status()['chaos']}\n{term.screen()}")
        term.until(r"#1 +disk-full +injected")
        term.press("q")
        term.ended(0)

    with_terminal(f"{MESHTUI} --observe --identity {op.path} --seed {nodes[0].seed()}",
                  look, width=100)
    wait(lambda: faults.clean(nodes[1]), PATIENCE_S,
         lambda: f"left of it: {nodes[1].status()['faults']}")
    faults.ended(nodes[1], "order")
    for n in (nodes[0], nodes[2], stranger):
        assert not n.status()["faults_ended"], n.status()


if __name__ == "__main__":
    main(others_take_orders)
