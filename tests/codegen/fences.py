#!/usr/bin/env python3
"""Does the compiler leave the depth that a section raises where handlers find it?

    fences.py [--self-test] INCLUDE SOURCE COMPILER [FLAG...]

Compiles SOURCE for x86-64 and follows each of its functions along the shortest way to a return: a store to thread-local
memory stands before the first access to `data`, and one after the last. The fences that see to it are compiler-only, so
no model program can find one that is missing; with --self-test all of them are removed from copies of the headers, and
each function must be found wrong. Exit status: 0 it is so, 1 it is not (the listing is printed).
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from check import X86, hot_path

functions = ("deferred_signal_section", "handler_scope", "deferral")
depth_store = re.compile(r"(?:(?:mov|add|sub)\w*\s.*,|(?:inc|dec)\w*)\s*%fs:\S*$")
access = re.compile(r"\bdata(?:@GOTPCREL)?\(%rip\)")


def compiled(include, source, compiler, flags):
    result = subprocess.run([compiler, *flags, f"-I{include}", "-S", "-o", "-", source], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr)
    return result.stdout


def fault(path):
    stores = [i for i, instruction in enumerate(path) if depth_store.search(instruction)]
    accesses = [i for i, instruction in enumerate(path) if access.search(instruction)]
    if not accesses:
        sys.exit("no access to data on the way")
    if not stores or stores[0] > accesses[0]:
        return "the depth is not raised before the section"
    return None if stores[-1] > accesses[-1] else "the depth is not lowered after the section"


def main():
    arguments = sys.argv[1:]
    self_test = arguments[:1] == ["--self-test"]
    include, source, compiler, *flags = arguments[self_test:]
    with tempfile.TemporaryDirectory() as scratch:
        if self_test:
            include = shutil.copytree(include, pathlib.Path(scratch) / "include")
            for header in pathlib.Path(include).rglob("*.hpp"):
                header.write_text(re.sub(r"\bdetail::signal_fence\(\);", "", header.read_text()))
        assembly = compiled(include, source, compiler, flags)
    status = 0
    for function in functions:
        path = hot_path(assembly, function, X86)
        wrong = fault(path) if path else "no way to a return"
        if bool(wrong) != self_test:
            print(f"{function}: {wrong or 'nothing is wrong without the fences'}", *(path or []), sep="\n    ")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
