# SPDX-License-Identifier: MIT
"""Nodes with an operator, and orders at them as a person gives them."""
import json
import subprocess

import mesh
from mesh import check, equal, wait


class Operator:
    """Who gives orders: an identity of its own, which the nodes were started with."""

    def __init__(self, test):
        self.test = test
        self.path = f"{test.dir}/operator"
        status, out, err = test.run("--order", "id", "--identity", self.path)
        equal((status, err), (0, ""), "--order id")
        self.id = out.strip()

    def command(self, node, order):
        return [mesh.MESHTUI, "--order", order, "--identity", self.path, "--json",
                "--seed", node.seed()]

    def order(self, node, order, result="OK", within=15):
        """The node's own answer to one order."""
        p = subprocess.run(self.command(node, order), env=self.test.env(self.test.dir),
                           stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=within * mesh.SLOW)
        equal(p.stderr, "", f"{order}: standard error")
        answer = json.loads(p.stdout)
        equal(answer["result"], result, f"{order}: {answer['why']}")
        equal(answer["id"], node.id, "who answered")
        equal(p.returncode, 0 if result == "OK" else 1, "exit status")
        return answer


def start(test, count, args=(), **kw):
    """So many nodes of one mesh, seeded with the first; and their operator."""
    op = Operator(test)
    nodes = []
    for _ in range(count):
        seeds = [nodes[0].seed()] if nodes else []
        nodes.append(test.start(seeds=seeds, args=[*args, "--operator", op.id], **kw))
    converged(nodes)
    return nodes, op


def converged(nodes, within=40):
    ids = {n.id for n in nodes}
    for n in nodes:
        wait(lambda n=n: {i for i, s in n.sees().items() if s == "live"} == ids, within,
             lambda n=n: f"{n.name} sees {n.sees()}")


def link(node, peer):
    """The link of a node with another one, or None."""
    for k in node.links():
        if k["peer_id"] == peer.id:
            return k
    return None


def linked(node, peer, within=30):
    return wait(lambda: link(node, peer), within,
                lambda: f"{node.name} has no link with {peer.name}: {node.links()}")


def clean(node):
    """Nothing is left of any fault, by the node's own word."""
    s = node.status()
    return (not s["faults"] and not s["chaos"]["halted"] and
            s["tables"]["held_datagrams"] == 0 and s["objects"]["impair"]["live"] == 0)


def active(node):
    return [f["kind"] for f in node.status()["faults"]]


def ended(node, how="lease"):
    last = node.status()["faults_ended"]
    check(last and last[0]["state"] == how, f"{node.name}: {last}")
    return last[0]
