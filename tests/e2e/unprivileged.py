# SPDX-License-Identifier: MIT
"""Runs a test of this folder as user nobody without any capability, and holds the state
of the host before it against that after it."""
import os
import shutil
import subprocess
import tempfile

NOBODY = 65534
STATES = [
    ["ip", "-d", "address"], ["ip", "route", "show", "table", "all"], ["ip", "rule"],
    ["ip", "netns"], ["tc", "qdisc"], ["tc", "filter"], ["nft", "list", "ruleset"]]


def without_counters(text):
    """Lifetimes and counters move by themselves."""
    return [line for line in text.splitlines()
            if "valid_lft" not in line and "cache" not in line]


def host_state():
    """{command: what it says}; a tool that is missing is an error, not a skip."""
    state = {}
    for command in STATES:
        p = subprocess.run(command, capture_output=True, text=True, check=False,
                           env={**os.environ, "PATH": os.environ["PATH"] +
                                ":/usr/sbin:/sbin"})
        state[" ".join(command)] = (p.returncode, without_counters(p.stdout))
    with open("/proc/self/mountinfo") as f:
        state["mounts"] = sorted(f.read().splitlines())
    return state


def drop():
    """The words before a command that leave it without any privilege."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
            "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def python():
    """A Python that nobody can start; that of root's home can't be."""
    for path in ("/usr/bin/python3", shutil.which("python3")):
        if path and subprocess.run(drop() + [path, "-c", ""], check=False,
                                   capture_output=True).returncode == 0:
            return path
    raise RuntimeError("no python3 that an unprivileged user may start")


def run(command, meshtui, files, env=(), within=300):
    """A command in a folder with copies that anybody can read: (exit status, output).

    Files stand in the folder by their names; "python3" is one that nobody can start.
    """
    where = tempfile.mkdtemp(prefix="meshtui-nobody-")
    try:
        os.chmod(where, 0o755)
        shutil.copy2(meshtui, f"{where}/meshtui")
        for name in files:
            shutil.copy2(name, where)
        os.mkdir(f"{where}/tmp")
        if os.geteuid() == 0:
            os.chown(f"{where}/tmp", NOBODY, NOBODY)
        words = [python() if w == "python3" else w for w in command]
        p = subprocess.run(
            drop() + words, cwd=where,
            env={**os.environ, **dict(env), "MESHTUI": f"{where}/meshtui",
                 "TMPDIR": f"{where}/tmp", "HOME": f"{where}/tmp",
                 "XDG_RUNTIME_DIR": f"{where}/tmp", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, timeout=within, check=False)
        return p.returncode, p.stdout + p.stderr
    finally:
        shutil.rmtree(where, ignore_errors=True)
