#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Metrics as real nodes post them, and what a flood of spans does when nobody takes them:
read by a decoder that is not ours."""
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import otlp_collector  # noqa: E402
from mesh import SLOW, check, diagnose, equal, main, wait  # noqa: E402
from otlp_collector import (Collector, Silent, attributes, counts,  # noqa: E402
                            environment, exported_to)

LOAD = os.path.join(os.environ.get("BUILDDIR", "."), "tests/e2e/echo_load")
LIST = os.path.join(os.environ.get("SRCDIR", "."), "src/trace/metrics.def")
QUEUE_MAX, SPANS_PER_ECHO = 2048, 2
LAG_BOUND_MS = 300


def listed():
    """{name: (unit, kind)} of metrics.def"""
    with open(LIST) as f:
        rows = re.findall(r'^METRIC\(\w+, "([^"]+)", "([^"]+)", (\w+),', f.read(), re.M)
    return {name: (unit, kind.lower()) for name, unit, kind in rows}


def snapshots(c):
    """[{name: metric}] in the order in which they came"""
    found = []
    for r in list(c.requests):
        if r.path == "/v1/metrics":
            of, = r.decoded().resource_metrics
            scope, = of.scope_metrics
            found.append((attributes(of.resource.attributes),
                          {m.name: m for m in scope.metrics}))
    return found


def points(metric):
    return getattr(metric, metric.WhichOneof("data")).data_points


def value(metric, **labels):
    p, = [p for p in points(metric) if attributes(p.attributes) == labels]
    return getattr(p, p.WhichOneof("value"))


class Load:
    """Asks a node `rate` times a second until it is told to end."""

    def __init__(self, node, rate):
        self.process = subprocess.Popen(
            [LOAD, node.seed(), node.mesh, str(rate), "100", "traced"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end(self):
        out, _ = self.process.communicate(timeout=40 * SLOW)
        equal(self.process.returncode, 0, "echo_load")
        return json.loads(out)["requests"]


def metrics_arrive(t):
    """every few seconds, cumulative, with the names, kinds and units of metrics.def"""
    with Collector(traces_only=False) as c, exported_to(c.url):
        a = t.start("broker")
        load = Load(a, 50)
        wait(lambda: len(snapshots(c)) >= 3, 40, lambda: f"{len(snapshots(c))} came")
        asked = load.end()
        equal(a.stop(), 0, "end")
    all_of_them = snapshots(c)
    words = listed()
    starts, kinds = set(), set()
    for resource, s in all_of_them:
        equal((resource["service.instance.id"], resource["node.type"]), (a.id, "broker"),
              "resource")
        for name, m in s.items():
            kind = m.WhichOneof("data")
            kinds.add(kind)
            equal((m.unit, {"sum": "counter"}.get(kind, kind)), words[name], name)
            for p in points(m):
                check(p.start_time_unix_nano <= p.time_unix_nano, name)
                starts.add(p.start_time_unix_nano)
            if kind != "gauge":
                equal(getattr(m, kind).aggregation_temporality, 2, "cumulative")
            if kind == "sum":
                check(m.sum.is_monotonic, name)
    equal(kinds, {"sum", "gauge", "histogram"}, "kinds")
    check(len(starts - {0}) == 1, f"beginnings of the series: {starts}")
    last = all_of_them[-1][1]
    # What a node that is alone has no first value of.
    check(set(words) - set(last) <= {"mesh.gossip.redundancy", "mesh.dropped"},
          set(words) - set(last))
    equal(value(last["mesh.frames.received"], kind="echo"), asked, "asked")
    equal(value(last["mesh.frames.sent"], kind="echo"), asked, "answered")
    lag, = points(last["mesh.loop.lag"])
    check(lag.count > 0 and lag.sum > 0 and sum(lag.bucket_counts) == lag.count, lag)
    equal(list(lag.explicit_bounds), sorted(set(lag.explicit_bounds)), "bounds")
    equal(len(lag.bucket_counts), len(lag.explicit_bounds) + 1, "buckets")
    received = [value(s["mesh.bytes.received"]) for _, s in all_of_them[1:]]
    equal(received, sorted(received), "a sum never falls")
    times = [max(p.time_unix_nano for m in s.values() for p in points(m))
             for _, s in all_of_them]
    check(all(b - a >= 4.9e9 for a, b in zip(times, times[1:-1])), times)


def metrics_can_be_off(t):
    """one signal without the other"""
    with Collector(traces_only=False) as c, \
            environment(OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=c.url + "/m/v1/metrics"):
        a = t.start("broker")
        c.came()
        equal(a.status()["otlp"]["traces"], None, "traces")
        equal(a.stop(), 0, "end")
    equal({r.path for r in c.requests}, {"/m/v1/metrics"}, "paths")


def a_flood_is_dropped_and_counted(t):
    """a collector that takes nothing: the queue is full, the rest is counted, no lag"""
    lag = []
    with Silent() as c, exported_to(c.url, OTEL_EXPORTER_OTLP_TIMEOUT="600000"):
        a = t.start("broker")
        before = a.status()["memory_bytes"]
        load = Load(a, 500)

        def flooded():
            lag.append(a.status()["loop_lag_ms"])
            return counts(a)["dropped"] >= QUEUE_MAX
        wait(flooded, 60, lambda: str(counts(a)))
        asked = load.end()
        n = counts(a)
        grown = a.status()["memory_bytes"] - before
        equal(a.stop(), 0, "end")
    equal((n["queued"], n["sent"]), (QUEUE_MAX, 0), "queue")
    check(n["taken"] >= asked * SPANS_PER_ECHO, f"{n}, {asked} asked")
    check(n["dropped"] == n["taken"] - QUEUE_MAX, n)
    diagnose(f"flood of {n['taken']} spans: {n['dropped']} dropped, loop lag at most "
             f"{max(lag)} ms, {grown // 1024} KiB more")
    check(max(lag) < LAG_BOUND_MS * SLOW, f"{max(lag)} ms")


def a_flood_is_taken(t):
    """the control: a collector that takes them gets every span, each once"""
    with Collector() as c, exported_to(c.url):
        a = t.start("broker")
        load = Load(a, 300)
        wait(lambda: counts(a)["sent"] > QUEUE_MAX, 60, lambda: str(counts(a)))
        asked = load.end()
        equal(a.stop(), 0, "end")
    spans = c.spans()
    equal(len({s.span_id for s in spans}), len(spans), "each once")
    equal(len([s for s in spans if s.name == "mesh.serve"]), asked, "served")
    check("dropped" not in a.log(), a.log())
    check(max(len(s) for _, s in c.batches()) <= 512, "a batch is too large")


if __name__ == "__main__":
    if otlp_collector.WHY_NOT:
        print(f"1..0 # SKIP no decoder: {otlp_collector.WHY_NOT}")
        sys.exit(0)
    main(metrics_arrive, metrics_can_be_off, a_flood_is_dropped_and_counted,
         a_flood_is_taken)
