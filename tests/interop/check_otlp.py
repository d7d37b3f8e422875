#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real nodes, a real collector: what Jaeger's query service and Prometheus' text format
say about what our nodes posted, held against what the nodes say of themselves.

BUILDDIR/interop/jaeger is Jaeger 2, which is an OpenTelemetry Collector; see jaeger.sh.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from mesh import (MESHTUI, check, converged, described, diagnose,  # noqa: E402
                  equal, main, wait)

JAEGER = os.path.join(os.environ.get("BUILDDIR", "."), "interop/jaeger")
CONFIG = """
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {{receivers: [otlp], exporters: [jaeger_storage_exporter]}}
    metrics: {{receivers: [otlp], exporters: [prometheus]}}
  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}
extensions:
  jaeger_storage: {{backends: {{here: {{memory: {{max_traces: 10000}}}}}}}}
  jaeger_query:
    storage: {{traces: here}}
    grpc: {{endpoint: "127.0.0.1:{grpc}"}}
    http: {{endpoint: "127.0.0.1:{query}"}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{otlp}"}}}}}}
exporters:
  jaeger_storage_exporter: {{trace_storage: here}}
  prometheus:
    endpoint: "127.0.0.1:{prometheus}"
    resource_to_telemetry_conversion: {{enabled: true}}
"""


class Jaeger:
    """One for all claims, on free ports, in a directory of its own."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="meshtui-jaeger-")
        held = [socket.socket() for _ in range(4)]
        for s in held:
            s.bind(("127.0.0.1", 0))
        names = ("otlp", "query", "grpc", "prometheus")
        self.ports = dict(zip(names, (s.getsockname()[1] for s in held)))
        for s in held:
            s.close()
        with open(self.dir + "/config.yaml", "w") as f:
            f.write(CONFIG.format(**self.ports))
        with open(self.dir + "/log", "w") as log:
            self.process = subprocess.Popen(
                [JAEGER, "--config", self.dir + "/config.yaml"], cwd=self.dir, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.ports['otlp']}"

    def log(self):
        with open(self.dir + "/log", errors="replace") as f:
            return f.read()[-2000:]

    def get(self, port, path):
        """What is there, or None."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            url = f"http://127.0.0.1:{self.ports[port]}{path}"
            with opener.open(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def ready(self):
        wait(lambda: self.process.poll() is None and self.get("query", "/api/services"),
             60, self.log)

    def trace(self, trace_id, count):
        """A trace as the query service has it, once it has so many spans."""
        def whole():
            text = self.get("query", f"/api/traces/{trace_id}")
            data = json.loads(text)["data"] if text else []
            return data[0] if data and len(data[0]["spans"]) >= count else None
        return wait(whole, 30, lambda: self.get("query", f"/api/traces/{trace_id}"))

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def tags(of):
    return {t["key"]: t["value"] for t in of["tags"]}


def parent(span):
    return span["references"][0]["spanID"] if span["references"] else ""


def shown(trace):
    """The trace as the service returned it, without what is long."""
    for s in sorted(trace["spans"], key=lambda s: s["startTime"]):
        yield json.dumps({k: s[k] for k in ("operationName", "spanID", "startTime",
                                            "duration", "processID")} |
                         {"parent": parent(s)})
    yield json.dumps({n: tags(p) for n, p in trace["processes"].items()})[:600]


def a_boot_is_there(t):
    """ids, parents, times, attributes and resource are what the node says; 200 ms too"""
    os.environ["MESHTUI_TEST_BOOT"] = "endpoint_created=200"
    try:
        a = t.start("broker")
    finally:
        del os.environ["MESHTUI_TEST_BOOT"]
    b = t.start("gateway", seeds=[a.seed()])
    wait(lambda: converged([a, b]), 20, lambda: described([a, b]))
    wait(lambda: all(s["state"] != "open" for s in a.asked("list", "spans")["spans"]), 20,
         "no end of joined")
    said = a.asked("list", "spans")
    own = {s["span_id"]: s for s in said["spans"]}
    trace = jaeger.trace(said["trace_id"], len(own))
    for line in shown(trace):
        diagnose(line)
    equal({s["spanID"] for s in trace["spans"]}, set(own), "spans")
    for s in trace["spans"]:
        o = own[s["spanID"]]
        equal((s["operationName"], parent(s)), (o["name"], o["parent_id"]), o["name"])
        equal((s["startTime"], s["duration"]),
              (said["wall_us"] + o["begin_us"], o["duration_us"]), o["name"])
        got = tags(s)
        equal({k: got.get(k) for k in o["attributes"]}, o["attributes"], o["name"])
        check("error" not in got, got)
        process = trace["processes"][s["processID"]]
        resource = tags(process)
        equal((process["serviceName"], resource["service.instance.id"],
               resource["mesh.id"], resource["node.type"]),
              ("broker", a.id, "mesh1", "broker"), "resource")
    bar = next(s for s in trace["spans"]
               if s["operationName"] == "mesh.boot.endpoint_created")
    check(200000 <= bar["duration"] < 400000, bar)


def a_failed_boot_is_there(t):
    """a step that failed is an error there, with its reason"""
    os.environ["MESHTUI_TEST_BOOT"] = "alpn_registered=fail"
    os.environ["TRACEPARENT"] = "00-" + 15 * "5a" + "01-" + 8 * "6b" + "-01"
    try:
        status, _, err = t.run("--node", "broker", "--mesh", "mesh1", "--data-dir",
                               t.dir + "/d")
    finally:
        del os.environ["MESHTUI_TEST_BOOT"], os.environ["TRACEPARENT"]
    equal(status, 74, err)
    trace = jaeger.trace(15 * "5a" + "01", 4)
    failed = {s["operationName"] for s in trace["spans"] if tags(s).get("error")}
    equal(failed, {"mesh.boot.alpn_registered", "mesh.node.ready"}, "errors")
    step = next(s for s in trace["spans"] if "alpn" in s["operationName"])
    check("was told to fail" in tags(step)["otel.status_description"], tags(step))


def a_run_is_there(t):
    """a run and the boots of its nodes are one trace"""
    path = t.dir + "/run.yaml"
    with open(path, "w") as f:
        f.write("name: three\nmeshes:\n  mesh1: {broker: 3}\n"
                "steps:\n  - wait: {until: converged, within: 60s}\n  - stop\n")
    os.environ["TRACEPARENT"] = "00-" + 16 * "5a" + "-" + 8 * "6b" + "-01"
    try:
        status, out, err = t.run("--run", path, within=90)
    finally:
        del os.environ["TRACEPARENT"]
    equal(status, 0, out + err)
    trace = jaeger.trace(16 * "5a", 3 * 7 + 1)
    run, = (s for s in trace["spans"] if s["operationName"] == "mesh.run")
    roots = [parent(s) for s in trace["spans"]
             if s["operationName"] == "mesh.node.ready"]
    equal(roots, 3 * [run["spanID"]], "boots")


def metrics_are_there(t):
    """counters, gauges and histograms, as Prometheus would read them there"""
    os.environ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip"
    try:
        a = t.start("compute")
        b = t.start("compute", seeds=[a.seed()])
    finally:
        del os.environ["OTEL_EXPORTER_OTLP_COMPRESSION"]
    wait(lambda: converged([a, b]), 20, lambda: described([a, b]))

    def figures():
        text = jaeger.get("prometheus", "/metrics") or ""
        rows = re.findall(r'^(mesh_[a-z_]+)\{([^}]*)\} (\S+)', text, re.M)
        return {(n, re.search(r'le="([^"]*)"', lb).group(1) if "le=" in lb else ""):
                float(v) for n, lb, v in rows if a.id in lb}

    def told():
        f = figures()
        return f if f.get(("mesh_bytes_received_total", ""), 0) > 0 and \
            any(n.startswith("mesh_node_cpu_used") for n, _ in f) else None
    f = wait(told, 60, lambda: str(figures())[:1500])
    for (name, le), v in sorted(f.items()):
        if not le or le == "+Inf":
            diagnose(f"{name} {le} {v}")
    check(f[("mesh_loop_lag_milliseconds_bucket", "+Inf")] ==
          f[("mesh_loop_lag_milliseconds_count", "")] > 0, "histogram")
    now = a.status()["metrics"]["mesh.bytes.received"]["total"]
    check(f[("mesh_bytes_received_total", "")] <= now, f"more than {now}")
    equal(a.status()["otlp"]["metrics"]["failed"], 0, "failed")


if __name__ == "__main__":
    jaeger = Jaeger()
    os.environ.update(OTEL_EXPORTER_OTLP_ENDPOINT=jaeger.url, NO_PROXY="*")
    try:
        jaeger.ready()
        diagnose(f"meshtui {MESHTUI}, Jaeger 2 of module "
                 + open(os.path.dirname(JAEGER) + "/version").read().strip())
        main(a_boot_is_there, a_failed_boot_is_there, a_run_is_there, metrics_are_there)
    finally:
        jaeger.close()
