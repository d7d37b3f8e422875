#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A person can use the console, and gets the terminal back: in a real terminal (tmux).

Runs the console over made-up meshes (console_demo), and the real observer in an empty
runtime directory. Waits for what must appear, with a deadline; never a fixed time.
"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

BUILD = os.environ.get("BUILDDIR", ".")
DEMO = os.path.join(BUILD, "tests/term/console_demo")
MESHTUI = os.environ.get("MESHTUI", os.path.join(BUILD, "meshtui"))
DEADLINE_S = 20 * float(os.environ.get("MESHTUI_TEST_SLOW", "1"))

results = []


def claim(text):
    def register(function):
        results.append((text, function))
        return function
    return register


def environment(home, **more):
    env = {k: v for k, v in os.environ.items()
           if k not in ("TMUX", "NO_COLOR", "LC_ALL", "LANG", "LC_CTYPE")}
    env.update(LANG="C.UTF-8", XDG_RUNTIME_DIR=home, XDG_STATE_HOME=home, HOME=home)
    env.update(more)
    return env


class Terminal:
    """A tmux server with one window: a shell runs the program between two sttys."""

    def __init__(self, command, width=80, height=24):
        self.home = tempfile.mkdtemp(prefix="meshtui-term-")
        self.socket = os.path.join(self.home, "tmux")
        script = os.path.join(self.home, "run.sh")
        with open(script, "w", encoding="ascii") as f:
            f.write("cd %s\nstty -g >before\n" % self.home)
            f.write("sh -c 'echo $$ >pid; exec \"$@\"' sh %s\n" % command)
            f.write("echo $? >status; stty -g >after; echo THE-END; exec cat\n")
        # The keys of tmux itself are off, so that every key reaches the program.
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width),
                  "-y", str(height), "sh", script, env=environment(self.home))
        self.tmux("set-option", "-g", "status", "off")
        self.resize(width, height)

    def tmux(self, *args, env=None):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *args], env=env,
                              check=True, capture_output=True, text=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def file(self, name):
        try:
            with open(os.path.join(self.home, name), encoding="ascii") as f:
                return f.read().strip()
        except OSError:
            return ""

    def until(self, pattern, within=DEADLINE_S):
        end = time.monotonic() + within
        while not re.search(pattern, self.screen()):
            if time.monotonic() > end:
                raise AssertionError("never saw %r in:\n%s" % (pattern, self.screen()))
            time.sleep(0.02)

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def signal(self, number):
        os.kill(int(self.file("pid")), number)

    def ended(self, status):
        """The program ended with this status, and the terminal is as it was."""
        self.until("THE-END")
        assert self.file("status") == str(status), "status " + self.file("status")
        assert self.file("before") == self.file("after"), "stty differs"
        state = self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} "
                          "#{keypad_cursor_flag} #{mouse_any_flag}").strip()
        assert state == "0 1 0 0", "terminal modes are %s" % state

    def close(self):
        try:
            self.tmux("kill-server")
        except subprocess.CalledProcessError:
            pass
        shutil.rmtree(self.home, ignore_errors=True)


def with_terminal(command, check, **size):
    terminal = Terminal(command, **size)
    try:
        check(terminal)
    finally:
        terminal.close()


def on_a_pty(argv, home, keys=b"", until=None, **more):
    """Runs argv on a bare pty; returns (status, all bytes it wrote)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, environment(home, **more))
    out, end, sent = b"", time.monotonic() + DEADLINE_S, not keys
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.05)[0]:
            try:
                chunk = os.read(fd, 65536)
            except OSError:
                break
            if not chunk:
                break
            out += chunk
        if not sent and re.search(until, out):
            os.write(fd, keys)
            sent = True
    else:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    return status, out


def in_a_home(check):
    home = tempfile.mkdtemp(prefix="meshtui-term-")
    try:
        check(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@claim("18 nodes in two meshes are seen at 80x24, and keys go through the panes")
def panes():
    def check(t):
        t.until("18 live")
        t.until(r"mesh1 9 of 9 live.*mesh2 9 of 9 live")
        t.press("2")
        t.until("NODE.*STATE.*CPU.*RX")
        assert t.screen().count("live ") >= 18
        t.press("Tab")
        t.until("WHERE")
        t.press("?")
        t.until("Everywhere")
        t.press("Escape")
        t.until("WHERE")
        t.press("BTab")
        t.until("NODE.*STATE")
        t.press("Down", "Enter")
        t.until("neighbors +4 reported")
        t.press("Escape", "/")
        t.until("filter:")
        t.press("r", "e", "g", "Enter")
        t.until("2 of 18 match")
        t.press("q")
        t.ended(0)
    with_terminal(DEMO + " 2 9", check)


@claim("it follows the terminal from 160x48 to 40x12, and below says what it needs")
def resizing():
    def check(t):
        t.until("18 live")
        t.resize(160, 48)
        t.until("half-reported")
        t.until(r"\d\d:\d\d:\d\d")
        t.resize(40, 12)
        t.until(r"topology +2 meshes . 18 live")
        t.resize(32, 9)
        t.until("too small: 32x9")
        t.resize(80, 24)
        t.until("overlay whole")
        t.press("q")
        t.ended(0)
    with_terminal(DEMO + " 2 9", check)


def ends_by(number, status):
    def check(t):
        t.until("18 live")
        t.signal(number)
        t.ended(status)
    with_terminal(DEMO + " 2 9", check)


@claim("SIGTERM gives the terminal back")
def sigterm():
    ends_by(signal.SIGTERM, 128 + signal.SIGTERM)


@claim("SIGHUP gives the terminal back")
def sighup():
    ends_by(signal.SIGHUP, 128 + signal.SIGHUP)


@claim("SIGSEGV gives the terminal back")
def sigsegv():
    ends_by(signal.SIGSEGV, 128 + signal.SIGSEGV)


@claim("a full stack gives the terminal back, too")
def overflow():
    def check(t):
        t.until("18 live")
        t.signal(signal.SIGUSR1)
        t.ended(128 + signal.SIGSEGV)
    with_terminal(DEMO + " 2 9", check)


@claim("control: after SIGKILL, which nobody can answer, a spoiled terminal is seen")
def sigkill():
    def check(t):
        t.until("18 live")
        t.signal(signal.SIGKILL)
        t.until("THE-END")
        assert t.file("before") != t.file("after")
    with_terminal(DEMO + " 2 9", check)


@claim("TERM=dumb and an unknown TERM end with a sentence that points to --list")
def dumb():
    def check(home):
        for term in ("dumb", "no-such-terminal", ""):
            status, out = on_a_pty([DEMO], home, TERM=term)
            assert status == 69, "%r: status %d" % (term, status)
            assert b"meshtui --list nodes" in out and b"\x1b" not in out, out
    in_a_home(check)


@claim("without a terminal it ends with the same sentence")
def no_terminal():
    done = subprocess.run([DEMO], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 69 and "meshtui --list nodes" in done.stderr


@claim("LANG=C: no byte above 0x7e reaches the terminal")
def ascii_only():
    def check(home):
        for locale in ("C", "C.UTF-8"):
            status, out = on_a_pty([DEMO, "2", "9", "trouble"], home, keys=b"2j\r3?q",
                                   until=b"15 live", TERM="xterm-256color", LANG=locale)
            assert status == 0
            high = [b for b in out if b > 0x7e]
            # The control: in UTF-8 there are such bytes.
            assert bool(high) == (locale != "C"), "%s: %r" % (locale, high[:10])
    in_a_home(check)


@claim("NO_COLOR: no color is set")
def no_color():
    color = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|[34]8;[0-9;]*)m")

    def check(home):
        for no, colored in (("1", False), ("", True)):
            status, out = on_a_pty([DEMO, "2", "9", "trouble"], home, keys=b"2q",
                                   until=b"15 live", TERM="xterm-256color", NO_COLOR=no)
            assert status == 0
            assert bool(color.search(out)) == colored, "NO_COLOR=%r" % no
    in_a_home(check)


@claim("the observer finds nobody, says where it looked, and q gives the terminal back")
def observer_alone():
    def check(t):
        t.until("No nodes found on this machine")
        t.until("looked in")
        t.press("?")
        t.until("Everywhere")
        t.press("q")
        t.ended(0)
    with_terminal(MESHTUI + " --observe", check)


@claim("without a runtime directory the observer lives on seeds; with neither it says so")
def observer_without_directory():
    nowhere = "env RUNTIME_DIRECTORY=/proc/nowhere " + MESHTUI + " --observe"
    seed = " --seed " + "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

    def check(t):
        t.until("nodes of this machine are not looked for")
        t.press("q")
        t.ended(0)
    with_terminal(nowhere + seed + "@127.0.0.1:9", check)
    with_terminal(nowhere, lambda t: t.ended(78))


@claim("a node that fails in its boot, or hangs, is seen in its parent's boot pane")
def observer_boots():
    def check(t):
        t.until("No nodes found")
        t.press("5")
        t.until("no boot is known")
        t.press("n", "Enter")
        t.until(r"mesh1.broker failed after \d+ us, 3 spans")
        t.until(r"identity_minted +\+\d+ +\d+ ")
        t.until(r"endpoint_created +\+\d+ +\d+ +.*\u2717")
        t.until("endpoint_created was told to fail")
        t.press("4")
        t.until(r"node.crashed +mesh1.broker +exited with status 69")
        t.press("q")
        t.ended(0)

    def check_slow(t):
        t.until("No nodes found")
        t.press("5", "n", "Enter")
        t.until(r"mesh1.broker boots since \d+ us, 3 spans")
        t.until(r"endpoint_created +\+\d+ +open")
        t.until(r"mesh1.broker.\w{6} booted in 2\d{6} us, 7 spans")
        t.press("q")
        t.until("Quit?")
        t.press("y")
        t.ended(0)
    with_terminal("env MESHTUI_TEST_BOOT=endpoint_created=fail " + MESHTUI + " --observe",
                  check)
    with_terminal("env MESHTUI_TEST_BOOT=endpoint_created=2000 " + MESHTUI + " --observe",
                  check_slow)


@claim("a named test runs from its pane, on nodes that the console's meshes do not have")
def observer_tests():
    def check(t):
        t.until("No nodes found")
        t.press("9")
        t.until("framer-roundtrip")
        t.press("Enter")
        t.until(r"framer-roundtrip +frames +pass")
        t.press("Down", "Down", "Down", "Down", "Enter")
        t.until(r"gossip-swarm-forms +mesh +runs|gossip-swarm-forms +mesh +pass")
        t.press("1")
        t.until("No nodes found")
        t.press("9")
        t.until(r"gossip-swarm-forms +mesh +pass", 60)
        t.press("v")
        t.until("gossip-swarm-forms: pass")
        t.press("1")
        t.until("No nodes found")
        t.press("q")
        t.ended(0)
    with_terminal(MESHTUI + " --observe", check)


@claim("a fault is ordered by keys: what is slow is seen to be, a sham is unproven")
def observer_chaos():
    def check(t):
        t.until("No nodes found")
        for _ in range(4):
            t.press("n", "Enter")
        t.until("4 live", 60)
        t.press("8", "End", "Enter")
        t.until("sham. Nothing at all")
        t.press("Enter")
        t.until("Begin")
        t.press("y")
        t.until(r"#1 +sham +unproven", 120)
        t.press("Up", "Up", "Enter")
        t.until("slow-link. What the node sends")
        t.press("Enter")
        t.until("Begin")
        t.press("y")
        t.until(r"#2 +slow-link +injected", 60)
        t.until(r"#2 +slow-link +pass +[0-9.]+m?s +[0-9.]+m?s", 120)
        t.press("q")
        t.until("Quit")
        t.press("y")
        t.ended(0)
    with_terminal(MESHTUI + " --observe", check)


def observer_ends_by(number, crash):
    def check(t):
        t.until("No nodes found")
        t.signal(number)
        t.until("THE-END")
        t.ended(128 + number if crash else t.file("status"))
    with_terminal(MESHTUI + " --observe", check)


@claim("the observer gives the terminal back after SIGTERM, SIGHUP and SIGSEGV")
def observer_signals():
    observer_ends_by(signal.SIGTERM, False)
    observer_ends_by(signal.SIGHUP, False)
    observer_ends_by(signal.SIGSEGV, True)


def main():
    print("1..%d" % len(results))
    failed = False
    for number, (text, function) in enumerate(results, 1):
        try:
            function()
            print("ok %d - %s" % (number, text), flush=True)
        except Exception as error:  # each claim stands alone
            failed = True
            print("not ok %d - %s" % (number, text))
            for line in str(error).splitlines() or [repr(error)]:
                print("# " + line, flush=True)
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
