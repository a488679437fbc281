#!/usr/bin/env python3
"""The judge, judged: made-up results of which every promise holds, then each promise broken in turn.

    report_test.py                 unit tests
    report_test.py --pages ROOT    is the README's table that of docs/bench?
    report_test.py --shape FOLDER  is everything there that a whole run has?
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pages
import promises
from results import Results

SIZES = (8, 16, 24, 32, 64, 100, 128, 256, 512, 1024, 4096)
CANDIDATES = ("plain", "seqlocked", "seqlocked_single_writer", "latched", "memcpy_between_fences", "relaxed_words",
              "byte_loop", "ck_sequence", "std_mutex", "std_shared_mutex", "pthread_rwlock", "absl_mutex",
              "absl_mutex_readers", "absl_mutex_readers_unchecked", "tbb_spin_rw_mutex", "urcu_memb", "urcu_qsbr",
              "urcu_bp")
CONTEXTS = ("task_context", "signal_context", "deferred_signal_context", "threaded_context", "virtual_cpu_context")
LOCKS = ("pi_mutex", "spinlock", "std_mutex", "pthread_pi_mutex", "std_shared_mutex", "std_shared_mutex_readers",
         "pthread_rwlock", "pthread_rwlock_readers", "absl_mutex", "absl_mutex_readers", "absl_mutex_readers_unchecked",
         "tbb_spin_rw_mutex", "tbb_spin_rw_mutex_readers")
NANOSECONDS = {"relaxed_words": 100, "byte_loop": 1000, "pthread_sigmask": 300, "deferred_signal_context": 1}
PACES = ("none", "1kHz", "100kHz", "flat_out")
MACHINE = {"processors": "Abacus 2, 2 of them", "architecture": "x86_64", "system": "Debian, Linux 6.1", "commit": "c0ffee"}
CONTEXT = {"num_cpus": 2, "compiler": "GCC 12.2.0", "flags": "-O2 -falign-loops=64", "date": "2000-01-01"}


def made_up():
    """name: metrics, as a run has them where all is well."""
    made = {}
    for candidate in CANDIDATES:
        ns = NANOSECONDS.get(candidate, 10)
        for size in SIZES:
            made[f"read/{candidate}/{size}"] = made[f"write/{candidate}/{size}"] = {"ns": ns}
        for pace in PACES:
            for readers in (1, 2):
                made[f"throughput/{candidate}/{readers}/{pace}"] = {
                    "ns": 1, "reads_per_second": 1e9 * readers, "writes_per_second": 1e6}
            made[f"latency/{candidate}/{pace}"] = {"ns": 1, "p50": 30, "p99": 40, "p99_9": 50, "max": 60}
        made[f"preempted_writer/{candidate}"] = {"ns": 1, "reads_per_second": 1e6, "writes_per_second": 1e6}
    for size in SIZES:
        made[f"write/plain_and_two_stores/{size}"] = {"ns": 10}
    for context in CONTEXTS:
        made[f"irqsave/{context}"] = {"ns": NANOSECONDS.get(context, 2)}
        made[f"write_section/{context}"] = {"ns": 20}
    made["irqsave/pthread_sigmask"] = {"ns": NANOSECONDS["pthread_sigmask"]}
    for lock in LOCKS:
        made[f"lock/{lock}"] = {"ns": 10}
    for candidate in ("seqlocked", "memcpy_between_fences"):
        for place in ("one_line", "two_lines"):
            for pace in ("none", "flat_out"):
                made[f"false_sharing/{candidate}/{place}/{pace}"] = {
                    "ns": 1, "reads_per_second": 1e9, "writes_per_second": 1e6}
    made["scaling/seqlocked/2"] = {"ns": 1, "of_plain": 1}
    for lock in ("std_shared_mutex", "absl_mutex_readers"):
        made[f"reader_locks/{lock}/2"] = {"ns": 1, "near": 200, "near_plain": 201, "near_line_ns": 50, "far": 30,
                                          "far_plain": 31, "far_line_ns": 250}
    for nodes in (1, 4, 16, 64, 256, 1024):
        made[f"zonelist/cold/{nodes}"] = {"ns": 1e6, "longest_odd_ns": 3000}
        made[f"zonelist/rebuild/{nodes}"] = {"ns": 1e6, "longest_odd_ns": 300}
        made[f"zonelist/scan_per_pick/{nodes}"] = {"ns": 1e8}
    return made


def write(folder, made, rounds=3):
    for i in range(rounds):  # one far off: the median does not care
        off = 1000 if i == 0 else 1
        runs = []
        for family, (name, metrics) in enumerate(made.items()):
            run = {metric: value * off for metric, value in metrics.items() if metric != "ns"}
            runs.append({"run_name": name + "/iterations:1/real_time", "run_type": "iteration", "name": name,
                         "family_index": family, "time_unit": "us", "real_time": metrics["ns"] / 1e3 * off, **run})
            runs.append({"run_name": name, "run_type": "aggregate", "name": name + "_cv", "real_time": 0.1,
                         "time_unit": "us"})
        text = json.dumps({"context": CONTEXT, "benchmarks": runs})
        pathlib.Path(folder, f"made_bench.{i + 1}.1.json").write_text(text)
    pathlib.Path(folder, "machine.json").write_text(json.dumps(MACHINE))


def judge(*arguments):
    command = [sys.executable, str(pathlib.Path(__file__).with_name("report.py")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Judge(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def judged(self, made):
        write(self.folder, made)
        return judge(self.folder)

    def test_every_promise_can_hold(self):
        outcome = self.judged(made_up())
        self.assertEqual(outcome.returncode, 0, outcome)
        self.assertNotIn("does not hold", outcome.stdout)
        self.assertTrue(outcome.stdout.endswith("28 of 28 hold\n"), outcome.stdout)

    def test_each_promise_can_break(self):
        one_writer = promises.ONE_WRITER
        slow = {f"{question}/{c}/{size}": {"ns": 20} for size in SIZES
                for question, c in (("read", "seqlocked"), ("write", one_writer))}
        breaks = {
            "geometric mean": slow,
            "the slowest of these": {"read/seqlocked/100": {"ns": 14.1}},
            "beyond a plain copy, 8 to 32 B": {"read/seqlocked/24": {"ns": 11.1}},
            "plus 10 % or 0.3 ns": {"read/memcpy_between_fences/16": {"ns": 8.9}},
            "relaxed words against": {"read/relaxed_words/4096": {"ns": 24}},
            "byte loop against": {"read/byte_loop/64": {"ns": 199}},
            "store() of a single writer": {f"write/{one_writer}/{size}": {"ns": 13.1} for size in SIZES},
            "reads a second, writer flat out, 64 B, seqlocked, single": {f"throughput/{one_writer}/1/flat_out": {"reads_per_second": 9e8}},
            "writes a second, writer flat out, 64 B, seqlocked, single": {f"throughput/{one_writer}/1/flat_out": {"writes_per_second": 9e5}},
            "p99.9 of a read, writer flat out, 64 B, seqlocked, single": {f"latency/{one_writer}/flat_out": {"p99_9": 52}},
            "reads a second, writer flat out, 64 B, seqlocked against": {
                "throughput/seqlocked/1/flat_out": {"reads_per_second": 9e8}},
            "two readers against each alone": {"scaling/seqlocked/2": {"of_plain": 0.9}},
            "two readers, near, against std::shared_mutex": {"reader_locks/std_shared_mutex/2": {"near": 39}},
            "two readers, near, against absl::Mutex": {"reader_locks/absl_mutex_readers/2": {"near": 99}},
            "save and restore": {"irqsave/deferred_signal_context": {"ns": 3.1}},
            "pthread_sigmask": {"irqsave/pthread_sigmask": {"ns": 79}},
            "pi_mutex": {"lock/pi_mutex": {"ns": 10.6}},
            "scan per pick": {"zonelist/scan_per_pick/1024": {"ns": 4.9e7}},
            "rebuild, 1,024 nodes": {"zonelist/rebuild/1024": {"longest_odd_ns": 20100}},
            "1,024 nodes against 4": {"zonelist/cold/1024": {"longest_odd_ns": 4600}},
        }
        for what, changes in breaks.items():
            with self.subTest(what):
                made = made_up()
                for name, metrics in changes.items():
                    made[name] = made[name] | metrics
                outcome = self.judged(made)
                self.assertEqual(outcome.returncode, 1, outcome)
                broken = [line for line in outcome.stdout.splitlines() if line.endswith("does not hold")]
                self.assertTrue(any(what in line for line in broken), outcome.stdout)

    def test_where_the_processors_were_never_near_the_promise_is_that_of_far(self):
        made = made_up()
        for metric in ("near", "near_plain", "near_line_ns"):
            del made["reader_locks/std_shared_mutex/2"][metric]
        outcome = self.judged(made)
        self.assertEqual(outcome.returncode, 1, outcome)
        self.assertRegex(outcome.stdout, "two readers, far, against std::shared_mutex +30× .*does not hold")

    def test_the_page_has_the_rounds_also_where_a_round_lacks_a_counter(self):
        write(self.folder, made_up())
        file = self.folder / "made_bench.2.1.json"
        data = json.loads(file.read_text())
        for run in data["benchmarks"]:
            run.pop("far", None)
        file.write_text(json.dumps(data))
        results = Results(self.folder)
        self.assertEqual(results.rounds(), 3)
        self.assertIn("| rounds | 3;", pages.page(results, promises.promises(results), "bench/run"))

    def test_a_result_that_is_missing_is_named(self):
        made = made_up()
        del made["read/plain/128"]
        outcome = self.judged(made)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("read/plain/128", outcome.stderr)

    def test_a_run_that_failed_is_no_result(self):
        write(self.folder, made_up())
        file = self.folder / "made_bench.2.1.json"
        data = json.loads(file.read_text())
        data["benchmarks"][0] |= {"error_occurred": True, "error_message": "broken off"}
        file.write_text(json.dumps(data))
        outcome = judge(self.folder)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("broken off", outcome.stderr)

    def test_no_results(self):
        self.assertEqual(judge(self.folder).returncode, 1)

    def test_results_of_an_unknown_machine(self):
        write(self.folder, made_up())
        for broken in (lambda file: file.write_text("{"), lambda file: file.write_text("{}"), pathlib.Path.unlink):
            broken(self.folder / "machine.json")
            outcome = judge(self.folder, f"--docs={self.folder}", "--command=bench/run")
            self.assertEqual(outcome.returncode, 1)
            self.assertIn("machine.json", outcome.stderr)
            self.assertEqual(outcome.stderr.count("\n"), 1, outcome.stderr)

    def test_bad_flags_are_named_in_one_line(self):
        for arguments in (["--what"], [], ["a", "b"], ["a", "--docs="], ["a", "--docs=x"], ["a", "--readme=x"]):
            outcome = judge(*arguments)
            self.assertEqual(outcome.returncode, 2, arguments)
            self.assertEqual(outcome.stderr.count("\n"), 1, outcome.stderr)

    def test_the_page_says_where_a_peer_is_faster(self):
        made = made_up()
        made["read/urcu_qsbr/512"] = {"ns": 7}
        write(self.folder, made)
        results = Results(self.folder)
        self.assertEqual(pages.faster_peers(results, "read", "seqlocked"), "- liburcu qsbr at 512 B: 30% less time")
        self.assertEqual(pages.faster_peers(results, "write", "seqlocked"), "- nobody")

    def results_of(self, made):
        write(self.folder, made)
        return Results(self.folder)

    def page_of(self, made):
        results = self.results_of(made)
        return pages.page(results, promises.promises(results), "bench/run")

    def test_the_page_says_where_a_peer_reads_in_less_time(self):
        made = made_up()
        self.assertEqual(pages.quicker_peers(self.results_of(made), "seqlocked", "flat_out"), "- nobody")
        made["latency/urcu_qsbr/flat_out"] |= {"p50": 29, "p99": 20, "p99_9": 5}
        made["latency/urcu_bp/none"] |= {"p99": 20}
        self.assertEqual(pages.quicker_peers(self.results_of(made), "seqlocked", "flat_out"),
                         "- liburcu qsbr: p99 50%, p99.9 90% less")

    def test_the_page_says_from_how_many_readers_on_a_peer_reads_more(self):
        made = made_up()
        for name in [name for name in made if name.startswith("throughput/") and "/2/" in name]:
            made[name.replace("/2/", "/3/")] = made[name]
        self.assertIn("the writer too:\n\n- nobody\n", self.page_of(made))
        made["throughput/urcu_bp/1/flat_out"] |= {"reads_per_second": 3e9}
        for readers in (2, 3):  # with three, one has its processor for itself no longer
            made[f"throughput/urcu_qsbr/{readers}/flat_out"] = {"ns": 1, "reads_per_second": readers * 2e9, "writes_per_second": 1e6}
        self.assertIn("- liburcu qsbr: from 2 on, at most 2 times as many with 2\n"
                      "- liburcu bp: from 1 on, at most 3 times as many with 1\n", self.page_of(made))

    def test_the_page_says_where_a_scan_is_faster(self):
        made = made_up()
        self.assertIn("by more than 5 %:\n\n- nowhere\n", self.page_of(made))
        made["zonelist/scan_per_pick/1"] = {"ns": 2e5}
        made["zonelist/scan_per_pick/4"] = {"ns": 9e5}
        self.assertIn("\n- scan per pick at 1, 4 nodes: 10% to 80% less time\n", self.page_of(made))

    def test_the_page_has_every_figure(self):
        made = made_up()
        made["lock/absl_mutex_readers_unchecked"] = {"ns": 16.2}
        made["false_sharing/seqlocked/two_lines/flat_out"] |= {"reads_per_second": 9e8}
        made["zonelist/rebuild/1024"] |= {"longest_odd_ns": 2650}
        made["throughput/urcu_bp/2/flat_out"] |= {"writes_per_second": 123456}
        for metric in ("far", "far_plain", "far_line_ns"):  # as where the processors are always near
            del made["reader_locks/std_shared_mutex/2"][metric]
        text = self.page_of(made)
        for row in ("| absl::Mutex, reader lock, no deadlock detection | 16.2 |",
                    "| deferred_signal_context | 1 | 20 |", "| pthread_sigmask | 300 |  |",
                    "| seqlocked, two lines | 1 G | 900 M | 1 M |",
                    "| 4 | 1,000 | 100,000 | 0.3 | 3 |", "| 1,024 | 1,000 | 100,000 | 2.65 | 3 |",
                    "| liburcu bp | 1 M | 1 M | 1 M | 123,456 |",
                    "| std::shared_mutex | 200 | 201 | 50 |  |  |  |",
                    "| absl::Mutex, reader lock | 200 | 201 | 50 | 30 | 31 | 250 |"):
            self.assertIn(f"\n{row}\n", text)
        self.assertNotIn("{{", text)

    def test_the_page_has_the_compiler_and_its_flags(self):
        results = self.results_of(made_up())
        self.assertRegex(pages.compiler(results), "^GCC 12.2.0, -O2 -falign-loops=64, no -march [(]baseline x86_64[)]$")
        results.context |= {"compiler": "Debian Clang 14.0.6", "flags": "-O2 -march=native"}
        self.assertEqual(pages.compiler(results), "Debian Clang 14.0.6, -O2 -march=native")


def root_of_pages(root):
    """The README's table equals that of the page, if the page is there."""
    texts = [pages.marked(pathlib.Path(root, name).read_text()) for name in ("README.md", "docs/bench/README.md")]
    if None in texts or texts[0] != texts[1]:
        sys.exit("README.md and docs/bench/README.md: the tables of promises differ (bench/run --report writes both)")


def shape(folder):
    """Every candidate of every question, every size, every promise."""
    results = Results(folder)
    wanted = made_up()
    missing = [name for name in wanted if not results.has(name)
               and not (name.startswith(("read/", "write/")) and name.split("/")[1] in CANDIDATES[8:]
                        and int(name.split("/")[2]) not in (8, 64, 512, 4096))
               and not (name.startswith("throughput/") and results.context["num_cpus"] < int(name.split("/")[2]))]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}")
    if len(promises.promises(results)) != 28:
        sys.exit("not every promise is there")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in ("--pages", "--shape"):
        {"--pages": root_of_pages, "--shape": shape}[sys.argv[1]](sys.argv[2])
    else:
        unittest.main()
