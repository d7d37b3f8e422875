#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How nodes booted, as they tell it: real steps with real times, in the agreed words."""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
from mesh import (SLOW, check, converged, described, equal, main, wait)  # noqa: E402

STEPS = ["identity_minted", "endpoint_created", "alpn_registered", "gossip_started",
         "accept_loop_started"]
NAMES = os.path.join(os.environ.get("SRCDIR", "."), "src/trace/names.def")


def spans(node):
    return {s["name"]: s for s in node.asked("list", "spans")["spans"]}


def step(node, name):
    return spans(node)["mesh.boot." + name]


def vocabulary():
    """{span name: set of attribute keys} as names.def has it."""
    with open(NAMES) as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    keys = dict(re.findall(r'ATTR\((\w+),\s*"([^"]+)"', text))
    return {name: {keys[a] for a in re.findall(r"A\((\w+)\)", attrs)}
            for name, attrs in re.findall(r'SPAN\(\w+,\s*"([^"]+)",([^"]*?)\)\n', text)}


def of_boots():
    return {name: attrs for name, attrs in vocabulary().items()
            if name.startswith("mesh.boot.") or name == "mesh.node.ready"}


def steps_are_in_order(t):
    """each step begins when the one before has ended, and ready is all of them"""
    a = t.start("broker")
    root = spans(a)["mesh.node.ready"]
    equal((root["begin_us"], root["state"], root["parent_id"]), (0, "ok", ""), "root")
    end = 0
    for name in STEPS:
        s = step(a, name)
        equal((s["state"], s["parent_id"]), ("ok", root["span_id"]), name)
        check(s["begin_us"] >= end, f"{name} begins before the step before it has ended")
        end = s["begin_us"] + s["duration_us"]
    check(end <= root["duration_us"] <= end + 5000 * SLOW, f"{end} {root}")
    answer = a.asked("list", "spans")
    equal(len({s["span_id"] for s in answer["spans"]}), 7, "ids")
    check(re.fullmatch("[0-9a-f]{32}", answer["trace_id"]), answer["trace_id"])
    equal(answer["lost"], 0, "lost")


def a_delay_is_seen(t):
    """200 ms more in the endpoint's creation are 200 ms in its span, and in no other"""
    took = {}
    for delay in ("", "endpoint_created=200"):
        os.environ["MESHTUI_TEST_BOOT"] = delay
        try:
            a = t.start("broker")
        finally:
            del os.environ["MESHTUI_TEST_BOOT"]
        took[delay] = {n: step(a, n)["duration_us"] for n in STEPS}
    plain, slow = took.values()
    check(plain["endpoint_created"] < 200000, f"the control: {plain}")
    check(200000 <= slow["endpoint_created"] < 200000 + 50000 * SLOW, slow)
    check(slow["alpn_registered"] < 100000 * SLOW, slow)
    status, out, err = t.run("--list", "spans", runtime_dir=a.runtime_dir)
    equal(status, 0, err)
    check(re.search(r"endpoint_created +\+\d+us +2\d{5}us +ok", out), out)


def a_failure_is_seen(t):
    """a step that fails is a failed boot, with its status and reason"""
    os.environ["MESHTUI_TEST_BOOT"] = "alpn_registered=fail"
    try:
        status, _, err = t.run("--node", "broker", "--mesh", "mesh1", "--data-dir",
                               t.dir + "/d")
    finally:
        del os.environ["MESHTUI_TEST_BOOT"]
    check(status == 74 and "alpn_registered was told to fail" in err, f"{status} {err}")


def joining_is_apart(t):
    """joined is open until the first neighbor, then says who it was"""
    a = t.start("broker")
    equal(step(a, "joined")["state"], "open", "a node that is alone")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
    for one, other in ((a, b), (b, a)):
        s = wait(lambda n=one: step(n, "joined")["state"] == "ok" and step(n, "joined"),
                 10, "no end of joined")
        equal(s["attributes"], {"seed": other.name, "neighbors": "1"}, "attributes")


def words_are_agreed(t):
    """what real boots emit is names.def: every name and attribute of them, no other"""
    a = t.start("broker", data_dir=t.dir + "/life")
    emitted = {}

    def collect(node):
        for name, s in spans(node).items():
            emitted.setdefault(name, set()).update(s["attributes"])

    collect(a)
    equal(a.stop(), 0, "end")
    b = t.start("gateway")
    c = t.start("broker", data_dir=t.dir + "/life", seeds=[b.seed()])
    wait(lambda: step(c, "joined")["state"] == "ok", 10, "no end of joined")
    check("mesh.boot.identity_loaded" in spans(c), "the second life mints again")
    collect(c)
    equal(emitted, of_boots(), "emitted")


# What takes a minute or a wedged loop is provoked in tests/unit/test_notes; what comes
# of runs, consoles and a node's end is posted: test_otlp.
ELSEWHERE = {"mesh.staleness.pruned", "mesh.seed.giveup", "mesh.loop.stalled",
             "mesh.node.stopping", "mesh.run", "mesh.observe"}


def recent(node):
    return node.asked("list", "spans")["recent"]


def other_words_are_agreed(t):
    """so is what nodes do later: links, questions, crossings, a seed, a death"""
    dead = t.start("broker", "mesh1")
    dead.kill()
    g1 = t.start("gateway", "mesh1")
    a = t.start("broker", "mesh1", seeds=[g1.seed(), dead.seed()])
    g2 = t.start("gateway", "mesh2", seeds=[g1.seed()])
    b = t.start("broker", "mesh2", seeds=[g2.seed()])
    wait(lambda: converged([g1, a]) and converged([g2, b]), 30,
         lambda: described([g1, a, g2, b]))
    for words in (["--echo", g1.name], ["--send", "mesh2.broker"]):
        wait(lambda w=words: t.run(*w, "--of", a.name, runtime_dir=a.runtime_dir,
                                   within=30)[0] == 0, 60, f"{words} do not work")
    c = t.start("compute", "mesh1", seeds=[g1.seed()])
    wait(lambda: converged([g1, a, c]), 30, lambda: described([g1, a, c]))
    c.kill()
    want = {name: attrs for name, attrs in vocabulary().items()
            if name not in of_boots() and name not in ELSEWHERE
            and not name.startswith("chaos.")}
    emitted = {}

    def all_were_emitted():
        for node in (g1, a, g2, b):
            for s in recent(node):
                emitted.setdefault(s["name"], set()).update(s["attributes"])
        return emitted == want
    wait(all_were_emitted, 30, lambda: f"emitted {emitted}, wanted {want}")
    # A trace is one over nodes: what was asked here was served there.
    traces = [{s["trace_id"] for s in recent(n)
               if s["name"] in ("mesh.request", "mesh.serve")} for n in (a, g1)]
    check(traces[0] & traces[1], "no trace over two nodes")


def values_are_true(t):
    """attributes say what is so"""
    a = t.start("broker")
    root = spans(a)["mesh.node.ready"]["attributes"]
    equal((root["node_id"], root["node_name"], root["node_type"], root["mesh_id"]),
          (a.id, a.name, "broker", "mesh1"), "root")
    equal(root["bind_addr"], f"127.0.0.1:{a.port}", "bind_addr")
    equal(step(a, "endpoint_created")["attributes"]["bind_addr"], root["bind_addr"],
          "bind_addr")
    equal(step(a, "identity_minted")["attributes"]["path"], a.data_dir, "path")
    status, out, err = t.run("--list", "spans", "--json", runtime_dir=a.runtime_dir)
    equal(status, 0, err)
    equal(json.loads(out)["node"], a.name, "node")


if __name__ == "__main__":
    main(steps_are_in_order, a_delay_is_seen, a_failure_is_seen, joining_is_apart,
         words_are_agreed, other_words_are_agreed, values_are_true)
