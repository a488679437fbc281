#!/usr/bin/env python3
"""Judges a run of the benchmarks, and writes its pages.

    report.py RESULTS         the table; exit status 1 if a promise does not hold
    report.py RESULTS --docs=FOLDER --command=TEXT [--readme=FILE]
                              the same, and the page with plots, and the README's part of it
    report.py RESULTS --shape the table without verdicts: is a run whole?
"""

import json
import pathlib
import sys

import pages
import plots
from promises import promises as promises_of
from results import Missing, Results


def usage_error(message):
    print(f"report.py: {message}", file=sys.stderr)
    sys.exit(2)


def plain_table(promises, judged):
    rows = [promise.columns() if judged else (*promise.columns()[:3], "not judged") for promise in promises]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join((row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].rjust(widths[2]), row[3]))
                     for row in rows)


def write_docs(results, promises, docs, command, readme):
    docs.mkdir(parents=True, exist_ok=True)
    plots.draw(results, docs)
    text = pages.page(results, promises, command)
    (docs / "README.md").write_text(text)
    (docs / "results.json").write_text(json.dumps(results.compact(), indent=0) + "\n")
    if readme:
        readme.write_text(pages.with_marked(readme.read_text(), pages.marked(text)))


def main():
    folder = None
    flags = {}
    judged = True
    for argument in sys.argv[1:]:
        name, given, value = argument.partition("=")
        if name in ("--docs", "--readme", "--command") and given and value:
            flags[name] = value
        elif argument == "--shape":
            judged = False
        elif argument.startswith("-") or folder:
            usage_error(f"'{argument}': expected RESULTS, --docs=FOLDER, --readme=FILE, --command=TEXT or --shape")
        else:
            folder = argument
    if not folder:
        usage_error("RESULTS: expected the folder that a run wrote")
    if flags and not {"--docs", "--command"} <= flags.keys():
        usage_error("--docs and --command go together, and --readme only with them")
    try:
        results = Results(folder)
        promises = promises_of(results)
        if flags:
            readme = pathlib.Path(flags["--readme"]) if "--readme" in flags else None
            write_docs(results, promises, pathlib.Path(flags["--docs"]), flags["--command"], readme)
    except Missing as missing:
        print(f"report.py: {missing}", file=sys.stderr)
        sys.exit(1)
    print(plain_table(promises, judged))
    if not judged:
        sys.exit(0)
    broken = sum(not promise.holds for promise in promises)
    print(f"{len(promises) - broken} of {len(promises)} hold")
    sys.exit(1 if broken else 0)


main()
