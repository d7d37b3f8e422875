#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes ./configure from configure.ac. Needed once in a fresh clone.
set -eu
cd "$(dirname "$0")"
exec autoreconf --install --force --warnings=all
