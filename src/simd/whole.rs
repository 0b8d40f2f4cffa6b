//! Rows in plain Rust, which has no transpositions of its own: whole blocks, column by column.
#![expect(
    unsafe_code,
    reason = "the functions of `Narrow` are; see the contract of the module above"
)]

use super::lanes::Lanes;
use super::narrow::Narrow;
use super::number::{Blocks, Number};

/// A block as a few points. A macro, because an implementation for all lanes would take in those
/// that have transpositions.
macro_rules! whole {
    ($lanes:ty) => {
        impl Narrow for $lanes {
            const POINTS: usize = <<$lanes as Lanes>::Number as Number>::WIDTH;
            const PAIRED: bool = false;

            #[inline(always)]
            fn load(
                proof: <$lanes as Lanes>::Proof,
                numbers: &[<$lanes as Lanes>::Number],
            ) -> Self {
                let block = numbers.first_chunk().expect("a number for each lane");
                Lanes::load(proof, block)
            }

            #[inline(always)]
            fn load_points(
                proof: <$lanes as Lanes>::Proof,
                rows: &[<$lanes as Lanes>::Number],
            ) -> [Self; 3] {
                Lanes::load_points(proof, rows)
            }

            #[inline(always)]
            unsafe fn read_one(
                proof: <$lanes as Lanes>::Proof,
                from: *const <$lanes as Lanes>::Number,
                stride: usize,
            ) -> Self {
                let mut block = <<$lanes as Lanes>::Number as Blocks>::ZERO;
                for (point, value) in block.iter_mut().enumerate() {
                    // SAFETY: the caller vouches for a number in each row.
                    *value = unsafe { *from.add(point * stride) };
                }
                Lanes::load(proof, &block)
            }

            #[inline(always)]
            unsafe fn read_four(
                proof: <$lanes as Lanes>::Proof,
                from: *const <$lanes as Lanes>::Number,
                stride: usize,
            ) -> [Self; 4] {
                // SAFETY: the caller vouches for four numbers in each row.
                [0, 1, 2, 3].map(|at| unsafe { Self::read_one(proof, from.add(at), stride) })
            }

            #[inline(always)]
            unsafe fn write_one(self, to: *mut <$lanes as Lanes>::Number, stride: usize) {
                let mut block = <<$lanes as Lanes>::Number as Blocks>::ZERO;
                self.store(&mut block);
                for (point, value) in block.into_iter().enumerate() {
                    // SAFETY: the caller vouches for a number in each row.
                    unsafe { *to.add(point * stride) = value }
                }
            }

            #[inline(always)]
            unsafe fn write_four(
                columns: [Self; 4],
                to: *mut <$lanes as Lanes>::Number,
                stride: usize,
            ) {
                for (index, column) in columns.into_iter().enumerate() {
                    // SAFETY: the caller vouches for four numbers in each row.
                    unsafe { column.write_one(to.add(index), stride) }
                }
            }
        }
    };
}

whole!(super::portable::Doubles);
whole!(super::portable::Singles);
