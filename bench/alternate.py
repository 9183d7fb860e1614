"""The Python side of an alternating bench: ours and theirs in turn, in one run, and the medians of both."""

import statistics
import subprocess
import time


class Program:
    """A C++ program that runs once for every line it reads, and answers with the milliseconds."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the program ended with status {self.process.wait()}")
        return float(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def milliseconds(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def alternate(ours, theirs, rounds):
    """Medians (ours, theirs) in milliseconds, and the best of each, after one round that does not count."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*pairs)], [min(column) for column in zip(*pairs)]


def report(name, medians, best):
    print(f"{name:32} ours {medians[0]:9.3f} ms   theirs {medians[1]:9.3f} ms   {medians[1] / medians[0]:6.1f} times"
          f"   (best: {best[0]:.3f}, {best[1]:.3f}, {best[1] / best[0]:.1f} times)")
