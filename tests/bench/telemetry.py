# SPDX-License-Identifier: MIT
"""What telemetry costs: nodes with all of it, with what they keep, and without, in one
run. Idle nodes run side by side; the echo is measured in turns."""
import contextlib
import http.server
import json
import os
import statistics
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import procs  # noqa: E402
from procs import figure, pause, said  # noqa: E402
import mesh  # noqa: E402
from mesh import Test, converged, described, wait  # noqa: E402

LOAD = f"{os.environ.get('BUILDDIR', os.getcwd())}/tests/e2e/echo_load"
NODES, ROUNDS, SECONDS, LENGTH = 6, 5, 2, 1024
MEANING = {
    "off": "no meter, no spans of requests, no export",
    "kept": "as by default: metered, spans kept, nobody to export to",
    "exported": "as kept, and posted to a sink that takes everything",
}


class Sink(http.server.BaseHTTPRequestHandler):
    """A collector that takes everything."""
    protocol_version = "HTTP/1.1"
    posts = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Sink.posts += 1
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def sink():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextlib.contextmanager
def environment(values):
    before = {k: os.environ.get(k) for k in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for k, v in before.items():
            if v is None:
                del os.environ[k]
            else:
                os.environ[k] = v


def start(test, url):
    """{mode: its nodes}, each mode a mesh of its own."""
    env = {"off": {"MESHTUI_TEST_TELEMETRY": "off"}, "kept": {},
           "exported": {"OTEL_EXPORTER_OTLP_ENDPOINT": url}}
    nodes = {}
    for mode, values in env.items():
        with environment(values):
            first = test.start("broker", mode)
            nodes[mode] = [first] + [test.launch("sensor", mode, seeds=[first.seed()])
                                     for _ in range(NODES - 1)]
    for each in nodes.values():
        for n in each:
            n.ready()
        wait(lambda: converged(each), 30, lambda: described(each))
    mesh.check(not nodes["off"][0].status()["metrics"].get("mesh.bytes.sent") and
               nodes["kept"][0].status()["metrics"].get("mesh.bytes.sent"),
               "it is not off, or not on")
    return nodes


def echo(node, mode, *words):
    """CPU us of a node for each round trip."""
    before = procs.cpu_ns(node.process.pid)
    p = subprocess.Popen([LOAD, node.seed(), mode, "0", str(LENGTH), *words],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pause(SECONDS)
    out, _ = p.communicate(timeout=30)
    mesh.equal(p.returncode, 0, "echo_load")
    return (procs.cpu_ns(node.process.pid) - before) / 1e3 / json.loads(out)["requests"]


def more(values, mode):
    """How much more than without, of the medians."""
    off = statistics.median(values["off"])
    return {"more_than_off": round(statistics.median(values[mode]) - off, 4),
            "times_off": round(statistics.median(values[mode]) / off, 3) if off else None}


def take(opts, figures):
    said(f"telemetry: 3 meshes of {NODES} settle {opts.settle} s, then {opts.window} s, "
         f"then {ROUNDS} rounds of echo")
    test = Test()
    try:
        with sink() as url:
            nodes = start(test, url)
            pause(opts.settle)
            pids = [n.process.pid for each in nodes.values() for n in each]
            w = procs.window(pids, opts.window)
            cpu = {mode: w["cpu"][i * NODES:(i + 1) * NODES]
                   for i, mode in enumerate(nodes)}
            wakes = {mode: sum(w["wakes"][i * NODES:(i + 1) * NODES]) / NODES
                     for i, mode in enumerate(nodes)}
            trips = {(mode, words): [] for mode in nodes for words in ((), ("traced",))}
            for _ in range(ROUNDS):
                for (mode, words), values in trips.items():
                    values.append(echo(nodes[mode][0], mode, *words))
            mesh.check(Sink.posts > 0, "nothing was exported")
            exports = Sink.posts
    finally:
        for text in test.close():
            said(text)
    for mode, values in cpu.items():
        figures[f"telemetry_idle_{mode}"] = figure(
            "CPU s/min", values, None, f"an idle node of {NODES}: {MEANING[mode]}; runs "
            "= nodes", 4, wakeups_per_s=round(wakes[mode], 1), **more(cpu, mode))
    for words, name in (((), "echo"), (("traced",), "traced_echo")):
        values = {mode: trips[mode, words] for mode in nodes}
        which = "each one trace that is recorded" if words else "without a trace"
        for mode in nodes:
            figures[f"telemetry_{name}_{mode}"] = figure(
                "us CPU", values[mode], None, f"of the answering node for a round trip "
                f"of {LENGTH} B, 16 in flight, {which}: {MEANING[mode]}; runs of "
                f"{SECONDS} s in turns",
                2, **more(values, mode))
    figures["telemetry_idle_exported"]["posts"] = exports
