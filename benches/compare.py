#!/usr/bin/env python3
"""Times of this library beside its peers: `python3 benches/compare.py harmonics [--json]`.

Peers come from PyPI into a virtual environment of their own, made on demand in
`target/compare-venv`. Every case is measured for one side after the other, on one core, by thread
CPU time, the fastest of several samples; `limit` is what the multiply-adds and stores of the case
take at least on this machine, measured in the same run. Without peers only the library's own
columns are printed.

sphericart is called through its C interface with preallocated output. e3nn needs torch, a very
large download, so it is only measured with `--peers e3nn`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
VENV = TARGET / "compare-venv"
PACKAGES = {"sphericart": ["numpy", "sphericart"], "e3nn": ["numpy", "torch", "e3nn"]}
INSIDE = "TESSERAL_COMPARE_INSIDE"


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
        yield f"pull-back/{number}/L=3/row-major/n=1000"
        yield f"values/{number}/L=10/row-major/n=100000"


def pin():
    """Everything measured runs on the last core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def build():
    """The library's side, for every degree."""
    command = ["cargo", "build", "--release", "--no-default-features"]
    command += ["--example", "harmonics_times"]
    environment = dict(os.environ, LMAX="20", CARGO_TARGET_DIR=str(TARGET))
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return TARGET / "release" / "examples" / "harmonics_times"


class Ours:
    """The library's side: a process that answers one case per line."""

    def __init__(self, program, path):
        command = [str(program)] + ([path] if path else [])
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def measure(self, case):
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 2:
            raise SystemExit(f"the measuring program ended at the case {case}")
        return float(answer[0]), float(answer[1])


def fastest(call, samples=9, least=1e6):
    """Nanoseconds of thread CPU time of one call."""
    calls = 1
    while True:
        begun = time.thread_time_ns()
        for _ in range(calls):
            call()
        passed = time.thread_time_ns() - begun
        if passed >= least:
            break
        calls = int(calls * min(100, max(1.5, 1.2 * least / max(passed, 1)))) + 1
    best = passed / calls
    for _ in range(samples):
        begun = time.thread_time_ns()
        for _ in range(calls):
            call()
        best = min(best, (time.thread_time_ns() - begun) / calls)
    return best


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
        order = {"values": 0, "gradients": 1, "hessians": 2}.get(what)
        if order is None:
            return None
        suffix = "" if number == "f64" else "_f"
        real = ctypes.c_double if number == "f64" else ctypes.c_float
        calculator = getattr(self.library, "sphericart_solid_harmonics_new" + suffix)(l)
        if not calculator:
            return None
        derivatives = ["", "_with_gradients", "_with_hessians"][order]
        name = "sphericart_solid_harmonics_compute_array" + derivatives + suffix
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
        getattr(self.library, "sphericart_solid_harmonics_delete" + suffix)(calculator)
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
    """e3nn's spherical harmonics of unit vectors, values and their backward pass."""

    def __init__(self):
        import torch
        from e3nn import o3

        torch.set_num_threads(1)
        self.torch, self.o3 = torch, o3

    def measure(self, case):
        what, number, l, layout, n = parse(case)
        if layout != "row-major" or what not in ["values", "pull-back"] or l > 11:
            return None
        torch = self.torch
        dtype = torch.float64 if number == "f64" else torch.float32
        points = torch.rand(n, 3, dtype=dtype, requires_grad=what == "pull-back")

        def call():
            values = self.o3.spherical_harmonics(list(range(l + 1)), points, normalize=False)
            if what == "pull-back":
                values.sum().backward()

        with torch.set_grad_enabled(what == "pull-back"):
            return fastest(call) / n


PEERS = {"sphericart": Sphericart, "e3nn": E3nn}


def enter_environment(peers):
    """Runs this script again with the peers installed; False if they cannot be had."""
    if os.environ.get(INSIDE) or not peers:
        return
    python = VENV / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=2)
        packages = sorted({package for peer in peers for package in PACKAGES[peer]})
        command = [str(python), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(command, check=True, stdout=2)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the peers could not be installed ({error})", file=sys.stderr)
        return
    os.environ[INSIDE] = "1"
    os.execv(str(python), [str(python), *sys.argv])


def load(names):
    """The peers that are there."""
    peers = {}
    for name in names:
        try:
            peers[name] = PEERS[name]()
        except Exception as error:  # A peer may fail in any way when it is loaded.
            print(f"{name} is absent ({error})", file=sys.stderr)
    return peers


def harmonics(arguments):
    names = [name for name in arguments.peers.split(",") if name]
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise SystemExit(f"no such peer: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    program = build()
    enter_environment(names)
    pin()
    peers = load(names)
    if not peers:
        print("no peers: the library's own columns only", file=sys.stderr)
    ours = Ours(program, arguments.path)
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
    harmonics(parser.parse_args())


if __name__ == "__main__":
    main()
