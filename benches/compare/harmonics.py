"""Batched harmonics, nanoseconds per point, beside sphericart and e3nn: `compare.py harmonics`.

Cases are `what/number/L=degree/layout/n=points`; `compare/harmonics_times.rs` says what each is. Times
are thread CPU time, the fastest of several samples; `limit` is what the multiply-adds and stores of
the case take at least on this machine, measured in the same run.

sphericart is called through its C interface with preallocated output. e3nn needs torch, a very
large download, so it is only measured with `--peers e3nn`.
"""

import os

from .common import fastest
from .sides import Subject


def lmax(quick):
    """The highest degree, and LMAX of the build: with 20 that takes minutes."""
    return 6 if quick else 20


def cases(quick):
    """The rows of the table."""
    return [case for case in every_case(quick) if parse(case)[2] <= lmax(quick)]


def every_case(quick):
    """Those above the highest degree too."""
    degrees = [2, 4, 6] if quick else list(range(1, 13)) + [14, 16, 18, 20]
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
        for what in ["component-values", "component-gradients", "norm-values", "norm-gradients"]:
            for l in [3, 6]:
                for layout in ["lanes", "row-major"]:
                    yield f"{what}/{number}/L={l}/{layout}/n=1000"
        for what in ["pull-back", "push-forward"]:
            for l in [1, 2, 3, 4]:
                for form in ["", "spherical-", "component-", "norm-"]:
                    yield f"{form}{what}/{number}/L={l}/row-major/n=1000"
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

    packages = ["numpy", "sphericart"]

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

    packages = ["numpy", "torch", "e3nn"]

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


SUBJECT = Subject(
    name="harmonics",
    help="batched spherical harmonics",
    quick="few degrees, to 6",
    program="harmonics-times",
    lmax=lmax,
    cases=cases,
    unit="ns per point",
    digits=3,
    peers={"sphericart": Sphericart, "e3nn": E3nn},
    default_peers="sphericart",
)
