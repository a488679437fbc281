#!/usr/bin/env python3
"""Compiles programs that must be refused, and compares what the compiler says with what they expect.

    check.py SOURCE COMPILER [FLAG...]

A line `code;  // expect: REGEX` gets one diagnostic, which matches; `// expect anywhere: REGEX` one that may stand in a
header. `// and what comes of it: REGEX` follows from others, any number of times. No other line gets one. `// expect
note: REGEX`: a note says it. A line `// needs: CONDITION` is for compilers whose preprocessor finds it true.
Exit status: 0 it is so, 1 it is not, 77 no such compiler.
"""

import pathlib
import re
import shutil
import subprocess
import sys

DIAGNOSTIC = re.compile(r"^(.*?):(\d+):\d+: (?:warning|error|fatal error): (.*?)(?: \[-W.*\])?$", re.M)


def main():
    source, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    if not shutil.which(command[0]):
        print(f"skipped: there is no {command[0]}")
        sys.exit(77)
    for condition in re.findall(r"// needs: (.*)", source.read_text()):
        test = f"#if !({condition})\n#error\n#endif\n"
        if subprocess.run([*command, "-fsyntax-only", "-xc++", "-"], input=test, capture_output=True, text=True).returncode:
            print(f"skipped: {command[0]} has no {condition}")
            sys.exit(77)
    expected, anywhere, notes, consequences = {}, [], [], []
    for number, line in enumerate(source.read_text().splitlines(), 1):
        if match := re.search(r"// expect: (.*)", line):
            expected[number] = match[1]
        if match := re.search(r"// expect anywhere: (.*)", line):
            anywhere.append(match[1])
        if match := re.search(r"// and what comes of it: (.*)", line):
            consequences.append(match[1])
        if match := re.search(r"// expect note: (.*)", line):
            notes.append(match[1])
    if not expected:
        sys.exit("nothing is expected")
    text = subprocess.run([*command, "-fsyntax-only", "-ferror-limit=0", source], capture_output=True, text=True).stderr
    faults = []
    for file, number, message in DIAGNOSTIC.findall(text):
        wanted = expected.get(int(number)) if file == str(source) else None
        if wanted is not None and re.search(wanted, message):
            del expected[int(number)]
        elif general := next((regex for regex in anywhere if re.search(regex, message)), None):
            anywhere.remove(general)
        elif not any(re.search(regex, message) for regex in consequences):
            faults.append(f"{file}:{number}: not expected: {message}")
    faults += [f"{source}:{number}: not said: {wanted}" for number, wanted in expected.items()]
    faults += [f"{source}: not said: {wanted}" for wanted in anywhere]
    said = "\n".join(re.findall(r"note: (.*)", text))
    faults += [f"{source}: not noted: {wanted}" for wanted in notes if not re.search(wanted, said)]
    sys.exit("\n".join(faults) if faults else 0)


main()
