#!/usr/bin/env python3
"""Compiles and runs every C++ program in a Markdown file.

    readme.py FILE COMPILER [FLAG...]

A program is a ```cpp block with a main(); it passes if it exits with 0. Fails if the file holds none.
"""

import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    file, *command = sys.argv[1:]
    blocks = re.findall(r"^```cpp\n(.*?)^```", pathlib.Path(file).read_text(), re.MULTILINE | re.DOTALL)
    programs = [block for block in blocks if "int main()" in block]
    with tempfile.TemporaryDirectory() as folder:
        for program in programs:
            binary = pathlib.Path(folder, "program")
            subprocess.run([*command, "-x", "c++", "-o", str(binary), "-"], input=program, text=True, check=True)
            subprocess.run([str(binary)], check=True, timeout=60)
    print(f"{file}: {len(programs)} programs compiled and ran")
    sys.exit(not programs)


main()
