"""Values of MACE's symmetric contraction, for tests/symmetric_contraction.rs.

Renew with

    pip install mace-torch==0.3.16
    python tests/data/mace.py

without cuequivariance, so that the basis is that of `U_matrix_real`. Weights and features are
multiples of 1/8, results have 17 digits. The file `mace.json` beside this one is written.
"""

import json
import pathlib
import sys

# The folder of this file comes first, and in it this file is `mace`.
sys.path.pop(0)

import torch

torch.set_default_dtype(torch.float64)

# MACE first: importing it lets e3nn 0.4.4 load its constants with a recent torch.
from mace.modules.symmetric_contraction import SymmetricContraction
from e3nn import o3

CASES = [
    ("2x0e+2x1o", "2x0e+2x1o", 4, 2),
    ("2x0e+2x1o+2x2e", "2x0e+2x1o+2x2e", 3, 1),
    ("1x0e+1x1o+1x2e+1x3o", "1x0e+1x1o", 2, 1),
    ("1x1o+1x2e", "1x1e+1x2o+1x2e", 3, 1),
]


def eighths(generator, *shape):
    return torch.randint(-8, 9, shape, generator=generator).to(torch.float64) / 8


def case(irreps_in, irreps_out, correlation, species, seed):
    generator = torch.Generator().manual_seed(seed)
    irreps_in, irreps_out = o3.Irreps(irreps_in), o3.Irreps(irreps_out)
    channels = irreps_in[0].mul
    # The code of MACE counts the channels at 0e, so that there must be some.
    count = o3.Irreps.count
    o3.Irreps.count = lambda self, ir: channels
    layer = SymmetricContraction(irreps_in, irreps_out, correlation, num_elements=species)
    o3.Irreps.count = count
    weights = []
    for contraction in layer.contractions:
        of_output = {}
        parameters = {correlation: contraction.weights_max}
        for index, parameter in enumerate(contraction.weights):
            parameters[correlation - 1 - index] = parameter
        for factors in range(1, correlation + 1):
            parameter = parameters[factors]
            parameter.data = eighths(generator, *parameter.shape)
            of_output[factors] = parameter.data.flatten().tolist()
        weights.append([of_output[factors] for factors in range(1, correlation + 1)])
    nodes = 3
    x = eighths(generator, nodes, channels, sum(ir.dim for _, ir in irreps_in))
    node_species = [node % species for node in range(nodes)]
    attributes = torch.nn.functional.one_hot(torch.tensor(node_species), species).to(x)
    with torch.no_grad():
        out = layer(x, attributes)
    # From [node][channel][all components] to mul_ir.
    parts, start = [], 0
    for _, ir in irreps_in:
        parts.append(x[:, :, start : start + ir.dim].reshape(nodes, -1))
        start += ir.dim
    return {
        "input": str(irreps_in),
        "output": str(irreps_out),
        "correlation": correlation,
        "species": node_species,
        "weights": weights,
        "x": torch.cat(parts, 1).flatten().tolist(),
        "out": out.flatten().tolist(),
    }


cases = [case(*arguments, seed) for seed, arguments in enumerate(CASES)]
text = "[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n"
pathlib.Path(__file__).with_suffix(".json").write_text(text)
