#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a node and the console cost on this machine, as one JSON document.

Loopback only, about eight minutes. Each figure says what it measures, in how many runs,
and what the target is. A figure that could not be taken is there with its reason.
"""
import argparse
import contextlib
import fcntl
import json
import os
import pty
import selectors
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fabric  # noqa: E402
import procs  # noqa: E402
import telemetry  # noqa: E402
from procs import figure, pause, said  # noqa: E402
import mesh  # noqa: E402
from mesh import MESHTUI, Test, converged, described, wait  # noqa: E402

BUILDDIR = os.environ.get("BUILDDIR", os.getcwd())
TYPES = ("broker", "gateway", "sensor", "relay", "worker")
NODES = 18


def program(name, *args):
    """One of the programs beside this file; its standard output as JSON."""
    done = subprocess.run([f"{BUILDDIR}/tests/bench/{name}", *map(str, args)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise mesh.Failure(f"{name} ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


@contextlib.contextmanager
def started(sizes, shared_runtime=False):
    """Meshes of so many nodes each, complete and settled; ended afterwards."""
    test = Test()
    try:
        meshes = []
        for i, size in enumerate(sizes):
            runtime = f"{test.dir}/run" if shared_runtime else None
            nodes = [test.start("broker", f"mesh{i + 1}", runtime_dir=runtime)]
            nodes += [test.launch(TYPES[k % 5], f"mesh{i + 1}", seeds=[nodes[0].seed()],
                                  runtime_dir=runtime) for k in range(1, size)]
            meshes.append(nodes)
        for nodes in meshes:
            for n in nodes:
                n.ready()
            wait(lambda: converged(nodes), 30, lambda: described(nodes))
        yield meshes
    finally:
        for text in test.close():
            said(text)


def idle(opts, figures):
    """18 nodes that have nothing to do."""
    what = {"cpu": "CPU of one node process, user and system (schedstat); runs = nodes"}
    for name, sizes in (("one_mesh", [NODES]), ("two_meshes", [NODES // 2] * 2)):
        said(f"idle, {name}: settles {opts.settle} s, then {opts.window} s")
        with started(sizes, shared_runtime=True) as meshes:
            pids = [n.process.pid for nodes in meshes for n in nodes]
            pause(opts.settle)
            w = procs.window(pids, opts.window)
            figures[f"idle_cpu_{name}"] = figure(
                "CPU s/min", w["cpu"], ("<=", 0.06), what["cpu"], 4,
                window_s=round(w["seconds"], 1),
                wakeups_per_s=round(sum(w["wakes"]) / len(pids), 1))
            idle_wire(figures, name, w)
            if name == "one_mesh":
                resident, proportional = zip(*(procs.memory(p) for p in pids))
                figures["idle_rss"] = figure("MB", resident, ("<=", 8),
                                             "smaps_rollup Rss; runs = nodes", 2)
                figures["idle_pss"] = figure("MB", proportional, ("<=", 2),
                                             "smaps_rollup Pss; runs = nodes", 2)
            elif "terminal" in opts.only:
                terminal(opts, figures, meshes[0][0].runtime_dir)


def idle_wire(figures, name, w):
    measures = ("bytes of IP packets that one node sends (it receives as many), "
                "mean of all nodes")
    if procs.is_alone():
        figures[f"idle_wire_{name}"] = figure(
            "B/s", [w["bytes"]], ("<=", 4000), measures, 0,
            datagrams_per_s=round(w["datagrams"], 1))
    else:
        figures[f"idle_wire_{name}"] = figure(
            "B/s", [], ("<=", 4000), measures,
            skipped="needs a network namespace: unshare -rn does not work here")


def terminal(opts, figures, runtime_dir):
    for pane, key in (("topology", b""), ("nodes", b"2")):
        said(f"console on 80x24, pane {pane}, settles 10 s, then {opts.window / 2} s")
        with console_at(runtime_dir) as (leader, pid):
            os.write(leader, key)
            first = count_bytes(leader, 10)
            begin, third = procs.cpu_ns(pid), opts.window / 6
            runs = [count_bytes(leader, third) / third for _ in range(3)]
            cpu = (procs.cpu_ns(pid) - begin) / 1e9 * 20 / third
        figures[f"idle_terminal_{pane}"] = figure(
            "B/s", runs, ("<=", 1000), "bytes that `--observe` writes in the pane "
            f"{pane}, xterm-256color 80x24, 18 nodes in two meshes; runs = thirds of the "
            "window", 0,
            first_10_s_bytes=first, console_cpu_s_per_min=round(cpu, 3))


@contextlib.contextmanager
def console_at(runtime_dir):
    """The console on a terminal of its own: (our end of it, its process)."""
    env = dict(os.environ, XDG_RUNTIME_DIR=runtime_dir, TERM="xterm-256color",
               LC_ALL="C.UTF-8", HOME=runtime_dir)
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen([MESHTUI, "--observe"], stdin=follower, stdout=follower,
                               stderr=follower, env=env, start_new_session=True)
    os.close(follower)
    try:
        yield leader, process.pid
        mesh.check(process.poll() is None, "the console ended")
    finally:
        process.terminate()
        count_bytes(leader, 5, until=process)
        process.wait(10)
        os.close(leader)


def count_bytes(fd, seconds, until=None):
    total, end = 0, time.monotonic() + seconds
    with selectors.DefaultSelector() as ready:
        ready.register(fd, selectors.EVENT_READ)
        while time.monotonic() < end:
            if until is not None and until.poll() is not None:
                break
            if ready.select(min(0.1, max(0, end - time.monotonic()))):
                try:
                    total += len(os.read(fd, 65536))
                except OSError:
                    break
    return total


def boot_once(data, env):
    """(ms from posix_spawn to the line that says ready, that line)"""
    read, write = os.pipe()
    null = os.open("/dev/null", os.O_RDWR)
    args = [MESHTUI, "--node", "broker", "--mesh", "mesh1", "--data-dir", data]
    begin = time.monotonic()
    pid = os.posix_spawn(MESHTUI, args, env, file_actions=[
        (os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1),
        (os.POSIX_SPAWN_DUP2, write, 2)])
    os.close(write)
    os.close(null)
    text = b""
    while b"ready on" not in text:
        piece = os.read(read, 4096)
        if not piece:
            raise mesh.Failure(f"no node became ready: {text.decode(errors='replace')}")
        text += piece
    took = (time.monotonic() - begin) * 1e3
    os.kill(pid, 15)
    os.waitpid(pid, 0)
    os.close(read)
    return took


def boot(_opts, figures):
    said("boot: 60 starts")
    test, memory = Test(), None
    try:
        env = test.env(test.dir)
        if os.access("/dev/shm", os.W_OK):
            memory = tempfile.mkdtemp(prefix="meshtui-bench-", dir="/dev/shm")
            boot_once(f"{memory}/d", env)
            figures["boot_without_disk"] = figure(
                "ms", [boot_once(f"{memory}/d", env) for _ in range(20)], ("<=", 5),
                "the same as boot with the data directory in memory")
        else:
            figures["boot_without_disk"] = {"skipped": "/dev/shm cannot be written"}
        again = f"{test.dir}/again"
        boot_once(again, env)
        figures["boot"] = figure(
            "ms", [boot_once(again, env) for _ in range(20)], ("<=", 5),
            "posix_spawn to the line that says ready, with an identity, wall clock")
        figures["boot_first"] = figure(
            "ms", [boot_once(f"{test.dir}/new{i}", env) for i in range(20)], ("<=", 5),
            "the same in an empty data directory: it makes and syncs an identity")
    finally:
        test.close()
        if memory:
            shutil.rmtree(memory, ignore_errors=True)


def complete(_opts, figures):
    """Polled over control sockets, each node until it is complete, then the next."""
    said("complete: 5 meshes of 18")
    runs = []
    for _ in range(5):
        test = Test()
        try:
            first = test.start("broker")
            nodes = [first] + [test.launch(TYPES[k % 5], seeds=[first.seed()])
                               for k in range(1, NODES)]
            begin = time.monotonic()
            for n in nodes[1:]:
                while not n.answers():
                    mesh.check(time.monotonic() < begin + 20, "a node is not ready")
            for n in nodes:
                while sum(v == "live" for v in n.sees().values()) < NODES:
                    mesh.check(time.monotonic() < begin + 20, "a directory is incomplete")
            runs.append(time.monotonic() - begin)
        finally:
            test.close()
    figures["complete"] = figure(
        "s", runs, ("<=", 0.3), "last of 18 processes started to every directory "
        "complete, 17 with one seed; the asking itself takes CPU of the nodes")


def broadcast(opts, figures):
    said("broadcast: 18 whole nodes in processes of their own, 195 s")
    r = program("bench_broadcast", NODES, opts.settle, 60, 3)
    windows = r["windows"]
    measures = (f"a signed digest of {r['digest_bytes']} B, from before it is signed "
                "until a receiver has verified, stored and forwarded it; whole nodes, "
                "one process each; all deliveries of a window; runs = windows")
    more = {"broadcasts": sum(w["broadcasts"] for w in windows),
            "missed": sum(w["missed"] for w in windows)}
    for p, limit in (("p50", 1.5), ("p99", 10)):
        figures[f"broadcast_{p}"] = figure(
            "ms", [w[f"{p}_ms"] for w in windows], ("<=", limit), measures, **more)
        figures[f"broadcast_last_{p}"] = figure(
            "ms", [w[f"last_{p}_ms"] for w in windows], None,
            "the same, until the last of the 17 receivers")


def quic(opts, figures):
    said("quic: handshakes, echo, connections")
    r = program("bench_quic", 400, 2000, 1000, opts.runs)
    old = "0.12" in r["library"]
    figures["yardstick"] = figure(
        "us CPU", [r["ed25519_verify_us"]], None,
        "one signature checked by libsodium: how fast this machine is now", 1)
    kib = [r["connection_dialer_kib"][0], r["connection_acceptor_kib"][0]]
    both = list(map(max, r["handshake_dialer_us"], r["handshake_acceptor_us"]))
    figures["handshake"] = figure(
        "us CPU a side", both, ("<=", 300), "the dearer side of dial, confirm, close and "
        "free, one after the other, over loopback UDP; runs of 400", 0,
        dialer=r["handshake_dialer_us"], acceptor=r["handshake_acceptor_us"])
    figures["echo_rate"] = figure(
        "round trips/s", r["echo_per_s"], (">=", 100000), "32 requests of 1 KiB in "
        "flight on one connection, each on its own stream; runs of 2 s; wall clock", 0)
    figures["echo_cpu"] = figure(
        "us CPU a side", list(map(max, r["echo_asker_us"], r["echo_answerer_us"])),
        ("<=", 4), "the dearer side of these, for each round trip")
    figures["connection"] = figure(
        "kB", [k * 1024 / 1000 for k in kib], ("<=", 80 if old else 45),
        "growth of RssAnon for each of 900 more connections that said one word, trimmed; "
        "runs = dialer, acceptor", 1, library=r["library"])


def console(_opts, figures):
    said("console frames")
    directory = tempfile.mkdtemp(prefix="meshtui-bench-")
    try:
        for name, (rows, columns) in {"200x50": (50, 200), "80x24": (24, 80)}.items():
            leader, follower = pty.openpty()
            fcntl.ioctl(follower, termios.TIOCSWINSZ,
                        struct.pack("4H", rows, columns, 0, 0))
            p = subprocess.Popen(
                [f"{BUILDDIR}/tests/bench/bench_console", "4", "50", "300",
                 f"{directory}/frames"], stdin=follower, stdout=follower, stderr=follower,
                env=dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8"))
            os.close(follower)
            count_bytes(leader, 60, until=p)
            mesh.equal(p.wait(10), 0, "status of bench_console")
            os.close(leader)
            with open(f"{directory}/frames") as f:
                frames = [us / 1e3 for us in json.load(f)[1:]]
            figures[f"console_frame_{name}"] = figure(
                "ms CPU", frames, ("<=", 5), "console_draw and screen_show, 200 made-up "
                "nodes in 4 meshes, ten frames a second; runs = frames after the first")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


ALL = {"idle": idle, "boot": boot, "complete": complete, "broadcast": broadcast,
       "quic": quic, "console": console,
       "telemetry": telemetry.take,
       "resolve": fabric.resolve, "hundred": fabric.hundred}


def options(names):
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--only", default=",".join([*names, "terminal"]),
                   help="some of " + ",".join([*names, "terminal (with idle)"]))
    p.add_argument("--window", type=float, default=60, help="seconds of an idle window")
    p.add_argument("--settle", type=int, default=15, help="seconds before it")
    p.add_argument("--runs", type=int, default=5, help="runs of handshakes and echo")
    opts = p.parse_args()
    opts.only = opts.only.split(",")
    return opts


def main():
    procs.alone()
    opts = options(ALL)
    figures, failed = {}, False
    for name, take in ALL.items():
        if name not in opts.only:
            figures[name] = {"skipped": "not asked for: --only"}
            continue
        try:
            take(opts, figures)
        except (mesh.Failure, OSError, subprocess.SubprocessError, ValueError):
            failed = True
            figures[name] = {"failed": traceback.format_exc(limit=3)}
    print(json.dumps({"version": 1, "machine": procs.machine(),
                      "build": procs.build(MESHTUI), "figures": figures}, indent=1))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
