# SPDX-License-Identifier: MIT
"""A collector for tests: what came, decoded by a decoder that is not ours, and answers
as a test wants them, well-behaved or not."""
import contextlib
import gzip
import http.server
import os
import socket
import ssl
import threading
import time

import otlp_decoder
from mesh import SLOW, check, wait

PROTOBUF = "application/x-protobuf"
modules, WHY_NOT = otlp_decoder.load()


class Request:
    def __init__(self, path, headers, body):
        self.at, self.path, self.headers, self.raw = time.monotonic(), path, headers, body
        packed = headers.get("Content-Encoding") == "gzip"
        self.body = gzip.decompress(body) if packed else body

    def decoded(self):
        service = modules[self.path.endswith("metrics")]
        kind = "Metrics" if self.path.endswith("metrics") else "Trace"
        return getattr(service, f"Export{kind}ServiceRequest").FromString(self.body)


def taken(_n):
    """Answers what a collector does that took everything."""
    return 200, {"Content-Type": PROTOBUF}, b""


class Collector:
    """behave(number of the request, from 0) gives (status, headers, body), None to hang
    up, or bytes that are not HTTP. It is called in the server's thread."""

    def __init__(self, behave=taken, port=0, tls=None, traces_only=True):
        self.requests, self.behave = [], behave
        self.traces_only = traces_only
        self.stopping = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                r = Request(self.path, dict(self.headers), body)
                if outer.traces_only and r.path.endswith("v1/metrics"):
                    answer = taken(0)
                else:
                    outer.requests.append(r)
                    answer = outer.behave(len(outer.requests) - 1)
                if not isinstance(answer, tuple):
                    self.wfile.write(answer or b"")
                    self.close_connection = True
                    return
                status, headers, text = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass    # those who hang up are part of it

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def came(self, count=1, within=20):
        """The first `count` requests, when they are there."""
        wait(lambda: len(self.requests) >= count, within,
             lambda: f"{len(self.requests)} of {count} requests came")
        return self.requests[:count]

    def batches(self):
        """[(resource attributes, [span])] of all that came."""
        found = []
        for r in list(self.requests):
            if not r.path.endswith("traces"):
                continue
            for of in r.decoded().resource_spans:
                found.append((attributes(of.resource.attributes),
                              [s for scope in of.scope_spans for s in scope.spans]))
        return found

    def spans(self):
        return [s for _, spans in self.batches() for s in spans]

    def named(self, name, within=20):
        """The span of this name, when it has come."""
        found = wait(lambda: [s for s in self.spans() if s.name == name], within,
                     lambda: f"no {name} among {[s.name for s in self.spans()]}")
        check(len(found) == 1, f"{len(found)} spans {name}")
        return found[0]


class Silent:
    """A port where connections are taken and nothing is ever said."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(50)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def attributes(pairs):
    return {p.key: p.value.string_value for p in pairs}


@contextlib.contextmanager
def environment(**variables):
    """These variables are set for what is started meanwhile. No proxy is in the way."""
    variables = dict(variables, NO_PROXY="*")
    before = {k: os.environ.get(k) for k in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for k, v in before.items():
            if v is None:
                del os.environ[k]
            else:
                os.environ[k] = v


def exported_to(url, **variables):
    return environment(OTEL_EXPORTER_OTLP_ENDPOINT=url, **variables)


def counts(node, signal="traces"):
    return node.status()["otlp"][signal]


def slowly(seconds):
    return seconds * SLOW
