#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Load on real nodes, in short: floods of streams, and their controls.

MESHTUI is the program. The named tests have the whole times; what is here takes seconds,
and claims no speed.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

MESHTUI = os.environ.get("MESHTUI", os.path.abspath("meshtui"))
SLOW = float(os.environ.get("MESHTUI_TEST_SLOW", "1"))

count = 0
failed = 0
room = None


def ok(good, claim, *why):
    global count, failed
    count += 1
    failed += not good
    print(("ok" if good else "not ok"), count, "-", claim)
    if not good:
        for text in why:
            for line in str(text).splitlines()[-60:]:
                print("#", line)
    sys.stdout.flush()


def run(*args, text=None, without=None, within=200, ignore=False):
    """meshtui in a directory of its own: (status, output, report or None)."""
    where = tempfile.mkdtemp(dir=room)
    os.chmod(where, 0o700)
    env = {k: v for k, v in os.environ.items()
           if k not in ("RUNTIME_DIRECTORY", "MESHTUI_TEST_WITHOUT")}
    env["XDG_RUNTIME_DIR"] = where
    if without:
        env["MESHTUI_TEST_WITHOUT"] = without
    if ignore:
        env["MESHTUI_TEST_FAULTS"] = "ignore"
    args = list(args)
    if text is not None:
        file = os.path.join(where, "scenario.yaml")
        with open(file, "w") as f:
            f.write(text)
        args += ["--run", file]
    report = os.path.join(where, "report.json")
    p = subprocess.run([MESHTUI] + args + ["--report", "json:" + report], env=env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, errors="replace",
                       timeout=within * SLOW, check=False)
    found = None
    if os.path.exists(report):
        with open(report) as f:
            found = json.load(f)
    return p.returncode, p.stdout, found


def steps(report, word):
    """The steps whose text begins so, as (verdict, figures)."""
    return [(s["verdict"], s.get("figures", {})) for s in report["steps"]
            if s["what"].startswith(word)]


STREAMS = """name: streams
meshes:
  mesh1: { gateway: 1, broker: 2, compute: 2 }
steps:
  - wait: { until: converged, within: 60s }
  - parallel:
    - echo: { from: mesh1.broker#1, to: mesh1.gateway, streams: 32, bytes: 1024, for: 1s }
    - echo: { from: mesh1.broker#1, to: mesh1.compute, bytes: 65536, count: 20 }
    - send: { from: mesh1.broker#1, to: mesh1.compute, count: 50 }
    - send: { from: mesh1.broker#1, to: mesh1.gateway, count: 50 }
    - hold: 2s
  - expect: { that: live = 100%, within: 30s }
  - stop
"""


def test_streams():
    """32 streams of 1 KiB at once beside other talk of the same node; and the control."""
    status, text, report = run(text=STREAMS)
    echoes = steps(report, "echo") if report else []
    ok(status == 0 and len(echoes) == 2 and len(steps(report, "send")) == 2,
       "a node floods one, and echoes and sends to others meanwhile", status, text)
    ok(all(f.get("answered", 0) > 0 and f["failed"] == 0 for _, f in echoes),
       "all that was asked came back as it was", echoes)
    status, text, report = run(text=STREAMS, without="echo")
    echoes = steps(report, "echo") if report else []
    ok(status == 1 and not [1 for _, f in echoes if f.get("answered")] and
       [1 for _, f in echoes if f.get("different")],
       "where a bit is changed it fails, and nothing counts as answered", status, text)


GOSSIP = """name: gossip
meshes:
  mesh1: { gateway: 1, broker: 2, compute: 1 }
steps:
  - wait: { until: converged, within: 60s }
  - baseline: mesh1
  - parallel:
    - gossip: { from: mesh1, count: 300, rate: 100, bytes: 200, within: 120s }
    - gossip: { from: mesh1.broker, count: 100, bytes: 700, within: 120s }
    - hold: 3s
  - expect: { that: [ live = 100%, objects.link.grown <= 8, alerts.loop.stalled = 0 ],
      within: 30s }
  - stop
"""


def test_gossip():
    """Messages of all to all beside each other: each once; and the control."""
    status, text, report = run(text=GOSSIP)
    found = [f for _, f in steps(report, "gossip")] if report else []
    ok(status == 0 and len(found) == 2, "four speak to all of their mesh at once",
       status, text)
    ok([(f.get("delivered"), f.get("duplicates")) for f in found] ==
       [(3600, 0), (600, 0)], "each message comes once to each", found)
    ok(all(f["took_p50_us"] > 0 and f["cpu_us_each"] > 0 and f["memory_most_kib"] > 0
           for f in found), "with figures that were measured", found)
    status, text, report = run(text=GOSSIP, without="gossip")
    found = [f for _, f in steps(report, "gossip")] if report else []
    ok(status == 1 and found and found[0].get("lost", 0) + found[-1].get("lost", 0) > 0,
       "where one in fifty is lost, it fails", status, text)


def test_signed():
    """A report that names an identity is signed with it: who changes a byte or signs
    anew is found out."""
    where = tempfile.mkdtemp(dir=room)
    op = os.path.join(where, "op")
    other = os.path.join(where, "other")
    ids = [subprocess.run([MESHTUI, "--order", "id", "--identity", f], text=True,
                          capture_output=True, check=True).stdout.split()[0]
           for f in (op, other)]

    def verify(path, *more):
        p = subprocess.run([MESHTUI, "--verify", path] + list(more), text=True,
                           capture_output=True, check=False)
        return p.returncode, p.stdout + p.stderr

    signed = os.path.join(where, "signed.json")
    plain = os.path.join(where, "plain.json")
    for path, more in ((signed, ["--identity", op]), (plain, [])):
        subprocess.run([MESHTUI, "--test", "framer-roundtrip", "--report",
                        "json:" + path] + more, capture_output=True, check=True)
    answers = [verify(signed), verify(signed, "--operator", ids[0]),
               verify(signed, "--operator", ids[1]), verify(plain),
               verify(plain, "--operator", ids[0])]
    ok([a[0] for a in answers] == [0, 0, 1, 0, 1] and "signed by " + ids[0] in
       answers[0][1] and "signed by nobody" in answers[3][1],
       "who signed a report is said, and asked for", answers)
    with open(signed) as f:
        text = f.read()
    wrong = []
    for old, new in (('"seed": 1', '"seed": 2'), (ids[0], ids[1]),
                     ('"signature": "', '"signature": "00')):
        changed = os.path.join(where, "changed.json")
        with open(changed, "w") as f:
            f.write(text.replace(old, new, 1))
        if old not in text or verify(changed)[0] != 1:
            wrong.append((old, verify(changed)))
    ok(not wrong, "what was changed is found out", wrong)


def test_named():
    """The named tests that are quick, and with their feature taken out."""
    status, text, _ = run("--test", "bi-stream-echo")
    ok(status == 0, "bi-stream-echo passes", status, text)
    status, text, _ = run("--test", "bi-stream-echo", without="echo")
    ok(status == 1, "and fails where a bit is changed", status, text)


# The named tests about load and incidents, and what each has to fail without. None: their
# control is that the fault does not happen, or none of the node's making.
NAMED = [("bi-stream-echo", "echo"), ("backpressure-stream-flood", "echo"),
         ("gossip-rate", "gossip"), ("gossip-burst", "gossip"),
         ("gossip-slow-consumer", "gossip"), ("accept-storm", "accept"),
         ("no-orphans", "lifeline"), ("soft-wedge", None)]


def figures_of(report):
    """What was measured, a line for each step that sent something."""
    for step in report["steps"]:
        if step["what"].split()[0] in ("echo", "gossip", "send"):
            print("#   %s: %s" % (step["what"], step["reason"]))
            print("#     " + ", ".join("%s %s" % f for f in step["figures"].items()))


def test_whole():
    """With MESHTUI_LONG=1: all of them whole, with their figures; half an hour."""
    for name, without in NAMED:
        status, text, report = run("--test", name, within=900)
        ok(status == 0, name + " passes", status, text)
        for one in (report or {}).get("tests", []):
            figures_of(one.get("report") or {"steps": []})
        if without:
            status, text, _ = run("--test", name, without=without, within=900)
            ok(status != 0, "%s does not pass without %s" % (name, without), status, text)
        else:
            status, text, _ = run("--test", name, within=900, ignore=True)
            ok(status != 0, "%s does not pass where nothing happens" % name, status,
               text)


def main():
    global room
    room = tempfile.mkdtemp(prefix="meshtui-load-")
    try:
        if os.environ.get("MESHTUI_LONG") == "1":
            test_whole()
        test_streams()
        test_gossip()
        test_signed()
        test_named()
    finally:
        shutil.rmtree(room)
    print("1..%d" % count)
    sys.exit(1 if failed else 0)


main()
