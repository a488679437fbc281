#!/usr/bin/env python3
"""A program of which one file is compiled with lockdep and another without does not link, nor one with lockdep but
without rtseq::runtime; and the linker says why.

    mixture.py COMPILER [FLAG...]

In both orders, with GNU ld and, where they are there, gold and lld. Two files of one kind link. Exit status: 0 it is so,
1 it is not.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

WHY = "RTSEQ_LOCKDEP_must_be_the_same_in_"
NO_RUNTIME = "needs_rtseq_runtime::latch_begin"
USE = "void use() {{ {name}.write_latch_begin(); }}\n"
FILE = "#include <rtseq/seqcount_latch.hpp>\nrtseq::seqcount_latch {name};\n"


def main():
    command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)

        def compiled(stem, *flags, more=""):
            source, out = folder / f"{stem}.cpp", folder / f"{stem}.o"
            source.write_text((FILE + more).format(name=stem) + ("int main() {}\n" if stem.startswith("main") else ""))
            subprocess.run([*command, *flags, "-c", source, "-o", out], check=True)
            return out

        off, main_off = compiled("off"), compiled("main_off")
        on, main_on = compiled("on", "-DRTSEQ_LOCKDEP=1"), compiled("main_on", "-DRTSEQ_LOCKDEP=1")
        user = compiled("user", "-DRTSEQ_LOCKDEP=1", more=USE)
        as_one = "-flto", compiled("main_lto", "-flto"), compiled("lto", "-flto")
        linkers = [[f"-fuse-ld={name}"] for name in ("bfd", "gold", "lld") if shutil.which(f"ld.{name}")]
        for linker in linkers:
            def link(*files):
                result = subprocess.run([*command, *linker, *files, "-o", folder / "program"], capture_output=True, text=True)
                return result.returncode, result.stderr
            knows_lto = linker != ["-fuse-ld=lld"] or "clang" in command[0]  # lld knows no intermediate code of GCC's
            for pair in ((main_off, off), (main_on, on), *([as_one] if knows_lto else [])):
                status, text = link(*pair)
                if status:
                    sys.exit(f"{linker}: two files of one kind do not link: {text}")
            for pair in ((main_off, on), (on, main_off), (main_on, off), (off, main_on)):
                status, text = link(*pair)
                if status == 0 or WHY not in text:
                    sys.exit(f"{linker}: {[p.name for p in pair]}: status {status}, {text or 'no message'}")
            status, missing = link(main_on, user)
            if status == 0 or NO_RUNTIME not in missing:
                sys.exit(f"{linker}: without rtseq::runtime: status {status}, {missing or 'no message'}")
            print(f"{linker[0]}:", text, missing, sep="\n")


main()
