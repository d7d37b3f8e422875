#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What real nodes post over OTLP, read by a decoder that is not ours."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading

sys.dont_write_bytecode = True
import otlp_collector  # noqa: E402
from mesh import (MESHTUI, SLOW, check, converged, described,  # noqa: E402
                  equal, main, wait)
from otlp_collector import (Collector, attributes, environment,  # noqa: E402
                            exported_to, modules)

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


def a_delay_is_a_bar(t):
    """200 ms more in the endpoint's creation are 200 ms there when they arrive"""
    took = {}
    for delay in ("", "endpoint_created=200"):
        with Collector() as c, exported_to(c.url, MESHTUI_TEST_BOOT=delay):
            t.start("broker")
            c.named("mesh.node.ready")
            took[delay] = {n: took_us(c.named("mesh.boot." + n)) for n in STEPS}
    plain, slow = took.values()
    check(plain["endpoint_created"] < 200000, f"the control: {plain}")
    check(200000 <= slow["endpoint_created"] < 200000 + 50000 * SLOW, slow)
    check(slow["alpn_registered"] < 100000 * SLOW, slow)


def a_failed_boot_arrives(t):
    """a boot that fails is posted before the process ends, and says where and why"""
    with Collector() as c, exported_to(c.url, MESHTUI_TEST_BOOT="alpn_registered=fail"):
        status, _, err = t.run("--node", "broker", "--mesh", "mesh1", "--data-dir",
                               t.dir + "/d")
        equal(status, 74, err)
        c.came()
    spans = {s.name.split(".")[-1]: s for s in c.spans()}
    equal({n: s.status.code for n, s in spans.items()},
          {"identity_minted": 0, "endpoint_created": 0, "alpn_registered": 2, "ready": 2},
          "status")
    check("was told to fail" in spans["alpn_registered"].status.message,
          spans["alpn_registered"].status)
    (resource, _), = c.batches()
    equal((resource["service.name"], resource["mesh.id"]), ("broker", "mesh1"), "who")


def joining_and_leaving_arrive(t):
    """what is finished later is posted later: the first neighbor, the end"""
    with Collector() as c, exported_to(c.url):
        a = t.start("broker")
        b = t.start("gateway", seeds=[a.seed()])
        wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
        wait(lambda: len([s for s in c.spans() if s.name == "mesh.boot.joined"]) == 2, 30,
             lambda: str([s.name for s in c.spans()]))
        equal(b.stop(), 0, "end")
        stopping = c.named("mesh.node.stopping")
        equal(attributes(stopping.attributes), {"reason": "Terminated"}, "reason")
        root = next(s for s in c.spans() if s.span_id == stopping.parent_span_id)
        equal((root.name, root.trace_id), ("mesh.node.ready", stopping.trace_id), "root")
    ids = [s.span_id for s in c.spans()]
    equal(len(ids), len(set(ids)), "spans, each once")
    equal({r["service.name"] for r, _ in c.batches()}, {"broker", "gateway"}, "who")


def variables_are_honored(t):
    """headers, gzip, the service's name and attributes; what a node is stays"""
    with Collector() as c, environment(
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=c.url + "/own/path?x=1",
            OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20b%2Cc, x-other=1",
            OTEL_EXPORTER_OTLP_COMPRESSION="gzip", OTEL_SERVICE_NAME="mesh",
            OTEL_RESOURCE_ATTRIBUTES="zone=a%20b,mesh.id=wrong,service.name=no"):
        a = t.start("broker")
        r = c.came()[0]
        equal(a.status()["otlp"]["metrics"], None, "no endpoint for metrics")
    equal((r.path, r.headers["x-key"], r.headers["x-other"]),
          ("/own/path?x=1", "a b,c", "1"), "request")
    check(r.headers["User-Agent"].startswith("meshtui/"), r.headers)
    equal(r.headers["Content-Encoding"], "gzip", "encoding")
    check(len(r.raw) < len(r.body), "gzip makes it larger")
    resource = attributes(modules[0].ExportTraceServiceRequest.FromString(r.body)
                          .resource_spans[0].resource.attributes)
    equal((resource["service.name"], resource["zone"], resource["mesh.id"]),
          ("mesh", "a b", "mesh1"), "resource")


def traceparent_is_honored(t):
    """a boot hangs below the span of who started it; not sampled: nothing leaves"""
    with Collector() as c, exported_to(c.url):
        with environment(TRACEPARENT=PARENT):
            a = t.start("broker")
        root = c.named("mesh.node.ready")
        equal((root.trace_id.hex(), root.parent_span_id.hex()),
              tuple(PARENT.split("-")[1:3]), "root")
        equal({s.trace_id for s in c.spans()}, {root.trace_id}, "one trace")
        equal(a.asked("list", "spans")["trace_id"], PARENT.split("-")[1], "as it says")
        before = len(c.requests)
        with environment(TRACEPARENT=PARENT[:-2] + "00"):
            b = t.start("gateway")
        equal(b.asked("list", "spans")["trace_id"], PARENT.split("-")[1], "kept")
        equal(b.stop(), 0, "end")
        equal(len(c.requests), before, "requests")
        with environment(TRACEPARENT=PARENT.upper()):
            d = t.start("compute")
        check(d.asked("list", "spans")["trace_id"] != PARENT.split("-")[1], "malformed")
    equal(d.log().count("TRACEPARENT: not of the form"), 1, "said")
    check("TRACEPARENT" not in a.log(), "a good one is not complained about")


def a_run_is_one_trace(t):
    """a run is the root of its nodes' boots, below what started the run"""
    path = t.dir + "/run.yaml"
    with open(path, "w") as f:
        f.write("name: two\nmeshes:\n  mesh1: {broker: 2}\n"
                "steps:\n  - wait: {until: converged, within: 60s}\n  - stop\n")
    with Collector() as c, exported_to(c.url, TRACEPARENT=PARENT):
        status, out, err = t.run("--run", path, within=60)
        equal(status, 0, out + err)
        run = c.named("mesh.run")
        roots = [s for s in c.spans() if s.name == "mesh.node.ready"]
    equal((run.trace_id.hex(), run.parent_span_id.hex()), tuple(PARENT.split("-")[1:3]),
          "the run")
    equal(attributes(run.attributes), {"scenario": path, "verdict": "pass"}, "the run")
    equal([(s.trace_id, s.parent_span_id) for s in roots],
          2 * [(run.trace_id, run.span_id)], "boots")
    for s in roots:
        check(run.start_time_unix_nano <= s.start_time_unix_nano and
              s.end_time_unix_nano <= run.end_time_unix_nano, "a boot outside of its run")


def an_echo_is_one_trace(t):
    """ECHO over two nodes arrives as one trace of four spans, two from each"""
    with Collector() as c, exported_to(c.url):
        runtime = t.dir + "/r"
        a = t.start("broker", runtime_dir=runtime)
        b = t.start("gateway", runtime_dir=runtime, seeds=[a.seed()])
        wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
        status, out, err = t.run("--echo", b.name, "--of", a.name, runtime_dir=runtime)
        equal(status, 0, out + err)
        inner = c.named("mesh.serve.handle")

        def whole():
            return [(r["service.instance.id"], s) for r, spans in c.batches()
                    for s in spans if s.trace_id == inner.trace_id]
        wait(lambda: len(whole()) >= 4, 20, lambda: str([s.name for _, s in whole()]))
    named = {s.name: (who, s) for who, s in whole()}
    equal({n: who for n, (who, _) in named.items()},
          {"mesh.request": a.id, "mesh.request.exchange": a.id, "mesh.serve": b.id,
           "mesh.serve.handle": b.id}, "who")
    chain = [named[n][1] for n in ("mesh.request", "mesh.request.exchange", "mesh.serve",
                                   "mesh.serve.handle")]
    equal([s.parent_span_id for s in chain], [b""] + [s.span_id for s in chain[:3]],
          "one below the other")


def faults_hang_below_their_run(t):
    """a fault is a span of its run, with what became of it; a sham is not witnessed"""
    path = t.dir + "/run.yaml"
    with open(path, "w") as f:
        f.write("name: faults\nmeshes:\n  mesh1: {broker: 4}\n"
                "steps:\n  - wait: {until: converged, within: 60s}\n"
                "  - fault: {primitive: clock-skew, for: 3s}\n"
                "  - fault: {primitive: sham, for: 1s}\n  - stop\n")
    with Collector() as c, exported_to(c.url):
        _, out, _ = t.run("--run", path, within=90)
        run = c.named("mesh.run")
        spans = c.spans()
    found = {}
    for f in (s for s in spans if s.name == "chaos.fault"):
        equal((f.trace_id, f.parent_span_id), (run.trace_id, run.span_id), out)
        said = attributes(f.attributes)
        check(said["targets"].startswith("mesh1.broker."), said)
        parts = {s.name: s for s in spans if s.parent_span_id == f.span_id}
        for s in parts.values():
            check(f.start_time_unix_nano <= s.start_time_unix_nano and
                  s.end_time_unix_nano <= f.end_time_unix_nano, s.name)
        found[said["primitive"]] = (said["lease_ms"], said["verdict"], f.status.code,
                                    {n: s.status.code for n, s in parts.items()})
    names = ["chaos.injected", "chaos.witnessed", "chaos.reverted"]
    equal(found, {"clock-skew": ("3000", "pass", 0, dict.fromkeys(names, 0)),
                  "sham": ("1000", "unproven", 2, dict(zip(names, (0, 2, 0))))}, out)


def a_console_is_one_trace(t):
    """the nodes that a console starts hang below its span"""
    with Collector() as c, exported_to(c.url):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        os.mkdir(t.dir + "/r", 0o700)
        p = subprocess.Popen([MESHTUI, "--observe", "--bootstrap"], stdin=slave,
                             stdout=slave, stderr=subprocess.DEVNULL, close_fds=True,
                             env=dict(t.env(t.dir + "/r"), TERM="xterm"))
        os.close(slave)
        reader = threading.Thread(target=drain, args=(master,), daemon=True)
        reader.start()
        try:
            top = c.named("mesh.observe", 30)
            wait(lambda: len([s for s in c.spans() if s.name == "mesh.node.ready"]) == 18,
                 60, lambda: f"{len(c.spans())} spans")
            p.send_signal(signal.SIGTERM)
            equal(p.wait(20 * SLOW), 0, "end")
        finally:
            p.kill()
            p.wait()
            reader.join(10)
            os.close(master)
        spans = c.spans()
    equal(top.parent_span_id, b"", "a root")
    equal({(s.trace_id, s.parent_span_id) for s in spans if s.name == "mesh.node.ready"},
          {(top.trace_id, top.span_id)}, "boots")
    equal({s.trace_id for s in spans if s.name.startswith("mesh.boot.")}, {top.trace_id},
          "one trace")


def drain(fd):
    """Takes what a console draws until it has gone."""
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass


if __name__ == "__main__":
    if otlp_collector.WHY_NOT:
        print(f"1..0 # SKIP no decoder: {otlp_collector.WHY_NOT}")
        sys.exit(0)
    main(a_boot_arrives, a_delay_is_a_bar, a_failed_boot_arrives,
         joining_and_leaving_arrive, variables_are_honored, traceparent_is_honored,
         a_run_is_one_trace, an_echo_is_one_trace, faults_hang_below_their_run,
         a_console_is_one_trace)
