#!/usr/bin/env python3
"""Compiles a program with lockdep by the command that docs/lockdep.md gives, and runs it.

    lockdep_page.py PROJECT APP COMPILER
"""

import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    project, app, compiler = sys.argv[1:]
    page = pathlib.Path(project, "docs", "lockdep.md").read_text()
    command = re.search(r"^    g\+\+ (.* app\.cpp .*)$", page, re.MULTILINE)[1].replace("app.cpp", f"'{app}'")
    with tempfile.TemporaryDirectory() as folder:
        program = str(pathlib.Path(folder, "program"))
        subprocess.run(f"'{compiler}' {command} -o '{program}'", shell=True, cwd=project, check=True)
        subprocess.run([program], check=True, timeout=60)


main()
