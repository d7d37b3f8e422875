#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""opentelemetry-proto of PyPI, pinned with hashes: what decodes OTLP here is not ours.

It is installed once, with pip, into the build directory; run by hand, this does it. Where
that cannot be done, load() says why and the tests that need it are skipped.
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WHERE = os.path.join(os.path.abspath(os.environ.get("BUILDDIR", "build")),
                     "otlp-proto")
INSTALL_S = 180


def install():
    """None, or why it did not work."""
    os.makedirs(os.path.dirname(WHERE), exist_ok=True)
    fresh = tempfile.mkdtemp(prefix="otlp-proto-", dir=os.path.dirname(WHERE))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes",
               "--only-binary", ":all:", "--no-warn-script-location", "--target", fresh,
               "-r", os.path.join(HERE, "otlp_requirements.txt")]
    try:
        p = subprocess.run(command, capture_output=True, text=True, check=False,
                           timeout=INSTALL_S)
    except (OSError, subprocess.TimeoutExpired) as e:
        return str(e)
    if p.returncode != 0:
        return (p.stderr.strip().splitlines() or ["pip failed"])[-1]
    try:
        os.rename(fresh, WHERE)
    except OSError:
        pass    # another test was faster
    return None


def load():
    """(trace service, metrics service) as modules, or None and why."""
    why = None if os.path.isdir(WHERE) else install()
    if why:
        return None, why
    sys.path.insert(0, WHERE)
    try:
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
    except ImportError as e:
        return None, str(e)
    return (trace_service_pb2, metrics_service_pb2), None


if __name__ == "__main__":
    modules, trouble = load()
    print(trouble or f"{WHERE}: {modules[0].__file__}")
    sys.exit(modules is None)
