"""Tensor products, Wigner matrices and coupling tensors, f32, beside e3nn, cuEquivariance and
e3nn-jax: `compare.py tensor-products`.

Times are milliseconds of CPU time on one core: of the thread for the library, of the process for the
peers, whose work may run on threads of their own. The fastest of several samples counts; peers are
warm, and compiled where they can be.

Cases are `subject/size/what`:

- `channelwise/64`: 64x(0e+1o+2e+3o) with harmonics to l = 3 and weights for each of 1000 edges, to
  the 23 paths with an irrep of harmonics (`uvu`).
- `convolution/64`: the same, gathered at the senders and summed at 50 receivers.
- `full/3`: (0e+1o+2e+3o) with itself, 1000 rows.
- `fully-connected/8`: 8x(0e+1o+2e) with itself to the same irreps, 1000 rows, shared weights.
- `wigner/8`: D of l = 0..8 for 1000 rotations.
- `coupling/8/cold`: all 369 real coupling tensors to l = 8, once, before anything else.
- `memory/64`: not a time but the largest resident memory of the process over the size of inputs and
  outputs, for the convolution with 100 000 edges and 5000 nodes; the library alone.

`forward-backward` is the output and the gradients of both inputs and the weights.
"""

import json
import sys

from .common import Ours, build, chosen_peers, enter_environment, load, pin
from .tensor_product_peers import PEERS


def cases(quick):
    """The rows of the table."""
    # The first one, as long as nothing is warm.
    yield "coupling/8/cold"
    both = ["forward", "forward-backward"]
    for channels in [64] if quick else [64, 128]:
        for subject in ["channelwise", "convolution"]:
            for what in both:
                yield f"{subject}/{channels}/{what}"
    for subject in ["full/3", "fully-connected/8"]:
        for what in both:
            yield f"{subject}/{what}"
    yield "wigner/8/forward"
    for what in both:
        yield f"memory/64/{what}"


def run(arguments):
    names = chosen_peers(arguments.peers, PEERS)
    program = build("tensor-product-times", lmax=8)
    enter_environment([PEERS[name].packages for name in names])
    pin()
    peers = load(names, PEERS)
    if not arguments.json:
        columns = "".join(f"{name:>16}{'ratio':>8}" for name in peers)
        print(f"{'ms':<34}{'ours':>10}{'limit':>10}{'ratio':>8}{columns}")
    for case in cases(arguments.quick):
        if arguments.only not in case:
            continue
        # Cold tables and the largest memory are those of a process of their own.
        with Ours(program) as ours:
            time, limit = ours.measure(case)
        measured = {name: peer.measure(case) for name, peer in peers.items()}
        measured = {name: value for name, value in measured.items() if value is not None}
        if arguments.json:
            print(json.dumps({"case": case, "ours": time, "limit": limit, "peers": measured}))
        else:
            print(row(case, time, limit, [measured.get(name) for name in peers]))
        sys.stdout.flush()


def row(case, time, limit, measured):
    """A line of the table."""
    line = f"{case:<34}{time:>10.4f}"
    line += f"{limit:>10.4f}{time / limit:>8.2f}" if limit else f"{'-':>10}{'-':>8}"
    for value in measured:
        line += f"{value:>16.3f}{value / time:>8.2f}" if value else f"{'-':>16}{'-':>8}"
    return line


def add_to(subjects):
    """The subcommand."""
    subject = subjects.add_parser("tensor-products", help="tensor products and Wigner matrices")
    subject.add_argument("--json", action="store_true", help="one line of JSON for each case")
    subject.add_argument("--quick", action="store_true", help="64 channels only")
    subject.add_argument("--only", default="", help="cases whose names contain this")
    subject.add_argument(
        "--peers", default=",".join(PEERS), help="the default is %(default)s; empty for none"
    )
    subject.set_defaults(run=run)
