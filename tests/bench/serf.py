# SPDX-License-Identifier: MIT
"""Serf agents on loopback, from Debian's package, to be measured beside our nodes."""
import glob
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
from mesh import Failure, wait

# What the bench itself puts on the wire for one update: a request and an answer over
# TCP, four packets of 52 bytes of headers.
RPC_HEADERS = 4 * 52


def find(cache):
    """The executable: an installed one, or the package unpacked below `cache`."""
    path = shutil.which("serf")
    if path:
        return path
    path = f"{cache}/usr/bin/serf"
    if not os.path.exists(path):
        os.makedirs(cache, exist_ok=True)
        # Unpacked, not installed: the package would start an agent on all addresses.
        subprocess.run(["apt-get", "download", "serf"], cwd=cache, check=True,
                       capture_output=True)
        for package in glob.glob(f"{cache}/serf_*.deb"):
            subprocess.run(["dpkg", "-x", package, cache], check=True)
    return path


def packed(value):
    """MessagePack of what requests are made of."""
    if isinstance(value, int):
        return b"\xce" + struct.pack(">I", value)
    if isinstance(value, (str, bytes)):
        raw = value.encode() if isinstance(value, str) else value
        return b"\xda" + struct.pack(">H", len(raw)) + raw
    if isinstance(value, dict):
        return b"\xde" + struct.pack(">H", len(value)) + b"".join(
            packed(k) + packed(v) for k, v in value.items())
    return b"\xdc" + struct.pack(">H", len(value)) + b"".join(map(packed, value))


class Agent:
    def __init__(self, fleet, number):
        self.fleet, self.number, self.name = fleet, number, f"n{number}"
        self.port, self.rpc_port = fleet.ports[2 * number:2 * number + 2]
        self.log_path = f"{fleet.dir}/log{number}"
        self.rpc, self.sequence = None, 0
        args = [fleet.serf, "agent", f"-node={self.name}",
                f"-bind=127.0.0.1:{self.port}", f"-rpc-addr=127.0.0.1:{self.rpc_port}"]
        if number > 0:
            args.append(f"-join=127.0.0.1:{fleet.ports[0]}")
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def count(self, event):
        return self.log().count(event)

    def request(self, command, body=None):
        self.sequence += 1
        data = packed({"Command": command, "Seq": self.sequence})
        if body is not None:
            data += packed(body)
        self.rpc.sendall(data)
        self.fleet.rpc_bytes += len(data) + len(self.rpc.recv(4096)) + RPC_HEADERS

    def connect(self):
        self.rpc = socket.create_connection(("127.0.0.1", self.rpc_port), 5)
        self.rpc.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request("handshake", {"Version": 1})


class Fleet:
    """So many agents that know each other, ended and removed by close()."""

    def __init__(self, serf, count):
        self.serf, self.rpc_bytes = serf, 0
        self.dir = tempfile.mkdtemp(prefix="meshtui-bench-")
        held = [socket.socket() for _ in range(2 * count)]
        for s in held:
            s.bind(("127.0.0.1", 0))
        self.ports = [s.getsockname()[1] for s in held]
        for s in held:
            s.close()
        self.agents, self.updater, self.stop = [], None, threading.Event()
        self.agents.append(Agent(self, 0))
        wait(lambda: "agent: Serf agent starting" in self.agents[0].log()
             or self.agents[0].count("EventMemberJoin"), 10, self.agents[0].log)
        for i in range(1, count):
            self.agents.append(Agent(self, i))

    def complete(self):
        return all(a.count("EventMemberJoin") >= len(self.agents) for a in self.agents)

    def update(self, every_s, value_len):
        """From now on each agent gets a new tag value each `every_s`, in turn."""
        for a in self.agents:
            wait(lambda: a.log().count("Serf agent running") or a.log(), 10, "an agent")
            a.connect()

        def run():
            turn = 0
            while not self.stop.wait(every_s / len(self.agents)):
                a = self.agents[turn % len(self.agents)]
                turn += 1
                if a.process.poll() is None:
                    # Serf compresses; a digest with its signature cannot be.
                    a.request("tags", {"Tags": {"d": os.urandom(value_len)},
                                       "DeleteTags": []})

        self.updater = threading.Thread(target=run, daemon=True)
        self.updater.start()

    def close(self):
        self.stop.set()
        if self.updater:
            self.updater.join(5)
        for a in self.agents:
            if a.process.poll() is None:
                a.process.kill()
            a.process.wait(10)
            if a.rpc:
                a.rpc.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def failures(agents, name):
    if not agents:
        raise Failure("no agent is left")
    return sum(f"EventMemberFailed: {name} " in a.log() for a in agents)
