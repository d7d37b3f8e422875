#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults on real nodes, and what the mesh makes of them: verdicts, controls, evidence.

MESHTUI is the program. MESHTUI_LONG=1 runs the control of the battery on all of its
primitives (three minutes more) and soaks of five and ten minutes.
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

MESHTUI = os.environ.get("MESHTUI", os.path.abspath("meshtui"))
SRCDIR = os.environ.get("SRCDIR", ".")
SLOW = float(os.environ.get("MESHTUI_TEST_SLOW", "1"))
LONG = os.environ.get("MESHTUI_LONG") == "1"
AT_ONCE = 3     # runs beside each other: two cores

PRIMITIVES = ("kill restart burst-kill wedge disk-full partition-pair partition-subset "
              "flap-link firewall-inbound clock-skew nat-shift slow-link "
              "lossy-link").split()

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


def run(*args, text=None, stub=False, within=300):
    """meshtui in a directory of its own: (status, output, report or None)."""
    where = tempfile.mkdtemp(dir=room)
    os.chmod(where, 0o700)
    env = {k: v for k, v in os.environ.items()
           if k not in ("RUNTIME_DIRECTORY", "MESHTUI_TEST_FAULTS")}
    env["XDG_RUNTIME_DIR"] = where
    if stub:
        env["MESHTUI_TEST_FAULTS"] = "ignore"
    args = list(args)
    if text is not None:
        file = os.path.join(where, "scenario.yaml")
        with open(file, "w") as f:
            f.write(text)
        args = [file if a == "FILE" else a for a in args]
    report = os.path.join(where, "report.json")
    if args[0] in ("--run", "--test"):
        args += ["--report", "json:" + report]
    p = subprocess.run([MESHTUI] + args, env=env, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       errors="replace", timeout=within * SLOW, check=False)
    found = None
    if os.path.exists(report):
        with open(report) as f:
            found = json.load(f)
        found["path"] = report
    # The lock of runs stays, and nothing else: neither directories nor sockets.
    left = [n for n in os.listdir(os.path.join(where, "meshtui"))
            if n != "runs.lock"] if os.path.isdir(os.path.join(where, "meshtui")) \
        else []
    return p.returncode, p.stdout + "".join("left: %s\n" % n for n in left), found


def example(name, *changes):
    """The text of an example, shortened: each (pattern, replacement) has to match."""
    with open(os.path.join(SRCDIR, "examples", name + ".yaml")) as f:
        text = f.read()
    for pattern, replacement in changes:
        text, n = re.subn(pattern, replacement, text)
        assert n, (name, pattern)
    return text


def faults(report):
    return {e["primitive"]: e for e in report["events"]}


def schema_errors(report):
    """What the published schema says against a report; "" also where nobody can ask."""
    try:
        import jsonschema
    except ImportError:
        return ""
    with open(os.path.join(SRCDIR, "examples", "report.schema.json")) as f:
        schema = json.load(f)
    report = {k: v for k, v in report.items() if k != "path"}
    return "\n".join(e.message[:200] for e in
                     jsonschema.Draft202012Validator(schema).iter_errors(report))


def test_battery(jobs):
    status, text, report = jobs["battery"].result()
    ok(status == 0 and report and report["verdict"] == "pass",
       "all thirteen primitives pass on 18 nodes in two meshes", status, text)
    if not report:
        return
    found = faults(report)
    ok(sorted(found) == sorted(PRIMITIVES) and report["passed"] == 13,
       "13 of 13 are in the report", sorted(found))
    slow = [e for e in found.values() if e["verdict"] == "pass" and not
            (e["witnessed_ms"] > e["injected_ms"] and
             e["recovered_ms"] > e["reverted_ms"])]
    ok(not slow, "each took a time to be seen and to be well again", slow)
    # A firewall is seen by those that had no link yet, and there may be one.
    few = [e["primitive"] for e in found.values()
           if len(e["witnesses"]) < (1 if e["primitive"] == "firewall-inbound" else 2)]
    ok(not few, "each names its witnesses, two at least", few)
    own = [e["primitive"] for e in found.values()
           if e["primitive"] not in ("partition-pair", "flap-link") and
           {w["name"] for w in e["witnesses"]} & set(e["targets"])]
    ok(not own, "and no target is a witness of its own fault", own)
    ok(not schema_errors(report), "the report is as its schema says",
       schema_errors(report))
    ok("left:" not in text, "nothing is left of the run", text)
    names = [n["name"] for n in report["nodes"]]
    ok(report["topology"] and all(a in names and b in names
                                  for a, b in report["topology"]),
       "the last topology is in it, between nodes of the run", report["topology"])

    status, text, _ = run("--plan", os.path.join(SRCDIR, "examples/battery.yaml"))
    ok("hash " + report["plan"] in text, "the plan was what ran, by its hash",
       report["plan"], text)
    lines = re.findall(r"^      (\S+) on (.*?) for ", text, re.M)
    wrong = []
    for event, (primitive, who) in zip(report["events"], lines):
        planned = sorted(n.split("#")[0] for n in who.split(", "))
        done = sorted(t.rsplit(".", 1)[0] for t in event["targets"])
        if event["primitive"] != primitive or planned != done:
            wrong.append((event["primitive"], done, primitive, planned))
    ok(len(lines) == 13 and not wrong, "and by whom each fault hit", wrong, lines)
    return report


def test_verify(report):
    path = report["path"]
    status, text, _ = run("--verify", path)
    ok(status == 0 and text.count("from its evidence pass") == 13,
       "offline the evidence gives the same 13 verdicts", status, text)
    with open(path) as f:
        whole = f.read()
    bad = []
    for old, new in (('"verdict": "pass"', '"verdict": "fail"'),
                     ('"seed": 1', '"seed": 2'),
                     ('"reason": "', '"reason": "Well, ')):
        with open(path, "w") as f:
            f.write(whole.replace(old, new, 1))
        status, text, _ = run("--verify", path)
        bad += [] if status == 1 else [(old, status, text[-200:])]
    event = json.loads(whole)
    line = event["events"][3]["evidence"]["inputs"][5]
    line[1] += 1    # what somebody saw, a nanosecond later
    with open(path, "w") as f:
        json.dump(event, f)
    status, text, _ = run("--verify", path)
    bad += [] if status == 1 else [("a line of evidence", status, text[-200:])]
    event = json.loads(whole)
    del event["events"][3]
    with open(path, "w") as f:
        json.dump(event, f)
    status, text, _ = run("--verify", path)
    bad += [] if status == 1 else [("an event less", status, text[-200:])]
    ok(not bad, "a report that was changed does not hold", bad)
    with open(path, "w") as f:
        f.write(whole[:len(whole) // 2])
    status, text, _ = run("--verify", path)
    ok(status == 65, "half a report cannot be read", status, text)


def test_control(jobs):
    status, text, report = jobs["control"].result()
    verdicts = {e["primitive"]: e["verdict"] for e in report["events"]}
    ok(status == 2 and len(verdicts) == (13 if LONG else 5) and
       set(verdicts.values()) == {"unproven"},
       "where nodes take the orders and do nothing, nothing is proven", verdicts, text)
    ok(not [e for e in report["events"] if e["witnesses"]], "and nobody saw anything")


def test_sham(jobs):
    status, text, report = jobs["sham"].result()
    ok(status == 0 and report["tests"][0]["verdict"] == "unproven",
       "the sham is unproven, as it has to be", status, text)
    status, text, _ = jobs["sham-run"].result()
    ok(status == 2, "a run with a sham in it is unproven, status 2", status, text)


def test_soak(jobs):
    status, text, report = jobs["soak-5min"].result()
    good = report and report["event_count"] >= 4 and report["passed"] >= 1
    ok(status == 0 and good, "a short soak stays within its budget", status, text)
    status, text, report = jobs["empty"].result()
    ok(status == 1 and "there are no nodes" in text,
       "a soak without nodes fails", status, text)


def test_examples(jobs):
    for name in sorted(jobs):
        if name.startswith("example "):
            status, text, _ = jobs[name].result()
            ok(status == 0 and "left:" not in text, name + " passes", status, text)


def test_plans(_):
    path = os.path.join(SRCDIR, "examples", "soak-5min.yaml")
    texts = {run("--plan", path, "--seed", "42")[1] for _ in range(3)}
    ok(len(texts) == 1, "the same seed gives the same plan three times")
    status, other, _ = run("--plan", path, "--seed", "43")
    ok(status == 0 and other not in texts, "and another seed gives another")
    status, text, _ = run("--run", "FILE", text="name: a\nmeshes:\n"
                          "  m1: { broker: 2 }\nsteps:\n"
                          "  - fault: { primitive: kill, targets: m1.broker#1 }\n")
    ok(status == 65 and "line 5" in text and "seed of m1" in text,
       "what the guards forbid is not begun", status, text)


def test_registry(jobs):
    status, text, _ = run("--list", "tests", "--json")
    listed = json.loads(text)["tests"]
    ok(status == 0 and len(listed) >= 30 and
       all(t["thresholds"] and t["description"] for t in listed),
       "the named tests are listed with what they ask for", text)
    status, text, report = jobs["checks"].result()
    ok(status == 0 and report["count"] == 2 and report["as_expected"] == 2,
       "a pattern runs all that match", status, text)
    status, text, _ = run("--test", "nonsense")
    ok(status == 64 and "--list tests" in text, "a test that is none is refused", text)
    for name in ("gossip-swarm-forms", "mesh-grow-shrink", "remove-resilience"):
        status, text, _ = jobs[name].result()
        ok(status == 0, name + " passes", status, text)


SHORT = """name: control
meshes:
  mesh1: { gateway: 2, broker: 2, compute: 2 }
  mesh2: { gateway: 2, broker: 2, compute: 2 }
guards: { share: 60% }
steps:
  - wait: { until: converged, within: 40s }
  - parallel:
      - fault: { primitive: wedge, targets: mesh1.broker, for: 4s }
      - fault: { primitive: disk-full, targets: mesh1.compute, for: 4s }
      - fault: { primitive: clock-skew, targets: mesh2.broker, for: 4s }
      - fault: { primitive: slow-link, targets: mesh2.compute, for: 4s }
      - fault: { primitive: nat-shift, targets: mesh2.gateway#2, for: 4s }
  - stop
"""

EMPTY = """name: empty
meshes:
  mesh1: { broker: 0 }
steps:
  - soak: { duration: 5s, cadence: 1s }
"""

SHAM = """name: sham
meshes:
  mesh1: { gateway: 1, broker: 2, compute: 1 }
steps:
  - wait: { until: converged, within: 30s }
  - fault: { primitive: sham, for: 2s }
  - stop
"""


def begin(pool):
    """Everything that takes long, beside each other."""
    def job(*args, **kw):
        return pool.submit(run, *args, **kw)

    def shortened(name, *changes):
        return job("--run", "FILE", text=example(name, *changes))

    with open(os.path.join(SRCDIR, "examples", "battery.yaml")) as f:
        battery = f.read()
    # Nobody is killed in the control, so nobody is missing at its end.
    ignored = battery.replace("[ converged, ready = 14 ]", "converged")
    return {
        "battery": job("--run", os.path.join(SRCDIR, "examples", "battery.yaml")),
        "control": job("--run", "FILE", text=ignored if LONG else SHORT, stub=True,
                       within=600),
        "sham": job("--test", "sham"),
        "sham-run": job("--run", "FILE", text=SHAM),
        "empty": job("--run", "FILE", text=EMPTY),
        "checks": job("--test", "framer-*", "--seed", "9"),
        "gossip-swarm-forms": job("--test", "gossip-swarm-forms"),
        "mesh-grow-shrink": job("--test", "mesh-grow-shrink"),
        "remove-resilience": job("--test", "remove-resilience"),
        "soak-5min": shortened("soak-5min", ("duration: 5m", "duration: 24s"),
                               ("cadence: 10s", "cadence: 4s"),
                               ("unproven: 10%", "unproven: 30%")),
        "example partition-heals": shortened("partition-heals", ("for: 20s", "for: 12s")),
        "example rolling-restart": shortened("rolling-restart"),
        "example lossy-wan": shortened("lossy-wan", ("for: 30s", "for: 20s")),
        "example flapping-link": shortened("flapping-link", ("for: 40s", "for: 20s")),
        "example clock-drift": shortened("clock-drift", ("for: 15s", "for: 4s"),
                                         ("hold: 15s", "hold: 3s")),
        "example soak-hour": shortened(
            "soak-hour", ("duration: 1h", "duration: 5s"),
            ("cadence: 30s", "cadence: 5s"),
            ("hold: 2m", "hold: 1s"), (r"  - expect: .*slope.*\n", "")),
        "example kill-half": shortened("kill-half"),
        "example slow-consumer": shortened("slow-consumer", ("hold: 10s", "hold: 4s")),
    }


def main():
    global room
    room = tempfile.mkdtemp(prefix="meshtui-")
    try:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = begin(pool)
            test_plans(jobs)
            report = test_battery(jobs)
            if report:
                test_verify(report)
            for test in (test_control, test_sham, test_soak, test_examples,
                         test_registry):
                test(jobs)
            if LONG:
                for name in ("chaos-soak-5min", "chaos-soak-10min"):
                    status, text, _ = run("--test", name, "--seed", "42", within=1500)
                    ok(status == 0, name + " passes", status, text)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    print("1..%d" % count)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
