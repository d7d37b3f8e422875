#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All faults work for user nobody without any capability, and the host is not touched."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults
import mesh
import unprivileged
from faults import active, clean, linked
from mesh import check, equal, main, wait

HERE = os.path.dirname(os.path.abspath(__file__))


def process_state(node):
    with open(f"/proc/{node.process.pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


def none_of_it_needs_privilege(t):
    """each effect happens, without a capability"""
    with open("/proc/self/status") as f:
        caps = dict(re.findall(r"^(Cap\w+):\s*(\w+)$", f.read(), re.M))
    for name in ("CapEff", "CapPrm", "CapInh", "CapBnd" if os.geteuid() == 65534 else
                 "CapEff"):
        equal(int(caps[name], 16), 0, name)
    check(os.geteuid() != 0, "run by root")
    (a, b, c, d), op = faults.start(t, 4)
    for n in (b, c, d):
        linked(a, n)
    for order in (f"cut peer={b.id}", f"impair peer={c.id} delay=20ms loss=5%",
                  f"firewall peer={d.id}", "skew skew=-60s", "disk-full", "sham"):
        op.order(a, f"{order} for=12s")
    equal(len(active(a)), 6, "faults at once")
    wait(lambda: a.status()["faults"][0]["dropped"] > 0, 10, "the cut drops nothing")
    wait(lambda: a.status()["faults"][1]["delayed"] > 0, 10, "nothing is delayed")
    wait(lambda: a.status()["faults"][2]["matched"] > 0, 10, "nothing meets the firewall")
    wait(lambda: "No space left" in a.log(), 10, "the disk is not full")
    stamps = re.findall(r"^\S+T(\d+):(\d+):\d\S+Z", a.log(), re.M)
    check(stamps != sorted(stamps) or stamps[0][0] > stamps[-1][0],
          f"the clock of the log never went back: {stamps}")
    op.order(d, "rebind for=1s")
    wait(lambda: not d.status()["addresses"][0].endswith(f":{d.port}"), 10, "same port")
    op.order(b, "wedge stall=1500ms for=2s")
    op.order(c, "pause for=2s")
    wait(lambda: process_state(c) == "T", 5, "it is not stopped")
    wait(lambda: process_state(c) != "T", 10, "it is stopped still")
    for n in (a, b, c, d):
        wait(lambda n=n: clean(n), 30, lambda n=n: f"{n.status()['faults']}")
    op.order(c, "die for=1s")
    equal(c.process.wait(5), -9, "its end")


def untouched(command, files, within):
    """What the command printed; the host is the same before and after it."""
    before = unprivileged.host_state()
    status, out = unprivileged.run(command, mesh.MESHTUI,
                                   [f"{HERE}/{name}" for name in files], within=within)
    check(status == 0, f"status {status}: {out}")
    after = unprivileged.host_state()
    for what, said in before.items():
        equal(after[what], said, what)
    return out


def nobody_can(_):
    """as nobody every effect works, and ip, tc, nft and the mounts say the same after"""
    out = untouched(["python3", "test_unprivileged.py", "--inner"],
                    ["test_unprivileged.py", "mesh.py", "faults.py", "unprivileged.py"],
                    200 * mesh.SLOW)
    check("\nok 1 - " in out, out)


def nobody_runs_the_thirteen(_):
    """as nobody all thirteen primitives pass, seen by witnesses; the host is the same"""
    out = untouched(["./meshtui", "--run", "thirteen.yaml", "--log-level", "error"],
                    ["thirteen.yaml"], 900 * mesh.SLOW)
    table = out[out.index("seen after ms p50"):].splitlines()[1:]
    passed = {row.split()[0]: row.split()[1:] for row in table if row.split()}
    equal(len(passed), 13, f"primitives: {sorted(passed)}: {out}")
    for name, (count, first, *_rest) in passed.items():
        check(int(count) == 1 and int(first) > 0, f"{name}: {passed[name]}")


if __name__ == "__main__":
    LONG = [nobody_runs_the_thirteen] if os.environ.get("MESHTUI_LONG") else []
    main(*([none_of_it_needs_privilege] if "--inner" in sys.argv
           else [nobody_can, *LONG]))
