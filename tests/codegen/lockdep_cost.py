#!/usr/bin/env python3
"""What lockdep costs on an uncontended lock pair, in instructions: at most 25 times as many.

    lockdep_cost.py ROOT COMPILER [FLAG...]

Compiles lock_pairs.cpp without and with lockdep and lets callgrind count two runs of each, so that what a program costs
besides cancels out. Exit status: 0 it is so, 1 it is not, 77 there is no valgrind.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT, FEW, MANY = 25, 100, 10100


def instructions(program, kind, count, folder):
    result = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, kind,
                             str(count)], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", result.stderr)[1])


def main():
    root, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    if not shutil.which("valgrind"):
        print("skipped: there is no valgrind")
        sys.exit(77)
    source, sources = root / "tests/codegen/lock_pairs.cpp", sorted((root / "src").glob("lockdep*.cpp"))
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        programs = {"off": [], "on": ["-DRTSEQ_LOCKDEP=1", *sources]}
        for name, more in programs.items():
            subprocess.run([*command, "-I", root / "include", source, *more, "-pthread", "-o", f"{folder}/{name}"], check=True)
        for kind in ("pi_mutex", "spinlock", "seqlock"):
            pair = {name: (instructions(f"{folder}/{name}", kind, MANY, folder) -
                           instructions(f"{folder}/{name}", kind, FEW, folder)) / (MANY - FEW) for name in programs}
            ratio = pair["on"] / pair["off"]
            print(f"{kind}: {pair['off']:.0f} instructions a pair, with lockdep {pair['on']:.0f}: {ratio:.1f} times")
            worst = max(worst, ratio)
    sys.exit(f"more than {LIMIT} times" if worst > LIMIT else 0)


main()
