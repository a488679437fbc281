#!/usr/bin/env python3
"""Puts what the program prints into the guide page, or checks that it stands there.

    page.py [--check] PAGE PROGRAM

In the page a line `<!-- misuse NAME -->` stands before a fenced block: what `PROGRAM NAME` prints on standard error, or
"(nothing is reported)". Exit status: 0 done, or equal; 1 they differ; 2 wrong usage.
"""

import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"(<!-- misuse ([\w-]+) -->\n```\w*\n)(.*?)(```\n)", re.S)


def main():
    arguments = sys.argv[1:]
    check = arguments[:1] == ["--check"]
    arguments = arguments[check:]
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print(f"page.py: {arguments[0] if arguments else 'arguments'}: expected [--check] PAGE PROGRAM", file=sys.stderr)
        sys.exit(2)
    page, program = pathlib.Path(arguments[0]), arguments[1]
    names = []

    def printed(match):
        names.append(match[2])
        result = subprocess.run([program, match[2]], capture_output=True, text=True)
        if result.returncode:
            sys.exit(f"{program} {match[2]}: exit status {result.returncode}: {result.stderr}")
        return match[1] + (result.stderr or "(nothing is reported)\n") + match[4]

    before = page.read_text()
    after = BLOCK.sub(printed, before)
    if not names:
        sys.exit(f"{page} has no place for the program's output")
    if not check:
        page.write_text(after)
    elif after != before:
        sys.exit(f"{page} is out of date: examples/lockdep/page.py {page} {program}")
    print(", ".join(names))


main()
