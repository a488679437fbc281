#!/usr/bin/env python3
"""Measures what `#include <rtseq/seqlock.hpp>` costs over `#include <atomic>`.

    compile_cost.py [COMPILER [FLAG...]]      default: g++ -std=c++20 -I ../../include

The two are compiled in turn, so that a busy machine slows both, and medians are compared. Fails if the difference
exceeds 0.35 s.
"""

import pathlib
import statistics
import subprocess
import sys
import time

ROUNDS, LIMIT = 15, 0.35
INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"


def seconds(text, command):
    start = time.perf_counter()
    subprocess.run([*command, "-O2", "-x", "c++", "-c", "-o", "/dev/null", "-"], input=text, text=True, check=True)
    return time.perf_counter() - start


def main():
    command = sys.argv[1:] or ["g++", "-std=c++20", "-I", str(INCLUDE)]
    baseline, subject = [], []
    for _ in range(ROUNDS):
        baseline.append(seconds("#include <atomic>\n", command))
        subject.append(seconds("#include <rtseq/seqlock.hpp>\n", command))
    base, cost = statistics.median(baseline), statistics.median(subject)
    print(f"<atomic> {base:.3f} s, <rtseq/seqlock.hpp> {cost:.3f} s, difference {cost - base:.3f} s "
          f"(at most {LIMIT}), ratio {cost / base:.2f}")
    sys.exit(cost - base > LIMIT)


main()
