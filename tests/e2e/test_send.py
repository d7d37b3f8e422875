#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Messages to names, in the own mesh and in others, between real processes."""
import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from mesh import (MESHTUI, SLOW, check, converged, described, equal, main,  # noqa: E402
                  wait)

# Of a minute of churn, what a suite has time for.
CHURN_S = 60 if os.environ.get("MESHTUI_LONG") else 6


def heard(node):
    """{mesh: its row} as this node has it."""
    return {m["mesh"]: m for m in node.asked("list", "meshes")["fabric"]}


def mesh(t, name, gateways, brokers, seeds=()):
    first = t.start("gateway" if gateways else "broker", name, seeds=seeds)
    nodes = [first]
    for i in range(1, gateways + brokers):
        nodes.append(t.start("gateway" if i < gateways else "broker", name,
                             seeds=[first.seed()]))
    return nodes


def two_meshes(t, gateways=2, brokers=1, linked=True):
    one = mesh(t, "mesh1", gateways, brokers)
    two = mesh(t, "mesh2", gateways, brokers, [one[0].seed()] if linked else ())
    wait(lambda: converged(one) and converged(two), 30, lambda: described(one + two))
    if linked:
        for node in one[:gateways] + two[:gateways]:
            wait(lambda n=node: all(
                heard(n).get(m, {}).get("state") in ("own", "heard")
                and len(heard(n)[m]["gateways"]) == gateways
                for m in ("mesh1", "mesh2")), 30, lambda n=node: heard(n))
    return one, two


def send(t, node, to, *args, within=30, given=None):
    status, out, err = t.run("--send", to, "--of", node.name, "--json", *args,
                             runtime_dir=node.runtime_dir, within=within, given=given)
    return status, json.loads(out).get("sent") if out else None, err


def asked(t, node, what, name):
    """What the command says to a person: (status, error)."""
    status, _, err = t.run(what, name, "--of", node.name, runtime_dir=node.runtime_dir)
    return status, err


def messages(node):
    return node.status()["messages"]


def nothing_crossed(nodes):
    for n in nodes:
        s = n.status()
        equal((s["dropped"]["digests_foreign"], s["dropped"]["gossip_foreign"],
               s["dropped"]["backbone_foreign"]), (0, 0, 0), n.name)
        equal({x["mesh"] for x in n.nodes()}, {n.name.split(".")[0]}, n.name)


def a_message_crosses(t):
    """a broker sends to a pattern of another mesh, and is told who took it"""
    one, two = two_meshes(t)
    sender, receiver = one[-1], two[-1]
    status, sent, err = send(t, sender, "mesh2.broker", "--data", "hello", "--kind", "hi")
    equal((status, sent["acked"], sent["receiver"]), (0, 1, receiver.name), err)
    equal(messages(receiver)["received"], 1, "received")
    event = [e for e in receiver.asked("list", "events")["events"]
             if e["kind"] == "message.received"]
    equal([(e["node"], e["text"]) for e in event],
          [(sender.name, "hi, 5 bytes: hello")], "event")
    # Direct: a link of the two, and no third node took part.
    check(receiver.name in {x["peer"] for x in sender.links()}, sender.links())
    equal([messages(n)["received"] for n in one + two if n is not receiver],
          [0] * 5, "others")
    cross = [e for e in receiver.asked("list", "events")["events"]
             if e["kind"] == "cross.connected"]
    equal(len(cross), 1, "once for each pair")
    nothing_crossed(one + two)


def gateways_die_midway(t):
    """1,000 of 1,000 acknowledged, once and in order, while gateways are killed"""
    one, two = two_meshes(t, brokers=2)
    p = subprocess.Popen([MESHTUI, "--send", "mesh2.broker", "--of", one[0].name,
                          "--count", "1000", "--rate", "200", "--data", "x", "--json"],
                         env=t.env(one[0].runtime_dir), stdout=subprocess.PIPE, text=True)
    wait(lambda: sum(messages(n)["received"] for n in two) > 200, 30, "200 messages")
    one[1].kill()
    two[0].kill()
    out, _ = p.communicate(timeout=60 * SLOW)
    sent = json.loads(out)["sent"]
    equal((p.returncode, sent["acked"], sent["failed"]), (0, 1000, 0), sent)
    living = [two[1]] + two[2:]
    equal(sum(messages(n)["received"] for n in living), 1000, "received")
    equal([messages(n)["disordered"] for n in living], [0] * 3, "order")
    # And the way is still found by who knows nothing yet.
    status, sent, err = send(t, one[2], "mesh2.broker")
    equal(status, 0, f"{sent} {err}")


def each_failure_has_its_status(t):
    """no such mesh, unreachable, no such node, gone: a status and a sentence each"""
    one, two = two_meshes(t, gateways=1, brokers=2)
    sender = one[-1]

    def fails(name, status, words):
        for what in ("--send", "--resolve"):
            got, err = asked(t, sender, what, name)
            check(got == status and words in err, f"{what} {name}: {got} {err}")

    fails("mesh7.broker", 3, "no such mesh: no mesh called mesh7")
    fails("mesh2.compute", 5, "no such node: no node called mesh2.compute")
    victim = two[-1]
    victim.kill()
    wait(lambda: two[0].sees().get(victim.id) == "gone", 30, two[0].sees)
    fails(victim.name, 6, "the node is gone: " + victim.name)
    two[0].kill()
    wait(lambda: heard(one[0])["mesh2"]["state"] == "unreachable", 60,
         lambda: heard(one[0]))
    fails("mesh2.gateway", 4, "its gateways are silent for")
    equal(asked(t, sender, "--send", "mesh2")[0], 64, "no name")
    # The control: who is there is reached all the while.
    equal(asked(t, one[0], "--send", "mesh1.broker")[0], 0, "control")


def all_ways_to_give_data(t):
    """a text, a file, standard input; up to 64 KiB, and not a byte more"""
    a = t.start("broker")
    b = t.start("registry", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 20, lambda: described([a, b]))
    path = os.path.join(t.dir, "data")
    with open(path, "w", encoding="ascii") as f:
        f.write("x" * 65536)
    equal(send(t, a, "mesh1.registry", "--data", "@" + path)[0], 0, "64 KiB")
    equal(send(t, a, "mesh1.registry", "--data", "-", given="from stdin")[0], 0, "-")
    with open(path, "a", encoding="ascii") as f:
        f.write("y")
    got, _, err = send(t, a, "mesh1.registry", "--data", "@" + path)
    check(got == 65 and "longer than a message may be" in err, f"{got} {err}")
    got, _, err = send(t, a, "mesh1.registry", "--data", "@" + path + ".none")
    check(got == 66 and "cannot open" in err, f"{got} {err}")
    texts = [e["text"] for e in b.asked("list", "events")["events"]
             if e["kind"] == "message.received"]
    equal(texts, ["message, 65536 bytes: " + "x" * 64 + "...",
                  "message, 10 bytes: from stdin"], "events")


def who_leaves_stops_it(t):
    """a sending ends when nobody waits for it any more"""
    a = t.start("broker")
    b = t.start("registry", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 20, lambda: described([a, b]))
    p = subprocess.Popen([MESHTUI, "--send", "mesh1.registry", "--of", a.name, "--count",
                          "100000", "--rate", "20"], env=t.env(a.runtime_dir),
                         stdout=subprocess.DEVNULL)
    wait(lambda: messages(b)["received"] > 5, 20, "5 messages")
    p.send_signal(signal.SIGINT)
    p.wait(10 * SLOW)
    wait(lambda: a.status()["tables"]["sendings"] == 0, 20, "the end")
    count = messages(b)["received"]
    equal(send(t, a, "mesh1.registry")[0], 0, "the node goes on")
    equal(messages(b)["received"], count + 1, "received")


def a_mesh_without_a_gateway(t):
    """of three meshes the one without a gateway is named unreachable; nothing crosses"""
    one, two = two_meshes(t, gateways=1, brokers=2)
    # Its seed is a gateway of another mesh, which is all that it has of the outside.
    three = mesh(t, "mesh3", 0, 3, [one[0].seed()])
    wait(lambda: converged(three), 30, lambda: described(three))
    wait(lambda: heard(one[0]).get("mesh3", {}).get("state") == "never heard", 60,
         lambda: heard(one[0]))
    got, err = asked(t, one[-1], "--resolve", "mesh3.broker")
    check(got == 4 and "mesh3 is unreachable: it has nodes, but no gateway" in err, err)
    got, err = asked(t, three[0], "--send", "mesh1.broker")
    check(got == 4 and "mesh3 has no gateway" in err, err)
    equal(list(heard(one[-1])), ["mesh1"], "what a broker knows")
    equal(set(heard(one[0])), {"mesh1", "mesh2", "mesh3"}, "what a gateway knows")
    living, end = one + two + three, time.monotonic() + CHURN_S
    i = 0
    while time.monotonic() < end:
        # A node dies; one of the same mesh comes, perhaps at its port.
        victim = (one, two, three)[i % 3][1]
        victim.kill()
        name = victim.name.split(".")[0]
        group = (one, two, three)[i % 3]
        group[1] = t.start("broker", name, seeds=[group[0].seed()])
        i += 1
        nothing_crossed(one + two + three)
    living = one + two + three
    check(i > 1, "no churn")
    nothing_crossed(living)


def without_a_seed_across(t):
    """without any seed across, two meshes never hear of each other"""
    one, two = two_meshes(t, gateways=1, linked=False)
    equal(asked(t, one[-1], "--send", "mesh2.broker")[0], 3, "status")
    equal((set(heard(one[0])), set(heard(two[0]))), ({"mesh1"}, {"mesh2"}), "heard")


main(a_message_crosses, gateways_die_midway, each_failure_has_its_status,
     all_ways_to_give_data, who_leaves_stops_it, a_mesh_without_a_gateway,
     without_a_seed_across)
