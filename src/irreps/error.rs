//! What can be wrong with irreps: their text, their size, or the length of the
//! features they describe.

use thiserror::Error;

use super::MulIrrep;
use crate::error::{LengthError, debug_is_text};

/// Why irreps could not be read or built, or why a feature slice does not
/// belong to them.
///
/// The message says what was expected and what was found, and for text also
/// where, as a byte position counted from 0.
///
/// ```
/// use tesseral::irreps::Irreps;
///
/// let error = "8x0f".parse::<Irreps>().unwrap_err();
/// assert_eq!(error.position(), Some(3));
/// assert_eq!(
///     error.to_string(),
///     "expected parity `e`, `o` or `y` after the degree, found `f` at position 3 of \"8x0f\""
/// );
/// ```
#[derive(Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IrrepsError {
    /// The text is not of the form `8x0e+4x1o`.
    #[error("expected {expected}, found {found} at position {position} of {input:?}")]
    Syntax {
        /// What may stand at the position.
        expected: &'static str,
        /// What stands there: a character between backticks, or the end.
        found: String,
        /// The byte position in the text.
        position: usize,
        /// The whole text.
        input: String,
    },

    /// A number in the text is too large to be what it stands for.
    #[error(
        "expected a {quantity} up to {limit}, found `{found}` at position {position} of {input:?}"
    )]
    NumberTooLarge {
        /// What the number stands for: a multiplicity or a degree.
        quantity: &'static str,
        /// The largest value it may have.
        limit: usize,
        /// The digits.
        found: String,
        /// The byte position of the first digit in the text.
        position: usize,
        /// The whole text.
        input: String,
    },

    /// The irreps in the text have a total dimension above `usize::MAX`.
    #[error(
        "expected a total dimension up to {}, found a larger one on adding `{block}` \
         at position {position} of {input:?}",
        usize::MAX
    )]
    TextDimensionTooLarge {
        /// The first block with which the dimension is too large.
        block: MulIrrep,
        /// The byte position of that block in the text.
        position: usize,
        /// The whole text.
        input: String,
    },

    /// The irreps would have a total dimension above `usize::MAX`.
    #[error(
        "expected a total dimension up to {}, found a larger one on adding {added}",
        usize::MAX
    )]
    DimensionTooLarge {
        /// What was added when the dimension became too large.
        added: String,
    },

    /// A repetition would have more blocks than memory can hold.
    #[error("expected a number of blocks that fits in memory, found {blocks} times {times}")]
    TooManyBlocks {
        /// The number of blocks to repeat.
        blocks: usize,
        /// How often to repeat them.
        times: usize,
    },

    /// The input of a conversion does not consist of whole rows, or its output is not as long.
    #[error(transparent)]
    Length(#[from] LengthError),
}

debug_is_text!(IrrepsError);

impl IrrepsError {
    /// The byte position in the text that was parsed, counted from 0, at which
    /// the error lies; `None` for errors that are not about a text.
    ///
    /// It is a character boundary, and the length of the text where more of it
    /// was expected.
    pub fn position(&self) -> Option<usize> {
        match self {
            IrrepsError::Syntax { position, .. }
            | IrrepsError::NumberTooLarge { position, .. }
            | IrrepsError::TextDimensionTooLarge { position, .. } => Some(*position),
            IrrepsError::DimensionTooLarge { .. }
            | IrrepsError::TooManyBlocks { .. }
            | IrrepsError::Length(_) => None,
        }
    }
}
