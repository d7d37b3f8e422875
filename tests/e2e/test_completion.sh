#!/bin/bash
# SPDX-License-Identifier: MIT
# What bash completes, asked as bash asks; the other shells read theirs where they are.
: "${MESHTUI:=build/meshtui}"

echo 1..7
number=0
failed=0
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

# The completions of a line, of which the last word is the one under the cursor.
complete_line() {
	COMP_WORDS=("$@")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_meshtui
	echo "${COMPREPLY[*]}"
}

eval "$("$MESHTUI" --print completion-bash)"
case " $(complete_line meshtui --) " in
*" --node "*) case " $(complete_line meshtui --) " in *" --bind "*) false ;; esac ;;
*) false ;;
esac
result $? "without a mode the modes are offered, and nothing else"
case " $(complete_line meshtui --node broker --) " in
*" --bind "*) case " $(complete_line meshtui --node broker --) " in
	*" --follow "*) false ;; esac ;;
*) false ;;
esac
result $? "with a mode what goes with it is, and nothing else"
[ "$(complete_line meshtui --list no)" = nodes ]
result $? "the words of an argument are"
[ "$(complete_line meshtui --status --of x)" = "" ]
result $? "where nobody can know the argument nothing is"
directory=$(mktemp -d) || exit 1
: > "$directory/run.yaml"
[ "$(complete_line meshtui --run "$directory/r")" = "$directory/run.yaml" ]
result $? "files are, where a file is wanted"
rm -f "$directory/run.yaml"
rmdir "$directory"
for shell in zsh fish; do
	if command -v $shell > /dev/null; then
		"$MESHTUI" --print completion-$shell | $shell -n
		result $? "$shell can read its own"
	else
		number=$((number + 1))
		echo "ok $number - $shell can read its own # SKIP there is no $shell"
	fi
done
exit $failed
