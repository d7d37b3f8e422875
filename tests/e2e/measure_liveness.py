#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How soon survivors see a node die, freeze, come back and leave: 18 real processes.

    measure_liveness.py [--trials N] [--nodes N] [--json FILE]

Each trial ends one node (never the same twice in a row) in each of three ways: SIGKILL,
SIGSTOP and SIGCONT, SIGTERM. Every survivor is asked all the time; it says itself since
when it believes what it believes, so the figures are exact to a few milliseconds, and one
figure is one survivor in one trial. Anybody else's change of liveness fails the trial.

Prints a table and, with --json, all of it. Ends with 1 when a target is missed. The
figures are wall clock: a machine that is busy with other things makes them larger.
"""
import argparse
import json
import os
import random
import signal
import sys
import time

sys.dont_write_bytecode = True
from mesh import Failure, Test, check, converged, described, wait  # noqa: E402

KINDS = ("gateway", "sensor", "relay", "broker", "compute")
# What is measured -> the limit of its 95th percentile, in seconds.
TARGETS = {
    "kill suspect": 1, "kill gone": 3,
    "stop suspect": 6, "stop gone": 10, "cont live": 5,
    "term left": 1,
}


class Watch:
    """What each survivor says of one node, from a moment on."""

    def __init__(self, nodes, subject):
        self.nodes, self.subject = nodes, subject
        self.begin = time.monotonic()
        self.changes = {n.name: n.status()["liveness_changes"] for n in nodes}
        self.seen = {}      # (survivor, liveness) -> seconds since begin
        self.others = []    # survivor, other, liveness

    def restart(self):
        self.begin = time.monotonic()
        self.seen = {}

    def look(self):
        for n in self.nodes:
            for row in n.nodes():
                now = time.monotonic()
                if row["id"] != self.subject.id:
                    if row["liveness"] != "live":
                        by = ", ".join(f"{a['name']}: {a['reason']}"
                                       for a in row["accused_by"])
                        self.others.append((n.name, row["name"],
                                            f"{row['liveness']} ({by or 'silence'})"))
                    continue
                at = now - row["since_ms"] / 1000 - self.begin
                if at > -0.005:
                    self.seen.setdefault((n.name, row["liveness"]), max(at, 0.0))

    def until(self, liveness, within):
        """Looks until all survivors have seen it; whoever has not is missing below."""
        while time.monotonic() - self.begin < within:
            self.look()
            if len(self.times(liveness)) == len(self.nodes):
                return
            time.sleep(0.03)

    def times(self, liveness):
        return [t for (_, l), t in self.seen.items() if l == liveness]

    def strangers(self, own):
        """Changes of anybody but the subject, by what was seen and by the counters."""
        bad = [f"{a} sees {b} {l}" for a, b, l in self.others]
        for n in self.nodes:
            more = n.status()["liveness_changes"] - self.changes[n.name]
            if more > own:
                bad.append(f"{n.name} noted {more} changes, at most {own} are its due")
        return sorted(set(bad))


class Measurement:
    def __init__(self, test, count):
        self.test = test
        self.figures = {what: [] for what in TARGETS}
        self.missing = {what: 0 for what in TARGETS}
        self.strangers = []
        self.nodes = [test.start("broker")]
        seeds = [self.nodes[0].seed()]
        self.nodes += [test.launch(KINDS[i % len(KINDS)], seeds=seeds)
                       for i in range(count - 1)]
        for n in self.nodes[1:]:
            n.ready()
        self.settle()
        self.last = None

    def settle(self):
        wait(lambda: converged(self.nodes), 60, lambda: described(self.nodes))

    def choose(self):
        victim = random.choice([n for n in self.nodes if n is not self.last])
        self.last = victim
        return victim, [n for n in self.nodes if n is not victim]

    def note(self, watch, what, liveness):
        times = watch.times(liveness)
        self.figures[what] += times
        self.missing[what] += len(watch.nodes) - len(times)

    def again(self, victim):
        """The same node once more, in its place."""
        new = self.test.start(victim.kind, data_dir=victim.data_dir,
                              runtime_dir=victim.runtime_dir,
                              seeds=[n.seed() for n in self.nodes if n is not victim][:2])
        self.nodes[self.nodes.index(victim)] = new
        self.last = new
        self.settle()

    def kill(self):
        victim, rest = self.choose()
        watch = Watch(rest, victim)
        watch.restart()
        victim.process.send_signal(signal.SIGKILL)
        watch.until("gone", 20)
        victim.process.wait()
        self.note(watch, "kill suspect", "suspect")
        self.note(watch, "kill gone", "gone")
        self.strangers += watch.strangers(2)
        self.again(victim)

    def freeze(self):
        victim, rest = self.choose()
        watch = Watch(rest, victim)
        own = victim.status()["liveness_changes"]
        watch.restart()
        victim.process.send_signal(signal.SIGSTOP)
        try:
            watch.until("gone", 40)
        finally:
            self.note(watch, "stop suspect", "suspect")
            self.note(watch, "stop gone", "gone")
            watch.restart()
            victim.process.send_signal(signal.SIGCONT)
        watch.until("live", 30)
        self.note(watch, "cont live", "live")
        self.settle()
        self.strangers += watch.strangers(3)
        own = victim.status()["liveness_changes"] - own
        if own > 0:
            self.strangers.append(f"{victim.name} blamed others {own} times")

    def leave(self):
        victim, rest = self.choose()
        watch = Watch(rest, victim)
        watch.restart()
        victim.process.send_signal(signal.SIGTERM)
        watch.until("left", 10)
        self.note(watch, "term left", "left")
        self.strangers += watch.strangers(1)
        check(victim.process.wait(10) == 0, f"{victim.name} ended badly")
        self.again(victim)


def percentile(values, p):
    if not values:
        return None
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def report(m):
    rows, good = {}, not m.strangers
    print(f"{'':14}{'figures':>8}{'p50':>8}{'p95':>8}{'max':>8}{'target':>8}")
    for what, limit in TARGETS.items():
        f = m.figures[what]
        row = {"figures": len(f), "missing": m.missing[what], "limit_s": limit,
               "p50_s": percentile(f, 50), "p95_s": percentile(f, 95),
               "max_s": max(f) if f else None}
        row["holds"] = bool(f) and row["p95_s"] <= limit and not row["missing"]
        good = good and row["holds"]
        rows[what] = row
        numbers = "".join("       -" if v is None else f"{v:8.2f}"
                          for v in (row["p50_s"], row["p95_s"], row["max_s"]))
        says = "" if row["holds"] else f"  missed, {row['missing']} never"
        print(f"{what:14}{len(f):8}{numbers}{limit:8}{says}")
    print(f"changes of others: {len(m.strangers)}")
    for text in m.strangers[:20]:
        print(f"    {text}")
    return rows, good


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--trials", type=int, default=5)
    words.add_argument("--nodes", type=int, default=18)
    words.add_argument("--json", metavar="FILE")
    words.add_argument("--only", choices=("kill", "freeze", "leave"))
    options = words.parse_args()
    test, status = Test(), 1
    try:
        m = Measurement(test, options.nodes)
        for i in range(options.trials):
            for way in ("kill", "freeze", "leave"):
                if options.only in (None, way):
                    getattr(m, way)()
            print(f"trial {i + 1} of {options.trials} done, "
                  f"load {os.getloadavg()[0]:.1f}", flush=True)
        rows, good = report(m)
        if options.json:
            with open(options.json, "w") as f:
                json.dump({"nodes": options.nodes, "trials": options.trials,
                           "others_changed": m.strangers, "figures": rows,
                           "load": os.getloadavg()}, f, indent=1)
        status = 0 if good else 1
    except Failure as e:
        print(f"failed: {e}", file=sys.stderr)
    finally:
        for text in test.close():
            print(text, file=sys.stderr)
            status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
