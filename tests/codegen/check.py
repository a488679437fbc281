#!/usr/bin/env python3
"""Checks the machine code of a function's hot path.

    check.py [--instructions N] [--has REGEX] SOURCE FUNCTION COMPILER [FLAG...]
    check.py --self-test SOURCE COMPILER [FLAG...]

Compiles SOURCE to assembly and follows FUNCTION from its entry along the shortest way to a return without a call: an
uncontended read does the least work, and whatever a reader does that has to wait lies off that way. There has to be one,
and on it no locked or exclusive instruction, no fence (x86-64: none at all; AArch64: `dmb ishld` is no full barrier and
allowed), at most N instructions, and one that begins with REGEX. Exit status: 0 it is so, 1 it is not (the listing is
printed), 77 no such compiler.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections import deque

SKIPPED = 77


class X86:
    free = re.compile(r"nop|endbr64|data16 nop|xchgw\s+%ax, %ax")  # alignment and landing pads
    conditional = re.compile(r"j(?!mp)\w+\s+(\S+)$|loop\w*\s+(\S+)$")
    jump = re.compile(r"jmp\w*\s+(\S+)$")
    call = re.compile(r"call")
    ret = re.compile(r"(rep[z ]*\s*)?ret[ql]?\b|bnd ret")
    banned = {
        "a system call": re.compile(r"syscall|int\s"),
        "a locked instruction": re.compile(r"lock\b|xchg\w*\s.*\("),
        "a fence": re.compile(r"[mls]fence|cpuid|serialize"),
    }


class AArch64:
    free = re.compile(r"nop|bti\b|hint\s")
    conditional = re.compile(r"b\.?(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)\s+(\S+)$|"
                             r"(?:cbn?z\s+\w+|tbn?z\s+\w+, #?\w+),\s*(\S+)$")
    jump = re.compile(r"br?\s+(\S+)$")
    call = re.compile(r"blr?\s")
    ret = re.compile(r"ret\b|retaa|retab")
    banned = {
        "a system call": re.compile(r"svc\b"),
        "an exclusive or atomic instruction": re.compile(r"(ld|st)a?l?xr|stlxr|ldaxr|casp?|swp|(ld|st)(add|clr|set|eor)"),
        "a full barrier": re.compile(r"dmb\s+(?!ishld|ishst)|dsb\b|isb\b"),
    }


def split_by_section(assembly):
    """-> {label: (section, index)}, {section: [instruction]}; what follows in one section falls through."""
    labels, code, section = {}, {".text": []}, ".text"
    stack = []
    for line in assembly.splitlines():
        line = re.sub(r"\s+", " ", re.split(r"//|(?:^|\s)#(?![\d:-])", line)[0]).strip()
        while match := re.match(r'"?([\w.$@]+)"?:\s*', line):
            labels[match[1]] = (section, len(code[section]))
            line = line[match.end():]
        if not line:
            continue
        words = line.replace(",", " ").split()
        if words[0] == ".section" or words[0] in (".text", ".data", ".bss"):
            section = words[1] if words[0] == ".section" else words[0]
        elif words[0] == ".pushsection":
            stack.append(section)
            section = words[1]
        elif words[0] == ".popsection":
            section = stack.pop()
        elif not line.startswith("."):
            code.setdefault(section, []).extend(part.strip() for part in line.split(";") if part.strip())
        code.setdefault(section, [])
    return labels, code


def hot_path(assembly, function, target):
    """-> the instructions of the shortest way from the function's entry to a return without a call, or None."""
    labels, code = split_by_section(assembly)
    if function not in labels:
        sys.exit(f"no function {function} in the assembly")

    def inside(label):
        return label in labels and (label.startswith(".L") or label.startswith(function + "."))

    start = labels[function]
    before = {start: None}
    waiting = deque([start])
    while waiting:
        place = waiting.popleft()
        section, index = place
        if index >= len(code[section]):
            continue
        instruction = code[section][index]
        following = (section, index + 1)
        if target.ret.match(instruction):
            path = []
            while place:
                path.append(code[place[0]][place[1]])
                place = before[place]
            return path[::-1]
        if branch := target.conditional.match(instruction):
            label = branch[1] or branch[2]
            successors = [following] + ([labels[label]] if inside(label) else [])
        elif branch := target.jump.match(instruction):
            successors = [labels[branch[1]]] if inside(branch[1]) else []  # else a tail call: no way to a return
        elif target.call.match(instruction):
            successors = []
        else:
            successors = [following]
        for successor in successors:
            if successor not in before:
                before[successor] = place
                waiting.append(successor)
    return None


def faults(assembly, function, target, limit, needed=""):
    """-> (what is wrong, the path)"""
    path = hot_path(assembly, function, target)
    if path is None:
        return ["no way to a return without a call"], []
    wrong = [f"{what}: {instruction}" for what, pattern in target.banned.items()
             for instruction in path if pattern.match(instruction)]
    length = sum(1 for instruction in path if not target.free.match(instruction))
    if length > limit:
        wrong.append(f"{length} instructions, more than {limit}")
    if not any(re.match(needed, instruction) for instruction in path):
        wrong.append(f"no {needed}")
    return wrong, path


def compile_to_assembly(source, command):
    if not shutil.which(command[0]):
        print(f"skipped: there is no {command[0]}")
        sys.exit(SKIPPED)
    result = subprocess.run([*command, "-S", "-g0", "-o", "-", source], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: {result.stderr}")
    return result.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--instructions", type=int, default=12)
    parser.add_argument("--has", default="")
    parser.add_argument("source")
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    function = None if arguments.self_test else arguments.rest.pop(0)
    command = arguments.rest
    assembly = compile_to_assembly(arguments.source, command)
    target = AArch64 if ".arch armv8" in assembly or "aarch64" in command[0] else X86

    if arguments.self_test:
        names = re.findall(r"^((?:good|bad)_\w+):", assembly, re.MULTILINE)
        if not any(n.startswith("good") for n in names) or sum(n.startswith("bad") for n in names) < 6:
            sys.exit(f"the self-test's functions are missing: {names}")
        failed = 0
        for name in names:
            wrong, path = faults(assembly, name, target, arguments.instructions)
            if bool(wrong) == name.startswith("good"):
                failed = 1
                print(f"{name}: found {wrong or 'nothing wrong'}\n  " + "\n  ".join(path))
            else:
                print(f"{name}: {'; '.join(wrong) or 'accepted'}")
        sys.exit(failed)

    wrong, path = faults(assembly, function, target, arguments.instructions, arguments.has)
    print(f"{function}, hot path:\n  " + "\n  ".join(path))
    if wrong:
        print("wrong: " + "\nwrong: ".join(wrong))
        whole = assembly[assembly.index(f"\n{function}:"):assembly.index(f".size\t{function},")]
        print("the whole function:" + re.sub(r"\n\s*\.(?!L).*", "", whole))
        sys.exit(1)


if __name__ == "__main__":
    main()
