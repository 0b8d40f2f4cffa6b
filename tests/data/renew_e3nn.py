#!/usr/bin/env python3
"""Writes `e3nn.json`: what e3nn answers to small inputs, for `tests/e3nn.rs`; and the state of a
module of its layers, `e3nn.safetensors`, beside this script.

    python3 tests/data/renew_e3nn.py > tests/data/e3nn.json

renews both. e3nn comes from PyPI, with torch, into the environment that `benches/compare.py`
makes too, `target/compare-venv`; that takes minutes the first time. Everything is f64 from fixed
seeds. Arrays are flat and row-major, features in e3nn's layout `mul_ir`, vectors in the order x, y,
z; irreps, instructions and weights are as e3nn has them. A cotangent is what outputs are multiplied
by: gradients are those of Σ cotangent · output.
"""

import itertools
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "compare-venv"
PACKAGES = ["e3nn==0.6.0", "torch", "numpy", "safetensors"]

NORMALIZATIONS = list(
    itertools.product(["component", "norm", "none"], ["element", "path", "none"])
)

# First, second and output irreps, and instructions (first, second, output, path weight), for every
# mode: blocks of different multiplicities meet in one output, so that the normalizations of paths
# differ.
PRODUCTS = {
    "uvw": (
        "2x0e+1x1o",
        "1x0e+2x1o",
        "2x0e+2x1o+1x1e+1x2e",
        [(0, 0, 0, 1.0), (1, 1, 0, 0.5), (0, 1, 1, 2.0), (1, 0, 1, 1.0), (1, 1, 2, 1.5), (1, 1, 3, 1.0)],
    ),
    "uvu": (
        "2x0e+2x1o",
        "1x0e+3x1o",
        "2x0e+2x1o+2x1e+2x2e",
        [(0, 0, 0, 1.0), (1, 1, 0, 0.5), (0, 1, 1, 2.0), (1, 0, 1, 1.0), (1, 1, 2, 1.5), (1, 1, 3, 1.0)],
    ),
    "uvv": (
        "1x0e+3x1o",
        "2x0e+2x1o",
        "2x0e+2x1o+2x1e+2x2e",
        [(0, 0, 0, 1.0), (1, 1, 0, 0.5), (0, 1, 1, 2.0), (1, 0, 1, 1.0), (1, 1, 2, 1.5), (1, 1, 3, 1.0)],
    ),
    "uuw": (
        "2x0e+3x1o",
        "2x0e+3x1o",
        "2x0e+1x1e+2x2e",
        [(0, 0, 0, 1.0), (1, 1, 0, 0.5), (1, 1, 1, 1.5), (1, 1, 2, 1.0)],
    ),
    "uuu": (
        "2x0e+2x1o",
        "2x0e+2x1o",
        "2x0e+2x1o+2x1e+2x2e",
        [(0, 0, 0, 1.0), (1, 1, 0, 0.5), (0, 1, 1, 2.0), (1, 0, 1, 1.0), (1, 1, 2, 1.5), (1, 1, 3, 1.0)],
    ),
    "uvuv": (
        "2x0e+1x1o",
        "1x0e+2x1o",
        "2x0e+4x1o+1x1o+2x1e+2x2e",
        [(0, 0, 0, 1.0), (1, 1, 0, 0.5), (0, 1, 1, 2.0), (1, 0, 2, 1.0), (1, 1, 3, 1.5), (1, 1, 4, 1.0)],
    ),
    "uvu<v": (
        "3x0e+3x1o",
        "3x0e+3x1o",
        "3x0e+3x1o+3x1e+3x2e",
        [(0, 0, 0, 1.0), (1, 1, 0, 0.5), (0, 1, 1, 2.0), (1, 1, 2, 1.5), (1, 1, 3, 1.0)],
    ),
    "u<vw": (
        "2x0e+3x1o",
        "2x0e+3x1o",
        "2x0e+1x1e+2x2e",
        [(0, 0, 0, 1.0), (1, 1, 0, 0.5), (1, 1, 1, 1.5), (1, 1, 2, 1.0)],
    ),
}


def enter_environment():
    """Runs this script again where e3nn is."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=2)
    command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
    subprocess.run(command, check=True, stdout=2)
    os.execv(str(python), [str(python), *sys.argv])


enter_environment()

import e3nn
import torch
from e3nn import math, nn, o3
from e3nn.io import CartesianTensor
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def numbers(tensor):
    return tensor.detach().reshape(-1).tolist()


def random(*shape):
    return torch.randn(*shape, requires_grad=True)


def with_gradients(function, **inputs):
    """Inputs, output, a cotangent and the gradients of inputs that have any."""
    output = function(*inputs.values())
    cotangent = torch.randn_like(output)
    given = {name: x for name, x in inputs.items() if x.numel() > 0}
    gradients = torch.autograd.grad(output, given.values(), cotangent)
    entry = {name: numbers(x) for name, x in inputs.items()}
    entry |= {"output": numbers(output), "cotangent": numbers(cotangent)}
    return entry | {f"d_{name}": numbers(d) for name, d in zip(given, gradients)}


def instructions(product):
    """As e3nn has them but for the last number, which becomes a factor of C = wigner_3j."""
    return [list(instruction)[:6] for instruction in product.instructions]


def tensor_products():
    for mode, (first, second, output, paths) in PRODUCTS.items():
        # Weights are not optional where e3nn says so, and `uuw` needs one channel out without.
        choices = [True] if mode in ["uvw", "u<vw"] else [True, False]
        for weighted in choices:
            out = output.replace("2x", "1x") if mode == "uuw" and not weighted else output
            plan = [(i, j, k, mode, weighted, weight) for i, j, k, weight in paths]
            x1 = random(o3.Irreps(first).dim)
            x2 = random(o3.Irreps(second).dim)
            cotangent = torch.randn(o3.Irreps(out).dim)
            answers, weights = [], None
            for irrep, path in NORMALIZATIONS:
                product = o3.TensorProduct(
                    first, second, out, plan, irrep_normalization=irrep, path_normalization=path,
                    internal_weights=False, shared_weights=True,
                )
                if weights is None:
                    weights = random(product.weight_numel)
                inputs = [x1, x2] + ([weights] if weighted else [])
                result = product(x1, x2, weights)
                gradients = torch.autograd.grad(result, inputs, cotangent)
                answer = {"irrep": irrep, "path": path, "output": numbers(result)}
                names = ["d_x1", "d_x2", "d_weights"]
                answers.append(answer | {n: numbers(d) for n, d in zip(names, gradients)})
            yield {
                "mode": mode, "weighted": weighted, "first": first, "second": second, "irreps_out": out,
                "instructions": [list(instruction) for instruction in plan],
                "x1": numbers(x1), "x2": numbers(x2), "weights": numbers(weights),
                "cotangent": numbers(cotangent), "answers": answers,
            }


def whole_product(name, product, rows=2):
    """A product of two rows, with one row of weights."""
    entry = {
        "name": name, "first": str(product.irreps_in1), "second": str(product.irreps_in2),
        "irreps_out": str(product.irreps_out), "instructions": instructions(product),
    }
    return entry | with_gradients(
        lambda x1, x2, weights: product(x1, x2, weights),
        x1=random(rows, product.irreps_in1.dim), x2=random(rows, product.irreps_in2.dim),
        weights=random(product.weight_numel),
    )


def constructors():
    first, second = "2x0e+1x1o+1x2e", "1x0e+2x1o"
    for irrep in ["component", "norm", "none"]:
        yield {"filter": None, "irrep": irrep} | whole_product(
            "full", o3.FullTensorProduct(first, second, irrep_normalization=irrep)
        )
    keep = ["0e", "1o"]
    yield {"filter": keep, "irrep": "component"} | whole_product(
        "full", o3.FullTensorProduct(first, second, keep)
    )
    for path in ["element", "path"]:
        yield {"filter": None, "irrep": "component", "path": path} | whole_product(
            "fully connected",
            o3.FullyConnectedTensorProduct(
                first, second, "2x0e+1x1o+1x1e+1x2e", path_normalization=path,
                internal_weights=False,
            ),
        )
    for keep in [None, ["0e", "1o"]]:
        yield {"filter": keep, "irrep": "component"} | whole_product(
            "elementwise", o3.ElementwiseTensorProduct("2x0e+3x1o", "1x1o+4x0e", keep)
        )


def squares():
    irreps = "2x0e+2x1o+1x2e"
    for irrep in ["component", "norm", "none"]:
        for what, arguments in [
            ("all", {}),
            ("filter", {"filter_ir_out": ["0e", "2e"]}),
            ("to", {"irreps_out": "2x0e+1x1o+1x1e+1x2e"}),
        ]:
            square = o3.TensorSquare(
                irreps, irrep_normalization=irrep, internal_weights=False, **arguments
            )
            given = [str(a) for a in arguments.get("filter_ir_out", [])]
            entry = {
                "what": what, "irrep": irrep, "filter": given, "irreps_in": irreps,
                "irreps_out": str(square.irreps_out), "instructions": instructions(square),
            }
            function = lambda x, weights: square(x, weights)
            yield entry | with_gradients(
                function, x=random(2, square.irreps_in.dim), weights=random(square.weight_numel)
            )


def linears():
    first, second = "2x0e+2x1o+1x0e+1x1o+1x0o", "2x0e+2x1o+1x1e+1x0e"
    for path in ["element", "path"]:
        for biases in [False, True]:
            linear = o3.Linear(
                first, second, biases=biases, path_normalization=path, internal_weights=False
            )
            function = lambda x, weights, biases: linear(x, weights, biases)
            yield {
                "path": path, "irreps_in": first, "irreps_out": second, "has_biases": biases,
                "instructions": [[i.i_in, i.i_out] for i in linear.instructions if i.i_in >= 0],
            } | with_gradients(
                function, x=random(2, linear.irreps_in.dim), weights=random(linear.weight_numel),
                biases=random(linear.bias_numel),
            )


def irreps():
    for text in ["2x1o+0e+1x1e+3x0o+0x2e+1x1e", "4x0e+2x1o+1x2e", "2e+1o+1o+0e", "5x0o", ""]:
        x = o3.Irreps(text)
        sort = x.sort()
        matrix = o3.rand_matrix()
        yield {
            "irreps": text, "dim": x.dim, "num_irreps": x.num_irreps, "ls": x.ls,
            "slices": [[s.start, s.stop] for s in x.slices()], "sorted": str(sort.irreps),
            "p": list(sort.p), "inv": list(sort.inv), "simplify": str(x.simplify()),
            "regroup": str(x.regroup()), "remove_zero": str(x.remove_zero_multiplicities()),
            "product": str(o3.FullTensorProduct(x, "1x0o+2x1o").irreps_out.regroup()),
        }


def representations():
    """Of a rotation, and of it after the inversion."""
    text = "1x0o+1x1o+2x1e+1x2e+1x3o"
    for sign in [1.0, -1.0]:
        matrix = sign * o3.rand_matrix()
        d = o3.Irreps(text).D_from_matrix(matrix)
        yield {"irreps": text, "matrix": numbers(matrix), "d": numbers(d)}


def wigner_matrices():
    for _ in range(2):
        angles = o3.rand_angles()
        yield {
            "angles": [float(angle) for angle in angles],
            "matrix": numbers(o3.angles_to_matrix(*angles)),
            "d": [numbers(o3.wigner_D(l, *angles)) for l in range(7)],
        }


def coupling_tensors():
    degrees = range(5)
    for l1, l2, l3 in itertools.product(degrees, degrees, degrees):
        if not abs(l1 - l2) <= l3 <= l1 + l2:
            continue
        tensor = o3.wigner_3j(l1, l2, l3)
        places = [place for place in (tensor.abs() > 1e-10).nonzero().tolist()]
        yield {"degrees": [l1, l2, l3], "entries": [[*p, tensor[tuple(p)].item()] for p in places]}


def harmonics():
    points = torch.randn(4, 3) * torch.tensor([[0.01], [1.0], [1.0], [100.0]])
    points[2] = torch.tensor([0.0, -1.5, 0.0])
    for normalization in ["component", "norm", "integral"]:
        for normalize in [True, False]:
            lmax = 6 if normalize else 3
            points = points.detach().requires_grad_()
            function = lambda points: o3.spherical_harmonics(
                list(range(lmax + 1)), points, normalize, normalization
            )
            yield {
                "normalization": normalization, "normalize": normalize, "lmax": lmax,
            } | with_gradients(function, points=points)


ACTIVATIONS = {
    "tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "abs": torch.abs,
    "silu": torch.nn.functional.silu, "gelu": torch.nn.functional.gelu,
    "softplus": torch.nn.functional.softplus, "elu": torch.nn.functional.elu,
    "shifted softplus": lambda x: torch.nn.functional.softplus(x) - torch.log(torch.tensor(2.0)),
    "sin": torch.sin, "cos": torch.cos, "square": torch.square, "identity": lambda x: x,
}


def moments():
    """The constants of `normalize2mom`: one over the root of a Monte Carlo second moment."""
    return {name: math.normalize2mom(act).cst for name, act in ACTIVATIONS.items()}


def activations():
    silu, tanh, abs_ = ACTIVATIONS["silu"], ACTIVATIONS["tanh"], ACTIVATIONS["abs"]
    text, names = "2x0e+3x0o+2x0o+1x1o", ["silu", "tanh", "abs", None]
    layer = nn.Activation(text, [silu, tanh, abs_, None])
    entry = {"irreps_in": text, "irreps_out": str(layer.irreps_out), "activations": names}
    yield entry | with_gradients(layer, x=random(2, layer.irreps_in.dim))


def gates():
    sigmoid, silu, tanh = [ACTIVATIONS[name] for name in ["sigmoid", "silu", "tanh"]]
    for scalars, scalar_acts, gates_, gate_acts, gated in [
        ("3x0e+2x0o", ["silu", "tanh"], "2x0e+1x0o", ["sigmoid", "tanh"], "2x1o+1x2e"),
        ("2x0e", ["silu"], "3x0e", ["sigmoid"], "1x1o+2x1e"),
    ]:
        layer = nn.Gate(
            scalars, [ACTIVATIONS[name] for name in scalar_acts], gates_,
            [ACTIVATIONS[name] for name in gate_acts], gated,
        )
        yield {
            "scalars": scalars, "scalar_activations": scalar_acts, "gates": gates_,
            "gate_activations": gate_acts, "gated": gated, "irreps_in": str(layer.irreps_in),
            "irreps_out": str(layer.irreps_out),
        } | with_gradients(layer, x=random(2, layer.irreps_in.dim))


def norm_activations():
    text = o3.Irreps("2x0e+2x1o+1x2e")
    for name, normalize, bias in [
        ("sigmoid", True, False), ("tanh", True, True), ("silu", True, True),
    ]:
        layer = nn.NormActivation(text, ACTIVATIONS[name], normalize=normalize, bias=bias)
        biases = torch.randn(text.num_irreps) if bias else torch.zeros(0)
        if bias:
            layer.biases.data = biases
        yield {
            "irreps": str(text), "activation": name, "normalize": normalize, "epsilon": 1e-8,
            "biases": numbers(biases),
        } | with_gradients(layer, x=random(2, text.dim))


def batch_norms():
    text = "2x0e+1x0o+2x1o+1x2e"
    for normalization, reduce, instance in [
        ("component", "mean", False), ("norm", "mean", False), ("component", "max", False),
        ("component", "mean", True),
    ]:
        layer = nn.BatchNorm(
            text, eps=1e-5, momentum=0.1, reduce=reduce, instance=instance,
            normalization=normalization,
        )
        layer.weight.data = torch.randn_like(layer.weight)
        layer.bias.data = torch.randn_like(layer.bias)
        entry = {
            "irreps": text, "normalization": normalization, "reduce": reduce, "instance": instance,
            "weight": numbers(layer.weight), "bias": numbers(layer.bias), "eps": 1e-5,
            "momentum": 0.1, "shape": [3, 2],
        }
        layer.train()
        entry["train"] = with_gradients(layer, x=random(3, 2, layer.irreps.dim))
        if not instance:
            entry["running_mean"] = numbers(layer.running_mean)
            entry["running_var"] = numbers(layer.running_var)
            layer.eval()
            entry["eval"] = with_gradients(layer, x=random(3, 2, layer.irreps.dim))
        yield entry


def norms():
    text = "2x0e+2x1o+1x2e"
    for squared in [False, True]:
        layer = o3.Norm(text, squared=squared)
        yield {"irreps": text, "squared": squared} | with_gradients(
            layer, x=random(2, layer.irreps_in.dim)
        )


def networks():
    for widths, name, variances in [
        ([3, 4, 2], "silu", (True, True)), ([2, 3, 3, 1], "tanh", (False, False)),
    ]:
        network = nn.FullyConnectedNet(widths, ACTIVATIONS[name], variance_in=1, variance_out=1)
        weights = [numbers(layer.weight) for layer in network]
        yield {"widths": widths, "activation": name, "weights": weights} | with_gradients(
            network, x=random(2, widths[0])
        )


def one_hots():
    for basis in ["gaussian", "cosine", "smooth_finite", "fourier", "bessel"]:
        for cutoff in [True, False]:
            start, end, number = 0.5, 3.0, 4
            x = torch.tensor([-0.2, 0.55, 0.9, 1.3, 1.7, 2.2, 2.95, 3.4], requires_grad=True)
            values = math.soft_one_hot_linspace(x, start, end, number, basis, cutoff)
            slopes = [torch.autograd.grad(column.sum(), x, retain_graph=True)[0]
                      if column.requires_grad else torch.zeros_like(x) for column in values.T]
            yield {
                "basis": basis, "cutoff": cutoff, "start": start, "end": end, "number": number,
                "x": numbers(x), "values": numbers(values),
                "derivatives": numbers(torch.stack(slopes, dim=1)),
            }


def unit_steps():
    x = torch.tensor([-1.0, 0.0, 0.05, 0.3, 1.0, 4.0], requires_grad=True)
    y = math.soft_unit_step(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return {"x": numbers(x), "values": numbers(y), "derivatives": numbers(slope)}


def cartesian_tensors():
    """The rows of a change of basis are free within an irrep but for their span."""
    for formula in ["ij", "ij=ji", "ij=-ji", "ijk=jik=ikj", "ijk=-jik=-ikj"]:
        tensor = CartesianTensor(formula)
        change = tensor.reduced_tensor_products().change_of_basis
        indices = formula.split("=")[0].replace("-", "")
        x = torch.randn([3] * len(indices))
        y = tensor.from_cartesian(x)
        yield {
            "formula": formula, "irreps": str(o3.Irreps(tensor)), "change_of_basis": numbers(change),
            "cartesian": numbers(x), "features": numbers(y), "back": numbers(tensor.to_cartesian(y)),
        }


class Saved(torch.nn.Module):
    """One layer of each kind; all but the gate have a state that files hold."""

    def __init__(self):
        super().__init__()
        silu, sigmoid = ACTIVATIONS["silu"], ACTIVATIONS["sigmoid"]
        self.linear = o3.Linear(
            "2x0e+2x1o+1x0e+1x1o+1x0o", "2x0e+2x1o+1x0o+1x0e", biases=True
        )
        self.product = o3.FullyConnectedTensorProduct(
            "2x0e+1x1o", "1x0e+2x1o", "2x0e+1x1o+1x1e"
        )
        self.gate = nn.Gate("2x0e", [silu], "3x0e", [sigmoid], "1x1o+2x1e")
        self.norm = nn.BatchNorm("2x0e+1x0o+2x1o")
        self.radial = nn.FullyConnectedNet([3, 4, 4, 2], silu)
        self.activation = nn.NormActivation(o3.Irreps("2x0e+2x1o"), torch.tanh, bias=True)


def saved():
    """Writes the state of a module; the answers of its layers, with running moments."""
    module = Saved()
    for parameter in module.parameters():
        parameter.data = torch.randn_like(parameter)
    module.norm(torch.randn(5, module.norm.irreps.dim))
    module.eval()
    state = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
    save_file(state, Path(__file__).resolve().parent / "e3nn.safetensors")
    for name, layer, sizes in [
        ("linear", module.linear, [module.linear.irreps_in.dim]),
        ("product", module.product, [module.product.irreps_in1.dim, module.product.irreps_in2.dim]),
        ("gate", module.gate, [module.gate.irreps_in.dim]),
        ("norm", module.norm, [module.norm.irreps.dim]),
        ("radial", module.radial, [3]),
        ("activation", module.activation, [module.activation.irreps_in.dim]),
    ]:
        inputs = [torch.randn(2, size) for size in sizes]
        yield {
            "layer": name, "inputs": [numbers(x) for x in inputs], "output": numbers(layer(*inputs)),
        }


def main():
    content = {
        "about": "written by tests/data/renew_e3nn.py, which says how and what",
        "versions": {"e3nn": e3nn.__version__, "torch": torch.__version__.split("+")[0]},
    }
    parts = [
        tensor_products, constructors, squares, linears, irreps, representations, wigner_matrices,
        coupling_tensors, harmonics, activations, gates, norm_activations, batch_norms, norms,
        networks, one_hots, cartesian_tensors, saved,
    ]
    for part in parts:
        # A seed for each, so that a new case changes no other part.
        torch.manual_seed(zlib.crc32(part.__name__.encode()))
        content[part.__name__] = list(part())
    content["moments"] = moments()
    content["unit_steps"] = unit_steps()
    # One line for each case.
    lines = []
    for name, value in content.items():
        if isinstance(value, list):
            entries = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value)
            lines.append(f"{json.dumps(name)}:[\n{entries}\n]")
        else:
            lines.append(f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}")
    print("{\n" + ",\n".join(lines) + "\n}")


main()
