#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real node among strangers: noise, and a thousand peers that come and go."""
import os
import random
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
from mesh import (SLOW, check, converged, described, diagnose,  # noqa: E402
                  equal, main, wait)

CROWD = os.path.join(os.environ.get("BUILDDIR", "."), "tests/e2e/crowd")
NOISE = 3000


def crowd(node, count, at_once, mode):
    """{word: number} of what a crowd of peers met with."""
    p = subprocess.run([CROWD, node.seed(), "mesh1", str(count), str(at_once), mode],
                       capture_output=True, text=True, timeout=60 * SLOW, check=False)
    check(p.returncode == 0, f"crowd ended with {p.returncode}: {p.stdout}{p.stderr}")
    words = p.stdout.split()
    return {k: float(v) for k, v in zip(words[::2], words[1::2])}


def two(t):
    a = t.start("broker")
    b = t.start("sensor", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
    return a, b


def settled(a, what):
    """The tables of a node are those of one link again."""
    def is_so():
        tables = a.status()["tables"]
        return all(tables[k] == 1 for k in ("connections", "links", "contacts")) and \
            all(tables[k] == 0 for k in ("handshakes", "greeting", "tombstones"))
    wait(is_so, 40, lambda: f"{what}: {a.status()['tables']}")


def noise(t):
    """noise is counted, not logged, and nothing of it stays"""
    a, b = two(t)
    before, lines = a.status(), len(a.log().splitlines())
    rng = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for i in range(NOISE):
            packet = rng.randbytes(rng.randrange(1, 1453))
            if i % 3 == 0:
                packet = b"\xc0\0\0\0\1" + packet[5:]
            s.sendto(packet, ("127.0.0.1", a.port))
            if i % 100 == 99:
                a.status()  # it has taken its turn: no queue overflows

    def counted():
        now, was = a.status(), before
        return sum(now["dropped"][k] - was["dropped"][k]
                   for k in ("packets_malformed", "packets_unknown")) + \
            now["refused"]["handshakes_failed"] - was["refused"]["handshakes_failed"]
    wait(lambda: counted() >= NOISE * 0.9, 20, lambda: f"counted {counted()} of {NOISE}")
    equal(len(a.log().splitlines()), lines, "lines of the log")
    check(converged([a, b]), described([a, b]))
    settled(a, "after the noise")


def clean_handshakes(t):
    """a thousand peers, 64 at once, are all greeted, and nothing of them stays"""
    a, b = two(t)
    before, lines = a.status()["hellos"], len(a.log().splitlines())
    got = crowd(a, 1000, 64, "greet")
    diagnose(f"1000 peers: {got}")
    equal(got["greeted"], 1000, "greeted")
    wait(lambda: a.status()["hellos"] == before + 1000, 10,
         lambda: f"{a.status()['hellos'] - before} HELLOs came")
    equal(a.status()["refused"]["handshakes_full"], 0, "refused")
    check(len(a.log().splitlines()) - lines < 20, a.tail())
    settled(a, "after the crowd")
    check(converged([a, b]), described([a, b]))


def silent_peers(t):
    """peers that say no HELLO are closed or refused, counted, and in nobody's way"""
    a, b = two(t)
    lines = len(a.log().splitlines())
    got = crowd(a, 300, 200, "silent")
    diagnose(f"300 silent peers: {got}")
    equal(got["closed"], 300, "closed")
    refused = a.status()["refused"]
    kinds = ("greetings_late", "greetings_full", "handshakes_full")
    equal(sum(refused[k] for k in kinds), 300, f"of {refused}")
    check(len(a.log().splitlines()) - lines < 20, a.tail())
    check(converged([a, b]), described([a, b]))
    settled(a, "after the silent")


if __name__ == "__main__":
    main(noise, clean_handshakes, silent_peers)
