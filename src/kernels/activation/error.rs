//! What is wrong with an activation.

use thiserror::Error;

use crate::error::debug_is_text;
use crate::{Irrep, Irreps};

/// An activation or a gate that cannot be made.
///
/// ```
/// use tesseral::kernels::{Activation, ScalarFunction, SecondMoment};
///
/// let silu = [Some(ScalarFunction::SILU)];
/// let error = Activation::new("1o".parse()?, &silu, SecondMoment::One).unwrap_err();
/// assert_eq!(error.to_string(), "block 0: silu of `1o`, expected a scalar, `0e` or `0o`");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum ActivationError {
    /// There is not one function for every block.
    #[error("{found} functions for the blocks of `{irreps}`, expected {expected}")]
    Count {
        /// The irreps.
        irreps: Irreps,
        /// The number of their blocks.
        expected: usize,
        /// The number of functions.
        found: usize,
    },
    /// A function of something that is no scalar.
    #[error("block {block}: {function} of `{irrep}`, expected a scalar, `0e` or `0o`")]
    NotScalar {
        /// The index of the block.
        block: usize,
        /// The name of the function.
        function: &'static str,
        /// The irrep of the block.
        irrep: Irrep,
    },
    /// A function that is neither even nor odd of a scalar that changes sign under inversion.
    #[error(
        "block {block}: {function} of `0o`, which changes sign under inversion: expected an even \
         or odd function"
    )]
    Parity {
        /// The index of the block.
        block: usize,
        /// The name of the function.
        function: &'static str,
    },
    /// A function whose second moment is zero or not finite, or that is infinite at an integer;
    /// see [`ScalarFunction::normalizing_constant`](super::ScalarFunction::normalizing_constant).
    #[error(
        "{function} cannot be normalized: the constant is {constant}, expected a finite number above \
         zero"
    )]
    Moment {
        /// The name of the function.
        function: &'static str,
        /// 1/√E[f(x)²].
        constant: f64,
    },
    /// A function for which no constant of e3nn is stored.
    #[error("no constant of e3nn is stored for {function}, expected one: give it one")]
    NoConstant {
        /// The name of the function.
        function: &'static str,
    },
    /// The scalars or gates of a gate are no scalars.
    #[error("the {what} of a gate are `{irreps}`, expected scalars")]
    GateScalars {
        /// `scalars` or `gates`.
        what: &'static str,
        /// The irreps.
        irreps: Irreps,
    },
    /// There is not one gate for every channel.
    #[error("{gates} gates for {gated} gated channels, expected as many")]
    Gates {
        /// The number of gates.
        gates: usize,
        /// The number of channels.
        gated: usize,
    },
}

debug_is_text!(ActivationError);
