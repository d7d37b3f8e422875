#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A console that dies takes the nodes it started with it, however it dies.

MESHTUI_LONG=1 kills it 100 times instead of 15.
"""
import os
import pty
import random
import signal
import subprocess
import sys
import threading
import time

from token_run import SLOW, Tree, until

MESHTUI = os.environ["MESHTUI"]
STARTED = 18


class Console(Tree):
    """`meshtui --observe --bootstrap` on a terminal of its own that somebody reads."""

    def __init__(self, *args):
        master, slave = pty.openpty()
        super().__init__()
        self.start([MESHTUI, "--observe", *args], stdin=slave, stdout=slave, stderr=slave,
                   start_new_session=True)
        os.close(slave)
        self.master = master
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        try:
            while os.read(self.master, 65536):
                pass
        except OSError:
            pass

    def close(self):
        super().close()
        os.close(self.master)


def killed_at_random_moments():
    """kill -9 of the console at random moments: no process left after 2 s"""
    times = 100 if os.environ.get("MESHTUI_LONG") == "1" else 15
    most, left = 0, []
    for _ in range(times):
        console = Console("--bootstrap")
        time.sleep(random.uniform(0.0, 0.5))
        most = max(most, len(console.nodes()))
        console.process.kill()
        console.process.wait()
        until(lambda c=console: not c.processes(), 2.0 * SLOW)
        left += console.processes().values()
        console.close()
    idle = [] if most > 0 else ["no node ever ran"]
    return ([f"left: {left}"] if left else []) + idle


def ended_by(signum):
    console = Console("--bootstrap")
    why = []
    if not until(lambda: len(console.nodes()) == STARTED):
        why.append(f"only {len(console.nodes())} nodes started")
    console.process.send_signal(signum)
    poll = console.process.poll
    status = until(lambda: poll() is not None and [poll()])
    if status != [0]:
        why.append(f"exit status {status}")
    if console.processes():
        why.append(f"left: {console.processes()}")
    console.close()
    return why


def terminated():
    """SIGTERM ends the console with status 0 and every node with it"""
    return ended_by(signal.SIGTERM)


def hung_up():
    """SIGHUP, a lost SSH line, does the same"""
    return ended_by(signal.SIGHUP)


def others_stay():
    """a node that the console did not start lives on after kill -9 of the console"""
    console = Console()
    node = Tree().start([MESHTUI, "--node", "broker", "--mesh", "mesh1", "--data-dir",
                         console.dir + "/data"], runtime_dir=console.dir,
                        stderr=subprocess.DEVNULL)
    why = []
    if not until(lambda: len(os.listdir(console.dir + "/data")) > 2
                 if os.path.isdir(console.dir + "/data") else False):
        why.append("the node did not boot")
    console.process.kill()
    console.process.wait()
    until(lambda: not console.processes(), 2.0 * SLOW)
    if console.processes():
        why.append(f"left: {console.processes()}")
    if node.process.poll() is not None:
        why.append(f"the node ended with {node.process.poll()}")
    node.close()
    console.close()
    return why


def main():
    claims = [killed_at_random_moments, terminated, hung_up, others_stay]
    failed = 0
    print(f"1..{len(claims)}")
    for number, claim in enumerate(claims, 1):
        why = claim()
        failed += bool(why)
        print("not ok" if why else "ok", number, "-", claim.__doc__)
        for line in why:
            print("#", line)
        sys.stdout.flush()
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
