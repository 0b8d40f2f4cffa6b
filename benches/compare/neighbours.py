"""Periodic neighbour search in f64 beside matscipy, vesin and neighborlist-rs: `compare.py neighbours`.

Cases are `lattice/100000` and `shuffled/100000`: atoms of a jittered cubic lattice, in the order of the
lattice or in none, with about fifty neighbours each; `compare/neighbour_times.rs` makes the same.

Times are milliseconds of CPU time on one core: of the thread for the library, of the process for the
peers, which are told to use one thread. The fastest of several samples counts; `limit` is the time of
writing the edges. All give senders, receivers and shifts. The library sorts them by receiver, sender
and shift, and takes new memory for every call. vesin is asked for no order and keeps its memory;
neighborlist-rs gives each pair once. The run ends if a peer finds another number of pairs.
"""

import math
import time

from .common import fastest
from .sides import Subject

CUTOFF = 2.3
JITTER = 0.5


def cases(quick):
    """The rows of the table."""
    for count in [10_000] if quick else [100_000, 1_000_000]:
        for order in ["lattice", "shuffled"]:
            yield f"{order}/{count}"


def sides_of(count):
    """The sides of a box of so many cubes, as nearly a cube as its divisors allow."""

    def divisor(of, root):
        return next(side for side in range(round(root), 0, -1) if of % side == 0)

    z = divisor(count, count ** (1 / 3))
    y = divisor(count // z, math.sqrt(count // z))
    return [count // z // y, y, z]


def random(numpy, indices):
    """Numbers of a fixed sequence in [0, 1): splitmix64 at indices."""
    bits = (indices.astype(numpy.uint64) + numpy.uint64(1)) * numpy.uint64(0x9E3779B97F4A7C15)
    for shift, factor in [(30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)]:
        bits = (bits ^ (bits >> numpy.uint64(shift))) * numpy.uint64(factor)
    bits ^= bits >> numpy.uint64(31)
    return (bits >> numpy.uint64(11)).astype(numpy.float64) / 2**53


def atoms(numpy, case):
    """Positions and cell of a case."""
    order, count = case.split("/")
    count = int(count)
    sides = sides_of(count)
    axes = numpy.meshgrid(*[numpy.arange(side) for side in sides], indexing="ij")
    positions = numpy.stack(axes, -1).reshape(-1, 3).astype(numpy.float64)
    positions += JITTER * random(numpy, numpy.arange(3 * count)).reshape(-1, 3)
    if order == "shuffled":
        keys = random(numpy, 3 * count + numpy.arange(count))
        positions = numpy.ascontiguousarray(positions[numpy.argsort(keys, kind="stable")])
    return positions, numpy.diag(numpy.array(sides, numpy.float64))


class Peer:
    """Measures `search`, which returns the number of pairs, each counted both ways."""

    def measure(self, case):
        import numpy

        search = self.searching(*atoms(numpy, case))

        def call():
            self.pairs = search()

        return fastest(call, samples=2, clock=time.process_time_ns) / 1e6


class Matscipy(Peer):
    """matscipy's search in C."""

    packages = ["numpy", "matscipy"]

    def __init__(self):
        from matscipy.neighbours import neighbour_list

        self.neighbour_list = neighbour_list

    def searching(self, positions, cell):
        given = {"positions": positions, "cell": cell, "pbc": [True] * 3, "cutoff": CUTOFF}
        return lambda: len(self.neighbour_list("ijS", **given)[0])


class Vesin(Peer):
    """vesin's search in C++: pairs and shifts, unsorted, in memory that is used again."""

    packages = ["numpy", "vesin"]

    def __init__(self):
        from vesin import NeighborList

        self.search = NeighborList(cutoff=CUTOFF, full_list=True, n_threads=1)

    def searching(self, positions, cell):
        return lambda: len(self.search.compute(positions, cell, True, "PS", copy=False)[0])


class NeighborlistRs(Peer):
    """neighborlist-rs: every pair once."""

    packages = ["numpy", "neighborlist-rs"]

    def __init__(self):
        import neighborlist_rs

        self.module = neighborlist_rs

    def searching(self, positions, cell):
        build, cell = self.module.build_neighborlists, self.module.PyCell(cell)
        return lambda: 2 * build(cell, positions, CUTOFF, parallel=False)["edge_index"].shape[1]


def check(case, side, peers):
    """Ends the run if a peer found another number of pairs."""
    if not peers:
        return
    expected, _ = side.measure(f"pairs/{case}")
    for name, peer in peers.items():
        if peer.pairs != expected:
            raise SystemExit(f"{case}: {name} finds {peer.pairs} pairs, expected {expected:.0f}")


PEERS = {"matscipy": Matscipy, "vesin": Vesin, "neighborlist-rs": NeighborlistRs}

SUBJECT = Subject(
    name="neighbours",
    help="periodic neighbour search",
    quick="10⁴ atoms",
    program="neighbour-times",
    lmax=lambda quick: 8,
    cases=cases,
    unit="ms",
    digits=1,
    peers=PEERS,
    default_peers=",".join(PEERS),
    check=check,
)
