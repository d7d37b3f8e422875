#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What nodes saw happen: listed, followed, and kept in files."""
import json
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
from mesh import (MESHTUI, SLOW, Failure, check, converged, described,  # noqa: E402
                  equal, main, wait)

KEYS = {"seq", "at", "age_ms", "kind", "source", "node", "mesh", "text"}
SCENARIO = """\
name: two
meshes:
  mesh1: { broker: 1, compute: 1 }
steps:
  - wait: { until: converged, within: 20s }
  - stop
"""


def events(node):
    return node.asked("list", "events")["events"]


def has(node, kind, about):
    return [e for e in events(node) if e["kind"] == kind and e["node"] == about]


class Follower:
    """`--list events --follow --json` of a node, into a file."""

    def __init__(self, t, node, stdout=None):
        self.path = t.dir + "/followed"
        self.out = open(self.path, "w") if stdout is None else stdout
        with open(self.path + ".err", "w") as err:
            self.process = subprocess.Popen(
                [MESHTUI, "--list", "events", "--follow", "--json", "--of", node.name],
                env=t.env(node.runtime_dir), stdin=subprocess.DEVNULL, stdout=self.out,
                stderr=err)

    def lines(self):
        with open(self.path) as f:
            return [json.loads(s) for s in f.read().splitlines(keepends=True)
                    if s.endswith("\n")]

    def ended(self):
        try:
            self.process.wait(timeout=10 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure("it does not end") from None
        return self.process.returncode, self.errors()

    def errors(self):
        with open(self.path + ".err") as f:
            return f.read()

    def stop(self):
        self.process.terminate()
        return self.ended()


def a_life_is_told(t):
    """a node tells of another: met, linked, killed, gone, each in order and once"""
    a = t.start("broker")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
    equal([e["node"] for e in events(a) if e["kind"] == "node.ready"], [a.name], "ready")
    for kind in ("peer.connected", "view.up", "node.live"):
        equal(len(wait(lambda k=kind: has(a, k, b.name), 5, kind)), 1, kind)
    check(not has(a, "node.suspect", b.name), "suspect before the kill: the control")
    b.kill()
    wait(lambda: has(a, "node.gone", b.name), 15 * SLOW, lambda: str(events(a)))
    kinds = [e["kind"] for e in events(a) if e["node"] == b.name]
    order = [kinds.index(k) for k in ("node.live", "node.suspect", "node.gone")]
    equal(order, sorted(order), "order")
    check("peer.disconnected" in kinds and "peer.accused" in kinds, kinds)
    every = events(a)
    equal([e["seq"] for e in every], list(range(1, len(every) + 1)), "seq")
    for e in every:
        equal(set(e), KEYS, "keys")
        equal((e["source"], e["mesh"]), (a.name, "mesh1"), "source and mesh")
    status, out, err = t.run("--list", "events", runtime_dir=a.runtime_dir)
    equal(status, 0, err)
    check("node.gone" in out and "SEEN BY" in out, out)


def following(t):
    """--follow begins with what is kept, goes on with what comes, ends well by SIGINT"""
    a = t.start("broker")
    f = Follower(t, a)
    wait(lambda: f.lines(), 5, "the first event")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: any(e["kind"] == "node.live" and e["node"] == b.name
                     for e in f.lines()), 10, lambda: str(f.lines()))
    f.process.send_signal(signal.SIGINT)
    equal(f.ended(), (0, ""), "end")
    equal([e["seq"] for e in f.lines()], list(range(1, len(f.lines()) + 1)), "seq")
    check(all(e["version"] == 1 for e in f.lines()), "version")


def nobody_reads(t):
    """--follow ends well when its reader is gone, at once and without an event"""
    a = t.start("broker")
    end, begin = os.pipe()
    f = Follower(t, a, begin)
    os.close(begin)
    check(os.read(end, 1), "a first byte")
    os.close(end)
    equal(f.ended(), (0, ""), "end")


def the_node_ends(t):
    """--follow says when the node has ended"""
    a = t.start("broker")
    f = Follower(t, a)
    wait(lambda: f.lines(), 5, "the first event")
    a.stop()
    status, err = f.ended()
    check(status == 69 and "has ended" in err, f"{status} {err}")
    equal(f.lines()[-1]["kind"], "node.left", "the last event")


def a_stopped_node_is_said(t):
    """who follows a process that is stopped is told so, and goes on when it does"""
    a = t.start("broker")
    os.kill(a.process.pid, signal.SIGSTOP)
    try:
        f = Follower(t, a)
        wait(lambda: "has not said anything yet" in f.errors(), 15, f.errors)
        equal(f.lines(), [], "lines of a stopped node")
    finally:
        os.kill(a.process.pid, signal.SIGCONT)
    wait(lambda: f.lines(), 10, "the first event")
    f.stop()
    g = Follower(t, a)
    wait(lambda: g.lines(), 10, "the control: the first event")
    g.stop()
    check("has not said" not in g.errors(), g.errors())


def kept_in_a_file(t):
    """--events appends to a file, over a restart, all that happened"""
    path = t.dir + "/events"
    for life in (1, 2):
        a = t.start("broker", args=["--events", path], data_dir=t.dir + "/data")
        equal(a.stop(), 0, "end")
        with open(path) as f:
            kinds = [json.loads(s)["kind"] for s in f]
        equal(kinds, ["node.ready", "node.left"] * life, "kinds")


def bad_files(t):
    """a file that cannot be opened is refused; a full disk is said once, no more"""
    status, _, err = t.run("--node", "broker", "--mesh", "mesh1", "--data-dir",
                           t.dir + "/d", "--events", t.dir + "/no/file")
    check(status == 74 and "/no/file cannot be opened" in err, f"{status} {err}")
    a = t.start("broker", args=["--events", "/dev/full"])
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
    wait(lambda: "No space left" in a.log() or "no space left" in a.log(), 5, a.tail)
    equal(a.log().count("cannot be written"), 1, "complaints")


def a_run_tells(t):
    """a run tells of its children under the source supervisor"""
    path, scenario = t.dir + "/events", t.dir + "/s.yaml"
    with open(scenario, "w") as f:
        f.write(SCENARIO)
    status, out, err = t.run("--run", scenario, "--events", path, within=60)
    equal(status, 0, out + err)
    with open(path) as f:
        rows = [json.loads(s) for s in f]
    equal({e["source"] for e in rows}, {"supervisor", "runner"}, "sources")
    tests = [(e["kind"], e["text"].split()[0]) for e in rows if e["source"] == "runner"]
    equal([k for k, _ in tests], ["test.started", "test.ended"], "of the test")
    equal(tests[1][1], "pass", "its verdict")
    equal(rows[0]["kind"], "test.started", "the first")
    counts = [sum(e["kind"] == k for e in rows)
              for k in ("node.spawn", "node.ready", "node.left")]
    equal(counts, [2, 2, 2], "spawned, ready, left")


if __name__ == "__main__":
    main(a_life_is_told, following, nobody_reads, the_node_ends, a_stopped_node_is_said,
         kept_in_a_file, bad_files, a_run_tells)
