#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One message to another mesh is one trace over four nodes, as they post it over OTLP."""
import json
import sys

sys.dont_write_bytecode = True
import otlp_collector  # noqa: E402
from mesh import converged, described, equal, main, wait  # noqa: E402
from otlp_collector import Collector, attributes, exported_to  # noqa: E402


def fabric(t):
    """A broker and a gateway in each of two meshes, which hear of each other."""
    gateway1 = t.start("gateway", "mesh1")
    sender = t.start("broker", "mesh1", seeds=[gateway1.seed()])
    gateway2 = t.start("gateway", "mesh2", seeds=[gateway1.seed()])
    receiver = t.start("broker", "mesh2", seeds=[gateway2.seed()])
    wait(lambda: converged([sender, gateway1]) and converged([receiver, gateway2]), 30,
         lambda: described(t.nodes))
    for g, other in ((gateway1, "mesh2"), (gateway2, "mesh1")):
        wait(lambda g=g, other=other: any(
            m["mesh"] == other and m["state"] == "heard"
            for m in g.asked("list", "meshes")["fabric"]), 30, "the backbone")
    return sender, gateway1, gateway2, receiver


def of_trace(c, trace):
    """{(node id, span name): span} of this trace, of all that came."""
    return {(r["service.instance.id"], s.name): s for r, spans in c.batches()
            for s in spans if s.trace_id.hex() == trace}


def causes(c, trace, key):
    """The names of a span and of all above it; None while one is missing."""
    by_id = {x.span_id: x for x in c.spans() if x.trace_id.hex() == trace}
    s = of_trace(c, trace)[key]
    names = [s.name]
    while s.parent_span_id:
        s = by_id.get(s.parent_span_id)
        if s is None:
            return None
        names.append(s.name)
    return names


def one_trace_over_four_nodes(t):
    """send, resolve at both gateways and deliver are one trace, each under its cause"""
    with Collector() as c, exported_to(c.url):
        sender, gateway1, gateway2, receiver = nodes = fabric(t)
        status, out, err = t.run("--send", "mesh2.broker", "--of", sender.name, "--json",
                                 "--data", "hello", runtime_dir=sender.runtime_dir)
        equal(status, 0, err)
        trace = json.loads(out)["sent"]["trace_id"]
        want = [(sender.id, "mesh.send"), (sender.id, "mesh.resolve"),
                (gateway1.id, "mesh.resolve"), (gateway2.id, "mesh.resolve"),
                (receiver.id, "mesh.deliver")]
        # Spans are posted in batches, and an outer one ends last.
        wait(lambda: set(want) <= set(of_trace(c, trace)) and all(
            causes(c, trace, k) for k in want), 40,
             lambda: sorted(n for _, n in of_trace(c, trace)))
        found = of_trace(c, trace)
        equal({i for i, _ in found}, {n.id for n in nodes}, "nodes")
        for key in want[1:]:
            equal(causes(c, trace, key)[-1], "mesh.send", f"{key}")
        equal(causes(c, trace, want[0]), ["mesh.send"], "root")
        root = found[want[0]]
        equal(attributes(found[want[4]].attributes),
              {"peer_id": sender.id, "kind": "message", "bytes": "5"}, "deliver")
        equal(attributes(root.attributes),
              {"destination": "mesh2.broker", "kind": "message", "bytes": "5"}, "send")
        crossed = [attributes(s.attributes) for r, spans in c.batches() for s in spans
                   if s.name == "mesh.cross.peer_connected"
                   and r["service.instance.id"] == receiver.id]
        equal(crossed, [{"peer_id": sender.id, "own_mesh": "mesh2",
                         "peer_mesh": "mesh1"}], "once for each pair")


def inside_it_is_two(t):
    """inside of a mesh no gateway has a part in it: the control of the one above"""
    with Collector() as c, exported_to(c.url):
        sender, gateway1, gateway2, receiver = fabric(t)
        status, out, err = t.run("--send", "mesh1.gateway", "--of", sender.name, "--json",
                                 runtime_dir=sender.runtime_dir)
        equal(status, 0, err)
        trace = json.loads(out)["sent"]["trace_id"]
        wait(lambda: (gateway1.id, "mesh.deliver") in of_trace(c, trace), 40, "deliver")
        equal({i for i, _ in of_trace(c, trace)}, {sender.id, gateway1.id}, "nodes")


if otlp_collector.WHY_NOT:
    print(f"1..0 # SKIP no decoder: {otlp_collector.WHY_NOT}")
    sys.exit(0)
main(one_trace_over_four_nodes, inside_it_is_two)
