#!/usr/bin/env python3
"""Without RTSEQ_LOCKDEP=1 lockdep costs nothing: the same machine code as without its hooks in the headers.

    no_hooks.py INCLUDE_DIRECTORY SOURCE COMPILER [FLAG...]

Compiles SOURCE to assembly twice: as it is, and with a copy of the headers from which every hook has been cut out as
text. Only the linker's mark may differ. A third time with names for the objects, which have to be nothing; a fourth with
lockdep on, where it has to differ. Exit status: 0 it is so, 1 it is not.
"""

import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

# As GCC passes it through, and as Clang writes it.
MARK = re.compile(r"[ \t]*\.pushsection \.rtseq_lockdep.*?\.popsection\n|"
                  r"\t\.section\t\.rtseq_lockdep.*?\nRTSEQ_LOCKDEP\w+:\n\t\.text\n", re.S)
NOISE = re.compile(r"^[ \t]*(?:(?:\.file|\.ident|\.loc|#).*)?\n|[ \t]+# @[^\n]*$", re.M)


def without_hooks(text):
    text = re.sub(r"#if RTSEQ_LOCKDEP\n(?:.*\n)*?(?:#else.*\n((?:.*\n)*?))?#endif\n", lambda m: m[1] or "", text)
    text = re.sub(r"^(?: *template <.*>\n)? *(?:constexpr )?\w+\([^()]*\blockdep::name\).*(?:\{\}|;)\n", "", text, flags=re.M)
    text = re.sub(r"^\s*RTSEQ_LOCKDEP_(?:HOOK\(.*\)|HERE|QUIET|CALLBACK|VALIDATES);.*\n", "", text, flags=re.M)
    text = re.sub(r"\bRTSEQ_LOCKDEP_VIA\(((?:[^()]|\([^()]*\))*)\)", r"\1", text)
    text = re.sub(r"RTSEQ_LOCKDEP_HOOK\(.*?\)\);|RTSEQ_LOCKDEP_HERE;", "", text)
    return re.sub(r"\s*\bRTSEQ_LOCKDEP_(?:AND_AT|AT|PASS)\b|#include <rtseq/detail/lockdep_hooks.hpp>\n", "", text)


def assembly(source, include, command, *extra):
    result = subprocess.run([*command, "-I", include, "-S", "-g0", "-o", "-", source, *extra], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: {result.stderr}")
    # Compilers number labels by what they have read, declarations and unused strings too; here by what they have left.
    numbers = {}
    return re.sub(r"\.L[\w.]*?\d+", lambda label: numbers.setdefault(label[0], f".L{len(numbers)}"),
                  MARK.sub("", NOISE.sub("", result.stdout)))


def main():
    include, source, command = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory() as name:
        copy = pathlib.Path(name)
        for header in include.rglob("*.hpp"):
            target = copy / header.relative_to(include)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = header.read_text()
            if not header.name.startswith("lockdep"):
                text = without_hooks(text)
                if left := re.search(r"^.*(?:LOCKDEP|lockdep::).*$", text, re.M):
                    sys.exit(f"{header}: a hook was not cut out: {left[0]}")
            target.write_text(text)
        shipped, bare = assembly(source, include, command), assembly(source, copy, command)
        named = assembly(source, include, command, "-DWITH_NAMES")
        hooked = assembly(source, include, command, "-DRTSEQ_LOCKDEP=1")
    print(f"{shipped.count(chr(10))} lines of assembly; with lockdep {hooked.count(chr(10))}")
    if hooked == shipped:
        sys.exit("with lockdep nothing changes: the check compares nothing")
    for other, what in (bare, "without hooks"), (named, "with names"):
        if shipped != other:
            difference = difflib.unified_diff(other.splitlines(), shipped.splitlines(), what, "shipped", lineterm="", n=2)
            sys.exit("\n".join(list(difference)[:60]))


main()
