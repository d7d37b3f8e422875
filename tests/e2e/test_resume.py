#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A soak whose runner was killed goes on where its last snapshot ends.

The hour between two snapshots is a second here.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mesh import MESHTUI, SLOW, check, equal, main, wait  # noqa: E402

SOAK = """name: short
meshes:
  m1: { broker: 5 }
guards: { share: 80% }
steps:
  - wait: { until: converged, within: 60s }
  - soak: { duration: 12s, cadence: 3s, every: 4, primitives: [ nat-shift ],
      budget: { unproven: 100%, timeout: 100%, assertion: 100% } }
"""


PLANNED = 4     # one each 3 s of 12 s


class Room:
    """A directory with the scenario, and meshtui in it."""

    def __init__(self):
        self.home = tempfile.TemporaryDirectory(prefix="meshtui-")
        self.path = self.home.name
        with open(self.at("soak.yaml"), "w") as f:
            f.write(SOAK)

    def at(self, name):
        return os.path.join(self.path, name)

    def begin(self, *args, every="1"):
        env = dict(os.environ, XDG_RUNTIME_DIR=self.path, MESHTUI_TEST_SNAPSHOT=every)
        return subprocess.Popen([MESHTUI, *args], env=env, cwd=self.path,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def end(self, *args, **kw):
        p = self.begin(*args, **kw)
        out, _ = p.communicate(timeout=120 * SLOW)
        return p.returncode, out

    def report(self, name):
        try:
            with open(self.at(name)) as f:
                return json.load(f)
        except FileNotFoundError:
            return None

    def nodes(self):
        """Processes that have this directory among their arguments."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    args = f.read().decode(errors="replace")
            except OSError:
                continue
            if "--lifeline" in args and self.path in args:
                found.append(int(pid))
        return found


def counted(report):
    return report["soak"]["begun"] if report and "soak" in report else 0


def killed_and_resumed(_):
    """a soak is killed, its nodes go with it, and it is resumed from its last snapshot"""
    room = Room()
    p = room.begin("--run", "soak.yaml", "--report", "json:r.json")
    try:
        wait(lambda: counted(room.report("r.json.snapshot")) >= 1, 60,
             lambda: f"no fault in a snapshot: {os.listdir(room.path)}")
    finally:
        p.kill()
        p.communicate()
    wait(lambda: not room.nodes(), 20, lambda: f"left: {room.nodes()}")
    first = room.report("r.json.snapshot")
    equal(first["verdict"], "unproven", "what a snapshot says")
    equal(room.report("r.json"), None, "the report of a run that was killed")

    os.rename(room.at("r.json.snapshot"), room.at("first.json"))
    status, out = room.end("--run", "soak.yaml", "--seed", "7", "--resume", "first.json")
    check(status != 0 and "another plan" in out, f"another seed: {status} {out}")
    status, out = room.end("--run", "soak.yaml", "--resume", "first.json",
                           "--report", "json:r.json", every="0")
    second = room.report("r.json")
    check(second is not None, f"status {status}: {out}")
    equal(second["plan"], first["plan"], "the plan")
    # What was under way when it was killed is in neither part.
    begun = [e for e in second["events"] if not e["skipped"]]
    equal(second["soak"]["next"], PLANNED, "how far it went in the plan")
    equal(len(second["events"]), PLANNED - first["soak"]["next"], "events of the rest")
    equal(counted(second), counted(first) + len(begun), "faults of both parts")
    check(begun, "nothing was begun in the second part")
    equal(status, 0, out)
    equal(room.end("--verify", "r.json")[0], 0, "its own evidence")
    # The control: a run that is shorter than the time between two leaves none.
    check(not os.path.exists(room.at("r.json.snapshot")), f"{os.listdir(room.path)}")


if __name__ == "__main__":
    main(killed_and_resumed)
