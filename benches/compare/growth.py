"""How time and memory of the convolution grow along one axis at a time: `compare.py growth`.

From 10⁴ edges, 64x(0e+1o+2e+3o) and harmonics to l = 3 with weights for each edge, one number changes:
`edges`, `channels`, `degree` of features and harmonics, or `harmonics`, their degree alone. Threads are those of
`compare.py threads`. `compare/growth_times.rs` says what a case is.

The table has milliseconds of thread CPU time, the fastest of several samples, and the limit; the megabytes
of inputs and outputs, and by how many the resident memory of the process grew at most, tables of the
product among them; the exponents of time and memory from the row before, in the value or, for
degrees, in l + 1; and the smallest cache that holds all inputs and outputs (`all`), and features and
their gradients, which are gathered and scattered at senders (`senders`). Below each axis stand the
exponents of all its rows, by least squares of logarithms, and between which values something leaves a
cache.
"""

import json
import math
from pathlib import Path

from . import plot
from .common import ROOT, Side, build, pin

BOTH = ["forward", "forward-backward"]
AXES = {
    "edges": [1000, 3162, 10_000, 31_623, 100_000, 316_228, 1_000_000],
    "channels": [16, 32, 64, 128, 256, 512],
    "degree": list(range(1, 9)),
    "harmonics": list(range(1, 9)),
}
QUICK = {"edges": [1000, 10_000], "channels": [16, 64], "degree": [1, 3], "harmonics": [1, 3]}
LMAX = 8


def add_to(subjects):
    """The subcommand."""
    text = "growth of time and memory of the convolution"
    parser = subjects.add_parser("growth", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each case")
    parser.add_argument("--quick", action="store_true", help="two values of each axis")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose names contain this")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="write a plot of the times")
    parser.set_defaults(run=run)


def run(arguments):
    """Measures and prints all cases."""
    program = build(ROOT, "growth-times", LMAX)
    pin()
    side = Side(program, [], is_fresh=True)
    caches = cache_sizes()
    if not arguments.json:
        sizes = ", ".join(f"{name} {size / 1024:.0f} kB" for name, size in caches.items())
        print(f"caches: {sizes or 'sizes unknown'}\n{header()}")
    series = []
    for axis, values in (QUICK if arguments.quick else AXES).items():
        for what in BOTH:
            names = [(value, f"{axis}/{value}/{what}") for value in values]
            chosen = [(value, case) for value, case in names if arguments.only in case]
            if chosen:
                series.append((axis, what, measured(side, chosen, caches, arguments.json)))
    if arguments.svg:
        arguments.svg.write_text(picture(series, caches), encoding="utf-8")


def measured(side, chosen, caches, is_json):
    """The rows of one axis, printed."""
    rows = []
    for value, case in chosen:
        row = measure(side, value, case)
        print(json.dumps(row) if is_json else line(row, rows, caches), flush=True)
        if row["ours"] is not None:
            rows.append(row)
    if not is_json:
        for text in summary(rows, caches):
            print(text)
    return rows


def measure(side, value, case):
    """A case; without times if it needs more memory than there is."""
    ours, limit, needed, gathered, grown = side.measure(case, numbers=5)
    row = {"case": case, "ours": ours, "limit": limit, "peers": {}}
    return row | {"value": value, "bytes": needed, "gathered": gathered, "grown": grown}


def cache_sizes():
    """Bytes of the second cache and what is beyond, where the system tells."""
    sizes = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (
            (folder / name).read_text().strip() for name in ["level", "type", "size"]
        )
        if kind != "Instruction" and int(level) >= 2:
            sizes[f"L{level}"] = int(size.removesuffix("K")) * 1024
    return sizes


def fits(size, caches):
    """The smallest cache that holds so many bytes."""
    return next((name for name, cache in caches.items() if size <= cache), "memory")


def header():
    """The names of the columns."""
    columns = f"{'ms':<36}{'ours':>10}{'limit':>10}{'ratio':>7}{'exponent':>10}"
    return columns + f"{'MB':>10}{'grown':>10}{'ratio':>7}{'exponent':>10}{'all':>8}{'senders':>9}"


def line(row, before, caches):
    """The numbers of a case; `before` are the rows of its axis so far."""
    megabytes = row["bytes"] / 1e6
    if row["ours"] is None:
        return f"{row['case']:<36}  skipped: it needs {megabytes:.0f} MB, and they are not free"

    def exponent(name):
        return f"{slope([before[-1], row], name):.2f}" if before else "-"

    limit, ratio = row["limit"], "-"
    if limit is not None:
        limit, ratio = f"{limit:.3f}", f"{row['ours'] / limit:.2f}"
    text = f"{row['case']:<36}{row['ours']:>10.3f}{limit or '-':>10}{ratio:>7}{exponent('ours'):>10}"
    text += f"{megabytes:>10.1f}{row['grown'] / 1e6:>10.1f}{row['grown'] / row['bytes']:>7.2f}"
    text += f"{exponent('grown'):>10}{fits(row['bytes'], caches):>8}"
    return text + f"{fits(row['gathered'], caches):>9}"


def slope(rows, name):
    """The exponent by which a number grows: the slope of its logarithm, by least squares."""
    # A degree l has 2l + 1 components, and all to it (l + 1)².
    is_degree = rows[0]["case"].split("/")[0] in ["degree", "harmonics"]
    points = [(math.log(row["value"] + is_degree), math.log(row[name])) for row in rows]
    mean_x, mean_y = (sum(point[axis] for point in points) / len(points) for axis in range(2))
    above = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return above / sum((x - mean_x) ** 2 for x, _ in points)


def summary(rows, caches):
    """The exponents of an axis, and where something leaves a cache."""
    if len(rows) < 2:
        return
    axis, _, what = rows[0]["case"].split("/")
    of = f"({axis} + 1)" if axis in ["degree", "harmonics"] else axis
    time, memory = (slope(rows, name) for name in ["ours", "grown"])
    yield f"  {axis}, {what}: time as {of}^{time:.2f}, memory as {of}^{memory:.2f}"
    for name, text in [("bytes", "everything"), ("gathered", "what senders have")]:
        for cache, before, after in leavings(rows, name, caches):
            yield f"  {text} leaves {cache} between {before} and {after}"


def leavings(rows, name, caches):
    """The caches that a number of bytes leaves, and the values before and after."""
    for cache, size in caches.items():
        for before, after in zip(rows, rows[1:]):
            if before[name] <= size < after[name]:
                yield cache, before["value"], after["value"]


def picture(series, caches):
    """A plot of all axes."""
    panels = []
    for axis in dict.fromkeys(axis for axis, _, _ in series):
        lines, marks = {}, []
        for of, what, rows in series:
            if of == axis and rows:
                lines[what] = [(row["value"], row["ours"]) for row in rows]
                if what == "forward":
                    marks = places(rows, caches)
        panels.append(plot.Panel(f"{axis}, ms", lines, marks))
    return plot.figure([panel for panel in panels if panel.lines])


def places(rows, caches):
    """Where something leaves a cache on the way from one value to the next: halfway."""
    for name, text in [("bytes", "all"), ("gathered", "senders")]:
        for cache, before, after in leavings(rows, name, caches):
            yield math.sqrt(before * after), f"{text} > {cache}"
