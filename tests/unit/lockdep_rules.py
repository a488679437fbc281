#!/usr/bin/env python3
"""Every rule of lockdep has a program that breaks it, one that does nearly the same and does not, and its paragraph.

    lockdep_rules.py HEADER TESTS PAGE

The rules are those of `enum class rule` in HEADER. In TESTS, in tests TEST(RULE, …), RULE is expected at least once, and
no finding at least once. In PAGE a section RULE says what, why and how to fix it. Exit status: 0 it is so, 1 it is not.
"""

import pathlib
import re
import sys


def main():
    header, tests, page = (pathlib.Path(path).read_text() for path in sys.argv[1:])
    rules = re.findall(r"^  (\w+),", re.search(r"enum class rule .*?\{(.*?)\};", header, re.S)[1], re.M)
    if len(rules) != int(re.search(r"unsigned rules = (\d+);", header)[1]):
        sys.exit(f"not as many rules as the header says: {rules}")
    faults = []
    for rule in rules:
        cases = "".join(re.findall(rf"^TEST\({rule}, .*?^\}}$", tests, re.S | re.M))
        if not re.search(rf"EXPECT_LOCKDEP\(\s*{rule},|\"rtseq lockdep: {rule}\\n\"", cases):
            faults.append(f"{rule}: no program breaks it")
        if "EXPECT_NO_LOCKDEP(" not in cases:
            faults.append(f"{rule}: no program nearly breaks it")
        section = re.search(rf"^### {rule}\n((?:(?!##).*\n)*)", page, re.M)
        if not section or not re.match(r"\*What\.\* .*?^\*Why\.\* .*?^\*Fix\.\* ", section[1], re.S | re.M):
            faults.append(f"{rule}: the page does not say what, why and how to fix it")
    sys.exit("\n".join(faults) if faults else 0)


main()
