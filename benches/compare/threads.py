"""Large calls on one thread and on several: `compare.py threads`. Wall clock, on all cores.

Cases are `subject/size/what`:

- `convolution/10000`: 64x(0e+1o+2e+3o) along so many edges, 20 into each node from any others, to the
  irreps of harmonics to l = 3 (`uvu`), f32. `forward-backward` is the output and the gradients of
  both inputs and the weights.
- `linear/10000`: 64x(0e+1o+2e+3o) to itself, so many rows, f32.
- `harmonics/100000`: values to l = 3 in rows in the convention of e3nn, with the pull-back, f32.
- `neighbours/100000`: the graph of so many random points, about 50 neighbours each.
- `training/10000/step`: one step of training on energies and forces by about so many edges:
  64x0e+64x1o+64x2e, two convolutions with radial networks, a gate between them, f32.

The columns are the time on the calling thread, without `in_parallel`, and in pools of 1, 2, ... threads, and
how many times as fast the largest pool is as the calling thread; for layers, which are always parallel,
as a pool of one. Small cases show what it costs to ask for threads where they do not pay. Ways take
turns, sample by sample, and the fastest sample counts. Results do not depend on the number of
threads, bit for bit: `tests/threads.rs`.
"""

import json
import os

from .common import ROOT, Side, build

BOTH = ["forward", "forward-backward"]


def cases(quick):
    """The rows of the table."""
    sizes = {"convolution": [50, 200, 1000, 10_000], "linear": [100, 1000, 10_000]}
    for subject, all_sizes in sizes.items():
        for size in all_sizes[-1:] if quick else all_sizes:
            for what in BOTH:
                yield f"{subject}/{size}/{what}"
    for size in [100_000] if quick else [1000, 100_000]:
        yield f"harmonics/{size}/forward-backward"
        yield f"neighbours/{size}/search"
    for size in [10_000] if quick else [100, 1000, 10_000]:
        yield f"training/{size}/step"


def add_to(subjects):
    """The subcommand."""
    text = "large calls on one thread and on several"
    parser = subjects.add_parser("threads", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each case")
    parser.add_argument("--quick", action="store_true", help="the largest size of each case")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose names contain this")
    parser.set_defaults(run=run)


def run(arguments):
    """Measures and prints all cases."""
    program = build(ROOT, "thread-times", 4, features=["nn"])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    side = Side(program, [], is_fresh=True)
    if not arguments.json:
        pools = "".join(f"{count:>10}" for count in range(1, cores + 1))
        print(f"{'ms':<36}{'caller':>10}{pools}{'ratio':>8}")
    for case in cases(arguments.quick):
        if arguments.only not in case:
            continue
        caller, *pools = side.measure(case, numbers=cores + 1)
        row = {"case": case, "ours": pools[-1], "limit": None, "peers": {}}
        row |= {"caller": caller, "threads": pools}
        print(json.dumps(row) if arguments.json else line(row), flush=True)


def line(row):
    """The numbers of a case."""
    times = [row["caller"], *row["threads"]]
    columns = "".join(f"{'-':>10}" if time is None else f"{time:>10.4g}" for time in times)
    base = next(time for time in times if time is not None)
    return f"{row['case']:<36}{columns}{base / times[-1]:>8.2f}"
