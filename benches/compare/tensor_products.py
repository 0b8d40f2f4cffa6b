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

from .sides import Subject
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


SUBJECT = Subject(
    name="tensor-products",
    help="tensor products, Wigner matrices and coupling tensors",
    quick="64 channels only",
    program="tensor-product-times",
    lmax=lambda quick: 8,
    cases=cases,
    unit="ms",
    digits=4,
    peers=PEERS,
    default_peers=",".join(PEERS),
    # Cold tables and the largest memory are those of a process of their own.
    is_fresh=True,
)
