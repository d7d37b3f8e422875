# SPDX-License-Identifier: MIT
"""What processes cost, asked from the kernel, and how a figure is written down."""
import fcntl
import glob
import os
import platform
import socket
import statistics
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from mesh import wait  # noqa: E402

INSIDE = "MESHTUI_BENCH_INSIDE"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def figure(unit, runs, target=None, measures="", digits=3, **more):
    """One figure: `runs` are its values; target is ("<=" or ">=", a limit)."""
    values = sorted(v for v in runs if v is not None)
    f = {"unit": unit, "runs": len(values)}
    if values:
        f["median"] = round(statistics.median(values), digits)
        f["min"], f["max"] = round(values[0], digits), round(values[-1], digits)
    if target:
        word, limit = target
        f["target"] = f"{word} {limit}"
        if values:
            f["met"] = (f["median"] <= limit) if word == "<=" else (f["median"] >= limit)
    f["measures"] = measures
    f.update(more)
    return f


def cpu_ns(pid):
    """CPU time of all threads, user and system, as the scheduler counts it."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path) as f:
            total += int(f.read().split()[0])
    return total


def memory(pid):
    """(resident, proportional) in MB of 10^6 bytes."""
    kib = {}
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            key, _, rest = line.partition(":")
            if key in ("Rss", "Pss"):
                kib[key] = int(rest.split()[0])
    return kib["Rss"] * 1024 / 1e6, kib["Pss"] * 1024 / 1e6


def switches(pid):
    """Voluntary switches: about one for each time that it was woken."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path) as f:
            for line in f:
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
    return total


def wire():
    """(IP bytes, UDP datagrams) that left in this network namespace."""
    def table(path, name):
        with open(path) as f:
            rows = [line.split() for line in f if line.startswith(name + ":")]
        return dict(zip(rows[0][1:], map(int, rows[1][1:])))
    return (table("/proc/net/netstat", "IpExt")["OutOctets"],
            table("/proc/net/snmp", "Udp")["OutDatagrams"])


def alone():
    """Goes on in a network namespace of its own, in which nothing else speaks."""
    if os.environ.get(INSIDE):
        loopback_up()
        return
    option = "-n" if os.geteuid() == 0 else "-rn"
    works = subprocess.run(["unshare", option, "true"], stdin=subprocess.DEVNULL,
                           capture_output=True, check=False)
    if works.returncode == 0:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", option, sys.executable, *sys.argv])
    os.environ[INSIDE] = ""


def is_alone():
    return os.environ.get(INSIDE) == "1"


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        name, value = struct.unpack("16sh14x", flags)
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", name, value | IFF_UP))


def pause(seconds):
    """Lets time pass; nothing is waited for but the clock."""
    until = time.monotonic() + seconds
    wait(lambda: time.monotonic() >= until, 10 * seconds + 10, "the clock")


def window(pids, seconds):
    """What these processes did in so many seconds: CPU s a minute, wake-ups a second."""
    before = {p: (cpu_ns(p), switches(p)) for p in pids}
    sent, begin = wire(), time.monotonic()
    pause(seconds)
    took = time.monotonic() - begin
    cpu = [(cpu_ns(p) - before[p][0]) / 1e9 * 60 / took for p in pids]
    wakes = [(switches(p) - before[p][1]) / took for p in pids]
    bytes_, datagrams = (b - a for a, b in zip(sent, wire()))
    return {"cpu": cpu, "wakes": wakes, "seconds": took,
            "bytes": bytes_ / took / len(pids), "datagrams": datagrams / took / len(pids)}


def machine():
    cpu = ""
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
                break
    return {"cpu": cpu, "cpus": os.cpu_count(), "kernel": platform.release(),
            "system": platform.platform(), "load": list(os.getloadavg()),
            "network": "namespace of its own" if is_alone() else "that of the host"}


def build(meshtui):
    says = subprocess.run([meshtui, "--version"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=True)
    return {"cflags": os.environ.get("BENCH_CFLAGS", "not known"),
            "version": says.stdout.splitlines()[0],
            "libraries": says.stdout.splitlines()[1:]}


def said(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)
