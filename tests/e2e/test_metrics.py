#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a real node measures, beside what those who load it know."""
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from mesh import (SLOW, check, converged, described, diagnose,  # noqa: E402
                  equal, main, stand_still, wait)

LOAD = os.path.join(os.environ.get("BUILDDIR", "."), "tests/e2e/echo_load")
RATE, LENGTH = 200, 1000


def metrics(node):
    return node.status()["metrics"]


def point(node, name, label):
    zero = {"total": 0, "rate": 0}
    return metrics(node).get(name, {}).get("points", {}).get(label, zero)


def near(got, want):
    return abs(got - want) <= 0.05 * want


def a_known_load_is_measured(t):
    """rates are within 5 % of what is asked a second; totals are all that was asked"""
    a = t.start("broker")
    equal(point(a, "mesh.frames.received", "echo")["total"], 0, "before the load")
    p = subprocess.Popen([LOAD, a.seed(), "mesh1", str(RATE), str(LENGTH)],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        def in_rate():
            m = metrics(a)
            each = [m.get(k, {}).get("points", {}).get("echo", {"rate": 0})["rate"]
                    for k in ("mesh.frames.received", "mesh.frames.sent")]
            # What QUIC adds to a packet of a kilobyte is known but for acknowledgments.
            wire = [m[k]["rate"] / RATE - LENGTH
                    for k in ("mesh.bytes.received", "mesh.bytes.sent")]
            return m["window_ms"] >= 5000 and all(near(r, RATE) for r in each) and \
                all(0 < w < 0.2 * LENGTH for w in wire)
        wait(in_rate, 40, lambda: f"{RATE}/s: {json.dumps(metrics(a))[:1500]}")
    finally:
        out, _ = p.communicate(timeout=40 * SLOW)
    equal(p.returncode, 0, "echo_load")
    done = json.loads(out)
    diagnose(f"asked {done['requests']} times in {done['seconds']} s")
    for name in ("mesh.frames.received", "mesh.frames.sent"):
        equal(point(a, name, "echo")["total"], done["requests"], name)
    # Nobody else speaks with this node but us.
    m = metrics(a)
    check(near(m["mesh.bytes.received"]["total"], done["bytes_sent"]), done)
    check(near(m["mesh.bytes.sent"]["total"], done["bytes_received"]), done)
    wait(lambda: point(a, "mesh.frames.received", "echo")["rate"] == 0, 15,
         lambda: "the load has ended, its rate has not")
    status, text, err = t.run("--status", runtime_dir=a.runtime_dir)
    equal(status, 0, err)
    check("frames received" in text and "turns of loop" in text, text)


def a_pair_agrees(t):
    """what one of two sent is what the other received, kind by kind"""
    a = t.start("broker")
    b = t.start("sensor", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))

    def totals(node, name):
        return {k: v["total"] for k, v in metrics(node)[name]["points"].items()}

    def agree():
        sent, came = totals(a, "mesh.frames.sent"), totals(b, "mesh.frames.received")
        back = totals(b, "mesh.frames.sent")
        return sent == came and sent.get("payload", 0) > 1 and \
            back == totals(a, "mesh.frames.received")
    wait(agree, 20, lambda: f"{totals(a, 'mesh.frames.sent')} "
         f"{totals(b, 'mesh.frames.received')}")


def alerts(node):
    return {x["kind"]: x for x in node.asked("list", "alerts")["alerts"]}


def told(node, what):
    return len(re.findall(rf"{what}.*loop\.stalled", node.log()))


def a_stall_is_an_alert(t):
    """a node that stood still says so once, and when it is over; others say nothing"""
    a = t.start("broker")
    b = t.start("sensor", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
    stand_still(a, b)
    wait(lambda: "loop.stalled" in alerts(a), 15, lambda: f"{alerts(a)}")
    equal(alerts(a)["loop.stalled"]["node"], a.name, "whose alert")
    wait(lambda: alerts(a)["loop.stalled"]["state"] == "over", 40,
         lambda: f"{alerts(a)}")
    kinds = [e["kind"] for e in a.asked("list", "events")["events"]
             if e["text"].startswith("loop.stalled")]
    equal(kinds, ["alert.raised", "alert.cleared"], "events")
    equal(told(a, "alert: "), 1, "in its log: raised")
    equal(told(a, "alert over: "), 1, "in its log: cleared")
    check("loop.stalled" not in alerts(b), f"the control: {alerts(b)}")
    status, text, err = t.run("--list", "alerts", "--of", a.name,
                              runtime_dir=a.runtime_dir)
    equal(status, 0, err)
    check("STATE" in text and "loop.stalled" in text and " 2000 ms" in text, text)


main(a_known_load_is_measured, a_pair_agrees, a_stall_is_an_alert)
