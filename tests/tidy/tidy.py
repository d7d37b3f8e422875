#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the rules of the tree in words of its own: prints TAP, one line for each rule.

SRCDIR is the tree (default: this one), BUILDDIR a finished build of it. Without BUILDDIR
the rule about writable globals, which reads object files, is left out.
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import rules  # noqa: E402

CODE = (".c", ".h", ".def")
TEXT = CODE + (".py", ".sh", ".am", ".ac")
FOLDERS = ("src", "tui", "tests", "scripts")


class Tree:
    """The sources below one root, read once; paths are relative to it."""

    def __init__(self, root, build=None):
        self.root, self.build, self.files = root, build, {}
        for folder in FOLDERS:
            for at, folders, names in os.walk(os.path.join(root, folder)):
                folders[:] = [f for f in folders if f not in ("corpus", "__pycache__")]
                for name in names:
                    self.add(os.path.join(at, name))
        for name in ("configure.ac", "Makefile.am", "autogen.sh", ".ci/run"):
            if os.path.isfile(os.path.join(root, name)):
                self.add(os.path.join(root, name))
        self.bare = {p: strip(t) for p, t in self.files.items() if p.endswith(CODE)}

    def add(self, path):
        name = os.path.relpath(path, self.root)
        script = not os.path.splitext(name)[1] and os.access(path, os.X_OK)
        if not name.endswith(TEXT) and not (script and is_script(path)):
            return
        with open(path, encoding="utf-8") as f:
            self.files[name] = f.read()

    def code(self, suffix=CODE, under=("src/", "tui/")):
        for path in sorted(self.bare):
            if path.endswith(suffix) and path.startswith(under):
                yield path, self.bare[path]


def is_script(path):
    with open(path, "rb") as f:
        return f.read(2) == b"#!"


def blank(match):
    """Spaces instead of a comment or a literal, so that lines and columns stay."""
    return re.sub(r"[^\n]", " ", match.group(0))


def strip(text):
    """C without comments and texts; #include lines keep their file names."""
    literal = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(r"(#include[^\n]*)|" + literal,
                  lambda m: m.group(1) or blank(m), text, flags=re.S)


def each_line(text):
    return enumerate(text.split("\n"), 1)


def layer_of(path):
    parts = path.split("/")
    return "tui" if parts[0] == "tui" else parts[1]


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def check_layers(tree):
    """a folder includes only the folders below it"""
    for path, text in tree.code():
        layer = layer_of(path)
        if layer not in rules.LAYERS:
            yield path, 1, f"folder {layer} has no row in rules.LAYERS"
            continue
        for n, line in each_line(text):
            m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not m:
                continue
            target = m.group(1).split("/")[0]
            if m.group(1) == "config.h":    # made by configure
                continue
            if "/" not in m.group(1):
                yield path, n, f'write "{layer}/{m.group(1)}"'
            elif target != layer and target not in rules.LAYERS[layer]:
                yield path, n, f"{layer} may not include {target}"


def check_foreign(tree):
    """a library is known only where it belongs"""
    seen = {}
    for path, text in tree.code():
        for m in re.finditer(r"^\s*#\s*include\s+<([^>]+)>", text, re.M):
            name, n = m.group(1), line_at(text, m.start(1))
            if re.fullmatch(rules.SYSTEM, name):
                continue
            places = [p for r, p in rules.FOREIGN.items() if re.fullmatch(r, name)]
            if not places:
                yield path, n, f"<{name}> is in no row of rules.FOREIGN"
            elif not any(path == p or path.startswith(p + "/") for p in places[0]):
                yield path, n, f"<{name}> belongs in {' '.join(places[0])}"
            for one in rules.ONE_FILE:
                if not re.fullmatch(one, name):
                    continue
                if seen.setdefault(one, path) != path:
                    yield path, n, f"<{name}> is known by {seen[one]} already"


def check_file_lengths(tree):
    """files have at most 500 lines, headers 150"""
    for path, text in sorted(tree.files.items()):
        most = rules.HEADER_LINES_MAX if path.endswith(".h") else rules.FILE_LINES_MAX
        most = rules.LIST_LINES_MAX.get(path, most)
        if text.count("\n") > most and not path.endswith((".am", ".ac")):
            yield path, most + 1, f"{text.count(chr(10))} lines, at most {most}"


def functions(text):
    """(first line, last line, name, head) of each function; head is before the brace."""
    lines = text.split("\n")
    begin = None
    for i, line in enumerate(lines):
        if line == "{":
            begin = i
            while begin > 0 and re.match(r"[^#}\s]|\s+\S", lines[begin - 1]):
                begin -= 1
            head = lines[begin:i]
        elif line == "}" and begin is not None:
            name = re.search(r"^(?:.*?[\s*])?(?!__)(\w+)\(", "\n".join(head), re.M)
            if name:
                yield begin + 1, i + 1, name.group(1), head
            begin = None


def check_function_lengths(tree):
    """functions have at most 70 lines"""
    for path, text in tree.code(under=("src/", "tui/", "tests/")):
        for first, last, name, _ in functions(text):
            if last - first + 1 > rules.FUNCTION_LINES_MAX:
                yield path, first, f"{name} has {last - first + 1} lines"


def check_columns(tree):
    """lines have at most 90 columns"""
    for path, text in sorted(tree.files.items()):
        for n, line in each_line(text):
            width = len(line.expandtabs(8))
            if width > rules.COLUMNS_MAX:
                yield path, n, f"{width} columns"


def headers_of(tree, path):
    """The stem of a file, and of the header that it serves with others of its name."""
    folder, stem = os.path.dirname(path), os.path.basename(path)[:-2]
    parts = stem.split("_")
    stems = ["_".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return [stem] + [s for s in stems[1:] if f"{folder}/{s}.h" in tree.files]


def check_names(tree):
    """a public function is named after its file"""
    for path in rules.PREFIXES:
        if path not in tree.files:
            yield path, 1, "has a row in rules.PREFIXES and does not exist"
    for path, text in tree.code(suffix=".c"):
        stems = rules.PREFIXES.get(path, []) + headers_of(tree, path)
        for first, _, name, head in functions(text):
            if any(re.match(r"static\b", line) for line in head) or name == "main":
                continue
            if not any(name == s or name.startswith(s + "_") for s in stems):
                yield path, first, f"{name} does not begin with {' or '.join(stems)}_"


def check_style(tree):
    """definitions begin their line, structs have no second name, headers have guards"""
    for path, text in tree.code(under=("src/", "tui/", "tests/")):
        for first, _, name, head in functions(text):
            if not any(line.startswith(name + "(") for line in head):
                yield path, first, f"{name}: the return type has a line of its own"
        for m in re.finditer(r"\btypedef\s+(struct|union|enum)\b", text):
            yield path, line_at(text, m.start()), "no typedef of structs"
        if path.endswith(".h") and not path.startswith("tests/"):
            stem = os.path.basename(path)[:-2]
            guard = f"{layer_of(path)}_{stem}_h".upper()
            if not re.search(rf"^#ifndef {guard}\n#define {guard}$", text, re.M):
                yield path, 1, f"the guard is {guard}"


def objects(tree):
    """(source, section, symbol) of every object that goes into the executable."""
    found = []
    for top in ("src", "tui"):
        for at, _, names in os.walk(os.path.join(tree.build, top)):
            found += [os.path.join(at, n) for n in names if n.endswith(".o")]
    for path in sorted(found):
        folder = os.path.relpath(os.path.dirname(path), tree.build)
        source = folder + "/" + os.path.basename(path).split("-", 1)[-1][:-2] + ".c"
        if source not in tree.files:
            continue
        out = subprocess.run(["objdump", "-t", path], capture_output=True, text=True,
                             check=True).stdout
        for line in out.split("\n"):
            m = re.match(r"[0-9a-f]+ .{7} (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
            if m:
                yield source, m.group(1), m.group(2)


def check_globals(tree):
    """no variable outlives a call, except those with a reason"""
    seen = set()
    for source, section, name in objects(tree):
        seen.add(source)
        writable = re.match(r"\*COM\*|\.t?(data|bss)(?!\.rel\.ro)", section)
        # Section symbols, and what compilers and sanitizers add for themselves.
        if not writable or name.startswith((".", "__", "*")):
            continue
        if not any(re.fullmatch(s, source) and re.fullmatch(n, name)
                   for s, n in rules.GLOBALS):
            yield source, 1, f"writable: {name}"
    for path, _ in tree.code(suffix=".c"):
        if path not in seen and tree.bare[path].strip():
            yield path, 1, "has no object in BUILDDIR: not built, so not checked"


def calls(text, names):
    for m in re.finditer(rf"(?<![\w.>])({names})\s*\(", text):
        yield line_at(text, m.start()), m.group(1)


def check_banned(tree):
    """nobody makes the banned calls"""
    for path, text in tree.code(under=("src/", "tui/", "tests/")):
        for names, (where, why) in rules.BANNED.items():
            for n, name in calls(text, names) if path.startswith(where) else ():
                yield path, n, f"{name}: {why}"


def check_sans_io(tree):
    """time, randomness, sockets and processes only at the edge"""
    for path, text in tree.code():
        if path.startswith(tuple(rules.EDGE)):
            continue
        for n, name in calls(text, rules.EDGE_CALLS):
            if not any(re.fullmatch(p, path) and re.fullmatch(c, name)
                       for p, c in rules.EDGE_EXCEPTIONS):
                yield path, n, f"{name} belongs in {' '.join(rules.EDGE)}"


def check_wall_clock(tree):
    """the wall clock has one reader"""
    for path, text in tree.code():
        for n, line in each_line(text) if path != rules.WALL_CLOCK else ():
            if re.search(r"\bCLOCK_(REALTIME|TAI)", line):
                yield path, n, f"only {rules.WALL_CLOCK} reads it: a skew reaches all"


def check_sleeps(tree):
    """scripts of the tests wait for events; a poll in such a wait pauses 0.1 s at most"""
    for path, text in sorted(tree.files.items()):
        if path.endswith(CODE) or not path.startswith("tests/"):
            continue
        for n, line in each_line(text):
            m = re.search(r"(?:^|[\s;&(])(?:time\.)?sleep[ (]+([^\s;)]+)", line)
            if not m or line.lstrip().startswith("#"):
                continue
            pause = m.group(1)
            if re.fullmatch(r"[\d.]+", pause) and float(pause) <= rules.POLL_PAUSE_S:
                continue
            if not any(re.fullmatch(p, path) and re.fullmatch(w, pause)
                       for p, w in rules.PAUSES):
                yield path, n, f"sleeps {pause}"


def check_executable(tree):
    """a test that is a script can be executed"""
    for path in sorted(tree.files):
        script = path.startswith("tests/") and path.endswith((".py", ".sh"))
        runs = script and tree.files[path].startswith("#!")
        named = script and os.path.basename(path).startswith("test_")
        if (runs or named) and not os.access(os.path.join(tree.root, path), os.X_OK):
            yield path, 1, "chmod +x is missing"


def check_licenses(tree):
    """each source says its license"""
    for path, text in sorted(tree.files.items()):
        if path.endswith((".am", ".ac")):
            continue
        first = text.split("\n")[:1] if path.endswith(CODE) else text.split("\n")[:3]
        if not any("SPDX-License-Identifier: MIT" in line for line in first):
            yield path, 1, "no SPDX line at the top"


def check_promises(tree):
    """nothing is left for later, and no file is named after nothing"""
    words = r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b"
    for path, text in sorted(tree.files.items()):
        for n, line in each_line(text):
            if re.search(words, line):
                yield path, n, line.strip()[:60]
        stem = os.path.splitext(os.path.basename(path))[0]
        if stem in rules.BAD_STEMS:
            yield path, 1, f"{stem} says nothing about what is inside"


CHECKS = [check_layers, check_foreign, check_file_lengths, check_function_lengths,
          check_columns, check_names, check_style, check_globals, check_banned,
          check_sans_io, check_wall_clock, check_sleeps, check_executable, check_licenses,
          check_promises]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.environ.get("SRCDIR") or os.path.join(here, "..", "..")
    tree = Tree(root, os.environ.get("BUILDDIR"))
    checks = [c for c in CHECKS if tree.build or c is not check_globals]
    failed = 0
    print(f"1..{len(checks)}")
    for i, check in enumerate(checks, 1):
        findings = list(check(tree))
        failed += bool(findings)
        print(f"{'not ok' if findings else 'ok'} {i} - {check.__doc__}")
        for path, n, message in findings:
            print(f"# {path}:{n}: {message}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
