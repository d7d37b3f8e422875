#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Collectors that are slow, silent, wrong or not there: a node loses telemetry, counts
it, says so once, and is not held up."""
import os
import re
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import otlp_collector  # noqa: E402
from mesh import (SLOW, check, converged, described, diagnose, equal,  # noqa: E402
                  main, wait)
from otlp_collector import (PROTOBUF, Collector, Silent, counts,  # noqa: E402
                            environment, exported_to, taken)

BOOT = 6            # spans of a boot that are finished when it is ready
LAG_BOUND_MS = 300  # generous: the machine is shared; what was measured is printed


def adds_up(c):
    check(c["taken"] == sum(c[k] for k in ("queued", "sent", "rejected", "failed",
                                           "dropped")), c)


def settled(node, within=20, **want):
    """The counts of a node, when they are these."""
    def are():
        c = counts(node)
        return c if all(c[k] == v for k, v in want.items()) else None
    c = wait(are, within, lambda: f"{counts(node)}, expected {want}")
    adds_up(c)
    return c


def warnings(node):
    return [line for line in node.log().splitlines() if "OTLP: traces do not" in line]


def looked_at(what, plain, exporting, seconds=5):
    """The longest that loops were late in this time, beside one that exports nothing."""
    lag = {True: [0], False: [0]}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for n in exporting + [plain]:
            lag[n is plain].append(n.status()["loop_lag_ms"])
        wait(lambda: True, 1, "")
    diagnose(f"{what}: loop lag at most {max(lag[False])} ms, "
             f"{max(lag[True])} ms where nothing is exported")
    check(max(lag[False]) < LAG_BOUND_MS * SLOW, f"{what}: {max(lag[False])} ms")


def nothing_runs_unasked(t):
    """without an endpoint there is no library, no thread, no count; with one there is"""
    def traits(node):
        pid = node.process.pid
        with open(f"/proc/{pid}/maps") as f:
            maps = f.read()
        return ("libcurl" in maps, len(os.listdir(f"/proc/{pid}/task")),
                node.status()["otlp"]["traces"] is not None)
    plain = t.start("broker")
    with Collector() as c, exported_to(c.url):
        a = t.start("broker")
        c.came()
    with exported_to(c.url, OTEL_SDK_DISABLED="true"):
        off = t.start("broker")

    # What stores the incarnation is a thread for a moment.
    def as_they_should():
        without = traits(plain)
        return not without[0] and not without[2] and traits(off) == without and \
            traits(a) == (True, without[1] + 1, True)
    wait(as_they_should, 20, lambda: f"{traits(plain)} {traits(a)} {traits(off)}")


def retry_after_holds(t):
    """503 with Retry-After: the same batch again, not before that time"""
    def busy_once(n):
        return (503, {"Retry-After": "4"}, b"") if n == 0 else taken(n)
    with Collector(busy_once) as c, exported_to(c.url):
        a = t.start("broker")
        first, second = c.came(2)
        check(second.at - first.at >= 4, f"after {second.at - first.at:.1f} s")
        equal(second.body, first.body, "batch")
        settled(a, sent=BOOT, retries=1, posts=2, failed=0, queued=0)
    equal(len(warnings(a)), 1, a.log())
    check("HTTP 503" in warnings(a)[0], warnings(a))


def errors_are_not_tried_again(t):
    """400 is the end of a batch; the next one is tried"""
    def bad_once(n):
        return (400, {}, b"") if n == 0 else taken(n)
    with Collector(bad_once) as c, exported_to(c.url):
        a = t.start("broker")
        settled(a, failed=BOOT, queued=0, retries=0)
        b = t.start("gateway", seeds=[a.seed()])
        wait(lambda: converged([a, b]), 10, lambda: described([a, b]))
        # What it joined by, and perhaps a question of its neighbor.
        wait(lambda: counts(a)["sent"] >= 1, 20, lambda: str(counts(a)))
        n = settled(a, failed=BOOT, retries=0)
        check("HTTP 400" in n["last_error"], n)
    equal(len(warnings(a)), 1, a.log())


def partial_success_is_counted(t):
    """what a collector rejects is counted and not sent again"""
    body = b"\x0a\x0b\x08\x02\x12\x07too old"
    with Collector(lambda n: (200, {"Content-Type": PROTOBUF}, body)) as c, \
            exported_to(c.url):
        a = t.start("broker")
        n = settled(a, rejected=2, sent=BOOT - 2, retries=0, posts=1)
        check("rejected 2 of 6: too old" in n["last_error"], n)
    equal(len(warnings(a)), 1, a.log())


def garbage_is_seen(t):
    """what is no OTLP, or no HTTP, is no receipt: the page of a web server, say"""
    for answer in ((200, {"Content-Type": "text/html"}, b"<html>hello</html>"),
                   (200, {}, b"\xff" * 200000), b"\x00\x01garbage\r\n\r\n"):
        with Collector(lambda n, a=answer: a) as c, exported_to(c.url):
            a = t.start("broker")
            settled(a, failed=BOOT, sent=0, queued=0)
            equal(len(warnings(a)), 1, a.log())
            equal(a.stop(), 0, "end")


def lost_connections_are_tried_again(t):
    """nobody listens, or hangs up: tried again, and nothing is lost when it is better"""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with exported_to(f"http://127.0.0.1:{port}"):
        a = t.start("broker")
    wait(lambda: counts(a)["last_error"], 20, "no error")
    with Collector(lambda n: None if n == 0 else taken(n), port=port):
        c = settled(a, sent=BOOT, queued=0, dropped=0, failed=0, within=60)
    # libcurl itself asks again when a connection that it kept turns out to be gone.
    check(c["retries"] >= 1, c)
    equal(len(warnings(a)), 1, a.log())


def a_silent_collector_holds_nobody(t):
    """it takes the connection and says nothing: nodes end soon, and say what is lost"""
    with Silent() as c, exported_to(c.url, OTEL_EXPORTER_OTLP_TIMEOUT="600000"):
        a = t.start("broker")
        b = t.start("gateway", seeds=[a.seed()])
        with environment(OTEL_SDK_DISABLED="true"):
            plain = t.start("compute", seeds=[a.seed()])
        wait(lambda: converged([a, b, plain]), 10, lambda: described([a, b, plain]))
        looked_at("silent", plain, [a, b])
        check(settled(a, sent=0)["queued"] >= BOOT + 1, counts(a))
        begin = time.monotonic()
        equal((a.stop(), b.stop()), (0, 0), "ends")
        took = time.monotonic() - begin
    check(took < 4 * SLOW, f"two ends took {took:.1f} s")
    check(re.search(r"OTLP: of (\d+) traces 0 arrived; 0 were rejected, 0 refused, \1 "
                    "dropped", a.log()), a.log())
    diagnose(f"two ends, one after the other: {took:.2f} s")


def a_run_does_not_wait_for_it(t):
    """nodes of a run leave by themselves, in time, with a collector that is silent"""
    path = t.dir + "/run.yaml"
    with open(path, "w") as f:
        f.write("name: two\nmeshes:\n  mesh1: {broker: 2}\n"
                "steps:\n  - wait: {until: converged, within: 60s}\n  - stop\n")
    with Silent() as c, exported_to(c.url, OTEL_EXPORTER_OTLP_TIMEOUT="600000"):
        status, out, err = t.run("--run", path, within=60)
    equal(status, 0, out + err)
    check("forced 0" in out, out)
    check("OTLP: of 1 traces 0 arrived" in err, err)


def a_slow_collector_holds_nobody(t):
    """answers after 3 s: nothing is lost, the loop turns, and the timeout is honored"""
    plain = t.start("broker")

    def slow(n):
        c.stopping.wait(3)
        return taken(n)
    with Collector(slow) as c:
        with exported_to(c.url):
            a = t.start("broker")
        with exported_to(c.url, OTEL_EXPORTER_OTLP_TIMEOUT="500"):
            b = t.start("gateway")
        looked_at("slow", plain, [a, b])
        wait(lambda: counts(a)["sent"] == BOOT and counts(b)["retries"] >= 2, 60,
             lambda: f"{counts(a)} {counts(b)}")
        equal(counts(a)["retries"], 0, "retries of one that waits")
        check("timed out after 5" in counts(b)["last_error"], counts(b))


def certificates_are_checked(t):
    """over TLS it arrives when the collector's signer is known, else it is refused"""
    key, cert = t.dir + "/key.pem", t.dir + "/cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    plain = t.start("broker")
    with Collector(tls=(cert, key)) as c:
        with exported_to(c.url, OTEL_EXPORTER_OTLP_CERTIFICATE=cert):
            settled(t.start("broker"), sent=BOOT)
        with exported_to(c.url):
            a = t.start("broker")
            settled(a, failed=BOOT, sent=0)
        with exported_to(c.url, OTEL_EXPORTER_OTLP_CERTIFICATE=t.dir + "/none"):
            b = t.start("broker")
            settled(b, failed=BOOT, sent=0)
        equal(len(c.requests), 1, "requests")
        # Metrics are posted on, so all certificates are read again and again.
        looked_at("TLS", plain, [a], 11)
    check("certificate" in counts(a)["last_error"], counts(a))
    diagnose(f"unknown signer: {counts(a)['last_error']}")
    diagnose(f"no such file: {counts(b)['last_error']}")


def bad_variables_are_said(t):
    """a variable that cannot be used is said once and ignored; the node runs"""
    for name, value in (("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
                        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
                        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip"),
                        ("OTEL_EXPORTER_OTLP_HEADERS", "no equals sign"),
                        ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz")):
        with Collector() as c, environment(**{"OTEL_EXPORTER_OTLP_ENDPOINT": c.url,
                                              name: value}):
            a = t.start("broker")
            if name.endswith("ENDPOINT"):
                equal(a.status()["otlp"]["traces"], None, "not exported")
            else:
                settled(a, sent=BOOT)
        equal(a.log().count(name + ": "), 1, a.log())
        equal(a.stop(), 0, "end")


if __name__ == "__main__":
    if otlp_collector.WHY_NOT:
        print(f"1..0 # SKIP no decoder: {otlp_collector.WHY_NOT}")
        sys.exit(0)
    main(nothing_runs_unasked, retry_after_holds, errors_are_not_tried_again,
         partial_success_is_counted, garbage_is_seen, lost_connections_are_tried_again,
         a_silent_collector_holds_nobody, a_run_does_not_wait_for_it,
         a_slow_collector_holds_nobody,
         certificates_are_checked, bad_variables_are_said)
