#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Surroundings that are poor or hostile: what was started without descriptors, with few
of them, with nohup, behind a full disk or a terminal that takes nothing."""

import fcntl
import glob
import os
import pty
import select
import signal
import socket
import stat
import struct
import subprocess
import termios
import time

import mesh
from mesh import MESHTUI, SLOW, check, equal, wait

EXAMPLE = os.path.join(os.environ.get("SRCDIR", "."), "examples/quickstart.yaml")
DONE, EXIT_UNAVAILABLE, EXIT_IO = 0, 69, 74


def shell(test, line):
    """A command line; "$0" is the program. (status, standard error)"""
    p = subprocess.run(["sh", "-c", line, MESHTUI], env=test.env(test.dir),
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=20 * SLOW, check=False)
    return p.returncode, p.stderr


def a_node_without_descriptors_writes_its_log_nowhere(test):
    """Started without 1 and 2, a node writes its log into no file of its own."""
    data = f"{test.dir}/data"
    node = subprocess.Popen(
        ["sh", "-c", 'exec "$0" --node broker --mesh m --data-dir "$1" >&- 2>&-',
         MESHTUI, data], env=test.env(test.dir), stdin=subprocess.DEVNULL)
    try:
        wait(lambda: test.run("--health", runtime_dir=test.dir)[0] == DONE, 10,
             "a node that is healthy")
        held = {n: os.readlink(f"/proc/{node.pid}/fd/{n}") for n in (1, 2)}
        equal(held, {1: "/", 2: "/"}, "what stands for 1 and 2")
    finally:
        node.send_signal(signal.SIGTERM)
        equal(node.wait(10 * SLOW), 0, "its status")
    equal(os.stat(f"{data}/lock").st_size, 0, "the length of the lock file")


def output_that_is_lost_is_a_failure(test):
    """Output that does not reach its file is status 74 and a sentence."""
    for words in ("--help", "--version", "--make-key", f"--check {EXAMPLE}"):
        for to in (">/dev/full", ">&-"):
            status, said = shell(test, f'"$0" {words} {to}')
            equal(status, EXIT_IO, f"status of {words} {to}")
            check("cannot write to standard output" in said, said)
        equal(shell(test, f'"$0" {words} >/dev/null')[0], DONE, f"status of {words}")


def too_few_descriptors_are_a_sentence(test):
    """Too low a limit of descriptors is status 69 and says so."""
    for limit in (7, 8, 12, 15):
        status, said = shell(test, f'ulimit -n {limit}; exec "$0" --node broker '
                             f'--mesh m --data-dir "{test.dir}/few"')
        equal(status, EXIT_UNAVAILABLE, f"status with {limit} descriptors: {said}")
        check("ulimit -n" in said, said)


def nohup_outlives_the_terminal(test):
    """SIGHUP ends a node, but not one that was started with nohup."""
    def started(ignored):
        node = subprocess.Popen(
            [MESHTUI, "--node", "broker", "--mesh", "m", "--data-dir",
             f"{test.dir}/hup-{ignored}"], env=test.env(test.dir),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(
                signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL))
        wait(lambda: test.run("--health", runtime_dir=test.dir)[0] == DONE, 10,
             "a node that is healthy")
        node.send_signal(signal.SIGHUP)
        return node

    node = started(False)
    equal(node.wait(10 * SLOW), 0, "status after SIGHUP")
    node = started(True)
    # It was delivered before this answer, and nothing ends at once.
    for _ in range(3):
        equal(test.run("--health", runtime_dir=test.dir)[0], DONE, "health")
    check(node.poll() is None, "SIGHUP ended a node under nohup")
    node.send_signal(signal.SIGTERM)
    equal(node.wait(10 * SLOW), 0, "status after SIGTERM")


def a_report_goes_through_a_pipe_and_leaves_it(test):
    """A report is written to a pipe and does not replace it."""
    pipe, scenario = f"{test.dir}/pipe", f"{test.dir}/one.yaml"
    with open(scenario, "w", encoding="ascii") as f:
        f.write("name: one\nmeshes: {m: {broker: 1}}\nsteps: [stop]\n")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    status, _, said = test.run("--run", scenario, "--report", f"json:{pipe}", within=30)
    check(status != EXIT_IO, f"status {status}: {said}")
    check(b'"version": 1' in os.read(reader, 65536), "no report came")
    os.close(reader)
    check(stat.S_ISFIFO(os.stat(pipe).st_mode), "the pipe was replaced")


def terminal(test, hangup=signal.SIG_DFL):
    """A console on a bare terminal of 200x100 that somebody has to read from."""
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, hangup)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 100, 200, 0, 0))
        env = test.env(test.dir)
        env.update(TERM="xterm-256color", LANG="C.UTF-8")
        os.execve(MESHTUI, [MESHTUI, "--observe"], env)
    check(select.select([fd], [], [], 10 * SLOW)[0], "the console shows nothing")
    return pid, fd


def answers(test, within):
    """Whether the loop of the console turns."""
    for path in glob.glob(f"{test.dir}/meshtui/*.sock"):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(within)
            try:
                s.connect(path)
                s.sendall(b'{"version":1,"verb":"health"}\n')
                return bool(s.recv(1))
            except socket.timeout:
                return False
    return None


def fill(test, pid, fd):
    """Resizes until the console is held by its terminal."""
    columns = 200

    def is_held():
        nonlocal columns
        columns = 399 - columns
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 100, columns, 0, 0))
        os.kill(pid, signal.SIGWINCH)
        # Twice, so that a slow machine does not look like a held one.
        return answers(test, 0.2) is False and answers(test, 2 * SLOW) is False

    wait(is_held, 30, "the console is held by its terminal")


def ended(pid, within):
    def look():
        got, status = os.waitpid(pid, os.WNOHANG)
        return [os.waitstatus_to_exitcode(status)] if got else None

    try:
        return wait(look, within, "an end")[0]
    except mesh.Failure:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise


def a_terminal_that_takes_nothing_can_be_left(test):
    """SIGTERM ends a console that its terminal holds."""
    pid, fd = terminal(test)
    fill(test, pid, fd)
    os.kill(pid, signal.SIGTERM)
    equal(ended(pid, 5), EXIT_IO, "status when nobody reads")
    os.close(fd)


def a_terminal_that_goes_on_is_left_in_order(test):
    """A terminal that goes on after SIGTERM is left in order."""
    pid, fd = terminal(test)
    fill(test, pid, fd)
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 10 * SLOW
    while time.monotonic() < end:
        try:
            if select.select([fd], [], [], 0.05)[0] and not os.read(fd, 65536):
                break
        except OSError:
            break
    equal(ended(pid, 5), DONE, "status when somebody reads again")
    os.close(fd)


def a_terminal_that_is_gone_ends_the_console(test):
    """A broken line ends the console, with and without SIGHUP."""
    for hangup in (signal.SIG_DFL, signal.SIG_IGN):
        pid, fd = terminal(test, hangup)
        os.close(fd)
        equal(ended(pid, 5), DONE, "status after the line broke")


mesh.main(a_node_without_descriptors_writes_its_log_nowhere,
          output_that_is_lost_is_a_failure,
          too_few_descriptors_are_a_sentence,
          nohup_outlives_the_terminal,
          a_report_goes_through_a_pipe_and_leaves_it,
          a_terminal_that_takes_nothing_can_be_left,
          a_terminal_that_goes_on_is_left_in_order,
          a_terminal_that_is_gone_ends_the_console)
