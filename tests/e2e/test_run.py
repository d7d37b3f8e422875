#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scenarios with real processes: pass, fail, bad files, interruption, no orphans.

Processes are found by a token in their environment, never by name: a token is ours alone.
MESHTUI is the program. MESHTUI_LONG=1 kills the runner 100 times instead of 20.
"""
import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time

from token_run import DEADLINE_S, SLOW, Tree, until

MESHTUI = os.environ["MESHTUI"]
SRCDIR = os.environ.get("SRCDIR", ".")

count = 0
failed = 0


def ok(good, claim, *why):
    global count, failed
    count += 1
    failed += not good
    print(("ok" if good else "not ok"), count, "-", claim)
    if not good:
        for text in why:
            for line in str(text).splitlines():
                print("#", line)
    sys.stdout.flush()


class Run(Tree):
    """One runner with a scenario and a report of its own."""

    def __init__(self, text, *options):
        super().__init__()
        self.file = os.path.join(self.dir, "scenario.yaml")
        self.report = os.path.join(self.dir, "report.json")
        with open(self.file, "w") as f:
            f.write(text)
        self.out = open(os.path.join(self.dir, "out"), "w+")
        # A terminal, so that the runner says which step it is in.
        self.terminal, err = pty.openpty()
        os.set_blocking(self.terminal, False)
        self.said = b""
        command = [MESHTUI, "--run", self.file, "--report", "json:" + self.report]
        self.start(command + list(options), stdin=subprocess.DEVNULL, stdout=self.out,
                   stderr=err)
        os.close(err)

    def sockets(self):
        try:
            return [n for n in os.listdir(os.path.join(self.dir, "meshtui"))
                    if n.endswith(".sock")]
        except OSError:
            return []

    def wait(self, limit_s=DEADLINE_S):
        until(lambda: self.errors() is None or self.process.poll() is not None,
              limit_s)
        return self.process.poll()

    def errors(self):
        """Everything on standard error so far."""
        try:
            while True:
                piece = os.read(self.terminal, 65536)
                if not piece:
                    break
                self.said += piece
        except OSError:  # nothing now, or its end
            pass
        return self.said.decode(errors="replace").replace("\r\n", "\n")

    def text(self):
        self.out.seek(0)
        return self.out.read() + self.errors()

    def json(self):
        with open(self.report) as f:
            return json.load(f)

    def close(self):
        self.out.close()
        os.close(self.terminal)
        super().close()


def quickstart(hold):
    with open(os.path.join(SRCDIR, "examples", "quickstart.yaml")) as f:
        text = f.read()
    changed = re.sub(r"- hold: 10s", "- hold: " + hold, text)
    assert changed != text
    return changed


SMALL = """name: small
meshes:
  mesh1: { gateway: 1, broker: 2, compute: 1 }
steps:
  - wait: { until: converged, within: 50s }
  - hold: %s
  - stop
"""


def in_hold(run, nodes):
    """True once all nodes run, each sees its whole mesh live and the runner holds."""
    if not until(lambda: len(run.nodes()) == nodes and len(run.sockets()) == nodes):
        return False
    return bool(until(lambda: converged(run)) and until(lambda: "hold" in run.errors()))


def converged(run):
    """Asks each node over its control socket whether it sees its whole mesh live."""
    env = dict(os.environ, XDG_RUNTIME_DIR=run.dir)
    env.pop("RUNTIME_DIRECTORY", None)
    seen = {}
    for name in run.sockets():
        r = subprocess.run([MESHTUI, "--list", "nodes", "--json", "--of", name[:-5]],
                           env=env, capture_output=True, text=True, timeout=DEADLINE_S)
        try:
            nodes = json.loads(r.stdout)["nodes"]
        except (ValueError, KeyError):
            return False
        seen[name[:-5]] = {n["name"] for n in nodes if n["liveness"] == "live"}
    return all({o for o in seen if o.split(".")[0] == n.split(".")[0]} == s
               for n, s in seen.items())


def test_quickstart_passes():
    run = Run(quickstart("2s"))
    status = run.wait()
    text = run.text()
    ok(status == 0, "the quickstart passes with status 0", status, text)
    report = run.json()
    ok(report["version"] == 1 and report["verdict"] == "pass"
       and len(report["nodes"]) == 18
       and [s["verdict"] for s in report["steps"]] == ["pass"] * 3,
       "its JSON report says so of 18 nodes and 3 steps", report)
    hold = report["steps"][1]
    ok(hold["took_ms"] >= 2000 and hold["figures"]["answers"] >= 18 * 8
       and hold["figures"]["liveness_changes"] == 0,
       "hold lasted its time, asked everybody and saw no change of liveness", hold)
    ok("quickstart: pass" in text, "its text report says so", text)
    ok(not run.processes(), "no process is left", run.processes())
    left = os.listdir(os.path.join(run.dir, "meshtui"))
    ok(not [n for n in left if n.startswith("run-")],
       "its directory of nodes is gone")
    run.close()


def test_killed_node_fails():
    run = Run(SMALL % "40s")
    good = in_hold(run, 4)
    victims = [p for p, a in run.nodes().items() if "broker" in a]
    ok(good and len(victims) == 2, "4 nodes are in hold", run.text())
    os.kill(victims[0], signal.SIGKILL)
    status = run.wait()
    text = run.text()
    ok(status == 1, "with a node killed behind its back the run fails with status 1",
       status, text)
    ok(re.search(r"mesh1\.broker\.[0-9a-f]{6} ended by signal 9 \(SIGKILL\) "
                 r"\d+\.\d{3}s into hold", text),
       "the report names the node, the signal and the time", text)
    report = run.json()
    evidence = [e["text"] for e in report["steps"][1]["evidence"]]
    seen = re.compile(r"sees mesh1\.broker\.[0-9a-f]{6} as (suspect|gone)")
    ok(any(seen.search(e) for e in evidence),
       "other nodes are quoted as witnesses", evidence)
    ok(report["steps"][2]["verdict"] == "unproven" and not report["steps"][2]["reached"],
       "what was not reached is unproven", report["steps"][2])
    ok(not run.processes(), "no process is left after a failure", run.processes())
    run.close()


def test_stopped_node_fails():
    run = Run(SMALL % "40s")
    in_hold(run, 4)
    victim = [p for p, a in run.nodes().items() if "compute" in a][0]
    os.kill(victim, signal.SIGSTOP)
    status = run.wait()
    silent = r"mesh1\.compute\.[0-9a-f]{6} does not answer"
    ok(status == 1 and re.search(silent, run.text()),
       "a node that is frozen fails the run by its silence", status, run.text())
    ok(not run.processes(), "and does not survive it", run.processes())
    run.close()


def test_bad_files():
    run = Run("name: bad\nmeshes:\n  mesh1: { broker: 1 }\nsteps:\n"
              "  - hold: 10\n  - hodl: 1s\n")
    status = run.wait()
    text = run.text()
    ok(status == 65, "a bad file ends with status 65", status, text)
    ok("scenario.yaml:5:11: error: " in text and "[unit]" in text
       and "scenario.yaml:6:5: error: " in text and "did you mean 'hold'?" in text,
       "every error has file, line, column, rule and help", text)
    check = subprocess.run([MESHTUI, "--check", run.file], capture_output=True, text=True,
                           timeout=DEADLINE_S)
    ok(check.returncode == 65 and "[unit]" in check.stderr, "--check says the same",
       check.stderr)
    run.close()
    check = subprocess.run([MESHTUI, "--check",
                            os.path.join(SRCDIR, "examples", "quickstart.yaml")],
                           capture_output=True, text=True, timeout=DEADLINE_S)
    ok(check.returncode == 0, "--check finds nothing in the example", check.stderr)


def test_no_nodes_is_unproven():
    run = Run("name: none\nmeshes:\n  mesh1: { broker: 0 }\nsteps:\n"
              "  - wait: { until: converged, within: 5s }\n  - hold: 1s\n  - stop\n")
    status = run.wait()
    ok(status == 2 and run.json()["verdict"] == "unproven",
       "a scenario without nodes is unproven, status 2", status, run.text())
    run.close()


def test_interrupted():
    run = Run(SMALL % "40s")
    in_hold(run, 4)
    run.process.send_signal(signal.SIGTERM)
    status = run.wait()
    ok(status == 2 and "interrupted: SIGTERM" in run.text(),
       "SIGTERM midway is unproven and says why", status, run.text())
    ok(not run.processes(), "and leaves no process", run.processes())
    ends = [n["end"] for n in run.json()["nodes"]]
    ok(ends == ["exited with status 0"] * 4, "every node left by itself", ends)
    run.close()


def test_no_orphans():
    times = 100 if os.environ.get("MESHTUI_LONG") == "1" else 20
    left = []
    most = 0
    for i in range(times):
        run = Run(quickstart("30s"))
        # From the middle of spawning to the middle of hold.
        until(lambda: False, random.uniform(0.0, 0.6))
        most = max(most, len(run.nodes()))
        run.process.kill()
        run.process.wait()
        until(lambda: not run.processes(), 2.0 * SLOW)
        left += run.processes().values()
        run.close()
    ok(not left, "kill -9 of the runner, %d times: no process left after 2 s" % times,
       left)
    ok(most > 0, "(and there were nodes to be left)", most)


def test_dead_runs_are_swept():
    run = Run(SMALL % "40s")
    in_hold(run, 4)
    base = os.path.join(run.dir, "meshtui")
    runs = [n for n in os.listdir(base) if n.startswith("run-")]
    run.process.kill()
    run.process.wait()
    env = dict(os.environ, XDG_RUNTIME_DIR=run.dir)
    env.pop("RUNTIME_DIRECTORY", None)
    with open(run.file, "w") as f:
        f.write("name: none\nmeshes:\n  mesh1: { broker: 0 }\nsteps:\n  - stop\n")
    subprocess.run([MESHTUI, "--run", run.file], env=env, capture_output=True,
                   timeout=DEADLINE_S)
    ok(len(runs) == 1 and not [n for n in os.listdir(base) if n.startswith("run-")],
       "the directory of a run that died is removed by the next", runs, os.listdir(base))
    run.close()


def main():
    tests = [v for k, v in sorted(globals().items()) if k.startswith("test_")]
    only = sys.argv[1:]
    for test in tests:
        if not only or test.__name__ in only:
            test()
    print("1..%d" % count)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
