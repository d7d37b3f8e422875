#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What real nodes post over OTLP, read by a decoder that is not ours."""
import os
import re
import sys

sys.dont_write_bytecode = True
import otlp_collector  # noqa: E402
from mesh import check, converged, described, equal, main, wait  # noqa: E402
from otlp_collector import (Collector, attributes, counts, environment,  # noqa: E402
                            exported_to)

STEPS = ["identity_minted", "endpoint_created", "alpn_registered", "gossip_started",
         "accept_loop_started"]
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def took_us(span):
    return (span.end_time_unix_nano - span.start_time_unix_nano) // 1000


def a_boot_arrives(t):
    """what is posted is what the node says of its boot: ids, parents, times, words"""
    with Collector() as c, exported_to(c.url):
        a = t.start("broker")
        first = c.came()[0]
        said = a.asked("list", "spans")
    equal((first.path, first.headers["Content-Type"]),
          ("/v1/traces", "application/x-protobuf"), "request")
    (resource, spans), = c.batches()
    own = {s["name"]: s for s in said["spans"] if s["state"] != "open"}
    equal({s.name for s in spans}, set(own), "names")
    check("mesh.boot.joined" not in own, "a node that is alone has not joined")
    for s in spans:
        o = own[s.name]
        equal((s.trace_id.hex(), s.span_id.hex(), s.parent_span_id.hex()),
              (said["trace_id"], o["span_id"], o["parent_id"]), s.name)
        equal(attributes(s.attributes), o["attributes"], s.name)
        equal((s.start_time_unix_nano, took_us(s)),
              ((said["wall_us"] + o["begin_us"]) * 1000, o["duration_us"]), s.name)
        equal((s.kind, s.status.code), (1, 0), s.name)
    version = resource.pop("service.version")
    check(re.fullmatch(r"\d+\.\d+\.\d+", version), version)
    equal(resource, {"service.name": "broker", "service.instance.id": a.id,
                     "mesh.id": "mesh1", "node.type": "broker"}, "resource")


if __name__ == "__main__":
    if otlp_collector.WHY_NOT:
        print(f"1..0 # SKIP no decoder: {otlp_collector.WHY_NOT}")
        sys.exit(0)
    main(a_boot_arrives)
