#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What survivors see of nodes that go and come back."""
import sys
import time

sys.dont_write_bytecode = True
from mesh import check, converged, described, diagnose, equal, main, wait  # noqa: E402

NODES = 9


def start_mesh(t, count=NODES):
    nodes = [t.start("broker")]
    for i in range(count - 1):
        nodes.append(t.launch(("gateway", "sensor", "relay")[i % 3],
                              seeds=[nodes[0].seed()]))
    for n in nodes[1:]:
        n.ready()
    wait(lambda: converged(nodes), 20, lambda: described(nodes))
    return nodes


def quiet(nodes, seconds):
    """Nothing happens for so long: the control of everything below."""
    before = changes(nodes)
    until = time.monotonic() + seconds
    wait(lambda: time.monotonic() > until or changes(nodes) != before, 2 * seconds,
         "time")
    equal(changes(nodes), before, "changes of liveness while nothing was done")


def changes(nodes):
    return {n.name: n.status()["liveness_changes"] for n in nodes}


def all_see(nodes, who, liveness):
    return all(n.sees().get(who.id) == liveness for n in nodes)


def nobody_else(nodes, who, before, most):
    """Only `who` changed: the others are live, and the counts rose by its changes."""
    for n in nodes:
        others = {i: s for i, s in n.sees().items() if i != who.id}
        equal(others, {o.id: "live" for o in nodes}, f"what {n.name} sees of the others")
    for name, count in changes(nodes).items():
        noted = count - before[name]
        check(noted <= most, f"{name} noted {noted} changes, {who.name} makes {most}")


def killed(t):
    """kill -9 of one of nine is gone within 10 s everywhere, and nobody else changes"""
    nodes = start_mesh(t)
    quiet(nodes, 4)
    before = changes(nodes)
    victim = nodes.pop(4)
    begin = time.monotonic()
    victim.kill()
    wait(lambda: all_see(nodes, victim, "gone"), 10, lambda: described(nodes))
    diagnose(f"gone everywhere after {time.monotonic() - begin:.1f} s")
    nobody_else(nodes, victim, before, 2)
    quiet(nodes, 4)
    for n in nodes:
        neighbors = [k["peer_id"] for k in n.links() if k["overlay"]]
        check(victim.id not in neighbors, f"{n.name} keeps it as a neighbor")


def killed_seed(t):
    """the same when it was the one that all knew at the start"""
    nodes = start_mesh(t)
    before = changes(nodes)
    victim = nodes.pop(0)
    victim.kill()
    wait(lambda: all_see(nodes, victim, "gone"), 10, lambda: described(nodes))
    nobody_else(nodes, victim, before, 2)


def two_only(t):
    """of two nodes the last one sees the other go"""
    nodes = start_mesh(t, 2)
    nodes[1].kill()
    wait(lambda: all_see(nodes[:1], nodes[1], "gone"), 10, lambda: described(nodes[:1]))


def terminated(t):
    """SIGTERM is seen as left, and nobody else changes"""
    nodes = start_mesh(t)
    before = changes(nodes)
    leaver = nodes.pop(3)
    begin = time.monotonic()
    equal(leaver.stop(), 0, "status after SIGTERM")
    wait(lambda: all_see(nodes, leaver, "left"), 5, lambda: described(nodes))
    diagnose(f"left everywhere after {time.monotonic() - begin:.2f} s")
    nobody_else(nodes, leaver, before, 1)


def restarted(t):
    """with the same data directory a restarted node is the same node, and newer"""
    nodes = start_mesh(t, 4)
    for end in ("kill", "stop"):
        old = nodes.pop()
        getattr(old, end)()
        new = t.start(old.kind, seeds=[nodes[0].seed()], data_dir=old.data_dir,
                      runtime_dir=old.runtime_dir)
        equal(new.id, old.id, f"id after {end}")
        equal(new.name, old.name, f"name after {end}")
        check(new.incarnation > old.incarnation,
              f"incarnation {new.incarnation} after {old.incarnation}")
        nodes.append(new)
        wait(lambda: converged(nodes), 15, lambda: described(nodes))
        for n in nodes[:-1]:
            seen = [r["incarnation"] for r in n.nodes() if r["id"] == new.id]
            wait(lambda: [r["incarnation"] for r in n.nodes() if r["id"] == new.id]
                 == [new.incarnation], 10, f"{n.name} knows incarnations {seen}")


def comes_back_without_seeds(t):
    """a node that has met others finds them again without a seed"""
    nodes = start_mesh(t, 3)
    old = nodes.pop()
    wait(lambda: len(old.links()) > 0, 5, "no links")
    until = time.monotonic() + 6
    wait(lambda: time.monotonic() > until, 10, "time to save its peers")
    equal(old.stop(), 0, "status after SIGTERM")
    nodes.append(t.start(old.kind, data_dir=old.data_dir, runtime_dir=old.runtime_dir))
    wait(lambda: converged(nodes), 45, lambda: described(nodes))


if __name__ == "__main__":
    main(killed, killed_seed, two_only, terminated, restarted, comes_back_without_seeds)
