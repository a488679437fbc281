#!/usr/bin/env python3
"""What the benchmarks run on, as JSON: bench/run keeps it beside the results."""

import json
import os
import platform
import subprocess


def lscpu():
    try:
        lines = subprocess.run(["lscpu"], capture_output=True, text=True, check=True,
                               env={**os.environ, "LC_ALL": "C"}).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if value}


def machine():
    cpu = lscpu()
    model = ", ".join(f"{key.lower()} {cpu[key]}" for key in ("CPU family", "Model") if key in cpu)
    host = cpu.get("Hypervisor vendor")
    return {
        "processors": cpu.get("Model name", platform.machine()) + (f" ({model})" if model else "")
                      + f", {os.cpu_count()} of them" + (f", under {host}" if host else ""),
        "architecture": platform.machine(),
        "system": f"{platform.freedesktop_os_release().get('PRETTY_NAME', platform.system())}, Linux {platform.release()}",
    }


print(json.dumps(machine(), indent=0))
