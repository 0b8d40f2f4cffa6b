//! The calls of a gate, row by row: the functions of all scalars and gates of a row on lanes first, then
//! what is multiplied with them.

use super::Scaled;
use super::evaluate::{STAGE, Stage};
use super::gate::{Gate, Gated};
use crate::Number;
use crate::kernels::arithmetic::{add_scaled, dot};
use crate::parallel::{Rows, RowsMut};
use crate::simd::{Compiled, Job, Lanes, Path, Start};

/// Scalars and gates that follow each other in a row of the input and go through one function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub from: usize,
    pub count: usize,
    pub function: Option<Scaled>,
}

/// What is computed of the input.
pub(super) enum Wanted<'a, T> {
    Value {
        output: RowsMut<'a, T>,
    },
    Gradient {
        output_gradient: Rows<'a, T>,
        input_gradient: RowsMut<'a, T>,
    },
    Twice {
        output_gradient: Rows<'a, T>,
        cotangent: Rows<'a, T>,
        by_input: Option<RowsMut<'a, T>>,
        by_output_gradient: Option<RowsMut<'a, T>>,
    },
}

/// A call on whole rows.
pub(super) struct Evaluate<'a, T> {
    pub gate: &'a Gate,
    pub input: Rows<'a, T>,
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

/// Values, first and second derivatives of the functions of a row: those of scalars, then of gates.
struct Functions<T>([Vec<T>; 3], Stage<T>);

impl<T: Number> Functions<T> {
    #[inline(always)]
    fn take<V: Lanes<Number = f64>>(&mut self, proof: V::Proof, runs: &[Run], x: &[T]) {
        let Functions(all, stage) = self;
        let mut place = 0;
        for run in runs {
            for x in x[run.from..][..run.count].chunks(STAGE) {
                stage.take::<V>(proof, run.function.as_ref(), x);
                for (all, values) in all.iter_mut().zip(&stage.results) {
                    all[place..][..x.len()].copy_from_slice(&values[..x.len()]);
                }
                place += x.len();
            }
        }
    }
}

impl<T: Number> Job<f64> for Evaluate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = f64>>(self, proof: V::Proof) {
        let Evaluate { gate, input, wanted } = self;
        let count = gate.scalars.len() + gate.gates.len();
        let mut functions =
            Functions([(); 3].map(|()| vec![T::default(); count]), Stage::default());
        match wanted {
            Wanted::Value { output } => {
                for (x, z) in input.iter().zip(output.iter()) {
                    functions.take::<V>(proof, &gate.runs, x);
                    value(gate, &functions, x, z);
                }
            }
            Wanted::Gradient { output_gradient, input_gradient } => {
                let rows = input.iter().zip(output_gradient.iter()).zip(input_gradient.iter());
                for ((x, dz), dx) in rows {
                    functions.take::<V>(proof, &gate.runs, x);
                    gradient(gate, &functions, [x, dz], dx);
                }
            }
            Wanted::Twice { output_gradient, cotangent, by_input, by_output_gradient } => {
                let [mut by_x, mut by_dz] =
                    [by_input, by_output_gradient].map(|by| by.map(RowsMut::iter));
                let rows = input.iter().zip(output_gradient.iter()).zip(cotangent.iter());
                for ((x, dz), w) in rows {
                    functions.take::<V>(proof, &gate.runs, x);
                    if let Some(by_x) = by_x.as_mut().and_then(Iterator::next) {
                        twice_by_input(gate, &functions, [x, dz, w], by_x);
                    }
                    if let Some(by_dz) = by_dz.as_mut().and_then(Iterator::next) {
                        twice_by_gradient(gate, &functions, [x, w], by_dz);
                    }
                }
            }
        }
    }
}

/// The gates of a row with their functions, each with its value and derivatives.
#[inline(always)]
fn gates<'a, T: Number>(
    gate: &'a Gate,
    Functions([values, slopes, curvatures], _): &'a Functions<T>,
) -> impl Iterator<Item = (&'a Gated, [T; 3])> {
    let first = gate.scalars.len();
    gate.gates.iter().enumerate().map(move |(index, gated)| {
        let place = first + index;
        (gated, [values[place], slopes[place], curvatures[place]])
    })
}

#[inline(always)]
fn value<T: Number>(gate: &Gate, functions: &Functions<T>, x: &[T], z: &mut [T]) {
    let scalars = gate.scalars.len();
    z[..scalars].copy_from_slice(&functions.0[0][..scalars]);
    for (gated, [factor, ..]) in gates(gate, functions) {
        for (z, &x) in z[gated.to..][..gated.size].iter_mut().zip(gated.input(x)) {
            *z = factor * x;
        }
    }
}

#[inline(always)]
fn gradient<T: Number>(gate: &Gate, functions: &Functions<T>, [x, dz]: [&[T]; 2], dx: &mut [T]) {
    let [_, slopes, _] = &functions.0;
    for (to, &from) in gate.scalars.iter().enumerate() {
        dx[from] = dx[from] + slopes[to] * dz[to];
    }
    for (gated, [factor, slope, _]) in gates(gate, functions) {
        let (x, dz) = (gated.input(x), gated.output(dz));
        dx[gated.gate] = dx[gated.gate] + slope * dot(x, dz);
        add_scaled(factor, dz, &mut dx[gated.from..][..gated.size]);
    }
}

#[inline(always)]
fn twice_by_input<T: Number>(
    gate: &Gate,
    functions: &Functions<T>,
    [x, dz, w]: [&[T]; 3],
    by_x: &mut [T],
) {
    let [_, _, curvatures] = &functions.0;
    for (to, &from) in gate.scalars.iter().enumerate() {
        by_x[from] = by_x[from] + curvatures[to] * w[from] * dz[to];
    }
    for (gated, [_, slope, curvature]) in gates(gate, functions) {
        let (x, channel_w, dz) = (gated.input(x), gated.input(w), gated.output(dz));
        let w = w[gated.gate];
        let sum = curvature * w * dot(x, dz) + slope * dot(channel_w, dz);
        by_x[gated.gate] = by_x[gated.gate] + sum;
        add_scaled(slope * w, dz, &mut by_x[gated.from..][..gated.size]);
    }
}

#[inline(always)]
fn twice_by_gradient<T: Number>(
    gate: &Gate,
    functions: &Functions<T>,
    [x, w]: [&[T]; 2],
    by_dz: &mut [T],
) {
    let [_, slopes, _] = &functions.0;
    for (to, &from) in gate.scalars.iter().enumerate() {
        by_dz[to] = by_dz[to] + slopes[to] * w[from];
    }
    for (gated, [factor, slope, _]) in gates(gate, functions) {
        let (x, channel_w) = (gated.input(x), gated.input(w));
        let w = w[gated.gate];
        let by_dz = &mut by_dz[gated.to..][..gated.size];
        for (by, (&x, &channel_w)) in by_dz.iter_mut().zip(x.iter().zip(channel_w)) {
            *by = *by + (slope * w * x + factor * channel_w);
        }
    }
}
