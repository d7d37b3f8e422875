#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scenarios on nodes that were there before: `attach: true`. The nodes are processes of
this test and of nobody else; the runner has an operator's identity and a seed.
MESHTUI_LONG=1 has all thirteen primitives by COMMAND, 5 minutes more."""
import json
import os
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults
import mesh
from mesh import check, equal, main, wait

SRCDIR = os.environ.get("SRCDIR", ".")
EXAMPLE = os.path.join(SRCDIR, "examples", "attach.yaml")
LONG = bool(os.environ.get("MESHTUI_LONG"))
# Each run looks for 3 s who is there, and a lease is at most 15 s; the rest is patience.
RUN_S = 150

HEAD = "name: t\nattach: true\nmeshes: { %s }\nguards: { share: 100%%, " \
    "allow: [ seed, last-gateway ] }\nsteps:\n"


class Operators:
    """Identities that nodes obey. Two runs with one would take each other's links."""

    def __init__(self, test, count):
        self.paths = [f"{test.dir}/operator{i}" for i in range(count)]
        self.args = []
        for path in self.paths:
            status, out, err = test.run("--order", "id", "--identity", path)
            equal((status, err), (0, ""), "--order id")
            self.args += ["--operator", out.strip()]


class Run:
    """One `meshtui --run` beside the others."""

    count = 0

    def __init__(self, test, identity, file, *seeds, text=None):
        Run.count += 1
        self.test = test
        self.report_path = f"{test.dir}/report{Run.count}"
        if text:
            file = f"{test.dir}/scenario{Run.count}.yaml"
            with open(file, "w") as f:
                f.write(text)
        command = [mesh.MESHTUI, "--run", file, "--report", "json:" + self.report_path,
                   "--identity", identity]
        for n in seeds:
            command += ["--seed", n.seed()]
        runtime = f"{test.dir}/run{Run.count}"
        os.makedirs(runtime, mode=0o700)
        self.process = subprocess.Popen(
            command, env=test.env(runtime), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, status, what):
        try:
            self.out, self.err = self.process.communicate(timeout=RUN_S * mesh.SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise mesh.Failure(f"{what} does not end") from None
        self.said = self.out + self.err
        equal(self.process.returncode, status, f"{what}: {self.said}")
        return self

    def has_put(self, node, kind):
        """Its fault is on the node, by the node's word."""
        def look():
            if self.process.poll() is not None:
                self.end(None, f"a run that was to put {kind} on {node.name}")
            return kind in faults.active(node)
        wait(look, 60, f"{kind} on {node.name}")

    def report(self):
        with open(self.report_path) as f:
            return json.load(f)


def start(test, ops, mesh_name, kinds, strangers=()):
    """Nodes of one mesh; those of types in `strangers` obey nobody."""
    nodes = []
    for kind in kinds:
        args = [] if kind in strangers else ops.args
        nodes.append(test.start(kind=kind, mesh=mesh_name, args=args,
                                seeds=[n.seed() for n in nodes[:1]]))
    faults.converged(nodes)
    return nodes


def untouched(node):
    """No fault is on it, and none ever was; it is the process that it was."""
    s = node.status()
    return faults.clean(node) and not s["faults_ended"] and \
        s["incarnation"] == node.incarnation


def example_passed(run, nodes):
    """Found by a seed, ordered by COMMAND, witnessed, and nothing is left."""
    report = run.end(0, "the example").report()
    names = {n.name for n in nodes}
    event = report["events"][0]
    equal({n["name"] for n in report["nodes"]}, names, "the roster")
    # Neither started nor ended by the run, which does not pretend to know either.
    equal([(n["boot_us"], n["end"]) for n in report["nodes"]], [(None, None)] * 4, "ends")
    equal(event["verdict"], "pass", "its fault")
    check(len(event["witnesses"]) >= 2 and
          {w["name"] for w in event["witnesses"]} <= names, f"witnesses: {event}")
    check(event["witnessed_ms"] > event["injected_ms"], f"times: {event}")
    check("all of them are over, by the word of 1 node" in report["aftermath"],
          report["aftermath"])
    verified = run.test.run("--verify", run.report_path)
    equal(verified[0], 0, f"--verify: {verified}")
    for n in nodes:
        check(n.alive() and faults.clean(n), f"{n.name} after it: {n.status()}")
    equal(sum(len(n.status()["faults_ended"]) for n in nodes), 1, "faults that nodes had")


def refused_before_it_begins(test, ops, nodes):
    """Wrong key, nobody there, too few: a reason and a status, and nothing is ordered."""
    fault = "  - fault: { primitive: disk-full }\n"
    wrong = Run(test, f"{test.dir}/other", None, nodes[0],
                text=HEAD % "mesh2: { gateway: 1 }" + fault)
    # Its identity obtains nothing, and it looks longer than the others: one of its own.
    few = Run(test, f"{test.dir}/third", None, nodes[0],
              text=HEAD % "mesh2: { broker: 3 }" + fault)
    nobody = Run(test, ops.paths[2], EXAMPLE)
    wrong.end(77, "with a wrong key")
    check("none of the 5 nodes obeys operator" in wrong.err and
          "--operator" in wrong.err, wrong.err)
    nobody.end(69, "with nobody")
    check("no node runs on this machine" in nobody.err, nobody.err)
    for n in nodes:
        check(untouched(n), f"{n.name} was touched: {n.status()}")
    return few


def unproven(test, ops, nodes):
    """A sham is unproven, as is a fault at a node that obeys nobody. What is interrupted
    is taken off; what is killed ends by its lease."""
    fault = "  - fault: { primitive: %s, targets: mesh2.%s, for: %s }\n"
    by_type = {n.kind: n for n in nodes}
    seed, all_of = nodes[0], HEAD % "mesh2: { gateway: 1, compute: 1, registry: 1 }"
    killed = Run(test, ops.paths[1], None, seed,
                 text=all_of + fault % ("disk-full", "compute", "15s"))
    killed.has_put(by_type["compute"], "disk-full")
    killed.process.kill()
    killed.process.communicate()
    sham = Run(test, ops.paths[2], None, seed,
               text=all_of + fault % ("sham", "compute", "5s"))
    stranger = Run(test, ops.paths[3], None, seed,
                   text=all_of + fault % ("disk-full", "registry", "5s"))
    # Nobody waits for such a lease: only an order can end it sooner.
    cut_short = Run(test, ops.paths[4], None, seed,
                    text=all_of + fault % ("disk-full", "gateway", "10m"))
    cut_short.has_put(by_type["gateway"], "disk-full")
    cut_short.process.send_signal(signal.SIGTERM)
    cut_short.end(2, "interrupted")
    check("all of them are over" in cut_short.out, cut_short.out)
    wait(lambda: faults.clean(by_type["gateway"]), 20, "the interrupted one is off")
    faults.ended(by_type["gateway"], "order")
    sham.end(2, "the sham")
    equal(sham.report()["events"][0]["verdict"], "unproven", "the sham")
    stranger.end(2, "a fault at a stranger")
    reason = stranger.report()["events"][0]["reason"]
    check("refused the order" in reason and "--operator" in reason, reason)
    check("do not obey" in stranger.err and by_type["registry"].name in stranger.err,
          stranger.err)
    check(untouched(by_type["registry"]), "the stranger was touched")
    wait(lambda: faults.clean(by_type["compute"]), 60, "the lease of the killed one")
    ends = {f["primitive"]: f["state"]
            for f in by_type["compute"].status()["faults_ended"]}
    equal(ends["disk-full"], "lease", "how the fault of the killed runner ended")
    check(all(n.alive() for n in nodes), "a node has ended")


def runs_on_nodes_of_others(test):
    """The example passes and leaves nothing; what can't be done or proven is said so."""
    ops = Operators(test, 5)
    nodes = start(test, ops, "mesh1", ["gateway", "broker", "broker", "broker"])
    example = Run(test, ops.paths[0], EXAMPLE, nodes[0])
    others = start(test, ops, "mesh2",
                   ["gateway", "broker", "broker", "compute", "registry"], ["registry"])
    few = refused_before_it_begins(test, ops, others)
    unproven(test, ops, others)
    few.end(69, "with too few")
    check("mesh2 has 2 broker, the file wants at least 3" in few.err, few.err)
    example_passed(example, nodes)


THIRTEEN = """
  - wait: { until: converged, within: 60s }
  - fault: { primitive: restart, targets: mesh1.compute }
  - wait: { until: converged, within: 60s }
  - fault: { primitive: wedge }
  - fault: { primitive: disk-full }
  - fault: { primitive: partition-pair }
  - fault: { primitive: partition-subset }
  - fault: { primitive: flap-link }
  - fault: { primitive: firewall-inbound }
  - fault: { primitive: clock-skew }
  - fault: { primitive: nat-shift }
  - fault: { primitive: slow-link }
  - fault: { primitive: lossy-link }
  - wait: { until: converged, within: 60s }
  - fault: { primitive: kill, targets: mesh1.compute }
  - fault: { primitive: burst-kill, targets: mesh1.compute, pick: 2 }
"""


def all_thirteen_by_command(test):
    """All thirteen primitives on nodes of others; the restarted one is started by us."""
    kinds = ["gateway"] * 2 + ["broker"] * 3 + ["compute"] * 4
    ops = Operators(test, 1)
    nodes = start(test, ops, "mesh1", kinds)
    run = Run(test, ops.paths[0], None, nodes[0],
              text=HEAD % "mesh1: { compute: 4 }" + THIRTEEN)
    over = threading.Event()

    def start_again():
        while not over.wait(0.1):
            for i, n in enumerate(nodes):
                if not n.alive():
                    n.process.wait()
                    nodes[i] = test.start(
                        kind=n.kind, seeds=[nodes[0].seed()], data_dir=n.data_dir,
                        args=ops.args)
                    return

    keeper = threading.Thread(target=start_again)
    keeper.start()
    try:
        run.process.wait(600 * mesh.SLOW)
    finally:
        over.set()
        keeper.join()
    run.end(0, "all thirteen")
    equal([e["verdict"] for e in run.report()["events"]], ["pass"] * 13, "verdicts")
    test.nodes = [n for n in test.nodes if n.alive()]
    equal(len(test.nodes), len(nodes) - 3, "who is left of three kills")
    for n in test.nodes:
        check(faults.clean(n), f"{n.name} after it: {n.status()}")


main(runs_on_nodes_of_others, *([all_thirteen_by_command] if LONG else []))
