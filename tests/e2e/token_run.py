# SPDX-License-Identifier: MIT
"""A process tree of ours, found by a token in its environment and never by name."""
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

SLOW = float(os.environ.get("MESHTUI_TEST_SLOW", "1"))
# For a sanitizer build on a busy machine; nothing waits so long when all is well.
DEADLINE_S = 60
# A suite started in the background hands these down as ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


def until(check, limit_s=DEADLINE_S, every_s=0.01):
    """The first true value of check(), or the last false one at the deadline."""
    end = time.monotonic() + limit_s
    while True:
        value = check()
        if value or time.monotonic() > end:
            return value
        time.sleep(every_s)


class Tree:
    """A program started with a token; `dir` is its runtime directory unless told."""

    def __init__(self):
        self.process = None
        self.dir = tempfile.mkdtemp(prefix="meshtui-e2e-")
        self.token = f"MESHTUI_RUN_TOKEN={os.getpid()}-{random.getrandbits(64)}"

    def start(self, command, runtime_dir=None, **popen):
        name, value = self.token.split("=")
        env = dict(os.environ)
        env.pop("RUNTIME_DIRECTORY", None)
        env.update({name: value, "XDG_RUNTIME_DIR": runtime_dir or self.dir,
                    "TERM": "xterm-256color"})
        self.process = subprocess.Popen(command, env=env, **popen)
        return self

    def processes(self):
        """Every living process with our token: {pid: arguments}."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if self.token.encode() not in f.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/stat") as f:
                    if f.read().rpartition(")")[2].split()[0] in "ZX":
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    found[int(pid)] = f.read().decode(errors="replace").split("\0")
            except OSError:
                continue  # it ended while we looked
        return found

    def nodes(self):
        return {p: a for p, a in self.processes().items() if "--node" in a}

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
