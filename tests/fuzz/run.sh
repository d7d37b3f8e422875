#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the fuzz entries with clang in $BUILDDIR/fuzz, runs each for FUZZ_SECONDS. What
# it finds stays in found/<name> there; a crashing input is crash/<name>-*.
set -eu
clang=${CLANG:-clang}
if ! command -v "$clang" >/dev/null; then
	echo "fuzz: $clang is not installed (Debian: apt-get install clang)" >&2
	exit 1
fi
mkdir -p "$BUILDDIR/fuzz/crash"
cd "$BUILDDIR/fuzz"
if [ ! -f Makefile ]; then
	"$SRCDIR/configure" --enable-fuzz --enable-sanitize CC="$clang" CFLAGS='-O1 -g'
fi
# shellcheck disable=SC2086 # a list of names without spaces
make $FUZZ_ENTRIES
bad=0
for entry in $FUZZ_ENTRIES; do
	name=${entry##*/fuzz_}
	mkdir -p "found/$name"
	echo "fuzz: $name for $FUZZ_SECONDS s"
	corpus=$SRCDIR/tests/fuzz/corpus/$name
	if ! "./$entry" -max_total_time="$FUZZ_SECONDS" -print_final_stats=1 \
		-verbosity=0 -artifact_prefix="crash/$name-" "found/$name" "$corpus"; then
		echo "fuzz: $name FAILED, see $BUILDDIR/fuzz/crash" >&2
		bad=1
	fi
done
exit $bad
