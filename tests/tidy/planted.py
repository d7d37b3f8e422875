#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that each rule of tidy.py sees what it is for: prints TAP.

The tree is copied, one violation at a time is planted, and the rule has to name the file.
Before that the same rule must be silent about it: the control.
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import tidy  # noqa: E402

SPDX = "/* SPDX-License-Identifier: MIT */\n"


def function(lines, name="planted", head="void\n"):
    """A function of so many lines, from its return type to its closing brace."""
    return f"{head}{name}(void)\n{{\n" + "\t;\n" * (lines - 4) + "}\n"


# (rule, file, what stands in it). A file is src/base/planted.c, or what the row says.
PLANTED = [
    (tidy.check_layers, "src/base/planted.c", '#include "wire/varint.h"\n'),
    (tidy.check_layers, "src/mesh/planted.c", '#include "control/answer.h"\n'),
    (tidy.check_layers, "src/gossip/planted.c", '#include "quic/endpoint.h"\n'),
    (tidy.check_layers, "tui/planted.c", '#include "node/node.h"\n'),
    (tidy.check_layers, "src/base/planted.c", '#include "mem.h"\n'),
    (tidy.check_layers, "src/planted/planted.c", "\n"),
    (tidy.check_foreign, "tui/planted.c", "#include <ncurses.h>\n"),
    (tidy.check_foreign, "src/node/planted.c", "#include <uv.h>\n"),
    (tidy.check_foreign, "src/node/planted.c", "#include <gnutls/gnutls.h>\n"),
    (tidy.check_foreign, "src/mesh/planted.c", "#include <jansson.h>\n"),
    (tidy.check_foreign, "src/base/planted.c", "#include <glib.h>\n"),
    (tidy.check_foreign, "src/scenario/zz_planted.c", "#include <yaml.h>\n"),
    (tidy.check_file_lengths, "src/base/planted.c", "\n" * 500),
    (tidy.check_file_lengths, "src/base/planted.h", "\n" * 150),
    (tidy.check_function_lengths, "src/base/planted.c", function(71)),
    (tidy.check_function_lengths, "tests/unit/test_planted.c", function(71)),
    (tidy.check_columns, "src/base/planted.c", "/* " + "x" * 85 + " */\n"),
    (tidy.check_columns, "src/base/planted.c", "\t/* " + "x" * 77 + " */\n"),
    (tidy.check_names, "src/base/planted.c", function(9, "stranger")),
    (tidy.check_style, "src/base/planted.c", function(9, head="void ")),
    (tidy.check_style, "src/base/planted.c", "typedef struct planted planted;\n"),
    (tidy.check_style, "src/base/planted.h", "#pragma once\n"),
    (tidy.check_banned, "src/base/planted.c", "\tstrcpy(a, b);\n"),
    (tidy.check_banned, "src/io/planted.c", "\tn = sprintf (a, b);\n"),
    (tidy.check_banned, "tui/planted.c", "\tsystem(\"clear\");\n"),
    (tidy.check_banned, "tests/unit/test_planted.c", "\tusleep(1);\n"),
    (tidy.check_sans_io, "src/node/planted.c", "\tclock_gettime(c, &now);\n"),
    (tidy.check_sans_io, "src/quic/planted.c", "\tfd = socket(a, b, 0);\n"),
    (tidy.check_sans_io, "src/gossip/planted.c", "\tnow = time(NULL);\n"),
    (tidy.check_wall_clock, "src/io/planted.c",
     "\tclock_gettime(CLOCK_REALTIME, &t);\n"),
    (tidy.check_sleeps, "tests/e2e/planted.sh", "slee" "p 1\n"),
    (tidy.check_sleeps, "tests/e2e/planted.py", "time.slee" "p(0.5)\n"),
    (tidy.check_executable, "tests/e2e/test_planted.py", "print(1)\n"),
    (tidy.check_executable, "tests/e2e/planted.sh", "#!/bin/sh\n"),
    (tidy.check_licenses, "src/base/planted.c", None),
    (tidy.check_promises, "src/base/planted.c", "/* TO" "DO */\n"),
    (tidy.check_promises, "src/base/util.c", "\n"),
]

# What looks like a violation and is none: (rule, file, what stands in it).
INNOCENT = [
    (tidy.check_layers, "src/node/planted.c", '#include "gossip/gossip.h"\n'),
    (tidy.check_layers, "src/base/planted.c", '/* #include "wire/varint.h" */\n'),
    (tidy.check_file_lengths, "src/base/planted.c", "\n" * 499),
    (tidy.check_function_lengths, "src/base/planted.c", function(70)),
    (tidy.check_columns, "src/base/planted.c", "/* " + "x" * 84 + " */\n"),
    (tidy.check_names, "src/base/planted.c", function(9, "stranger", "static void\n")),
    (tidy.check_banned, "src/base/planted.c", "/* strcpy(a, b) */ x->sleep(1);\n"),
    (tidy.check_sans_io, "src/io/planted.c", "\tclock_gettime(c, &now);\n"),
    (tidy.check_sleeps, "tests/e2e/planted.sh", "slee" "p 0.1\n"),
    (tidy.check_executable, "tests/e2e/planted.py", "X = 1\n"),
]

GLOBALS = [
    ("static int planted_count;\nint *planted(void) { return &planted_count; }\n", True),
    ("int planted_level = 3;\n", True),
    ("_Thread_local int planted_mine;\n", True),
    ("int *planted(void) { static int n = 1; return &n; }\n", True),
    ("const char *const planted_names[] = {\"a\", \"b\"};\n", False),
    ("static const int n[] = {1};\nconst int *planted(void) { return n; }\n", False),
]


def findings(check, root, build, path):
    return [f for f in check(tidy.Tree(root, build)) if f[0] == path]


def plant(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f:
        if text is None:
            f.write("int planted;\n")
        else:
            f.write((SPDX if path.endswith((".c", ".h")) else "") + text)
    return full


def sees(check, root, path, text):
    """(seen before, seen after) of one violation, which is taken out again."""
    before = findings(check, root, None, path)
    full = plant(root, path, text)
    after = findings(check, root, None, path)
    os.remove(full)
    return bool(before), bool(after)


def sees_global(root, text):
    """Whether the rule of globals objects to the object made from this file."""
    with tempfile.TemporaryDirectory() as build:
        full = plant(root, "src/base/planted.c", text)
        folder = os.path.join(build, "src/base")
        os.makedirs(folder)
        subprocess.run([os.environ.get("CC", "cc"), "-fPIE", "-c", full, "-o",
                        os.path.join(folder, "libbase_a-planted.o")], check=True)
        found = findings(tidy.check_globals, root, build, "src/base/planted.c")
        os.remove(full)
        return bool(found)


def brief(text):
    """A few words of what was planted, for the line of the result."""
    if text is None:
        return "no license"
    words = " ".join(text.split())[:32] or "empty lines"
    return f"[{words}] ({text.count(chr(10))} lines)"


def cases(root):
    """(claim, whether it holds)"""
    for check, path, text in PLANTED:
        before, after = sees(check, root, path, text)
        yield f"{check.__name__} sees {brief(text)} in {path}", after and not before
    for check, path, text in INNOCENT:
        _, after = sees(check, root, path, text)
        yield f"{check.__name__} lets {brief(text)} in {path} be", not after
    for text, guilty in GLOBALS:
        verb = "sees" if guilty else "lets be"
        yield f"check_globals {verb} {brief(text)}", sees_global(root, text) == guilty


def copy_tree(source, root):
    for folder in tidy.FOLDERS:
        if os.path.isdir(os.path.join(source, folder)):
            shutil.copytree(os.path.join(source, folder), os.path.join(root, folder),
                            ignore=shutil.ignore_patterns("corpus", "__pycache__"))
    # A copy of a read-only tree (make distcheck) is read-only too.
    for at, _, _ in os.walk(root):
        os.chmod(at, 0o755)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    source = os.environ.get("SRCDIR") or os.path.join(here, "..", "..")
    count = failed = 0
    with tempfile.TemporaryDirectory() as root:
        copy_tree(source, root)
        if not os.path.isdir(os.path.join(root, "src/scenario")):
            os.makedirs(os.path.join(root, "src/scenario"))
        # yaml.h may be known by one file: the control is the first of the two.
        plant(root, "src/scenario/aa_first.c", "#include <yaml.h>\n")
        for claim, holds in cases(root):
            count += 1
            failed += not holds
            print(f"{'ok' if holds else 'not ok'} {count} - {claim}".replace("#", "\\#"))
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
