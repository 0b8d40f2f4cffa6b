//! How arrays of n rows lie in memory, for all batches.

use super::number::Number;

/// How the rows of a batch, one for each point or rotation, lie in memory.
///
/// | layout | memory |
/// |---|---|
/// | [`Layout::Rows`] | `[n][K]` |
/// | [`Layout::Lanes`] | `[⌈n/W⌉][K][W]` |
///
/// K is the number of columns, W is [`Number::WIDTH`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One row after the other, as numpy and torch hold them.
    #[default]
    Rows,
    /// Blocks of W rows, in which the numbers of one column are contiguous.
    Lanes,
}

impl Layout {
    /// The rows that an array for `n` rows has memory for: whole blocks of lanes.
    ///
    /// ```
    /// use tesseral::simd::Layout;
    ///
    /// assert_eq!((Layout::Rows.rows::<f64>(3), Layout::Lanes.rows::<f64>(3)), (3, 8));
    /// ```
    pub fn rows<T: Number>(self, n: usize) -> usize {
        match self {
            Layout::Rows => n,
            Layout::Lanes => n.div_ceil(T::WIDTH) * T::WIDTH,
        }
    }
}
