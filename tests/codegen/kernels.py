#!/usr/bin/env python3
"""Checks what the optimiser makes of the copy kernels.

    kernels.py [--self-test] INCLUDE SOURCE COMPILER [FLAG...]

Compiles SOURCE against the headers in INCLUDE, runs the program, which checks what it computes, and reads its machine
code: accesses stay as many as they are and between the counts' accesses; 256 bytes are straight-line code, in moves as
wide as the flags allow, and in one case wider ones, for machines that have them. Compiled for what this machine lacks
(-mavx512f), it is only read.
--self-test does so with headers whose assembly lacks a constraint, one at a time: each must be found.
x86-64 only. Exit status: 0 all is so, 1 it is not, 77 no such compiler or no objdump.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# What is taken away, and where: in which header, what, its replacement.
mutations = {
    "load_shared is not volatile": ("copy_x86_64.hpp", r'__volatile__\((RTSEQ_MOVE_VECTOR : "=x")', r"(\1"),
    "store_shared does not name what it writes":
        ("copy_x86_64.hpp", r'RTSEQ_MOVE_VECTOR : "=m"\(dest\) : "x"\(value\)', r'"movdqu %1, (%0)" : : "r"(&dest), "x"(value)'),
    "load_shared does not name what it reads":
        ("copy_x86_64.hpp", r'RTSEQ_MOVE_VECTOR : "=x"\(value\) : "m"\(source\)',
         r'"movdqu (%1), %0" : "=x"(value) : "r"(&source)'),
    "move_wider does not name what it writes":
        ("copy_x86_64.hpp", r'"=m"\(\*reinterpret_cast<bytes\*>\(dest \+ At\)\)', r'"=m"(*reinterpret_cast<char(*)[1]>(&dest))'),
    "move_wider does not name what it reads":
        ("copy_x86_64.hpp", r'"m"\(\*reinterpret_cast<const bytes\*>\(source \+ At\)\), ', ""),
    "large copies do not clobber memory": ("copy_x86_64.hpp", r'"memory"(, )?', ""),
    "a section begins before its bytes are read":
        ("copy_native.hpp", r"(std::memcpy\(&value, source \+ at, size\);\s+be_in_register\(value\);\s+)(store_late.*?;)",
         r"\2 \1"),
}


def run(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def functions_of(program):
    listing = run(["objdump", "-d", "--no-show-raw-insn", program]).stdout
    return {name: body.strip().splitlines()
            for name, body in re.findall(r"^[0-9a-f]+ <(\w+)>:\n(.*?)(?:\n\n|\Z)", listing, re.M | re.S)}


def accesses(body):
    """-> for each instruction that touches a shared object: which, and whether it writes."""
    found = []
    for line in body:
        if match := re.search(r"<(shared_\w+)", line):
            operands = line.split("#")[0].split(",")
            found.append((match[1], "(%rip)" in operands[-1], re.search(r":\s+lea\b", line) is not None))
    return found


def late_reads(name, functions):
    """What is read of private memory between the first store to the count and the last: it may have to be waited for."""
    body = functions[name]
    stores = [i for i, line in enumerate(body) if "<shared_count>" in line and accesses([line])[0][1]]
    if len(stores) < 2:
        return [f"{name}: {len(stores)} stores to the count"]
    inside = body[stores[0] + 1:stores[-1]]
    if not any("<shared_bytes" in line for line in inside):
        return [f"{name}: no byte is written in the section"]
    return [f"{name}: reads in its section: {line.strip()}" for line in inside
            if re.search(r"\(%r(?!ip)[^)]*\),", line) or re.search(r"\tcall\s", line)]


def width_of(command):
    """-> (bytes in the widest move, the processor's flag for it)."""
    for flag, width, processor in (("-mavx512f", 64, "avx512f"), ("-mavx2", 32, "avx2")):
        if flag in command:
            return width, processor
    return 16, "sse2"


def straight_line(name, functions, has_two_ways):
    """256 bytes: no call, and no jump but for the choice between two ways, one of them by AVX."""
    body = functions[name]
    wrong = [f"{name}: {line.strip()}" for line in body if re.search(r"\tcall\w*\s", line)]
    jumps = [line.strip() for line in body if re.search(r"\tj\w+\s", line)]
    if len(jumps) > (2 if has_two_ways else 0):
        wrong.append(f"{name}: jumps: {jumps}")
    moves = sum("%ymm" in line for line in body)
    ends = sum("vzeroupper" in line for line in body)
    if has_two_ways and (moves, ends) != (2 * 256 // 32, 1):
        wrong.append(f"{name}: {moves} moves by AVX, {ends} times vzeroupper")
    return wrong


def wrong_code(functions, width):
    def expect(name, wanted, ignored=None, may_take_an_address=False):
        seen = accesses(functions[name])
        taken = [f"{'store' if writes else 'load'} {what[7:]}" for what, writes, lea in seen if not lea]
        taken = [access for access in taken if access != ignored]
        if not may_take_an_address and any(lea for _, _, lea in seen):
            return [f"{name}: takes an address: {taken}"]
        return [] if taken == wanted else [f"{name}: accesses {taken}, expected {wanted}"]

    wrong = expect("two_loads_stay_two", ["load bytes"] * 2)
    wrong += expect("two_stores_stay_two", ["store bytes"] * 2)
    wrong += expect("read_section", ["load count", "load bytes", "load count"])
    # The writer's loads of its own count may be part of the stores (inc).
    wrong += expect("write_section", ["store count", "store bytes", "store count"], ignored="load count")
    for size in (1, 12, 64, 100, 256):
        wrong += late_reads(f"late_section_{size}", functions)
    for name, kind, has_two_ways in (("straight_line_load", "load", False), ("straight_line_store", "store", False),
                                     ("load_that_stays", "load", width == 16)):
        wrong += expect(name, [f"{kind} bytes"] * (256 // width), may_take_an_address=has_two_ways)
        wrong += straight_line(name, functions, has_two_ways)
    return wrong


def faults(include, source, command):
    with tempfile.TemporaryDirectory() as folder:
        program = str(pathlib.Path(folder) / "kernels")
        built = run([*command, f"-I{include}", "-no-pie", "-fno-pie", "-o", program, source, "-pthread"])
        if built.returncode:
            sys.exit(f"{' '.join(command)}: {built.stderr}")
        width, processor = width_of(command)
        if processor not in pathlib.Path("/proc/cpuinfo").read_text().split():
            print(f"not run: no {processor} here")
            return wrong_code(functions_of(program), width)
        try:
            ran = subprocess.run([program], capture_output=True, text=True, timeout=10)
        except subprocess.TimeoutExpired:
            return ["a load is taken out of its loop"]
        wrong = ran.stdout.splitlines()
        if ran.returncode and not wrong:
            wrong = [f"exit status {ran.returncode}"]
        return wrong + wrong_code(functions_of(program), width)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("include")
    parser.add_argument("source")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    for tool in (arguments.command[0], "objdump"):
        if not shutil.which(tool):
            print(f"skipped: there is no {tool}")
            sys.exit(77)
    if not arguments.self_test:
        wrong = faults(arguments.include, arguments.source, arguments.command)
        print("\n".join(wrong) or "as it should be")
        sys.exit(1 if wrong else 0)

    failed = 0
    for name, (header, pattern, replacement) in mutations.items():
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(arguments.include, folder, dirs_exist_ok=True)
            path = pathlib.Path(folder) / "rtseq" / "detail" / header
            text, count = re.subn(pattern, replacement, path.read_text())
            if count == 0:
                sys.exit(f"{name}: {header} has nothing like it any more")
            path.write_text(text)
            wrong = faults(folder, arguments.source, arguments.command)
        print(f"{name}: {wrong[0] if wrong else 'NOT FOUND'}")
        failed |= not wrong
    sys.exit(failed)


main()
