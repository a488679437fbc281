#!/usr/bin/env python3
"""Checks what each header includes, directly or not.

    includes.py INCLUDE_DIRECTORY COMPILER [FLAG...]

Beyond what <atomic> includes, no header may drag in iostreams, <regex>, <functional> or, where it is not about them,
the rest of Abseil or liburcu; <rtseq/seqlock.hpp>, the one that everybody includes, not <string> either.
"""

import pathlib
import re
import subprocess
import sys

STANDARD = r"/c\+\+/(?:v1|[\d.]+)/"
HEAVY = re.compile(STANDARD + r"(iostream|istream|ostream|sstream|fstream|regex|functional|filesystem|format)$")
STRING = re.compile(STANDARD + r"(string)$")
ABSEIL = re.compile(r"/absl/(?!base/(?:thread_annotations|attributes|config|options|policy_checks|macros|optimization"
                    r"|internal/thread_annotations)\.h$)(.*)$")
LIBURCU = re.compile(r"/(urcu[/.].*)$")

# Headers whose subject is Abseil or liburcu, and may be missing with it.
def subject(header):
    return {"rtseq/lock/absl_mutex.hpp": [HEAVY, ABSEIL], "rtseq/lockdep_gtest.hpp": [HEAVY]}.get(header, [LIBURCU] if header.startswith("rtseq/rcu") else [])


def included(header, command):
    result = subprocess.run([*command, "-x", "c++", "-M", "-"], input=f"#include <{header}>\n",
                            capture_output=True, text=True)
    if result.returncode:
        return None
    return result.stdout.replace("\\\n", " ").split()[1:]


def main():
    directory, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    headers = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*.hpp"))
    if not any(map(HEAVY.search, included("iostream", command))):
        sys.exit("the check does not recognise <iostream> itself")
    atomic = set(included("atomic", command))
    faults = []
    for header in headers:
        paths = included(header, command)
        if paths is None:
            if subject(header):
                continue  # what it is about is not installed
            sys.exit(f"{header} does not compile")
        rules = [rule for rule in (HEAVY, ABSEIL, LIBURCU) if rule not in subject(header)]
        if header == "rtseq/seqlock.hpp":
            rules.append(STRING)
        faults += [f"{header} includes {match[1]}" for path in paths if path not in atomic for rule in rules if (match := rule.search(path))]
        print(f"{header}: {len(paths)} files")
    sys.exit("\n".join(faults) if faults else 0)


main()
