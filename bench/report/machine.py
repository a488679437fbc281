#!/usr/bin/env python3
"""What the benchmarks run on and from, as JSON: bench/run keeps it beside the results."""

import json
import os
import platform
import subprocess


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              env={**os.environ, "LC_ALL": "C"}).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def distribution():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def lscpu():
    lines = output("lscpu").splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if value}


def machine():
    cpu = lscpu()
    model = ", ".join(f"{key.lower()} {cpu[key]}" for key in ("CPU family", "Model") if key in cpu)
    host = cpu.get("Hypervisor vendor")
    return {
        "processors": cpu.get("Model name", platform.machine()) + (f" ({model})" if model else "")
                      + f", {os.cpu_count()} of them" + (f", under {host}" if host else ""),
        "architecture": platform.machine(),
        "system": f"{distribution()}, Linux {platform.release()}",
        "commit": output("git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty", "--abbrev=10"),
    }


print(json.dumps(machine(), indent=0))
