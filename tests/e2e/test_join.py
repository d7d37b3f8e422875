#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Nodes meet, and can be asked."""
import json
import os
import stat
import sys
import time

sys.dont_write_bytecode = True
from mesh import (SLOW, Failure, ask, check, converged, described, equal,  # noqa: E402
                  main, wait)


def two_meet(t):
    """two nodes meet by a seed, and are linked in the overlay"""
    a = t.start("broker")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
    for one, other in ((a, b), (b, a)):
        links = wait(lambda: [k for k in one.links() if k["overlay"]], 10, "no link")
        equal([k["peer_id"] for k in links], [other.id], "neighbors")
        equal(links[0]["path"], "direct", "path")
        neighbors = wait(lambda: [n["neighbors"] for n in one.nodes()
                                  if n["id"] == other.id][0], 10, "no neighbor told")
        equal(neighbors, [one.name], "neighbors by name")
    directions = {n.links()[0]["direction"] for n in (a, b)}
    equal(directions, {"in", "out"}, "directions")


def strangers_do_not_meet(t):
    """nodes without a seed stay alone: the control"""
    a = t.start("broker")
    b = t.start("gateway")
    until = time.monotonic() + 2
    wait(lambda: time.monotonic() > until or len(a.nodes() + b.nodes()) != 2, 5, "time")
    for n in (a, b):
        equal(n.sees(), {n.id: "live"}, "directory")
        equal(n.links(), [], "links")


def by_name(t):
    """a seed's host may be a name; an unknown one is said and stops nothing"""
    a = t.start("broker")
    unknown = a.id + "@nobody.invalid:1"
    b = t.start("gateway", seeds=[unknown, a.seed("localhost")])
    wait(lambda: converged([a, b]), 30, lambda: described([a, b]))
    c = t.start("compute", seeds=[unknown])
    wait(lambda: "nobody.invalid: cannot look it up" in c.log(), 60, "no word about it")
    equal(c.sees(), {c.id: "live"}, "directory")


def two_meshes_stay_apart(t):
    """a node of another mesh that is given as a seed does not enter the directory"""
    a = t.start("broker", "mesh1")
    b = t.start("broker", "mesh2", seeds=[a.seed()])
    c = t.start("gateway", "mesh1", seeds=[a.seed()])
    wait(lambda: converged([a, c]), 10, lambda: described([a, b, c]))
    equal(b.sees(), {b.id: "live"}, "directory of mesh2")


def over_ipv6(t):
    """the same over IPv6"""
    a = t.start("broker", args=["--bind", "[::1]:0"])
    check(a.status()["addresses"][0].startswith("[::1]:"), a.status()["addresses"])
    b = t.start("gateway", seeds=[a.seed("[::1]")], args=["--bind", "[::1]:0"])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))


def nine_converge(t):
    """nine nodes that know one seed converge, each linked to several"""
    nodes = [t.start("broker")]
    for i in range(8):
        nodes.append(t.launch(("gateway", "sensor")[i % 2], seeds=[nodes[0].seed()]))
    for n in nodes[1:]:
        n.ready()
    wait(lambda: converged(nodes), 20, lambda: described(nodes))
    wait(lambda: all(any(k["overlay"] for k in n.links()) for n in nodes), 10,
         "a node has no links")


def bad_command_lines(t):
    """what is wrong on the command line ends at once with 64 and says what"""
    key = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
    table = [
        (["--node", "broker"], "--mesh"),
        (["--node", "broker", "--mesh", "mesh1", "--seed", "nonsense"], "seed"),
        (["--node", "broker", "--mesh", "mesh1", "--seed", "12@127.0.0.1:1"], "seed"),
        (["--node", "broker", "--mesh", "mesh1", "--seed", key + "@a b:1"], "seed"),
        (["--node", "broker", "--mesh", "mesh1", "--seed", key + "@127.0.0.1"], "seed"),
        (["--node", "broker", "--mesh", "mesh1", "--seed", key + "@127.0.0.1:65536"],
         "seed"),
        (["--node", "broker", "--mesh", "Mesh1"], "mesh"),
        (["--node", "../broker", "--mesh", "mesh1"], ""),
        (["--node", "broker", "--mesh", "m" * 64], "mesh"),
    ]
    for args, word in table:
        begin = time.monotonic()
        status, out, err = t.run(*args, "--data-dir", t.dir + "/d")
        check(time.monotonic() - begin < 5 * SLOW, f"{args}: took too long")
        equal(status, 64, f"{args}: status ({err.strip()})")
        equal(out, "", f"{args}: standard output")
        check(word in err, f"{args}: {err!r} does not name {word!r}")


def it_can_be_asked(t):
    """--list, --status and --health answer, as JSON and as text"""
    a = t.start("broker")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
    keys = {
        "nodes": {"name", "id", "mesh", "type", "liveness", "age_ms", "addresses",
                  "neighbors", "cpu_cores", "memory_bytes", "build", "accused_by"},
        "links": {"peer", "peer_id", "direction", "path", "rtt_ms", "since_ms",
                  "bytes_sent", "bytes_received"},
    }
    for what, names in keys.items():
        status, out, err = t.run("--list", what, "--json", runtime_dir=a.runtime_dir)
        equal(status, 0, f"--list {what}: {err}")
        answer = json.loads(out)
        equal(answer["version"], 1, "version")
        check(answer[what], f"no {what}")
        for row in answer[what]:
            check(names <= set(row), f"{what} lack {names - set(row)}")
    status, out, err = t.run("--list", "nodes", runtime_dir=a.runtime_dir)
    equal(status, 0, f"--list nodes: {err}")
    check(a.name in out and b.name in out and "live" in out, out)
    status, out, err = t.run("--status", "--json", runtime_dir=a.runtime_dir)
    equal((status, json.loads(out)["id"]), (0, a.id), f"--status {err}")
    status, out, err = t.run("--health", runtime_dir=a.runtime_dir)
    equal(status, 0, f"--health: {out} {err}")


def one_of_several(t):
    """--of chooses among several nodes; without it the command says that it must"""
    shared = t.dir + "/shared"
    a = t.start("broker", runtime_dir=shared)
    b = t.start("gateway", runtime_dir=shared)
    for n in (a, b):
        status, out, err = t.run("--status", "--json", "--of", n.name, runtime_dir=shared)
        equal((status, json.loads(out)["id"]), (0, n.id), f"--of {n.name}: {err}")
    status, out, err = t.run("--status", "--json", runtime_dir=shared)
    check(status != 0, "an answer though it is not clear from whom")
    check(a.name in err and b.name in err, f"names are missing: {err!r}")
    status, out, err = t.run("--health", runtime_dir=t.dir)
    check(status != 0 and err, "health of nobody")


def the_socket_is_private(t):
    """the control socket is 0600 in a 0700 directory, and goes with the node"""
    a = t.start("broker")
    equal(stat.S_IMODE(os.stat(a.socket).st_mode), 0o600, "mode of the socket")
    equal(stat.S_IMODE(os.stat(os.path.dirname(a.socket)).st_mode), 0o700, "directory")
    equal(stat.S_IMODE(os.stat(a.data_dir).st_mode), 0o700, "mode of the data directory")
    for at, _, files in os.walk(a.data_dir):
        for name in files:
            mode = stat.S_IMODE(os.stat(os.path.join(at, name)).st_mode)
            check(mode & 0o077 == 0, f"{name} has mode {mode:o}")
    equal(a.stop(), 0, "status after SIGTERM")
    check(not os.path.exists(a.socket), "the socket is still there")


def bad_requests_do_no_harm(t):
    """a client that talks nonsense gets an error, and the node goes on"""
    a = t.start("broker")
    try:
        ask(a.socket, "nonsense")
        raise Failure("nonsense was answered")
    except Failure as e:
        check("UNKNOWN" in str(e), str(e))
    check(a.status()["ready"], "not ready any more")


if __name__ == "__main__":
    main(two_meet, strangers_do_not_meet, by_name, two_meshes_stay_apart, over_ipv6,
         nine_converge, bad_command_lines, it_can_be_asked, one_of_several,
         the_socket_is_private, bad_requests_do_no_harm)
