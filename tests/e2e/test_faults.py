#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults that a node puts on itself when its operator says so: what others see of each,
and that nothing of it is seen when the order is left out."""
import datetime
import glob
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults
import mesh
from faults import active, clean, ended, link, linked
from mesh import SLOW, check, equal, main, wait


def lasts(seconds, holds, what):
    """Nothing happens for so long: the control of a detector."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        check(holds(), what)
        time.sleep(0.05)


def strangers_are_refused(t):
    """who is no operator of a node is refused, counted, and logged once"""
    (a, b), op = faults.start(t, 2)
    other = faults.Operator(t)
    other.path += "-other"
    status, out, _ = t.run("--order", "id", "--identity", other.path)
    equal(status, 0, "a new identity")
    for order in ("halt", "cut all for=20s", "die for=1s"):
        answer = other.order(a, order, "PERMISSION")
        check(out.strip() in answer["why"], f"why: {answer['why']}")
    equal(a.status()["refused"]["commands"], 3, "refused commands")
    equal(active(a), [], "faults")
    equal(a.log().count("COMMAND refused"), 1, "lines in the log")
    equal(op.order(a, "halt")["chaos"]["halted"], True, "the operator is obeyed")
    op.order(a, "sham for=1s", "STATE")
    op.order(a, "disarm")
    op.order(a, "sham for=1s")
    equal(b.status()["chaos"]["injected"], 0, "faults of the other node")


def a_halt_reaches_the_mesh(t):
    """halt of a mesh ends all faults of all its nodes, and none may come until disarm"""
    nodes, op = faults.start(t, 3)
    for n in nodes:
        op.order(n, "skew skew=60s for=10m")

    def all_of_them(order):
        status, out, err = t.run("--order", order, "--identity", op.path, "--json",
                                 "--seed", nodes[0].seed(), "--mesh", "mesh1", within=30)
        equal((status, err), (0, ""), order)
        equal({json.loads(line)["id"] for line in out.splitlines()},
              {n.id for n in nodes}, f"who was ordered: {order}")
    all_of_them("report")
    equal([active(n) for n in nodes], [["skew"]] * 3, "faults")
    all_of_them("halt")
    for n in nodes:
        equal(active(n), [], f"faults of {n.name}")
        op.order(n, "sham for=1s", "STATE")
    all_of_them("disarm")
    check(all(clean(n) for n in nodes), "not clean")


def a_pair_is_cut(t):
    """a cut pair loses its link and both stay live; after the lease all is as before"""
    (a, b, c, d), op = faults.start(t, 4)
    linked(a, b)
    linked(b, a)
    lasts(8, lambda: link(a, b) and link(b, a), "the link went without a fault")
    op.order(a, f"cut peer={b.id} for=20s name=partition-pair")
    wait(lambda: not link(a, b) and not link(b, a), 15, "the link stays")
    check(active(a) == ["cut"], "no fault in the status")
    # Each accuses the other, answers, and nobody goes further than to suspect them.
    for n in (a, b, c, d):
        wait(lambda n=n: set(n.sees().values()) == {"live"}, 10,
             lambda n=n: f"{n.name} sees {n.sees()}")
    wait(lambda: clean(a), 30, lambda: f"not clean: {a.status()['faults']}")
    check(ended(a)["dropped"] > 0, "nothing was dropped")
    linked(a, b, 60)
    events = [e["kind"] for e in a.asked("list", "events")["events"]]
    equal([k for k in events if k.startswith("chaos.")],
          ["chaos.injected", "chaos.reverted"], "events")


def near(rtt_ms, node, peer):
    """What a node takes for the round trip, after it had something to measure."""
    status, out, err = node.test.run("--echo", peer.name, "--count", "4", "--rate", "20",
                                     runtime_dir=node.runtime_dir, within=20)
    equal((status, err), (0, ""), f"--echo: {out}")
    return abs(link(node, peer)["rtt_ms"] - rtt_ms) < 15


def a_link_is_slow(t):
    """a link that is delayed by 100 ms reads 100 +- 15 ms at its other end"""
    (a, b), op = faults.start(t, 2)
    linked(b, a)
    wait(lambda: link(b, a)["rtt_ms"] < 50, 60, lambda: f"slow before: {link(b, a)}")
    lasts(5, lambda: link(b, a)["rtt_ms"] < 80, "slow without a fault")
    op.order(a, f"impair peer={b.id} delay=100ms out for=120s name=slow-link")
    for one, other in ((b, a), (a, b)):
        wait(lambda one=one, other=other: near(100, one, other), 180,
             lambda one=one, other=other: f"{link(one, other)}")
    equal(set(b.sees().values()), {"live"}, "what the other end sees")
    op.order(a, "halt")
    check(clean(b), "a fault on the wrong node")
    wait(lambda: near(0, b, a), 180, lambda: f"{link(b, a)}")


def a_link_is_lossy(t):
    """a link that loses 10 % drops 10 %, and no digest is missed"""
    (a, b), op = faults.start(t, 2)
    linked(a, b)
    op.order(a, f"impair peer={b.id} loss=10% seed=1 for=300s name=lossy-link")

    def fault():
        return a.status()["faults"][0]
    wait(lambda: fault()["matched"] >= 150, 120, lambda: f"{fault()}")
    f = fault()
    # Four standard deviations of 150 datagrams at 10 % are 9.8 points.
    check(0.002 < f["dropped"] / f["matched"] < 0.2, f"{f}")
    equal(set(b.sees().values()), {"live"}, "what the other end sees")
    equal(b.status()["liveness_changes"], 0, "changes of liveness")


def behind_a_firewall(t):
    """a firewall keeps newcomers out and lets the node's own connections go on"""
    (a, b), op = faults.start(t, 2)
    linked(a, b)
    op.order(a, "firewall all for=300s name=firewall-inbound")
    c = t.start(seeds=[a.seed()], args=["--operator", op.id])
    lasts(6, lambda: len(c.nodes()) == 1, "a newcomer got in")
    equal(set(b.sees().values()), {"live"}, "what the other end sees")
    check(link(a, b), "the link that there was is gone")
    check(a.status()["faults"][0]["dropped"] > 0, "nothing was refused")
    outside = subprocess.run(op.command(a, "halt"), env=t.env(t.dir),
                             capture_output=True, timeout=60 * SLOW, check=False)
    equal(outside.returncode, 1, "an operator from outside gets in")
    # What begins inside is no stranger: it is told of the newcomer and dials it.
    equal(op.order(c, "report")["chaos"]["injected"], 0, "faults of the newcomer")


def the_clock_is_off(t):
    """a clock that is 60 s off is seen in all that tells time, and nobody is suspected"""
    (a, b), op = faults.start(t, 2)

    def newest():
        at = a.asked("list", "events")["events"][-1]["at"]
        return datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
    op.order(a, "sham for=1s")
    check(abs(newest() - time.time()) < 30, "the clock was off before")
    op.order(a, "skew skew=-60s for=15s name=clock-skew")
    op.order(a, "sham for=1s")
    wait(lambda: abs(newest() + 60 - time.time()) < 30, 5, lambda: f"{newest()}")
    lasts(10, lambda: set(b.sees().values()) == {"live"} and
          set(a.sees().values()) == {"live"}, "somebody is suspected")
    equal(b.status()["liveness_changes"], 0, "changes of liveness")
    wait(lambda: clean(a), 20, "not clean")
    op.order(a, "sham for=1s")
    check(abs(newest() - time.time()) < 30, "the clock is off still")


def the_disk_is_full(t):
    """a full disk is said, the node goes on, and what it owed is written after"""
    (a, b), op = faults.start(t, 2)
    peers = f"{a.data_dir}/peers"
    wait(lambda: os.path.exists(peers), 20, "no peers were remembered")
    os.unlink(peers)
    check(not any(n["degraded"] for n in b.nodes()), "degraded before")
    op.order(a, "disk-full for=10s")
    wait(lambda: "No space left" in a.log(), 10, a.tail)
    wait(lambda: a.status()["faults"] and a.status()["faults"][0]["matched"] > 0, 5,
         "no write was refused")
    check(not os.path.exists(peers), "it was written")

    def degraded():
        return {n["id"]: n["degraded"] for n in b.nodes()}
    wait(lambda: degraded() == {a.id: True, b.id: False}, 10, "the other is not told")
    equal(set(b.sees().values()), {"live"}, "what the other end sees")
    wait(lambda: clean(a), 15, "not clean")
    wait(lambda: os.path.exists(peers), 15, "it was not written after")
    wait(lambda: not degraded()[a.id], 10, "it is degraded still")
    equal(glob.glob(f"{a.data_dir}/.*"), [], "left behind")


def the_port_changes(t):
    """a node that moves to another port keeps what it dialed and regains the rest"""
    nodes, op = faults.start(t, 4)

    def ways(n):
        return {k["direction"] for k in n.links() if k["overlay"]}
    for n in nodes[1:]:
        linked(nodes[0], n)
    wait(lambda: any(len(ways(n)) == 2 for n in nodes), 30, "nobody has both sorts")
    a = next(n for n in nodes if len(ways(n)) == 2)
    before = {k["peer_id"]: k for k in a.links() if k["overlay"]}
    changes = {n.id: n.status()["liveness_changes"] for n in nodes}
    op.order(a, "rebind for=1s name=nat-shift")

    def port():
        return int(a.status()["addresses"][0].rsplit(":", 1)[1])
    wait(lambda: port() != a.port, 5, "the port is the same")
    for n in nodes:
        if n.id not in before:
            continue
        linked(n, a, 10)
        k = linked(a, n, 10)
        if before[n.id]["direction"] == "out":
            check(k["since_ms"] > before[n.id]["since_ms"], f"a new connection: {k}")
        wait(lambda n=n: (link(n, a) or {}).get("address", "").endswith(f":{port()}"), 10,
             lambda n=n: f"{link(n, a)}")
        wait(lambda n=n: any(x["id"] == a.id and
                             x["addresses"][0].endswith(f":{port()}")
                             for x in n.nodes()), 10, "the new address is not known")
    for n in nodes:
        equal(n.status()["liveness_changes"], changes[n.id], f"suspicions at {n.name}")
    equal(ended(a, "done")["kind"], "rebind", "what ended")


def the_loop_stands_still(t):
    """a loop that stands still is STALLED for who asks, which a sleeping one never is"""
    (a, b), op = faults.start(t, 2)

    def health():
        return t.run("--health", runtime_dir=a.runtime_dir)
    lasts(4, lambda: health()[0] == 0, "not healthy without a fault")
    op.order(a, "wedge stall=6s for=7s")
    status, out, err = wait(lambda: (lambda h: h[0] and h)(health()), 5, "healthy still")
    check("STALLED" in out + err, f"health: {out}{err}")
    status, out, err = t.run("--status", runtime_dir=a.runtime_dir)
    check(status != 0 and f"{a.name} is STALLED" in out + err, f"status: {out}{err}")
    check(a.alive(), "it is dead")
    wait(lambda: health()[0] == 0, 15, "stalled still")
    wait(lambda: clean(a), 10, "not clean")
    equal(ended(a, "done")["kind"], "wedge", "what ended")
    faults.converged([a, b])


def the_process_is_stopped(t):
    """a paused process is suspected, goes on by itself, and is live again"""
    (a, b, c), op = faults.start(t, 3)
    op.order(a, "pause for=9s")

    def state():
        with open(f"/proc/{a.process.pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    wait(lambda: state() == "T", 5, "it is not stopped")
    wait(lambda: b.sees()[a.id] in ("suspect", "gone"), 20, "nobody noticed")
    wait(lambda: state() != "T", 15, "it is stopped still")
    faults.converged([a, b, c])
    check(clean(a), "not clean")
    equal(ended(a)["kind"], "pause", "what ended")


SCENARIO = """name: three
meshes:
  mesh1: { broker: 3 }
steps:
  - wait: { until: converged, within: 60s }
  - hold: 60s
"""


def a_stopped_child_is_stalled(t):
    """a child that is stopped is STALLED for its parent within 10 s, and no other is"""
    with open(f"{t.dir}/s.yaml", "w") as f:
        f.write(SCENARIO)
    path = f"{t.dir}/events"

    def events(kind):
        with open(path) as f:
            return [e for e in map(json.loads, f) if e["kind"] == kind]
    run = subprocess.Popen([mesh.MESHTUI, "--run", f"{t.dir}/s.yaml", "--events", path],
                           env=t.env(t.dir), stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: os.path.exists(path) and len(events("node.ready")) == 3, 30,
             "three children")
        spawned = events("node.spawn")[0]
        pid = int(spawned["text"].split()[1])
        os.kill(pid, signal.SIGSTOP)
        stalled = wait(lambda: events("loop.stalled"), 10, "nobody noticed")
        os.kill(pid, signal.SIGCONT)
        wait(lambda: events("loop.turns"), 10, "nobody noticed that it goes on")
        equal(len(stalled), 1, "stalls")
        ready = {e["node"] for e in events("node.ready")}
        check(stalled[0]["node"] in ready and stalled[0]["source"] == "supervisor",
              f"{stalled}")
    finally:
        run.terminate()
        run.wait(20 * SLOW)


def the_process_dies(t):
    """a node that is told to die dies of SIGKILL, and the others drop it"""
    (a, b, c), op = faults.start(t, 3)
    op.order(a, "die for=1s")
    equal(a.process.wait(10 * SLOW), -9, "its end")
    wait(lambda: b.sees().get(a.id) == "gone" and c.sees().get(a.id) == "gone", 20,
         "nobody noticed")


if __name__ == "__main__":
    main(strangers_are_refused, a_halt_reaches_the_mesh, a_pair_is_cut, a_link_is_slow,
         a_link_is_lossy, behind_a_firewall, the_clock_is_off, the_disk_is_full,
         the_port_changes, the_loop_stands_still, the_process_is_stopped,
         a_stopped_child_is_stalled, the_process_dies)
