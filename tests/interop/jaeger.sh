#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds Jaeger 2 from its Go module, once, as interop/jaeger in the build directory: an
# OpenTelemetry Collector with Jaeger's store and query service. It takes some minutes.
# The versions of all that it needs are those of its own go.sum.
set -euo pipefail
version=v1.76.0	# of the module; its cmd/jaeger is Jaeger 2
module=github.com/jaegertracing/jaeger
to=${BUILDDIR:-$PWD}/interop

if [ -x "$to/jaeger" ] && [ "$(cat "$to/version")" = "$version" ]; then
	exit 0
fi
command -v go >/dev/null || {
	echo "check-otlp: go is needed to build Jaeger" >&2
	exit 1
}
mkdir -p "$to"
echo "building Jaeger 2 ($module $version)"
cd "$to"
from=$(go mod download -json "$module@$version" |
	sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
# A main module of its own: it has replacements that only count there.
mkdir -p source
cp -r "$from/." source
chmod -R u+w source
(cd source && nice go build -buildvcs=false -mod=mod -o ../jaeger ./cmd/jaeger)
echo "$version" >version
