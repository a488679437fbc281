"""docs/bench/README.md and the README's part, from the results."""

import pathlib
import re

from plots import crews
from promises import spoken

MARKS = ("<!-- bench/run --report writes from here -->", "<!-- to here -->")


def table(head, rows):
    """Markdown; the first column to the left, figures to the right."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def promises_table(promises):
    return table(("", "measured", "promised", ""), [promise.columns() for promise in promises])


def figure(value):
    """Three digits, with a unit's prefix from a million on."""
    if value is None:
        return ""
    for limit, suffix in ((1e9, " G"), (1e6, " M")):
        if value >= limit:
            return f"{value / limit:.3g}{suffix}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def cost_table(results, question):
    candidates = results.candidates(question)
    sizes = results.sizes(question, "plain")

    def cell(candidate, size):
        name = f"{question}/{candidate}/{size}"
        return figure(results.median(name)) if results.has(name) else ""
    return table(["ns at bytes", *map(str, sizes)],
                 [[spoken(c), *(cell(c, size) for size in sizes)] for c in candidates])


PACES = {"none": "no writer", "1kHz": "1 kHz", "100kHz": "100 kHz", "flat_out": "flat out"}


def throughput_table(results, readers, metric):
    return table(["a second", *PACES.values()],
                 [[spoken(c), *(figure(results.median(f"throughput/{c}/{readers}/{pace}", metric)) for pace in PACES)]
                  for c in results.candidates("throughput")])


def reader_locks_table(results):
    columns = {"near": "near", "near_plain": "plain copy there", "near_line_ns": "ns a line", "far": "far",
               "far_plain": "plain copy there", "far_line_ns": "ns a line"}

    def cell(name, metric):
        return figure(results.median(name, metric)) if results.has(name, metric) else ""
    return table(["times the reads of", *columns.values()],
                 [[spoken(c), *(cell(f"reader_locks/{c}/2", metric) for metric in columns)]
                  for c in results.candidates("reader_locks")])


def latency_table(results, metric):
    return table(["ns", *PACES.values()],
                 [[spoken(c), *(figure(results.median(f"latency/{c}/{pace}", metric)) for pace in PACES)]
                  for c in results.candidates("latency")])


def preempted_table(results):
    return table(["a second", "reads", "writes"],
                 [[spoken(c), *(figure(results.median(f"preempted_writer/{c}", metric))
                                for metric in ("reads_per_second", "writes_per_second"))]
                  for c in results.candidates("preempted_writer")])


def locks_table(results):
    return table(["uncontended", "ns a pair"],
                 [[spoken(c), figure(results.median(f"lock/{c}"))] for c in results.candidates("lock")])


def irqsave_table(results):
    def cell(name):
        return figure(results.median(name)) if results.has(name) else ""
    return table(["ns", "off and on again", "write section"],
                 [[c, cell(f"irqsave/{c}"), cell(f"write_section/{c}")] for c in results.candidates("irqsave")])


def false_sharing_table(results):
    pairs = dict.fromkeys(name.rsplit("/", 1)[0] for name in results.names("false_sharing"))
    rows = []
    for pair in pairs:
        _, candidate, place = pair.split("/")
        rows.append([f"{spoken(candidate)}, {place.replace('_', ' ')}",
                     *(figure(results.median(f"{pair}/{pace}", metric)) for pace, metric in
                       (("none", "reads_per_second"), ("flat_out", "reads_per_second"),
                        ("flat_out", "writes_per_second")))])
    return table(["a second", "reads, no writer", "reads, flat out", "writes, flat out"], rows)


def zonelist_table(results):
    columns = {"rebuild": ("rebuild", "ns"), "scan_per_pick": ("scan_per_pick", "ns"),
               "longest_odd": ("rebuild", "longest_odd_ns"), "longest_odd_cold": ("cold", "longest_odd_ns")}
    return table(["µs at nodes", *map(spoken, columns)],
                 [[f"{nodes:,}", *(figure(results.median(f"zonelist/{run}/{nodes}", metric) / 1e3)
                                   for run, metric in columns.values())]
                  for nodes in results.sizes("zonelist", "rebuild")])


def peers(results, question):
    return [c for c in results.candidates(question) if not c.startswith(("plain", "seqlocked", "latched"))]


def faster(results, question, candidate, ours, unit):
    """Where a peer is faster by more than a twentieth: no line, or one."""
    ratios = {size: results.ratio(f"{question}/{candidate}/{size}", f"{question}/{ours}/{size}")
              for size in results.sizes(question, candidate)}
    less = {size: 1 - ratio for size, ratio in ratios.items() if ratio < 0.95}
    if not less:
        return []
    least, most = f"{min(less.values()):.0%}", f"{max(less.values()):.0%}"
    span = least if least == most else f"{least} to {most}"
    return [f"- {spoken(candidate)} at {', '.join(map(str, less))} {unit}: {span} less time"]


def faster_peers(results, question, ours):
    lines = [line for c in peers(results, question) for line in faster(results, question, c, ours, "B")]
    return "\n".join(lines) or "- nobody"


def quicker_peers(results, ours, pace):
    """The same for how long one read takes: one line a peer, with those percentiles at which it takes less."""
    lines = []
    for candidate in peers(results, "latency"):
        ratios = {metric: results.ratio(f"latency/{candidate}/{pace}", f"latency/{ours}/{pace}", metric)
                  for metric in ("p50", "p99", "p99_9")}
        less = [f"{metric.replace('_', '.')} {1 - ratio:.0%}" for metric, ratio in ratios.items() if ratio < 0.95]
        if less:
            lines.append(f"- {spoken(candidate)}: {', '.join(less)} less")
    return "\n".join(lines) or "- nobody"


def busier_peers(results, ours, suffix, metric):
    """The same for counts a second: one line a peer."""
    lines = []
    for candidate in peers(results, "throughput"):
        ratio = results.ratio(f"throughput/{candidate}/{suffix}", f"throughput/{ours}/{suffix}", metric)
        if ratio > 1.05:
            lines.append(f"- {spoken(candidate)}: {figure(ratio)} times as many")
    return "\n".join(lines) or "- nobody"


def busier_readers(results, ours):
    """Beside a writer without a pause that has a processor of its own: one line a peer, from how many readers on."""
    counts = [readers for readers in crews(results) if readers == 1 or readers < max(crews(results))]
    lines = []
    for candidate in peers(results, "throughput"):
        ratios = {n: results.ratio(f"throughput/{candidate}/{n}/flat_out", f"throughput/{ours}/{n}/flat_out",
                                   "reads_per_second") for n in counts}
        more = [n for n in counts if ratios[n] > 1.05]
        if more:
            most = max(more, key=ratios.get)
            lines.append(f"- {spoken(candidate)}: from {more[0]} on, at most {figure(ratios[most])} times as many with {most}")
    return "\n".join(lines) or "- nobody"


def compiler(results):
    """With its flags, as the programs say."""
    flags = results.context["flags"]
    instructions = "" if " -m" in f" {flags}" else f", no -march (baseline {results.machine['architecture']})"
    return f"{results.context['compiler']}, {flags}{instructions}"


def about(results, command):
    rounds = f"{results.rounds()}; in each, what is compared runs shortly after one another, in random order"
    rows = {"processors": results.machine["processors"], "system": results.machine["system"],
            "compiler": compiler(results), "date": results.context["date"], "rounds": rounds, "command": f"`{command}`",
            "commit": results.machine["commit"]}
    return table(("", ""), [(key, value) for key, value in rows.items() if value]).replace("---: |", "--- |")


def page(results, promises, command):
    text = pathlib.Path(__file__).with_name("page.md").read_text()
    most = max(crews(results))
    parts = {
        "promises": promises_table(promises),
        "about": about(results, command),
        "read": cost_table(results, "read"),
        "write": cost_table(results, "write"),
        "readers": str(most),
        "reads_of_one": throughput_table(results, 1, "reads_per_second"),
        "reads_of_all": throughput_table(results, most, "reads_per_second"),
        "writes_of_one": throughput_table(results, 1, "writes_per_second"),
        "writes_of_all": throughput_table(results, most, "writes_per_second"),
        "reader_locks": reader_locks_table(results),
        "p50": latency_table(results, "p50"), "p99": latency_table(results, "p99"),
        "p99_9": latency_table(results, "p99_9"), "max": latency_table(results, "max"),
        "preempted": preempted_table(results),
        "locks": locks_table(results), "irqsave": irqsave_table(results),
        "false_sharing": false_sharing_table(results), "zonelist": zonelist_table(results),
        "faster_reads": faster_peers(results, "read", "seqlocked"),
        "faster_writes": faster_peers(results, "write", "seqlocked"),
        "more_reads": busier_readers(results, "seqlocked"),
        "more_writes": busier_peers(results, "seqlocked", "1/flat_out", "writes_per_second"),
        "quicker_reads": quicker_peers(results, "seqlocked", "flat_out"),
        "faster_scans": "\n".join(faster(results, "zonelist", "scan_per_pick", "rebuild", "nodes")) or "- nowhere",
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], text)


def marked(text):
    """What stands between the marks of a page, or None."""
    begin, end = (text.find(mark) for mark in MARKS)
    return text[begin + len(MARKS[0]):end].strip() if 0 <= begin < end else None


def with_marked(text, part):
    begin, end = (text.index(mark) for mark in MARKS)
    return f"{text[:begin]}{MARKS[0]}\n{part}\n{text[end:]}"
