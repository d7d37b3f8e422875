#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What ready means, and what a start leaves on disk.

MESHTUI is the program, BUILDDIR the build. MESHTUI_LONG=1 boots 1,000 times, not 20.
"""
import os
import random
import signal
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mesh import MESHTUI, SLOW, check, equal, main, wait  # noqa: E402

CROWD = os.path.join(os.environ.get("BUILDDIR", "."), "tests/e2e/crowd")
BOOTS = 1000 if os.environ.get("MESHTUI_LONG") == "1" else 20


def stored(data_dir):
    try:
        with open(f"{data_dir}/incarnation") as f:
            return int(f.read())
    except FileNotFoundError:
        return 0


def stopped_in_order(process):
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    equal(process.wait(10 * SLOW), 0, "status of a node")
    process.stderr.close()


def boot(t, data_dir, port):
    """A process that has just said that it is ready."""
    process = subprocess.Popen(
        [MESHTUI, "--node", "broker", "--mesh", "mesh1", "--data-dir", data_dir,
         "--bind", f"127.0.0.1:{port}"], env=t.env(t.dir), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    text = b""
    while b"ready on" not in text:
        piece = os.read(process.stderr.fileno(), 4096)
        check(piece, f"not ready: {text.decode(errors='replace')}")
        text += piece
    return process


def dialer(seed, patience="wait"):
    return subprocess.Popen([CROWD, seed, "mesh1", "1", "1", "greet", patience],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def lasting_port():
    """A free port that the kernel gives to nobody who asks for any, between two boots."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        lowest = int(f.read().split()[0])
    while True:
        port = random.randrange(max(1024, lowest - 12000), lowest)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def ready_means_accepting(t):
    """a connection attempted when a node says ready always succeeds, at the first try"""
    first = t.start("broker", args=["--bind", f"127.0.0.1:{lasting_port()}"])
    data, seed, port = first.data_dir, first.seed(), first.port
    equal(first.stop(), 0, "status of the first boot")
    slowest = 0.0
    for number in range(BOOTS):
        peer = dialer(seed)
        node = boot(t, data, port)
        said, _ = peer.communicate("\n", timeout=30 * SLOW)
        check(peer.returncode == 0 and said.startswith("greeted 1 "),
              f"boot {number}: {said}")
        slowest = max(slowest, float(said.split()[-1]))
        stopped_in_order(node)
    print(f"# {BOOTS} boots, the slowest connection took {slowest * 1000:.0f} ms")


def early_is_refused(t):
    """the same without a node fails: the dialer is no witness that always agrees"""
    first = t.start("broker")
    seed = first.seed()
    equal(first.stop(), 0, "status")
    peer = dialer(seed)
    said, _ = peer.communicate("\n", timeout=60 * SLOW)
    check(said.startswith("greeted 0 "), f"greeted by nobody: {said}")


def incarnations_grow(t):
    """each start has a larger incarnation, also when kill -9 follows at once"""
    node = t.start("broker")
    data, last = node.data_dir, node.incarnation
    wait(lambda: stored(data) == last, 10, lambda: f"{stored(data)} is stored")
    for number in range(10):
        node.kill()
        check(stored(data) <= last, "a larger one is stored than was used")
        node = t.start("broker", data_dir=data)
        check(node.incarnation > last, f"start {number}: {node.incarnation}, was {last}")
        last = node.incarnation
    wait(lambda: stored(data) == last, 10, lambda: f"{stored(data)} is stored")


def clock_set_back(t):
    """a clock behind the stored number: the next is one more, and stored before ready"""
    node = t.start("broker")
    data = node.data_dir
    equal(node.stop(), 0, "status")
    ahead = stored(data) + 10 ** 12
    with open(f"{data}/incarnation", "w") as f:
        f.write(f"{ahead}\n")
    for more in (1, 2, 3):
        node = t.start("broker", data_dir=data)
        equal(stored(data), ahead + more, "stored when ready")
        equal(node.incarnation, ahead + more, "incarnation")
        node.kill()


main(ready_means_accepting, early_is_refused, incarnations_grow, clock_set_back)
