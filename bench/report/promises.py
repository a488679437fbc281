"""The promises about speed, each with what was measured and whether it holds."""

import dataclasses
import statistics

SMALL = (8, 16, 24, 32)
LARGE = (64, 100, 128, 256, 512, 1024, 4096)
FLAT_OUT = "1/flat_out"
# One writer that needs no lock, as its peers here have none.
ONE_WRITER = "seqlocked_single_writer"


@dataclasses.dataclass
class Promise:
    """A ratio or a figure, and the bar: at most, or at least."""

    what: str
    measured: float
    bar: float
    at_most: bool
    unit: str = "×"
    where: str = ""  # of the worst of several

    @property
    def holds(self):
        return self.measured <= self.bar if self.at_most else self.measured >= self.bar

    def columns(self):
        def figure(value):
            if abs(value) >= 100:
                return f"{value:.0f}"
            return f"{value:.3g}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"

        def spell(value):
            return figure(value) + (self.unit if self.unit == "×" else " " + self.unit)

        measured = spell(self.measured) + (f" ({self.where})" if self.where else "")
        return (self.what, measured, ("at most " if self.at_most else "at least ") + spell(self.bar),
                "holds" if self.holds else "does not hold")


def geometric_mean(what, values, bar):
    return Promise(what + ", geometric mean", statistics.geometric_mean(values.values()), bar, True)


def worst(what, values, bar, at_most, unit="×"):
    """Of `values` by size the one that is nearest to breaking the bar."""
    size = (max if at_most else min)(values, key=values.get)
    return Promise(what, values[size], bar, at_most, unit, f"{size} B")


def reads(results):
    def against(peer, sizes):
        return {size: results.ratio(f"read/seqlocked/{size}", f"read/{peer}/{size}") for size in sizes}

    def slower(peer):
        return {size: results.slowness(f"read/seqlocked/{size}", f"read/{peer}/{size}",
                                       lambda ns: max(1.1 * ns, ns + 0.3)) for size in SMALL + LARGE}

    plain = against("plain", LARGE)
    more = {size: results.excess(f"read/seqlocked/{size}", f"read/plain/{size}") for size in SMALL}
    yield geometric_mean("load() against a plain copy, 64 B to 4 KiB", plain, 1.15)
    yield worst("load() against a plain copy, the slowest of these", plain, 1.4, True)
    yield worst("load() beyond a plain copy, 8 to 32 B", more, 1, True, "ns")
    yield worst("load() against memcpy between fences plus 10 % or 0.3 ns, 8 B to 4 KiB",
                slower("memcpy_between_fences"), 1, True)
    for peer, bar in (("relaxed_words", 2.5), ("byte_loop", 20)):
        faster = {size: 1 / ratio for size, ratio in against(peer, LARGE).items()}
        yield worst(f"{spoken(peer)} against load(), 64 B to 4 KiB", faster, bar, False)


def writes(results):
    store = {size: results.ratio(f"write/{ONE_WRITER}/{size}", f"write/plain_and_two_stores/{size}")
             for size in LARGE}
    yield geometric_mean("store() of a single writer against a plain copy and two stores, 64 B to 4 KiB", store, 1.3)


def contended(results):
    for ours in ("seqlocked", ONE_WRITER):
        for peer in ("memcpy_between_fences", "ck_sequence"):
            def of(question, pace, metric):
                return results.ratio(f"{question}/{ours}/{pace}", f"{question}/{peer}/{pace}", metric)
            between = f"writer flat out, 64 B, {spoken(ours)} against {spoken(peer)}"
            yield Promise("reads a second, " + between, of("throughput", FLAT_OUT, "reads_per_second"), 1, False)
            yield Promise("writes a second, " + between, of("throughput", FLAT_OUT, "writes_per_second"), 1, False)
            yield Promise("p99.9 of a read, " + between, of("latency", "flat_out", "p99_9"), 1, True)


def scaling(results):
    yield Promise("two readers against each alone, as a plain copy scales", results.median("scaling/seqlocked/2", "of_plain"),
                  0.95, False)
    for peer, bar in (("std_shared_mutex", 40), ("absl_mutex_readers", 100)):
        name = f"reader_locks/{peer}/2"
        where = "near" if results.has(name, "near") else "far"  # where they never were near for long enough
        yield Promise(f"reads a second by two readers, {where}, against {spoken(peer)}", results.median(name, where), bar,
                      False)


def interrupts_and_locks(results):
    deferred = "irqsave/deferred_signal_context"
    yield Promise("deferred_signal_context: save and restore", results.median(deferred), 3, True, "ns")
    yield Promise("pthread_sigmask pair against it", results.ratio("irqsave/pthread_sigmask", deferred), 80, False)
    yield Promise("pi_mutex against std::mutex, uncontended", results.ratio("lock/pi_mutex", "lock/std_mutex"),
                 1.05, True)


def zonelists(results):
    yield Promise("scan per pick against a zonelist rebuild, 1,024 nodes",
                 results.ratio("zonelist/scan_per_pick/1024", "zonelist/rebuild/1024"), 50, False)
    longest = "longest_odd_ns"
    yield Promise("longest odd time of a rebuild, 1,024 nodes",
                  results.median("zonelist/rebuild/1024", longest) / 1e3, 20, True, "µs")
    # Growing with the nodes, the 256 times as many would show; the longest of a run varies by a good part of itself.
    yield Promise("longest odd time, caches cold, 1,024 nodes against 4",
                  results.ratio("zonelist/cold/1024", "zonelist/cold/4", longest), 1.5, True)


def promises(results):
    """All of them; results.Missing if a run lacks something."""
    return [promise for group in (reads, writes, contended, scaling, interrupts_and_locks, zonelists)
            for promise in group(results)]


SPOKEN = {
    "plain": "plain copy",
    "plain_and_two_stores": "plain copy and two stores",
    "seqlocked_single_writer": "seqlocked, single writer",
    "memcpy_between_fences": "memcpy between fences",
    "relaxed_words": "relaxed words",
    "byte_loop": "byte loop",
    "std_mutex": "std::mutex",
    "std_shared_mutex": "std::shared_mutex",
    "absl_mutex": "absl::Mutex",
    "absl_mutex_readers": "absl::Mutex, reader lock",
    "absl_mutex_readers_unchecked": "absl::Mutex, reader lock, no deadlock detection",
    "tbb_spin_rw_mutex": "tbb::spin_rw_mutex",
    "pthread_pi_mutex": "pthread_mutex_t, priority inheritance",
    "std_shared_mutex_readers": "std::shared_mutex, reader lock",
    "pthread_rwlock_readers": "pthread_rwlock, reader lock",
    "tbb_spin_rw_mutex_readers": "tbb::spin_rw_mutex, reader lock",
    "urcu_memb": "liburcu memb",
    "urcu_qsbr": "liburcu qsbr",
    "urcu_bp": "liburcu bp",
    "scan_per_pick": "scan per pick",
    "rebuild": "rebuild and publication",
    "longest_odd": "longest odd time",
    "longest_odd_cold": "longest odd time, caches cold",
}


def spoken(candidate):
    return SPOKEN.get(candidate, candidate)
