# SPDX-License-Identifier: MIT
"""Real nodes of one test: own directories, free ports, no trace left behind.

Environment: MESHTUI is the executable, MESHTUI_TEST_SLOW stretches deadlines (default 1).
Every wait is for an event and has a deadline; what is waited for is asked from the nodes
themselves over their control sockets.
"""
import glob
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

MESHTUI = os.environ.get("MESHTUI", os.path.abspath("meshtui"))
SLOW = float(os.environ.get("MESHTUI_TEST_SLOW", "1"))
LOG_TAIL = 15
# A suite started in the background hands these down as ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


class Failure(Exception):
    """A claim that does not hold, with what was seen instead."""


def check(holds, text):
    if not holds:
        raise Failure(text)


def equal(got, want, what):
    check(got == want, f"{what}: got {got!r}, expected {want!r}")


def wait(predicate, within, what):
    """The first true value of predicate; `what` may be a function that says the state."""
    begin = time.monotonic()
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() - begin > within * SLOW:
            text = what() if callable(what) else what
            raise Failure(f"not within {within * SLOW:.0f} s: {text}")
        time.sleep(0.05)


def ask(path, verb, what=None):
    """One request to a control socket; None when nobody answers there."""
    request = {"version": 1, "verb": verb}
    if what:
        request["what"] = what
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5 * SLOW)
            s.connect(path)
            s.sendall(json.dumps(request).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                piece = s.recv(65536)
                if not piece:
                    return None
                answer += piece
    except OSError:
        return None
    answer = json.loads(answer)
    equal(answer["version"], 1, "version of an answer")
    check("error" not in answer, f"{verb}: {answer}")
    return answer


def listener(path):
    """The process that listens there, or None."""
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            size = struct.calcsize("3i")
            return struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED,
                                                    size))[0]
    except OSError:
        return None


class Node:
    """One process of `meshtui --node`. Its runtime directory is its own unless told."""

    def __init__(self, test, number, kind, mesh, args, data_dir, runtime_dir):
        self.test = test
        self.kind, self.mesh = kind, mesh
        self.data_dir = data_dir or f"{test.dir}/d{number}"
        self.runtime_dir = runtime_dir or f"{test.dir}/r{number}"
        self.log_path = f"{test.dir}/log{number}"
        os.makedirs(self.runtime_dir, mode=0o700, exist_ok=True)
        self.command = [MESHTUI, "--node", kind, "--mesh", mesh,
                        "--data-dir", self.data_dir] + args
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                self.command, env=test.env(self.runtime_dir),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.name = self.id = self.socket = None
        self.port = 0

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def tail(self):
        return "\n".join(self.log().splitlines()[-LOG_TAIL:])

    def answers(self):
        """Its status, or None as long as this very process does not answer."""
        check(self.process.poll() is None,
              f"{self.kind} ended with {self.process.returncode}:\n{self.tail()}")
        for path in glob.glob(f"{self.runtime_dir}/meshtui/*.sock"):
            if listener(path) == self.process.pid:
                self.socket = path
                status = ask(path, "status")
                return status if status and status["ready"] else None
        return None

    def ready(self):
        status = wait(self.answers, 10, lambda: f"{self.kind} ready:\n{self.tail()}")
        self.name, self.id = status["name"], status["id"]
        self.port = int(status["addresses"][0].rsplit(":", 1)[1])
        self.incarnation = status["incarnation"]
        return self

    def alive(self):
        return self.process.poll() is None

    def status(self):
        return self.asked("status")

    def asked(self, verb, what=None):
        answer = ask(self.socket, verb, what)
        check(answer, f"{self.name} does not answer:\n{self.tail()}")
        return answer

    def nodes(self):
        return self.asked("list", "nodes")["nodes"]

    def links(self):
        return self.asked("list", "links")["links"]

    def sees(self):
        """{id: liveness} as this node believes."""
        return {n["id"]: n["liveness"] for n in self.nodes()}

    def seed(self, host="127.0.0.1"):
        return f"{self.id}@{host}:{self.port}"

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait(10 * SLOW)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} goes on after SIGTERM:\n{self.tail()}") from None


class Test:
    """What one claim works with; ends what it started and removes its directory."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="meshtui-")
        self.nodes = []

    def env(self, runtime_dir):
        e = {k: v for k, v in os.environ.items()
             if k not in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_STATE_HOME",
                          "NOTIFY_SOCKET")}
        e["XDG_RUNTIME_DIR"] = runtime_dir
        e["HOME"] = self.dir
        return e

    def launch(self, kind="broker", mesh="mesh1", seeds=(), args=(), data_dir=None,
               runtime_dir=None):
        """Starts a node and does not wait for it."""
        words = list(args)
        for s in seeds:
            words += ["--seed", s]
        node = Node(self, len(self.nodes), kind, mesh, words, data_dir, runtime_dir)
        self.nodes.append(node)
        return node

    def start(self, *args, **kw):
        return self.launch(*args, **kw).ready()

    def run(self, *args, runtime_dir=None, within=10, given=None):
        """A command that ends by itself: (status, standard output, standard error)."""
        try:
            p = subprocess.run([MESHTUI, *args], env=self.env(runtime_dir or self.dir),
                               stdin=subprocess.DEVNULL if given is None else None,
                               input=given, capture_output=True, text=True,
                               timeout=within * SLOW, check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f"meshtui {' '.join(args)} does not end") from None
        return p.returncode, p.stdout, p.stderr

    def close(self):
        """SIGTERM to all that live; each must end by itself with status 0."""
        bad = []
        living = [n for n in self.nodes if n.alive()]
        for n in living:
            n.process.send_signal(signal.SIGTERM)
        for n in living:
            try:
                status = n.process.wait(10 * SLOW)
            except subprocess.TimeoutExpired:
                n.kill()
                status = "no end after SIGTERM"
            if status != 0:
                bad.append(f"{n.kind} {n.name} ended with {status}:\n{n.tail()}")
        shutil.rmtree(self.dir, ignore_errors=True)
        return bad


def stand_still(node, witness, seconds=3):
    """Stops its process for at least so long, and until the witness has noticed."""
    begin = time.monotonic()
    node.process.send_signal(signal.SIGSTOP)
    try:
        wait(lambda: time.monotonic() - begin > seconds and
             witness.sees().get(node.id) in ("suspect", "gone"), 30,
             lambda: f"{witness.name} sees {witness.sees()}")
    finally:
        node.process.send_signal(signal.SIGCONT)


def converged(nodes):
    """Every one of these nodes sees exactly these nodes, all live."""
    want = {n.id: "live" for n in nodes}
    return all(n.sees() == want for n in nodes)


def described(nodes):
    return "\n".join(f"{n.name} sees {sorted(n.sees().items())}" for n in nodes)


def diagnose(text):
    for line in text.splitlines():
        print("# " + re.sub(r"[\x00-\x1f\x7f]", "?", line))


def main(*claims):
    """Runs the claims, one after the other, as TAP."""
    print(f"1..{len(claims)}", flush=True)
    failed = 0
    for i, claim in enumerate(claims, 1):
        test = Test()
        why = []
        try:
            claim(test)
        except Failure as e:
            why = [str(e)]
        except Exception:
            why = [traceback.format_exc()]
        try:
            why += test.close()
        except Exception:
            why += [traceback.format_exc()]
        failed += bool(why)
        print(f"{'not ok' if why else 'ok'} {i} - {claim.__doc__.splitlines()[0]}")
        for text in why:
            diagnose(text)
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
