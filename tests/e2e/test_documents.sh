#!/bin/sh
# SPDX-License-Identifier: MIT
# What is made from the program's tables and kept in the tree is what the program says.
: "${MESHTUI:=build/meshtui}" "${SRCDIR:=.}"

echo 1..3
number=0
failed=0
same() {
	number=$((number + 1))
	if "$MESHTUI" --print "$1" | cmp -s - "$SRCDIR/$2"; then
		echo "ok $number - $2 is what --print $1 says"
	else
		echo "not ok $number - $2: make it with: meshtui --print $1 > $2"
		failed=1
	fi
}
same chaos-manual man/meshtui-chaos.7
same scenario-schema examples/scenario.schema.json
same report-schema examples/report.schema.json
exit $failed
