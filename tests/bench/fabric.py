# SPDX-License-Identifier: MIT
"""Many meshes as processes: how long a name takes to be resolved, and what a hundred
nodes in four meshes cost."""
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import procs  # noqa: E402
from procs import figure, pause, said  # noqa: E402
import mesh  # noqa: E402
from mesh import Test, converged, described, wait  # noqa: E402

MESHES, NODES, GATEWAYS = 4, 25, 2
RUNS = 50


def heard(node, names):
    rows = {m["mesh"]: m for m in node.asked("list", "meshes")["fabric"]}
    return all(rows.get(n, {}).get("state") in ("own", "heard") for n in names)


def start(test, sizes, gateways):
    """Meshes of so many nodes; each first gateway has a seed across."""
    firsts, meshes = [], []
    for i in range(len(sizes)):
        across = [firsts[-1].seed()] if firsts else []
        firsts.append(test.start("gateway", f"mesh{i + 1}", seeds=across))
    for first, size in zip(firsts, sizes):
        name = first.name.split(".")[0]
        meshes.append([first] + [
            test.launch("gateway" if k < gateways else "broker", name,
                        seeds=[first.seed()]) for k in range(1, size)])
    return meshes


def whole(meshes, gateways):
    names = [nodes[0].name.split(".")[0] for nodes in meshes]
    for nodes in meshes:
        for n in nodes:
            n.ready()
    for nodes in meshes:
        wait(lambda nodes=nodes: converged(nodes), 60, lambda nodes=nodes:
             described(nodes))
        for g in nodes[:gateways]:
            wait(lambda g=g: heard(g, names), 60, f"{g.name} does not hear all")


def ask(test, node, name):
    """One question by the command line: ms of the whole process, ms in the node."""
    begin = time.monotonic()
    status, out, err = test.run("--resolve", name, "--of", node.name, "--json",
                                runtime_dir=node.runtime_dir)
    took = (time.monotonic() - begin) * 1000
    mesh.check(status == 0, f"{name}: {err}")
    return took, json.loads(out)["resolved"]["took_ms"]


def resolve(_opts, figures):
    said("resolve: two meshes of 9")
    test = Test()
    try:
        meshes = start(test, [9, 9], GATEWAYS)
        whole(meshes, GATEWAYS)
        asker, target = meshes[0][-1], meshes[1][-1]
        inside, across, kept = [], [], []
        for k in range(RUNS):
            # Each beginning of an id is a name that nobody has asked for yet.
            name = f"mesh2.broker.{target.id[:6 + k]}"
            inside.append(ask(test, asker, f"mesh1.broker.{meshes[0][-2].id[:6 + k]}"))
            across.append(ask(test, asker, name))
            kept.append(ask(test, asker, name))
    finally:
        for text in test.close():
            said(text)
    for key, runs, limit, what in (
            ("inside", inside, 5, "of the own mesh, from its directory"),
            ("across", across, 20, "of another mesh, through a gateway of each"),
            ("kept", kept, None, "the same again: the own gateway kept the answer")):
        figures[f"resolve_{key}"] = figure(
            "ms", [r[0] for r in runs], ("<=", limit) if limit else None,
            f"meshtui --resolve, the whole process; {what}; runs = names", 2,
            node_median_ms=figure("ms", [r[1] for r in runs])["median"])


def hundred(opts, figures):
    said(f"hundred: {MESHES} meshes of {NODES}")
    test = Test()
    try:
        begin = time.monotonic()
        meshes = start(test, [NODES] * MESHES, GATEWAYS)
        whole(meshes, GATEWAYS)
        took = time.monotonic() - begin
        pids = [n.process.pid for nodes in meshes for n in nodes]
        pause(opts.settle)
        w = procs.window(pids, opts.window)
        pss = [procs.memory(p)[1] for p in pids]
    finally:
        for text in test.close():
            said(text)
    figures["hundred_converged"] = figure(
        "s", [took], ("<=", 15), "100 processes started to every directory complete and "
        "every gateway hearing all four meshes; asking them is part of it", 1)
    figures["hundred_cpu"] = figure(
        "CPU s/min", w["cpu"], None, "CPU of one idle node process; runs = nodes", 4,
        cores_in_all=round(sum(w["cpu"]) / 60, 3),
        wakeups_per_s=round(sum(w["wakes"]) / len(pids), 1))
    figures["hundred_pss"] = figure("MB", pss, None, "smaps_rollup Pss; runs = nodes", 2,
                                    in_all_mb=round(sum(pss), 1))
