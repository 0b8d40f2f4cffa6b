//! Outputs that nothing reaches: zeros for ever, and mostly a mistake in the irreps.

use super::KernelError;
use crate::Irreps;

/// Checks that every block of the output that has channels is reached.
pub(crate) fn check(output: &Irreps, reached: &[bool], inputs: String) -> Result<(), KernelError> {
    for (block, reached) in output.iter().zip(reached) {
        if block.mul > 0 && !reached {
            return Err(KernelError::Unreached {
                irrep: block.irrep,
                output: output.clone(),
                inputs,
            });
        }
    }
    Ok(())
}

/// For each component of the output whether its block is reached.
pub(crate) fn mask(output: &Irreps, reached: &[bool]) -> Vec<bool> {
    let blocks = output.iter().zip(reached);
    blocks.flat_map(|(block, &reached)| std::iter::repeat_n(reached, block.dim())).collect()
}
