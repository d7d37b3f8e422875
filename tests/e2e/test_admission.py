#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who is let in: the fabric key."""
import os
import re
import sys

sys.dont_write_bytecode = True
from mesh import check, converged, described, equal, main, wait  # noqa: E402

ANYWHERE = ["--bind", "0.0.0.0:0"]


def make_key(t, name):
    status, out, err = t.run("--make-key")
    equal(status, 0, f"--make-key: {err}")
    check(re.fullmatch(r"meshtui-key-1:[0-9a-f]{64}\n", out), f"no key: {out!r}")
    path = f"{t.dir}/{name}"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        f.write(out)
    return path


def one_key_joins(t):
    """nodes with one key meet on an address that is not loopback"""
    key = make_key(t, "key")
    a = t.start("broker", args=ANYWHERE + ["--key", key])
    b = t.start("gateway", args=ANYWHERE + ["--key", key], seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))


def says_why(node):
    return re.search(r"(?i)refus.*(key|admi)|(key|admi).*refus|not admitted", node.log())


def another_key_does_not(t):
    """a node with another key does not join, and both sides say why"""
    a = t.start("broker", args=ANYWHERE + ["--key", make_key(t, "one")])
    b = t.start("gateway", args=ANYWHERE + ["--key", make_key(t, "two")],
                seeds=[a.seed()])
    for n in (a, b):
        wait(lambda: says_why(n), 10, lambda: f"{n.name} does not say why:\n{n.tail()}")
    for n in (a, b):
        equal(n.sees(), {n.id: "live"}, "directory")
        equal(n.links(), [], "links")


def no_key_does_not(t):
    """a node without a key does not join nodes that have one, and both sides say why"""
    a = t.start("broker", args=["--key", make_key(t, "key")])
    b = t.start("gateway", seeds=[a.seed()])
    for n in (a, b):
        wait(lambda: says_why(n), 10, lambda: f"{n.name} does not say why:\n{n.tail()}")
    equal(a.sees(), {a.id: "live"}, "directory")


def open_needs_a_word(t):
    """beyond loopback a key or --open is needed: else exit 78 and a sentence"""
    for bind in ("0.0.0.0:0", "[::]:0"):
        status, out, err = t.run("--node", "broker", "--mesh", "mesh1", "--bind", bind,
                                 "--data-dir", t.dir + "/d")
        equal(status, 78, f"status with {bind} ({err.strip()})")
        equal(out, "", "standard output")
        check("--key" in err and "--open" in err, f"no advice: {err!r}")
    a = t.start("broker", args=ANYWHERE + ["--open"])
    b = t.start("gateway", args=ANYWHERE + ["--open"], seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))


def bad_keys_are_refused(t):
    """a key file that is missing, broken or readable by others is an error"""
    broken = f"{t.dir}/broken"
    with open(os.open(broken, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write("meshtui-key-1:12\n")
    shared = make_key(t, "shared")
    os.chmod(shared, 0o644)
    for path in (f"{t.dir}/missing", broken, shared):
        status, out, err = t.run("--node", "broker", "--mesh", "mesh1", "--key", path,
                                 "--data-dir", t.dir + "/d")
        check(status not in (0, 1, 2) and status > 0, f"{path}: status {status}")
        equal(out, "", "standard output")
        check(os.path.basename(path) in err, f"{err!r} does not name the file")
    check("chmod" in err, f"no advice: {err!r}")


if __name__ == "__main__":
    main(one_key_joins, another_key_does_not, no_key_does_not, open_needs_a_word,
         bad_keys_are_refused)
