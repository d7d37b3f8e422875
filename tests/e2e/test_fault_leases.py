#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who ordered a fault is killed at a random moment: the fault ends with its lease, by the
target's own word. MESHTUI_LONG=1 makes it 100 kills, MESHTUI_SEED=N repeats a run."""
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults
import mesh
from faults import clean
from mesh import check, main, wait

KILLS = 100 if os.environ.get("MESHTUI_LONG") else 12
SEED = int(os.environ.get("MESHTUI_SEED", random.randrange(1 << 32)))
# What a controller takes to start, dial and order, and a little more.
UNTIL_KILLED_S = 0.25
# Acceptance: within the lease and a second more.
GRACE_MS = 1000

KINDS = ["cut all", "cut peer={peer}", "impair all loss=30% delay=50ms jitter=20ms",
         "impair peer={peer} rate=20000", "firewall all", "skew skew=-60s", "disk-full",
         "rebind", "wedge stall={half}ms", "pause", "cut all period=200ms active=100ms",
         "sham"]


class Point:
    """One order, and the end of who gave it."""

    def __init__(self, op, node, peer, order, lease_ms, after_s):
        self.node, self.lease_ms = node, lease_ms
        self.id = "%032x" % random.getrandbits(128)
        self.order = order.format(peer=peer.id, half=lease_ms // 2) + \
            f" for={lease_ms}ms id={self.id}"
        self.process = subprocess.Popen(
            op.command(node, self.order), env=op.test.env(op.test.dir),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.due = time.monotonic() + after_s

    def kill(self):
        wait(lambda: time.monotonic() >= self.due, 10, "the moment of the kill")
        self.process.kill()
        self.process.wait()

    def state(self):
        """None while there is none of it, or the node does not answer (it is stopped)."""
        try:
            s = mesh.ask(self.node.socket, "status")
        except mesh.Failure:
            return None     # its loop stands still, says its watchdog
        for f in (s["faults"] + s["faults_ended"]) if s else []:
            if f["id"] == self.id:
                return f
        return None

    def over(self):
        wait(lambda: (mesh.ask(self.node.socket, "health") or {}).get("healthy"),
             self.lease_ms / 1000 + 20, f"{self.order}: the node is not well")
        f = self.state()
        if f is None:
            return None
        wait(lambda: (self.state() or f)["state"] != "active",
             self.lease_ms / 1000 + 20, lambda: f"{self.order}: {self.state()}")
        f = self.state()
        lasted = f["age_ms"] - f["ended_ms"]
        check(lasted <= self.lease_ms + GRACE_MS * mesh.SLOW,
              f"{self.order}: lasted {lasted} ms")
        return lasted


def killed_controllers_leave_nothing(t):
    """every target is clean with its lease after its controller was killed"""
    random.seed(SEED)
    nodes, op = faults.start(t, 3)
    kinds = [KINDS[i % len(KINDS)] for i in range(KILLS)]
    random.shuffle(kinds)
    lasted = []
    while kinds:
        points = [Point(op, n, nodes[i - 1], kinds.pop(), random.randrange(200, 1500),
                        random.uniform(0, UNTIL_KILLED_S))
                  for i, n in enumerate(nodes) if kinds]
        for p in sorted(points, key=lambda p: p.due):
            p.kill()
        lasted += [(p.order, p.over()) for p in points]
        for n in nodes:
            wait(lambda n=n: clean(n), 10, lambda n=n: f"not clean: {n.status()}")
            n.port = int(n.status()["addresses"][0].rsplit(":", 1)[1])
    hit = [ms for _, ms in lasted if ms is not None]
    print(f"# seed {SEED}: {KILLS} kills, {len(hit)} after the order had arrived; "
          f"longest {max(hit, default=0)} ms")
    check(len(hit) >= KILLS // 6, f"too few orders arrived: {lasted}")
    faults.converged(nodes, 120)


def without_a_lease_it_would_stay(t):
    """the control: a fault with a long lease is still there without its controller"""
    (a, b), op = faults.start(t, 2)
    p = Point(op, a, b, "skew skew=60s", 600000, 3600)
    wait(p.state, 10, "the order did not arrive")
    p.process.kill()
    p.process.wait()
    begin = time.monotonic()
    wait(lambda: time.monotonic() - begin > 2, 10, "two seconds")
    check(p.state()["state"] == "active" and not clean(a), f"{p.state()}")
    op.order(a, f"revert {p.id}")
    check(clean(a), "not clean after the revert")


def a_restart_is_clean(t):
    """nothing of a fault is kept over a restart"""
    (a, _), op = faults.start(t, 2)
    op.order(a, "skew skew=60s for=10m")
    op.order(a, "disk-full for=10m")
    op.order(a, "halt")
    check(a.status()["chaos"]["halted"], "not halted")
    op.order(a, "disarm")
    op.order(a, "cut all for=10m")
    a.kill()
    again = t.start(seeds=[], args=["--operator", op.id], data_dir=a.data_dir)
    check(again.id == a.id and clean(again), f"{again.status()['faults']}")


if __name__ == "__main__":
    main(killed_controllers_leave_nothing, without_a_lease_it_would_stay,
         a_restart_is_clean)
