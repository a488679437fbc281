#!/usr/bin/env python3
"""Does every name of the library in docs/kernel-table.md exist?

    kernel_table.py TABLE INCLUDE

Reads the column `rtseq` of each table: the names that stand there in backticks stand in the code of a header in INCLUDE,
too. Exit status: 0 all do, 1 not.
"""
import pathlib
import re
import sys

# Not the library's: C++, other libraries, and what the table calls its examples.
foreign = {"std", "mutex", "absl", "Mutex", "lock", "count", "latch", "value", "token", "flags", "f", "T", "seq",
           "attempts", "time", "end", "x", "y"}


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)


def main():
    table, include = sys.argv[1:]
    code = " ".join(without_comments(path.read_text()) for path in sorted(pathlib.Path(include).rglob("*.hpp")))
    known = set(re.findall(r"\w+", code))
    column, names = None, {}
    for number, line in enumerate(pathlib.Path(table).read_text().split("\n"), 1):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else None
        if cells is None:
            column = None
        elif column is None:
            column = [cell.strip() for cell in cells].index("rtseq")
        elif not set(line) <= set("|- "):
            for quoted in re.findall(r"`([^`]*)`", cells[column]):
                for name in re.findall(r"[A-Za-z_]\w*", quoted):
                    names.setdefault(name, number)
    missing = {name: at for name, at in names.items() if name not in foreign and name not in known}
    for name, at in missing.items():
        print(f"{table}:{at}: {name} is in no header")
    if len(names) < 40:
        print(f"{table}: only {len(names)} names, so it was not read as it is meant")
        return 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
