"""What the benchmarks wrote: Google Benchmark's JSON files, as medians of rounds."""

import json
import math
import pathlib
import statistics

COUNTERS = ("reads_per_second", "writes_per_second", "of_plain", "longest_odd_ns", "p50", "p99", "p99_9", "max",
            "near", "near_plain", "near_line_ns", "far", "far_plain", "far_line_ns")


class Missing(Exception):
    """A result that a whole run would have."""


def rounds_first(file):
    question, round_, part, _ = file.name.split(".")
    return int(round_), question, int(part)


def machine_in(file):
    try:
        machine = json.loads(file.read_text())
        return {key: machine[key] for key in ("processors", "architecture", "system", "commit")}
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise Missing(f"{file}: {error!r} (expected what report/machine.py prints)") from None


class Results:
    """The results in a folder. A name is "question/candidate/…", a metric "ns" or the name of a counter."""

    def __init__(self, folder):
        self.context = {}
        self.machine = {}
        self._values = {}  # (name, metric): one value a round
        self._order = {}  # name: when it was registered
        for file in sorted(pathlib.Path(folder).glob("*_bench.*.json"), key=rounds_first):
            data = json.loads(file.read_text())
            self.context = data["context"]
            for run in data["benchmarks"]:
                if run["run_type"] == "iteration":
                    self._add(run)
        if not self._values:
            raise Missing(f"{folder}: no results there (expected *_bench.ROUND.PART.json, as bench/run leaves them)")
        self.machine = machine_in(pathlib.Path(folder, "machine.json"))

    def _add(self, run):
        if run.get("error_occurred"):
            raise Missing(f"{run['name']}: {run.get('error_message', 'failed')}")
        name = "/".join(part for part in run["run_name"].split("/")
                        if part != "real_time" and not part.startswith("iterations:"))
        self._order[name] = run["family_index"]
        nanoseconds = run["real_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]]
        self._values.setdefault((name, "ns"), []).append(nanoseconds)
        for metric, value in run.items():
            if metric in COUNTERS:
                self._values.setdefault((name, metric), []).append(value)

    def rounds(self):
        return min(len(values) for (_, metric), values in self._values.items() if metric == "ns")

    def median(self, name, metric="ns"):
        try:
            return statistics.median(self._values[name, metric])
        except KeyError:
            raise Missing(f"{name}: {metric} is not among the results") from None

    def has(self, name, metric="ns"):
        return (name, metric) in self._values

    def ratio(self, name, other, metric="ns"):
        """The median of the rounds' ratios."""
        self.median(name, metric), self.median(other, metric)  # or one is missing
        pairs = zip(self._values[name, metric], self._values[other, metric], strict=True)
        return statistics.median(a / b if b else math.inf for a, b in pairs)

    def slowness(self, name, other, allow):
        """The same, against what `allow` makes of the other's value."""
        pairs = zip(self._values[name, "ns"], self._values[other, "ns"], strict=True)
        return statistics.median(a / allow(b) for a, b in pairs)

    def excess(self, name, other):
        """The median of the rounds' differences, in ns."""
        pairs = zip(self._values[name, "ns"], self._values[other, "ns"], strict=True)
        return statistics.median(a - b for a, b in pairs)

    def names(self, question):
        """In the order of registration: runs come at random."""
        return sorted((name for name in self._order if name.startswith(question + "/")), key=self._order.get)

    def candidates(self, question):
        """Of a question, in the order of registration."""
        return list(dict.fromkeys(name.split("/")[1] for name in self.names(question)))

    def sizes(self, question, candidate):
        """The numbers that end the names of a candidate's results."""
        prefix = f"{question}/{candidate}/"
        return sorted(int(name[len(prefix):]) for name in self.names(question) if name.startswith(prefix))

    def compact(self):
        """For keeping: every round, four digits each."""
        values = {}
        for (name, metric), rounds in sorted(self._values.items()):
            values.setdefault(name, {})[metric] = " ".join(f"{value:.4g}" for value in rounds)
        told = ("date", "num_cpus", "caches", "compiler", "flags", "library_build_type")
        return {"machine": self.machine, "context": {key: self.context[key] for key in told if key in self.context},
                "rounds": values}
