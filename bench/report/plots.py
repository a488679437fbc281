"""The plots, drawn by gnuplot as SVG."""

import pathlib
import subprocess

from promises import spoken

# One colour a candidate, in every plot; what rtseq has is drawn thick.
COLOURS = {
    "plain": "#555555", "plain_and_two_stores": "#555555", "seqlocked": "#0b62c4",
    "seqlocked_single_writer": "#38a3e8", "latched": "#008b72", "memcpy_between_fences": "#d1495b",
    "ck_sequence": "#edae49", "relaxed_words": "#a06cd5", "byte_loop": "#c77dba", "std_mutex": "#8a5a2b",
    "std_shared_mutex": "#b5651d", "pthread_rwlock": "#c9a27e", "absl_mutex": "#6b7a1f",
    "absl_mutex_readers": "#98a83a", "absl_mutex_readers_unchecked": "#c3cf7a", "tbb_spin_rw_mutex": "#4d7ea8",
    "urcu_memb": "#2f4858", "urcu_qsbr": "#5f7a8c", "urcu_bp": "#93a8b5", "rebuild": "#0b62c4", "longest_odd": "#008b72",
    "longest_odd_cold": "#8fd0c4", "scan_per_pick": "#d1495b",
    "pi_mutex": "#0b62c4", "spinlock": "#38a3e8",
}
OURS = ("seqlocked", "seqlocked_single_writer", "latched", "rebuild", "longest_odd")
OTHER = "#777777"


def colour_of(candidate):
    if candidate.endswith("_context"):
        return COLOURS["seqlocked"]
    return COLOURS.get(candidate.split(",")[0], OTHER)


def gnuplot(file, size, lines):
    script = "\n".join([f"set terminal svg size {size[0]},{size[1]} font 'Helvetica,13' background '#ffffff' noenhanced",
                        f"set output '{file}'", "set border 3 lc rgb '#888888'", "set grid lc rgb '#dddddd' lt 1",
                        "set tics nomirror", *lines])
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def lines(file, title, x, y, series, ticks):
    """Curves over logarithmic axes. series: (candidate, [(x, y), …])."""
    script = [f"set title {quoted(title)} font ',15'", f"set xlabel {quoted(x)}", f"set ylabel {quoted(y)}",
              "set logscale xy", "set format y '%g'", "set key outside right top Left reverse samplen 2 spacing 1.15",
              "set xtics (" + ", ".join(f"'{t}' {t}" for t in ticks if t & (t - 1) == 0) + ") rotate by 45 right",
              f"set xrange [{ticks[0] * 0.9}:{ticks[-1] * 1.1}]"]
    curves = []
    for index, (candidate, points) in enumerate(series):
        script += [f"$d{index} << END", *(f"{px} {py}" for px, py in points), "END"]
        width = 3.5 if candidate in OURS else 1.6
        curves.append(f"$d{index} with linespoints lw {width} pt 7 ps {width / 7:.2f} "
                      f"lc rgb '{colour_of(candidate)}' title {quoted(spoken(candidate))}")
    gnuplot(file, (860, 480), [*script, "plot " + ", ".join(curves)])


def bars(file, title, x, rows, digits=3):
    """Horizontal bars over a logarithmic axis, the first on top. rows: (candidate, value or None for nothing)."""
    drawn = [(candidate, value) for candidate, value in rows if value]
    low = min(value for _, value in drawn) / 2
    high = max(value for _, value in drawn) * 4
    script = [f"set title {quoted(title)} font ',15'", f"set xlabel {quoted(x)}", "set logscale x", "unset key",
              "set format x '%.0s%c'" if high > 1e4 else "set format x '%g'", f"set xrange [{low}:{high}]",
              "set grid noytics",
              f"set yrange [{-len(rows) + 0.4}:0.6]",
              "set ytics (" + ", ".join(f"{quoted(spoken(c))} {-i}" for i, (c, _) in enumerate(rows)) + ")",
              "set style fill solid 0.9 noborder", "$bars << END"]
    for index, (candidate, value) in enumerate(rows):
        if value:
            script.append(f"{value} {-index} {low} {value} {-index - 0.36} {-index + 0.36} "
                          f"0x{colour_of(candidate)[1:]} {quoted(short(value, digits))}")
    script += ["END", "plot $bars using 1:2:3:4:5:6:7 with boxxyerror lc rgb variable, "
               "$bars using ($1*1.08):2:8 with labels left font ',11'"]
    gnuplot(file, (860, 110 + 26 * len(rows)), script)


def short(value, digits=3):
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.{digits}g}{suffix}"
    return f"{value:.{digits}g}"


def by_size(results, question, candidates):
    return [(c, [(size, results.median(f"{question}/{c}/{size}")) for size in results.sizes(question, c)])
            for c in candidates if results.sizes(question, c)]


def crews(results):
    """How many readers there were."""
    return sorted({int(name.split("/")[2]) for name in results.names("throughput")})


def draw(results, folder):
    folder = pathlib.Path(folder)
    sizes = results.sizes("read", "plain")
    shown = [c for c in results.candidates("read") if c not in
             ("pthread_rwlock", "absl_mutex", "absl_mutex_readers_unchecked", "urcu_bp")]
    lines(folder / "read_cost.svg", "Cost of a read, uncontended", "size of the value in bytes", "ns a read",
          by_size(results, "read", [c for c in shown if c != "seqlocked_single_writer"]), sizes)
    written = [c for c in results.candidates("write") if c not in
               ("pthread_rwlock", "absl_mutex_readers", "absl_mutex_readers_unchecked", "urcu_bp")]
    lines(folder / "write_cost.svg", "Cost of a write, uncontended", "size of the value in bytes", "ns a write",
          by_size(results, "write", written), sizes)

    def rows(question, suffix, metric):
        return [(c, results.median(f"{question}/{c}{suffix}", metric)) for c in results.candidates(question)]
    most = max(crews(results))
    crew = "one reader" if most == 1 else f"{most} readers"
    for pace, beside in (("none", "no writer"), ("flat_out", "beside a writer without a pause")):
        series = [(c, [(n, results.median(f"throughput/{c}/{n}/{pace}", "reads_per_second")) for n in crews(results)])
                  for c in shown]
        lines(folder / f"readers_{pace}.svg", f"Reads by number of readers, {beside}, 64 bytes", "readers",
              "reads a second", series, crews(results))
    bars(folder / "throughput_no_writer.svg", f"Reads by {crew}, no writer, 64 bytes", "reads a second",
         rows("throughput", f"/{most}/none", "reads_per_second"))
    bars(folder / "throughput_flat_out.svg", "Reads by one reader beside a writer without a pause, 64 bytes",
         "reads a second", rows("throughput", "/1/flat_out", "reads_per_second"))
    bars(folder / "latency_flat_out.svg", "p99.9 of a read beside a writer without a pause, 64 bytes",
         "ns, with what the clock takes", rows("latency", "/flat_out", "p99_9"))
    bars(folder / "preempted_writer.svg", "Reads while the writer is preempted in mid-write, one processor, 1 KiB",
         "reads a second", rows("preempted_writer", "", "reads_per_second"))
    bars(folder / "locks.svg", "Lock and unlock, uncontended", "ns a pair", rows("lock", "", "ns"))
    bars(folder / "irqsave.svg", "Interrupts off and on again", "ns a pair", rows("irqsave", "", "ns"))
    bars(folder / "false_sharing.svg", "Reads beside a neighbour's writer, 8 bytes", "reads a second",
         [(name.split("/", 1)[1].replace("_", " ").replace("/", ", ").replace("none", "no writer"),
           results.median(name, "reads_per_second")) for name in results.names("false_sharing")])
    nodes = results.sizes("zonelist", "rebuild")
    lines(folder / "zonelist.svg", "Rebuild of the zonelists", "nodes", "µs",
          [("scan_per_pick", [(n, results.median(f"zonelist/scan_per_pick/{n}") / 1e3) for n in nodes]),
           ("rebuild", [(n, results.median(f"zonelist/rebuild/{n}") / 1e3) for n in nodes]),
           ("longest_odd", [(n, results.median(f"zonelist/rebuild/{n}", "longest_odd_ns") / 1e3) for n in nodes]),
           ("longest_odd_cold", [(n, results.median(f"zonelist/cold/{n}", "longest_odd_ns") / 1e3) for n in nodes])],
          nodes)
