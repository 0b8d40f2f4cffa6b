#!/usr/bin/env python3
"""Times of this library beside its peers: `python3 benches/compare.py SUBJECT [--json]`, where the
subject is `harmonics` or `tensor-products`.

Peers come from PyPI into a virtual environment of their own, made on demand in
`target/compare-venv`. Every case is measured for one side after the other, on one core, by thread
CPU time, the fastest of several samples; `limit` is what the multiply-adds and stores of the case
take at least on this machine, measured in the same run. Without peers only the library's own
columns are printed.

sphericart is called through its C interface with preallocated output. e3nn needs torch, a very
large download, so `harmonics` only measures it with `--peers e3nn`.
"""

import argparse
import json
import os
import sys

from compare import tensor_products
from compare.common import Ours, build, chosen_peers, enter_environment, fastest, load, pin

PACKAGES = {"sphericart": ["numpy", "sphericart"], "e3nn": ["numpy", "torch", "e3nn"]}


def cases(quick):
    """The rows of the table."""
    degrees = [2, 4, 6, 10] if quick else list(range(1, 13)) + [14, 16, 18, 20]
    for number in ["f64", "f32"]:
        for what in ["values", "gradients", "hessians"]:
            for l in degrees:
                for layout in ["lanes", "row-major"]:
                    yield f"{what}/{number}/L={l}/{layout}/n=1000"
        for l in [4, 6, 9]:
            yield f"unit/{number}/L={l}/lanes/n=1000"
        for what in ["spherical-values", "spherical-gradients"]:
            for l in [1, 3, 6, 10]:
                for layout in ["lanes", "row-major"]:
                    yield f"{what}/{number}/L={l}/{layout}/n=1000"
        for what in ["pull-back", "component-values", "component-pull-back"]:
            yield f"{what}/{number}/L=3/row-major/n=1000"
        yield f"values/{number}/L=10/row-major/n=100000"


def parse(case):
    what, number, l, layout, n = case.split("/")
    return what, number, int(l[2:]), layout, int(n[2:])


def aligned(numpy, length, dtype):
    """Memory that begins at a cache line, as the library's side has."""
    memory = numpy.zeros(length + 16, dtype)
    skip = (-memory.ctypes.data % 64) // memory.itemsize
    return memory[skip : skip + length]


class Sphericart:
    """sphericart's C interface; one thread."""

    def __init__(self):
        os.environ["OMP_NUM_THREADS"] = "1"
        import ctypes

        import numpy
        from sphericart._c_lib import _get_library

        self.ctypes, self.numpy, self.library = ctypes, numpy, _get_library()

    def time(self, what, number, l, n):
        numpy, ctypes = self.numpy, self.ctypes
        form = "spherical" if what.startswith("spherical-") else "solid"
        order = {"values": 0, "gradients": 1, "hessians": 2}.get(what.removeprefix("spherical-"))
        if order is None:
            return None
        suffix = "" if number == "f64" else "_f"
        real = ctypes.c_double if number == "f64" else ctypes.c_float
        calculator = getattr(self.library, f"sphericart_{form}_harmonics_new{suffix}")(l)
        if not calculator:
            return None
        derivatives = ["", "_with_gradients", "_with_hessians"][order]
        name = f"sphericart_{form}_harmonics_compute_array{derivatives}{suffix}"
        dtype = numpy.float64 if number == "f64" else numpy.float32
        random = numpy.random.default_rng(1)
        points = numpy.ascontiguousarray(random.uniform(-1, 1, (n, 3)).astype(dtype))
        arrays = [points.reshape(-1)]
        arrays += [aligned(numpy, n * k * (l + 1) ** 2, dtype) for k in [1, 3, 9][: order + 1]]
        arguments = []
        for array in arrays:
            arguments += [array.ctypes.data_as(ctypes.POINTER(real)), array.size]
        function = getattr(self.library, name)
        result = fastest(lambda: function(calculator, *arguments))
        getattr(self.library, f"sphericart_{form}_harmonics_delete{suffix}")(calculator)
        return result

    def measure(self, case):
        what, number, l, _, n = parse(case)
        if n >= 10000:
            whole = self.time(what, number, l, n)
            return None if whole is None else whole / n
        # Two sizes: their difference holds no cost of the call itself.
        times = [self.time(what, number, l, size) for size in [n, n // 10]]
        if None in times:
            return None
        return (times[0] - times[1]) / (n - n // 10)


class E3nn:
    """e3nn's harmonics, values and their backward pass: solid ones, and for `component` those of
    directions in its own convention."""

    def __init__(self):
        import torch
        from e3nn import o3

        torch.set_num_threads(1)
        self.torch, self.o3 = torch, o3

    def measure(self, case):
        what, number, l, layout, n = parse(case)
        kinds = ["values", "pull-back", "component-values", "component-pull-back"]
        if layout != "row-major" or what not in kinds or l > 11:
            return None
        backward, is_component = what.endswith("pull-back"), what.startswith("component")
        convention = (True, "component") if is_component else (False, "integral")
        torch = self.torch
        dtype = torch.float64 if number == "f64" else torch.float32
        points = torch.rand(n, 3, dtype=dtype, requires_grad=backward)

        def call():
            values = self.o3.spherical_harmonics(list(range(l + 1)), points, *convention)
            if backward:
                values.sum().backward()

        with torch.set_grad_enabled(backward):
            return fastest(call) / n


PEERS = {"sphericart": Sphericart, "e3nn": E3nn}


def harmonics(arguments):
    names = chosen_peers(arguments.peers, PEERS)
    program = build("harmonics-times", lmax=20)
    enter_environment([PACKAGES[name] for name in names])
    pin()
    peers = load(names, PEERS)
    ours = Ours(program, *([arguments.path] if arguments.path else []))
    chosen = [case for case in cases(arguments.quick) if arguments.only in case]
    if not arguments.json:
        columns = "".join(f"{name:>14}{'ratio':>8}" for name in peers)
        print(f"{'ns per point':<44}{'ours':>10}{'limit':>10}{'ratio':>8}{columns}")
    for case in chosen:
        time_, limit = ours.measure(case)
        measured = {name: peer.measure(case) for name, peer in peers.items()}
        measured = {name: value for name, value in measured.items() if value is not None}
        if arguments.json:
            print(json.dumps({"case": case, "ours": time_, "limit": limit, "peers": measured}))
        else:
            row = f"{case:<44}{time_:>10.3f}{limit:>10.3f}{time_ / limit:>8.2f}"
            for name in peers:
                value = measured.get(name)
                row += f"{value:>14.3f}{value / time_:>8.2f}" if value else f"{'-':>14}{'-':>8}"
            print(row)
        sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    subjects = parser.add_subparsers(dest="subject", required=True)
    subject = subjects.add_parser("harmonics", help="batched spherical harmonics")
    subject.add_argument("--json", action="store_true", help="one line of JSON for each case")
    subject.add_argument("--quick", action="store_true", help="few degrees")
    subject.add_argument("--only", default="", help="cases whose names contain this")
    subject.add_argument("--path", default="", help="lane path: portable, avx2 or avx512")
    subject.add_argument("--peers", default="sphericart", help="sphericart,e3nn; empty for none")
    subject.set_defaults(run=harmonics)
    tensor_products.add_to(subjects)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
