#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Objects of each class that nodes hold before a soak and after it, side by side.

A class fails when every node holds more of it, in every look of the last half minute,
than any node did in any look before the first fault. What remembers the past on purpose
(MEMORY) fills up to a bound of its own and is only shown.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mesh import Failure, MESHTUI, ask  # noqa: E402

LOOK_S = 2
# Ids of messages are kept for 90 s: before that their number grows by itself.
HOLD_S = 110
WINDOW_S = 30
# Bounded by limits.h: addresses and names of nodes that were met, and passive views.
MEMORY = {"address-book-entry", "seed", "departed-node", "remembered-peer",
          "gossip-peer"}

SCENARIO = """name: objects
meshes:
  mesh1: {{ gateway: 2, broker: 2, compute: 3, registry: 2 }}
  mesh2: {{ gateway: 2, broker: 2, compute: 3, registry: 2 }}
steps:
  - wait: {{ until: converged, within: 60s }}
  - hold: {hold}s
  - soak:
      duration: {duration}
      cadence: {cadence}
      budget: {{ timeout: 5%, assertion: 0%, unproven: 10% }}
      every: 5
      invariants: [ converged ]
  - wait: {{ until: converged, within: 60s }}
  - hold: {hold}s
  - stop
"""


def look(runtime):
    """{node: {class: live}} of all that answer."""
    found = {}
    try:
        names = os.listdir(runtime)
    except FileNotFoundError:
        return found
    for name in names:
        try:
            status = name.endswith(".sock") and ask(os.path.join(runtime, name), "status")
        except Failure:     # wedged: it is asked again
            continue
        if status and status.get("ready"):
            found[status["name"]] = {k: v["live"] for k, v in status["objects"].items()}
    return found


def most(looks):
    """By class: the most that any node held in any of these."""
    out = {}
    for nodes in looks:
        for objects in nodes.values():
            for name, live in objects.items():
                out[name] = max(out.get(name, 0), live)
    return out


def held(looks):
    """By class: the least over the looks of the most of one node, so what stays."""
    per = [most([nodes]) for nodes in looks if nodes]
    return {name: min(p.get(name, 0) for p in per) for name in per[0]}


def run(args, home):
    path = os.path.join(home, "objects.yaml")
    with open(path, "w") as f:
        f.write(SCENARIO.format(hold=args.hold, duration=args.duration,
                                cadence=args.cadence))
    p = subprocess.Popen(
        [MESHTUI, "--run", path, "--seed", str(args.seed), "--report",
         "json:" + os.path.join(home, "r.json")],
        env=dict(os.environ, XDG_RUNTIME_DIR=home), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    looks = []
    try:
        while p.poll() is None:
            looks.append((time.monotonic(), look(os.path.join(home, "meshtui"))))
            try:
                p.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                pass
    finally:
        if p.poll() is None:
            p.kill()
    return p.returncode, p.communicate()[0], looks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--duration", default="5m")
    parser.add_argument("--cadence", default="10s")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--hold", type=int, default=HOLD_S)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="meshtui-") as home:
        status, out, looks = run(args, home)
        left = [n for n in os.listdir(os.path.join(home, "meshtui")) if n != "runs.lock"]
        with open(os.path.join(home, "r.json")) as f:
            report = json.load(f)
    whole = [(at, n) for at, n in looks if len(n) == 18]
    first = [n for at, n in whole if at < whole[0][0] + args.hold - LOOK_S]
    last = [n for at, n in whole if at > whole[-1][0] - WINDOW_S]
    before, after = most(first), held(last)
    more = []
    print("%-24s %8s %8s" % ("class", "before", "after"))
    for name in sorted(before):
        grew = after.get(name, 0) > before[name]
        more += [name] if grew and name not in MEMORY else []
        if before[name] or after.get(name):
            print("%-24s %8d %8d%s" % (name, before[name], after.get(name, 0),
                                       "  more" if grew else ""))
    print(out[-1200:])
    print("verdict %s, %d faults, %d looks before, %d after; left behind: %s" %
          (report["verdict"], report["event_count"], len(first), len(last),
           left or "nothing"))
    print("no class above its baseline" if not more else "above: %s" % ", ".join(more))
    return status != 0 or bool(more) or bool(left)


if __name__ == "__main__":
    sys.exit(main())
