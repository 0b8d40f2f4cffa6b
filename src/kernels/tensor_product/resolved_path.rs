//! A path with everything that evaluation needs: where its blocks begin, its coupling table, its
//! weights and its factor.

use std::sync::Arc;

use super::coupling_path::{CouplingPath, Mode, Normalization};
use super::triple::Table;
use crate::Irreps;
use crate::coupling::Tensor;
use crate::kernels::KernelError;

/// One path, resolved.
///
/// Arrays are indexed in two ways. `blocks` counts the blocks of each irreps, which is how rows with
/// channels on the lanes are looked up, for they have a place of their own for each block; `starts`
/// counts the numbers of a row, which is how rows as they come are sliced. Neither follows from the
/// other without the irreps, so both are kept.
#[derive(Clone, Debug)]
pub(super) struct ResolvedPath {
    pub mode: Mode,
    /// Of the inputs and the output.
    pub multiplicities: [usize; 3],
    /// 2l + 1 of the inputs and the output.
    pub sizes: [usize; 3],
    /// The blocks of the inputs and the output, counted in their irreps.
    pub blocks: [usize; 3],
    /// Where these blocks begin in a row.
    pub starts: [usize; 3],
    /// Where the weights begin in a row of weights.
    pub weights: Option<usize>,
    /// The factor on the native coupling tensor.
    pub scale: f64,
    /// Whether no other path goes to its block of the output.
    pub is_alone: bool,
    pub table: Arc<Table>,
}

/// Resolves all paths; also gives the number of weights.
pub(super) fn resolve(
    irreps: [&Irreps; 3],
    paths: &[CouplingPath],
    normalization: Normalization,
) -> Result<(Vec<ResolvedPath>, usize), KernelError> {
    let starts = irreps.map(block_starts);
    let mut resolved = Vec::new();
    let mut num_weights = 0_usize;
    for (index, path) in paths.iter().enumerate() {
        let own = ResolvedPath::new(index, path, irreps, &starts, num_weights)?;
        if path.weighted {
            num_weights = own
                .checked_num_weights()
                .and_then(|added| num_weights.checked_add(added))
                .ok_or(KernelError::Weights { path: index })?;
        }
        resolved.push(own);
    }
    let with_channels: Vec<(CouplingPath, [usize; 2])> = paths
        .iter()
        .zip(&resolved)
        .map(|(&path, own)| (path, [own.multiplicities[0], own.multiplicities[1]]))
        .collect();
    for ((own, path), total) in
        resolved.iter_mut().zip(paths).zip(normalization.of_paths(&with_channels))
    {
        // The native tensor is e3nn's times √(2l3 + 1).
        let variance = normalization.irreps.variance(own.sizes) / own.sizes[2] as f64;
        own.scale = (variance * path.path_weight / total).sqrt();
    }
    let mut paths_to = vec![0; irreps[2].len()];
    resolved.iter().for_each(|own| paths_to[own.blocks[2]] += 1);
    resolved.iter_mut().for_each(|own| own.is_alone = paths_to[own.blocks[2]] == 1);
    Ok((resolved, num_weights))
}

fn block_starts(irreps: &Irreps) -> Vec<usize> {
    irreps.slices().into_iter().map(|slice| slice.start).collect()
}

impl ResolvedPath {
    fn new(
        index: usize,
        path: &CouplingPath,
        irreps: [&Irreps; 3],
        starts: &[Vec<usize>; 3],
        weights: usize,
    ) -> Result<Self, KernelError> {
        let blocks = [path.first, path.second, path.output];
        let mut found = [None; 3];
        for side in 0..3 {
            found[side] = irreps[side].get(blocks[side]);
        }
        let [Some(first), Some(second), Some(output)] = found else {
            let missing = found.iter().position(Option::is_none).unwrap_or(0);
            return Err(KernelError::Block {
                path: index,
                side: ["first", "second", "output"][missing],
                block: blocks[missing],
                irreps: irreps[missing].clone(),
            });
        };
        if first.irrep.parity * second.irrep.parity != output.irrep.parity {
            return Err(KernelError::Parity {
                path: index,
                first: first.irrep,
                second: second.irrep,
                output: output.irrep,
            });
        }
        let multiplicities = [first.mul, second.mul, output.mul];
        if !path.mode.fits(multiplicities) {
            return Err(KernelError::Multiplicity {
                path: index,
                mode: path.mode,
                expected: path.mode.expectation(),
                found: multiplicities,
            });
        }
        // Without weights every channel of the output would be the same.
        let needs_weights = path.mode.is_dense() && !(path.mode == Mode::Uuw && output.mul == 1);
        if needs_weights && !path.weighted {
            return Err(KernelError::Unweighted { path: index, mode: path.mode });
        }
        if !(path.path_weight.is_finite() && path.path_weight >= 0.0) {
            return Err(KernelError::PathWeight {
                path: index,
                found: path.path_weight.to_string(),
            });
        }
        let degrees = [first, second, output].map(|block| block.irrep.l);
        let tensor = Tensor::new(degrees[0], degrees[1], degrees[2])?;
        Ok(ResolvedPath {
            mode: path.mode,
            multiplicities,
            sizes: degrees.map(|l| 2 * l + 1),
            blocks,
            starts: [0, 1, 2].map(|side| starts[side][blocks[side]]),
            weights: path.weighted.then_some(weights),
            scale: 1.0,
            is_alone: true,
            table: Arc::new(Table::new(&tensor)),
        })
    }

    /// The number of channel pairs, if a usize counts them.
    pub fn checked_num_pairs(&self) -> Option<usize> {
        let [first, second, _] = self.multiplicities;
        self.mode.pairs([first, second])
    }

    /// The number of weights, if a usize counts them.
    fn checked_num_weights(&self) -> Option<usize> {
        let [_, _, output] = self.multiplicities;
        let pairs = self.checked_num_pairs()?;
        if self.mode.is_dense() { pairs.checked_mul(output) } else { Some(pairs) }
    }

    /// The number of weights of a weighted path.
    pub fn num_weights(&self) -> usize {
        self.checked_num_weights().expect("they were counted when the path was resolved")
    }

    /// The first channel pair (u, v) in the order of weights.
    pub fn first_pair(&self) -> Option<[usize; 2]> {
        self.pair_from(0)
    }

    /// The channel pair after another.
    pub fn pair_after(&self, [u, v]: [usize; 2]) -> Option<[usize; 2]> {
        let last = match self.mode {
            Mode::Uuw | Mode::Uuu => u,
            _ => self.multiplicities[1] - 1,
        };
        if v < last { Some([u, v + 1]) } else { self.pair_from(u + 1) }
    }

    /// The first channel pair whose first channel is u or a later one.
    fn pair_from(&self, u: usize) -> Option<[usize; 2]> {
        let [first, second, _] = self.multiplicities;
        let v = match self.mode {
            Mode::Uvw | Mode::Uvu | Mode::Uvv | Mode::Uvuv => 0,
            Mode::Uuw | Mode::Uuu => u,
            Mode::UvuLessV | Mode::ULessVw => u + 1,
        };
        // Later channels have no more partners.
        (u < first && v < second).then_some([u, v])
    }

    /// Whether the couplings of channel pairs are the block of the output.
    pub fn writes_couplings(&self) -> bool {
        self.mode.keeps_pairs() && self.weights.is_none() && self.is_alone
    }

    /// The channel of the output of the pair (u, v), the one of that index, where there is one.
    pub fn target(&self, [u, v]: [usize; 2], index: usize) -> usize {
        match self.mode {
            Mode::Uvv => v,
            Mode::Uvuv | Mode::UvuLessV => index,
            _ => u,
        }
    }
}
