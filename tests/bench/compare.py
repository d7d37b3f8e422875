#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""18 nodes of ours and 18 serf agents, one after the other, in the same run.

Each node says a signed digest every 2 s; each agent gets a new tag value of the same
length every 2 s, which serf spreads to all members. Serf has its defaults (profile lan),
no encryption and no signatures.
"""
import json
import os
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
import procs  # noqa: E402
import serf  # noqa: E402
from procs import figure, pause, said  # noqa: E402
import mesh  # noqa: E402
from mesh import MESHTUI, wait  # noqa: E402

NODES = bench.NODES
EVERY_S, VALUE_LEN = 2, 192


def process_figures(figures, who, pids, w, own_bytes=0.0):
    figures[f"{who}_idle_cpu"] = figure(
        "CPU s/min", w["cpu"], None, "runs = processes", 4,
        wakeups_per_s=round(sum(w["wakes"]) / len(pids), 1))
    if procs.is_alone():
        figures[f"{who}_wire"] = figure(
            "B/s", [w["bytes"] - own_bytes], None, "IP bytes that one process sends, "
            "mean; without what the bench itself says to it", 0)
    else:
        figures[f"{who}_wire"] = {"skipped": "needs a network namespace"}
    resident, proportional = zip(*(procs.memory(p) for p in pids))
    figures[f"{who}_rss"] = figure("MB", resident, None, "runs = processes", 2)
    figures[f"{who}_pss"] = figure("MB", proportional, None, "runs = processes", 2)


def ours(opts, figures):
    said("meshtui: 18 nodes")
    with bench.started([NODES]) as (nodes, ):
        pause(opts.settle)
        pids = [n.process.pid for n in nodes]
        process_figures(figures, "meshtui", pids, procs.window(pids, opts.window))
        suspect, gone = [], []
        for _ in range(opts.runs):
            victim = nodes.pop()
            victim.kill()
            begin = time.monotonic()
            wait(lambda: all(n.sees().get(victim.id) != "live" for n in nodes), 60,
                 "nobody misses it")
            suspect.append(time.monotonic() - begin)
            wait(lambda: all(n.sees().get(victim.id) in (None, "gone") for n in nodes),
                 60, "it is not gone")
            gone.append(time.monotonic() - begin)
            pause(3)
        figures["meshtui_kill_suspect"] = figure("s", suspect, ("<=", 1),
                                                 "kill -9 to suspect at every survivor")
        figures["meshtui_kill_gone"] = figure("s", gone, ("<=", 3),
                                              "kill -9 to gone at every survivor")
    bench.complete(opts, figures)
    figures["meshtui_complete"] = figures.pop("complete")


def theirs(opts, figures):
    path = serf.find(f"{bench.BUILDDIR}/tests/bench/serf-package")
    says = subprocess.run([path, "version"], capture_output=True, text=True, check=False)
    figures["serf_version"] = says.stdout.split("\n")[0]
    runs = []
    for turn in range(5):
        said(f"serf: 18 agents, {turn + 1} of 5")
        fleet = serf.Fleet(path, NODES)
        try:
            begin = time.monotonic()
            while not fleet.complete():
                mesh.check(time.monotonic() < begin + 60, "serf is not complete")
            runs.append(time.monotonic() - begin)
            if turn == 0:
                idle(opts, figures, fleet)
        finally:
            fleet.close()
    figures["serf_complete"] = figure("s", runs, None, "last of 18 agents started to "
                                      "EventMemberJoin of all in every log")


def idle(opts, figures, fleet):
    pids = [a.process.pid for a in fleet.agents]
    pause(opts.settle)
    w = procs.window(pids, opts.window)
    figures["serf_idle_cpu_without_digest"] = figure("CPU s/min", w["cpu"], None,
                                                     "no tag updates; runs = agents", 4)
    fleet.update(EVERY_S, VALUE_LEN)
    pause(opts.settle)
    before, begin = fleet.rpc_bytes, time.monotonic()
    w = procs.window(pids, opts.window)
    own = (fleet.rpc_bytes - before) / (time.monotonic() - begin) / NODES
    process_figures(figures, "serf", pids, w, own)
    noticed, agents = [], list(fleet.agents)
    for _ in range(opts.runs):
        victim = agents.pop()
        victim.process.kill()
        begin = time.monotonic()
        wait(lambda: serf.failures(agents, victim.name) == len(agents), 120,
             "serf does not notice")
        noticed.append(time.monotonic() - begin)
        pause(3)
    figures["serf_kill_failed"] = figure(
        "s", noticed, None, "kill -9 to EventMemberFailed in the log of every survivor")


def main():
    procs.alone()
    parts = {"ours": ours, "theirs": theirs}
    opts = bench.options(parts)
    figures, failed = {}, False
    for name, take in parts.items():
        if name not in opts.only:
            figures[name] = {"skipped": "not asked for: --only"}
            continue
        try:
            take(opts, figures)
        except (mesh.Failure, OSError, subprocess.SubprocessError, ValueError):
            failed = True
            figures[name] = {"failed": traceback.format_exc(limit=3)}
    print(json.dumps({"version": 1, "machine": procs.machine(),
                      "build": procs.build(MESHTUI), "digest_every_s": EVERY_S,
                      "digest_bytes": VALUE_LEN, "figures": figures}, indent=1))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
