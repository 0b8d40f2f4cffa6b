//! The calls of an activation on lanes, run by run of scalars that have one function.

use std::ops::Range;

use super::Scaled;
use super::lanes::{self, BLOCK};
use crate::Number;
use crate::kernels::arithmetic::rounded;
use crate::simd::{Compiled, Job, Lanes, Path, Start};

/// What is computed of the input.
pub(super) enum Wanted<'a, T> {
    /// f(x).
    Value { output: &'a mut [T] },
    /// Adds f'(x) dz.
    Slope { output_gradient: &'a [T], input_gradient: &'a mut [T] },
    /// Adds f''(x) w dz and f'(x) w, where w are cotangents.
    Twice {
        output_gradient: &'a [T],
        cotangent: &'a [T],
        by_input: Option<&'a mut [T]>,
        by_output_gradient: Option<&'a mut [T]>,
    },
}

/// A call on whole rows.
pub(super) struct Evaluate<'a, T> {
    /// The columns of each block, and its function.
    pub blocks: &'a [(Range<usize>, Option<Scaled>)],
    /// The columns of a row.
    pub size: usize,
    pub input: &'a [T],
    pub wanted: Wanted<'a, T>,
}

/// [`Evaluate`], compiled for both number types.
pub(super) struct EvaluateKernel;

impl Compiled for EvaluateKernel {
    type Task<'a, T: Number> = Evaluate<'a, T>;

    fn f32(path: Path, task: Evaluate<'_, f32>) {
        f64::run(path, task);
    }

    fn f64(path: Path, task: Evaluate<'_, f64>) {
        f64::run(path, task);
    }
}

impl<T: Number> Job<f64> for Evaluate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = f64>>(mut self, proof: V::Proof) {
        let (blocks, length) = (self.blocks, self.input.len());
        let mut stage = Stage::default();
        if let [(_, function)] = blocks {
            // Row after row is one run.
            return self.run_of::<V>(proof, function.as_ref(), 0..length, &mut stage);
        }
        for start in (0..length).step_by(self.size.max(1)) {
            for (columns, function) in blocks {
                let places = start + columns.start..start + columns.end;
                self.run_of::<V>(proof, function.as_ref(), places, &mut stage);
            }
        }
    }
}

impl<T: Number> Evaluate<'_, T> {
    #[inline(always)]
    fn run_of<V: Lanes<Number = f64>>(
        &mut self,
        proof: V::Proof,
        function: Option<&Scaled>,
        places: Range<usize>,
        stage: &mut Stage<T>,
    ) {
        for start in places.clone().step_by(STAGE) {
            let own = start..places.end.min(start + STAGE);
            stage.take::<V>(proof, function, &self.input[own.clone()]);
            self.write(own, stage);
        }
    }

    /// The results at some places, whose derivatives are on the stage.
    #[inline(always)]
    fn write(&mut self, places: Range<usize>, stage: &Stage<T>) {
        let count = places.len();
        let [value, slope, curvature] = stage.results.each_ref().map(|all| &all[..count]);
        match &mut self.wanted {
            Wanted::Value { output } => output[places].copy_from_slice(value),
            Wanted::Slope { output_gradient, input_gradient } => {
                add_products(slope, &output_gradient[places.clone()], &mut input_gradient[places]);
            }
            Wanted::Twice { output_gradient, cotangent, by_input, by_output_gradient } => {
                let [dz, w] = [&*output_gradient, &*cotangent].map(|a| &a[places.clone()]);
                if let Some(by) = by_input {
                    let each = by[places.clone()].iter_mut().zip(curvature).zip(w.iter().zip(dz));
                    for ((by, &curvature), (&w, &dz)) in each {
                        *by = *by + curvature * w * dz;
                    }
                }
                if let Some(by) = by_output_gradient {
                    add_products(slope, w, &mut by[places]);
                }
            }
        }
    }
}

/// Adds products number by number.
#[inline(always)]
fn add_products<T: Number>(a: &[T], b: &[T], sums: &mut [T]) {
    for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
        *sum = *sum + a * b;
    }
}

/// The numbers that are taken at once, so that conversions are loops of their own.
pub(super) const STAGE: usize = 16 * BLOCK;

/// A function of up to [`STAGE`] numbers.
pub(super) struct Stage<T> {
    wide: [[f64; STAGE]; 4],
    /// The value and the first two derivatives.
    pub results: [[T; STAGE]; 3],
}

impl<T: Number> Default for Stage<T> {
    fn default() -> Self {
        Stage { wide: [[0.0; STAGE]; 4], results: [[T::default(); STAGE]; 3] }
    }
}

impl<T: Number> Stage<T> {
    /// Of x itself without a function.
    #[inline(always)]
    pub fn take<V: Lanes<Number = f64>>(
        &mut self,
        proof: V::Proof,
        function: Option<&Scaled>,
        x: &[T],
    ) {
        let count = x.len();
        let Some(Scaled { function, scale }) = function else {
            self.results[0][..count].copy_from_slice(x);
            self.results[1][..count].fill(rounded(1.0));
            return self.results[2][..count].fill(T::default());
        };
        let [wide, values, slopes, curvatures] = &mut self.wide;
        for (number, &x) in wide.iter_mut().zip(x) {
            *number = x.into();
        }
        // Beyond the last are numbers from before, whose results are not read.
        let blocks = count.div_ceil(BLOCK);
        let targets = [values, slopes, curvatures].map(|all| all.as_chunks_mut::<BLOCK>().0);
        let [values, slopes, curvatures] = targets;
        for index in 0..blocks {
            let x = &wide.as_chunks::<BLOCK>().0[index];
            [values[index], slopes[index], curvatures[index]] =
                lanes::derivatives::<V>(proof, function, x);
        }
        for (results, wide) in self.results.iter_mut().zip(&self.wide[1..]) {
            for (result, &number) in results[..count].iter_mut().zip(wide) {
                *result = T::from_f64(scale * number);
            }
        }
    }
}
