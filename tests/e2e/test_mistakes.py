#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a person gets wrong: one line says what, where and what to do; a status, too."""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
from mesh import (MESHTUI, SLOW, check, converged, described, main,  # noqa: E402
                  wait)

SHAM = "name: s\nmeshes:\n  m: { broker: 1 }\nsteps:\n  - hold: 60s\n"


def said(t, want, part, *args, **kw):
    status, out, err = t.run(*args, **kw)
    check(status == want and part in err and err.startswith("meshtui: ") and not out,
          f"{args}: {status} {out!r} {err!r}")


def files_that_are_none(t):
    """a file that is missing, a directory or no report is named on standard error"""
    path = os.path.join(t.dir, "file")
    for mode in ("--run", "--check", "--plan", "--verify"):
        said(t, 66, path, mode, path)
        said(t, 66, "directory", mode, t.dir)
    for text in ("", "{}", "no", '{ "version": 1,', '{ "events": [] }'):
        with open(path, "w") as f:
            f.write(text)
        said(t, 65, path + ": this is no JSON report", "--verify", path)


def reports_with_no_place(t):
    """a report that cannot be written stops a run, a test before anything is started"""
    path = os.path.join(t.dir, "scenario.yaml")
    with open(path, "w") as f:
        f.write(SHAM)
    missing = "json:" + os.path.join(t.dir, "nowhere", "report.json")
    for place in (missing, "tap:" + t.dir):
        said(t, 74, place.split(":")[1], "--run", path, "--report", place)
        said(t, 74, place.split(":")[1], "--test", "sham", "--report", place)


def keys_that_cannot_be_read(t):
    """a key file that is missing, broken or unreadable is of the configuration"""
    broken, open_to_all = (os.path.join(t.dir, n) for n in ("broken", "open"))
    for path, mode in ((broken, 0o600), (open_to_all, 0o644)):
        with open(path, "w") as f:
            f.write("no key\n")
        os.chmod(path, mode)
    for path in (broken, open_to_all, t.dir, os.path.join(t.dir, "missing"),
                 os.path.join(broken, "below")):
        for mode in (("--node", "broker", "--mesh", "mesh1", "--data-dir",
                      os.path.join(t.dir, "data")), ("--order", "halt")):
            status, out, err = t.run(*mode, "--key", path)
            check(status == 78 and path in err and not out, f"{mode}: {status} {err}")


def orders_for_boots(t):
    """a boot that is told what it has not got fails, and says what there is"""
    node = ("--node", "broker", "--mesh", "mesh1", "--data-dir", os.path.join(t.dir, "d"))
    for order in ("endpoint=fail", "endpoint_created", "endpoint_created=soon",
                  "endpoint_created=60001", "="):
        os.environ["MESHTUI_TEST_BOOT"] = order
        try:
            status, out, err = t.run(*node)
        finally:
            del os.environ["MESHTUI_TEST_BOOT"]
        check(status == 78 and "not STEP=fail" in err and "accept_loop_started" in err,
              f"{order}: {status} {out} {err}")
    # The control: what it has got it obeys.
    os.environ["MESHTUI_TEST_BOOT"] = "endpoint_created=1"
    try:
        a = t.start("broker")
    finally:
        del os.environ["MESHTUI_TEST_BOOT"]
    check("identity_minted" in a.tail() and "identity_loaded" not in a.tail(), a.tail())


def orders_for_nobody(t):
    """an order for a name that no node of this machine has says so"""
    said(t, 69, "none runs on this machine", "--order", "halt")
    a = t.start("broker")
    said(t, 69, "the name that --of gives", "--order", "halt", "--of", "nobody",
         runtime_dir=a.runtime_dir)


def reports_of_tests_are_verified(t):
    """a report of named tests holds, and one that was changed anywhere does not"""
    path = os.path.join(t.dir, "report.json")
    status, out, err = t.run("--test", "framer-*", "--report", "json:" + path, within=60)
    check(status == 0, f"{status} {out} {err}")
    status, out, err = t.run("--verify", path)
    check(status == 0 and "test 2: framer-" in out, f"{status} {out} {err}")
    with open(path) as f:
        whole = f.read()
    for old, new, want in (('"verdict": "pass"', '"verdict": "fail"', 1),
                           ('"took_ms": ', '"took_ms": 9', 1),
                           ('"reason": "', '"reason": "so ', 1),
                           ('"tests": [', '"tests": [], "were": [', 65)):
        check(old in whole, old)
        with open(path, "w") as f:
            f.write(whole.replace(old, new, 1))
        status, out, err = t.run("--verify", path)
        check(status == want, f"{old}: {status} {out} {err}")
    with open(path, "w") as f:
        f.write(whole[:len(whole) // 2])
    said(t, 65, "or not a whole one", "--verify", path)


def a_node_that_ends_midway(t):
    """a node that is killed while it works for somebody is said to have ended"""
    a = t.start("broker")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))

    def clients():
        # Whoever asks for the status is one of them.
        return a.status()["objects"]["control-client"]["live"]

    wait(lambda: clients() == 1, 10, "somebody else asks the node")
    p = subprocess.Popen(
        [MESHTUI, "--echo", b.name, "--of", a.name, "--count", "100000", "--rate", "20"],
        env=t.env(a.runtime_dir), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True)
    try:
        wait(lambda: clients() > 1, 10, "nobody asked the node")
        a.kill()
        err = p.communicate(timeout=20 * SLOW)[1]
    finally:
        p.kill()
    check(p.returncode == 69 and "its process has ended" in err, f"{p.returncode} {err}")


if __name__ == "__main__":
    main(files_that_are_none, reports_with_no_place, keys_that_cannot_be_read,
         orders_for_boots, orders_for_nobody,
         reports_of_tests_are_verified, a_node_that_ends_midway)
