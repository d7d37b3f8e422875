#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ECHO as a command: bytes come back as they were, with figures, as one trace."""
import json
import os
import sys

sys.dont_write_bytecode = True
from mesh import check, converged, described, equal, main, wait  # noqa: E402


def pair(t):
    a = t.start("broker")
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
    return a, b


def echo(t, node, to, *args):
    status, out, err = t.run("--echo", to, "--of", node.name, "--json", *args,
                             runtime_dir=node.runtime_dir, within=30)
    check(out, f"no answer: {status} {err}")
    return status, json.loads(out).get("echoed")


def bytes_come_back(t):
    """nothing, a text and 64 KiB come back, each as it was"""
    a, b = pair(t)
    path = os.path.join(t.dir, "data")
    for size in (0, 1, 4096, 65536):
        with open(path, "wb") as f:
            f.write(os.urandom(size))
        status, e = echo(t, a, "mesh1.gateway", "--data", "@" + path)
        equal((status, e["answered"], e["failed"], e["bytes"], e["receiver"]),
              (0, 1, 0, size, b.name), f"{size} bytes: {e}")
        check(0 < e["rtt_ms"]["min"] <= e["rtt_ms"]["max"], e)
    with open(path, "ab") as f:
        f.write(b"x")
    status, out, err = t.run("--echo", b.name, "--of", a.name, "--data", "@" + path,
                             runtime_dir=a.runtime_dir)
    check(status == 65 and "longer" in err, f"{status} {out} {err}")


def a_thousand_come_back(t):
    """a thousand at once all come back; so do some at a pace, and a person can read it"""
    a, b = pair(t)
    status, e = echo(t, a, b.name, "--count", "1000", "--data", "hello")
    equal((status, e["answered"], e["failed"], e["different"]), (0, 1000, 0, 0), e)
    status, e = echo(t, a, b.name, "--count", "5", "--rate", "20")
    check(status == 0 and e["answered"] == 5 and e["took_ms"] >= 200, e)
    status, out, err = t.run("--echo", b.name, "--of", a.name,
                             runtime_dir=a.runtime_dir)
    check(status == 0 and f"1 of 1 came back from {b.name}, 0 bytes each" in out,
          f"{status} {out} {err}")


def failures_say_why(t):
    """a name that nobody has, itself, and a node that is frozen fail with a reason"""
    a, b = pair(t)
    for to, want, why in (("mesh1.registry", 5, ""), (a.name, 5, "itself"),
                          ("mesh9.broker", 3, "no mesh called")):
        status, e = echo(t, a, to)
        check(status == want and e["failed"] == 1 and why in e["why"] and e["why"],
              (status, e))
    b.process.send_signal(19)
    try:
        status, e = echo(t, a, b.name)
    finally:
        b.process.send_signal(18)
    check(status in (6, 8) and e["answered"] == 0 and e["why"], (status, e))


if __name__ == "__main__":
    main(bytes_come_back, a_thousand_come_back, failures_say_why)
