"""The peers of `compare.py tensor-products`: what each calls for a case.

Each peer gives for a case the calls that do its work, one where there is only one sensible way; the
fastest counts. Inputs are f32 and made before; gradients are of Σ cotangent · output with respect to
both inputs and the weights.
"""

import itertools
import os
import time

from .common import ONE_THREAD, fastest

NEIGHBOURS = 20
ROWS = 1000


def irreps(channels, lmax):
    """`64x0e+64x1o+...`"""
    return "+".join(f"{channels}x{l}{'eo'[l % 2]}" for l in range(lmax + 1))


class Peer:
    """Times the calls of a case."""

    # Work may run on other threads than this one, which are on the same core.
    clock = staticmethod(time.process_time_ns)

    def measure(self, case):
        """Milliseconds, None where there is nothing of the kind."""
        subject, size, what = case.split("/")
        if subject == "coupling":
            calls = self.coupling(int(size))
            times = [self.once(call) for call in calls]
        else:
            method = getattr(self, subject.replace("-", "_"), None)
            calls = method(int(size), what == "forward-backward") if method else []
            times = [fastest(call, clock=self.clock) for call in calls]
        return min(times) / 1e6 if times else None

    def once(self, call):
        begun = self.clock()
        call()
        return self.clock() - begun

    def coupling(self, lmax):
        """All tensors; it must be the first thing that is asked, since peers keep what they have."""
        return []


def triples(lmax):
    degrees = range(lmax + 1)
    every = itertools.product(degrees, degrees, degrees)
    return [(a, b, c) for a, b, c in every if abs(a - b) <= c <= a + b]


class Torch(Peer):
    """What both peers on torch share."""

    def __init__(self):
        os.environ.update(ONE_THREAD)
        import torch

        torch.set_num_threads(1)
        self.torch = torch
        torch.manual_seed(1)

    def edges(self):
        torch = self.torch
        nodes = ROWS // NEIGHBOURS
        return torch.randint(nodes, (ROWS,)), torch.arange(ROWS) // NEIGHBOURS, nodes

    def call(self, function, shapes, backward):
        """A call of a function of random inputs."""
        torch = self.torch
        inputs = [torch.randn(*shape, requires_grad=backward) for shape in shapes]

        def forward():
            with torch.no_grad():
                return function(*inputs)

        cotangent = torch.randn_like(forward())
        if not backward:
            return forward
        return lambda: torch.autograd.grad(function(*inputs), inputs, cotangent)


class E3nn(Torch):
    """e3nn's modules as they come, compiled to TorchScript."""

    packages = ["numpy", "torch", "e3nn"]

    def __init__(self):
        super().__init__()
        from e3nn import o3

        self.o3 = o3

    def product(self, channels):
        """uvu, to the irreps of harmonics."""
        o3 = self.o3
        features, harmonics = o3.Irreps(irreps(channels, 3)), o3.Irreps(irreps(1, 3))
        found = []
        for i, (mul, first) in enumerate(features):
            for j, (_, second) in enumerate(harmonics):
                found += [(mul, out, i, j) for out in first * second if out in harmonics]
        output, places, _ = o3.Irreps([(mul, out) for mul, out, _, _ in found]).sort()
        instructions = [
            (i, j, places[index], "uvu", True) for index, (_, _, i, j) in enumerate(found)
        ]
        return o3.TensorProduct(
            features, harmonics, output, instructions, shared_weights=False, internal_weights=False
        )

    def channelwise(self, channels, backward):
        product = self.product(channels)
        shapes = [(ROWS, 16 * channels), (ROWS, 16), (ROWS, product.weight_numel)]
        return [self.call(product, shapes, backward)]

    def convolution(self, channels, backward):
        torch = self.torch
        product = self.product(channels)
        senders, receivers, nodes = self.edges()

        def convolution(x, y, w):
            messages = product(x[senders], y, w)
            return torch.zeros(nodes, messages.shape[1]).index_add(0, receivers, messages)

        shapes = [(nodes, 16 * channels), (ROWS, 16), (ROWS, product.weight_numel)]
        return [self.call(convolution, shapes, backward)]

    def full(self, lmax, backward):
        product = self.o3.FullTensorProduct(irreps(1, lmax), irreps(1, lmax))
        return [self.call(product, [(ROWS, (lmax + 1) ** 2)] * 2, backward)]

    def fully_connected(self, channels, backward):
        all_ = irreps(channels, 2)
        product = self.o3.FullyConnectedTensorProduct(all_, all_, all_, internal_weights=False)
        shapes = [(ROWS, 9 * channels)] * 2 + [(product.weight_numel,)]
        return [self.call(product, shapes, backward)]

    def wigner(self, lmax, _):
        angles = self.o3.rand_angles(ROWS)
        return [lambda: [self.o3.wigner_D(l, *angles) for l in range(lmax + 1)]]

    def coupling(self, lmax):
        return [lambda: [self.o3.wigner_3j(*degrees) for degrees in triples(lmax)]]


class CuEquivariance(Torch):
    """cuEquivariance on torch, on the CPU: its method `naive`, with features in both layouts."""

    packages = ["numpy", "torch", "cuequivariance", "cuequivariance-torch"]

    def __init__(self):
        super().__init__()
        import cuequivariance
        import cuequivariance_torch

        self.cue, self.cuet = cuequivariance, cuequivariance_torch

    def irreps(self, channels, lmax):
        return self.cue.Irreps("O3", irreps(channels, lmax))

    def layouts(self):
        return [self.cue.mul_ir, self.cue.ir_mul]

    def product(self, channels, layout):
        return self.cuet.ChannelWiseTensorProduct(
            self.irreps(channels, 3),
            self.irreps(1, 3),
            [block.ir for block in self.irreps(1, 3)],
            layout=layout,
            shared_weights=False,
            internal_weights=False,
            method="naive",
        )

    def channelwise(self, channels, backward):
        calls = []
        for layout in self.layouts():
            product = self.product(channels, layout)
            shapes = [(ROWS, 16 * channels), (ROWS, 16), (ROWS, product.weight_numel)]
            calls.append(self.call(product, shapes, backward))
        return calls

    def convolution(self, channels, backward):
        torch = self.torch
        senders, receivers, nodes = self.edges()
        calls = []
        for layout in self.layouts():
            product = self.product(channels, layout)

            def gathered(x, y, w, product=product):
                messages = product(x[senders], y, w)
                return torch.zeros(nodes, messages.shape[1]).index_add(0, receivers, messages)

            def fused(x, y, w, product=product):
                return product(x, y, w, indices_1=senders, indices_out=receivers, size_out=nodes)

            shapes = [(nodes, 16 * channels), (ROWS, 16), (ROWS, product.weight_numel)]
            calls += [self.call(way, shapes, backward) for way in [gathered, fused]]
        return calls

    def full(self, lmax, backward):
        both = self.irreps(1, lmax)
        polynomial = self.cue.descriptors.full_tensor_product(both, both).polynomial
        product = self.cuet.SegmentedPolynomial(polynomial, method="naive")
        shapes = [(ROWS, (lmax + 1) ** 2)] * 2
        return [self.call(lambda x, y: product([x, y])[0], shapes, backward)]

    def fully_connected(self, channels, backward):
        calls = []
        for layout in self.layouts():
            product = self.cuet.FullyConnectedTensorProduct(
                *[self.irreps(channels, 2)] * 3,
                layout=layout,
                internal_weights=False,
                method="naive",
            )
            shapes = [(ROWS, 9 * channels)] * 2 + [(1, product.weight_numel)]
            calls.append(self.call(product, shapes, backward))
        return calls

    def coupling(self, lmax):
        group = self.cue.O3
        irrep = lambda l: group(l, (-1) ** l)
        product = lambda a, b, c: group(c, (-1) ** (a + b))
        return [
            lambda: [
                group.clebsch_gordan(irrep(a), irrep(b), product(a, b, c))
                for a, b, c in triples(lmax)
            ]
        ]


class E3nnJax(Peer):
    """e3nn-jax, compiled by XLA."""

    packages = ["numpy", "jax[cpu]", "e3nn-jax"]

    def __init__(self):
        os.environ.update(ONE_THREAD)
        import e3nn_jax
        import jax
        from e3nn_jax import legacy

        self.jax, self.e3nn, self.legacy = jax, e3nn_jax, legacy

    def call(self, function, shapes, backward):
        """A compiled call of a function of random inputs, arrays to arrays."""
        jax = self.jax
        keys = jax.random.split(jax.random.PRNGKey(1), len(shapes) + 1)
        inputs = [jax.random.normal(key, shape) for key, shape in zip(keys, shapes)]
        forward = jax.jit(function)
        cotangent = jax.random.normal(keys[-1], forward(*inputs).shape)

        def both(*inputs):
            output, pull_back = jax.vjp(function, *inputs)
            return output, pull_back(cotangent)

        compiled = jax.jit(both) if backward else forward
        return lambda: jax.block_until_ready(compiled(*inputs))

    def messages(self, channels):
        e3nn = self.e3nn
        keep = [block.ir for block in e3nn.Irreps(irreps(1, 3))]

        def messages(x, y, w):
            x = e3nn.IrrepsArray(irreps(channels, 3), x)
            y = e3nn.IrrepsArray(irreps(1, 3), y)
            return (e3nn.tensor_product(x, y, filter_ir_out=keep) * w).array

        product = e3nn.tensor_product(irreps(channels, 3), irreps(1, 3), filter_ir_out=keep)
        return messages, product.num_irreps

    def channelwise(self, channels, backward):
        messages, weights = self.messages(channels)
        shapes = [(ROWS, 16 * channels), (ROWS, 16), (ROWS, weights)]
        return [self.call(messages, shapes, backward)]

    def convolution(self, channels, backward):
        jax = self.jax
        messages, weights = self.messages(channels)
        nodes = ROWS // NEIGHBOURS
        senders = jax.random.randint(jax.random.PRNGKey(2), (ROWS,), 0, nodes)
        receivers = jax.numpy.arange(ROWS) // NEIGHBOURS

        def convolution(x, y, w):
            return jax.ops.segment_sum(
                messages(x[senders], y, w), receivers, nodes, indices_are_sorted=True
            )

        shapes = [(nodes, 16 * channels), (ROWS, 16), (ROWS, weights)]
        return [self.call(convolution, shapes, backward)]

    def full(self, lmax, backward):
        e3nn = self.e3nn

        def product(x, y):
            x, y = [e3nn.IrrepsArray(irreps(1, lmax), side) for side in [x, y]]
            return e3nn.tensor_product(x, y).array

        return [self.call(product, [(ROWS, (lmax + 1) ** 2)] * 2, backward)]

    def fully_connected(self, channels, backward):
        e3nn, jax = self.e3nn, self.jax
        all_ = e3nn.Irreps(irreps(channels, 2))
        whole = self.legacy.FunctionalFullyConnectedTensorProduct(all_, all_, all_)
        shapes = [instruction.path_shape for instruction in whole.instructions]
        sizes = [jax.numpy.prod(jax.numpy.array(shape)).item() for shape in shapes]

        def in_one(x, y, w):
            parts = jax.numpy.split(w, list(itertools.accumulate(sizes))[:-1])
            parts = [part.reshape(shape) for part, shape in zip(parts, shapes)]
            row = lambda x, y: whole.left_right(
                parts, e3nn.IrrepsArray(all_, x), e3nn.IrrepsArray(all_, y)
            )
            return jax.vmap(row)(x, y).array

        kept = [block.ir for block in all_]
        middle = e3nn.tensor_product(all_, all_, filter_ir_out=kept)
        linear = e3nn.FunctionalLinear(middle, all_)

        def in_two(x, y, w):
            row = lambda x, y: linear(
                w,
                e3nn.tensor_product(
                    e3nn.IrrepsArray(all_, x), e3nn.IrrepsArray(all_, y), filter_ir_out=kept
                ),
            )
            return jax.vmap(row)(x, y).array

        rows = [(ROWS, 9 * channels)] * 2
        return [
            self.call(in_one, rows + [(sum(sizes),)], backward),
            self.call(in_two, rows + [(linear.num_weights,)], backward),
        ]

    def wigner(self, lmax, _):
        e3nn, jax = self.e3nn, self.jax
        all_ = [e3nn.Irrep(l, 1) for l in range(lmax + 1)]
        rotations = e3nn.rand_matrix(jax.random.PRNGKey(1), (ROWS,))
        angles = e3nn.matrix_to_angles(rotations)
        from_angles = jax.jit(lambda a, b, c: [irrep.D_from_angles(a, b, c) for irrep in all_])
        from_matrix = jax.jit(lambda r: [irrep.D_from_matrix(r) for irrep in all_])
        calls = [lambda: from_angles(*angles), lambda: from_matrix(rotations)]
        return [lambda call=call: jax.block_until_ready(call()) for call in calls]

    def coupling(self, lmax):
        return [lambda: [self.e3nn.clebsch_gordan(*degrees) for degrees in triples(lmax)]]


PEERS = {"e3nn": E3nn, "cuequivariance": CuEquivariance, "e3nn-jax": E3nnJax}
