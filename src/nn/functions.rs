//! Operations on scalars and whole channels, which several layers are made of.

use std::sync::Arc;

use super::operation::{Element, Operation, Smooth};
use crate::Irreps;
use crate::kernels::{
    Activation, Channels, Gate, Groups, ScalarFunction, ScaleGradients, ScaleInputs, SecondMoment,
    Standardize, StandardizeInputs,
};

/// Why a kernel takes its arguments.
pub(super) const CHECKED: &str = "the layer checked the shapes";

/// One function of so many scalars, not normalized.
pub(super) fn functions(count: usize, function: ScalarFunction) -> Arc<Activation> {
    let activation = Activation::new(Irreps::scalars(count), &[Some(function)], SecondMoment::Free);
    Arc::new(activation.expect("any function of even scalars is one").in_parallel())
}

/// Functions of scalars.
#[derive(Debug)]
pub(super) struct Functions(pub Arc<Activation>);

/// A gate.
#[derive(Debug)]
pub(super) struct Gated(pub Arc<Gate>);

/// The invariant of every channel.
#[derive(Debug)]
pub(super) struct Invariants(pub Arc<Channels>);

/// Standardized features; the groups are given by their sizes, or are the rows, or all rows.
#[derive(Debug)]
pub(super) struct Standardized {
    pub kernel: Arc<Standardize>,
    pub groups: RowGroups,
}

/// [`Groups`] that own their sizes.
#[derive(Debug)]
pub(super) enum RowGroups {
    EachRow,
    AllRows,
    Runs(Vec<usize>),
}

impl Standardized {
    fn inputs<'a, T>(&'a self, input: &'a [T]) -> StandardizeInputs<'a, T> {
        let groups = match &self.groups {
            RowGroups::EachRow => Groups::EachRow,
            RowGroups::AllRows => Groups::AllRows,
            RowGroups::Runs(sizes) => Groups::Runs(sizes),
        };
        StandardizeInputs { groups, input }
    }
}

impl Operation<1> for Functions {
    fn output_shape(&self, [shape]: [[usize; 2]; 1]) -> [usize; 2] {
        shape
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        self.0.forward(x, output).expect(CHECKED);
    }

    fn backward<T: Element>(&self, [x]: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        if let Some(dx) = dx {
            self.0.backward(x, dz, dx).expect(CHECKED);
        }
    }
}

impl Smooth for Functions {
    fn backward_twice<T: Element>(
        &self,
        x: &[T],
        dz: &[T],
        cotangent: &[T],
        by_x: Option<&mut [T]>,
        by_dz: Option<&mut [T]>,
    ) {
        self.0.backward_twice(x, dz, cotangent, by_x, by_dz).expect(CHECKED);
    }
}

impl Operation<1> for Gated {
    fn output_shape(&self, [[rows, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [rows, self.0.output().dim()]
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        self.0.forward(x, output).expect(CHECKED);
    }

    fn backward<T: Element>(&self, [x]: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        if let Some(dx) = dx {
            self.0.backward(x, dz, dx).expect(CHECKED);
        }
    }
}

impl Smooth for Gated {
    fn backward_twice<T: Element>(
        &self,
        x: &[T],
        dz: &[T],
        cotangent: &[T],
        by_x: Option<&mut [T]>,
        by_dz: Option<&mut [T]>,
    ) {
        self.0.backward_twice(x, dz, cotangent, by_x, by_dz).expect(CHECKED);
    }
}

impl Operation<1> for Invariants {
    fn output_shape(&self, [[rows, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [rows, self.0.len()]
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        self.0.invariants(x, output).expect(CHECKED);
    }

    fn backward<T: Element>(&self, [x]: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        if let Some(dx) = dx {
            self.0.invariants_backward(x, dz, dx).expect(CHECKED);
        }
    }
}

impl Smooth for Invariants {
    fn backward_twice<T: Element>(
        &self,
        x: &[T],
        dz: &[T],
        cotangent: &[T],
        by_x: Option<&mut [T]>,
        by_dz: Option<&mut [T]>,
    ) {
        self.0.invariants_backward_twice(x, dz, cotangent, by_x, by_dz).expect(CHECKED);
    }
}

impl Operation<1> for Standardized {
    fn output_shape(&self, [shape]: [[usize; 2]; 1]) -> [usize; 2] {
        shape
    }

    fn forward<T: Element>(&self, [x]: [&[T]; 1], output: &mut [T]) {
        self.kernel.forward(self.inputs(x), output).expect(CHECKED);
    }

    fn backward<T: Element>(&self, [x]: [&[T]; 1], dz: &[T], [dx]: [Option<&mut [T]>; 1]) {
        if let Some(dx) = dx {
            self.kernel.backward(self.inputs(x), dz, dx).expect(CHECKED);
        }
    }
}

impl Smooth for Standardized {
    fn backward_twice<T: Element>(
        &self,
        x: &[T],
        dz: &[T],
        cotangent: &[T],
        by_x: Option<&mut [T]>,
        by_dz: Option<&mut [T]>,
    ) {
        self.kernel.backward_twice(self.inputs(x), dz, cotangent, by_x, by_dz).expect(CHECKED);
    }
}

/// Every channel times its factor.
#[derive(Debug)]
pub(super) struct Scale(pub Arc<Channels>);

impl Operation<2> for Scale {
    fn output_shape(&self, [shape, _]: [[usize; 2]; 2]) -> [usize; 2] {
        shape
    }

    fn forward<T: Element>(&self, [input, factors]: [&[T]; 2], output: &mut [T]) {
        self.0.scale(ScaleInputs { input, factors }, output).expect(CHECKED);
    }

    fn backward<T: Element>(
        &self,
        [input, factors]: [&[T]; 2],
        dz: &[T],
        [dx, dfactors]: [Option<&mut [T]>; 2],
    ) {
        let gradients = ScaleGradients { input: dx, factors: dfactors };
        self.0.scale_backward(ScaleInputs { input, factors }, dz, gradients).expect(CHECKED);
    }
}

/// Every row plus a number for each copy of `0e`.
#[derive(Debug)]
pub(super) struct AddToScalars(pub Arc<Channels>);

impl Operation<2> for AddToScalars {
    fn output_shape(&self, [shape, _]: [[usize; 2]; 2]) -> [usize; 2] {
        shape
    }

    fn forward<T: Element>(&self, [x, bias]: [&[T]; 2], output: &mut [T]) {
        self.0.add_to_scalars(x, bias, output).expect(CHECKED);
    }

    fn backward<T: Element>(
        &self,
        _inputs: [&[T]; 2],
        dz: &[T],
        [dx, dbias]: [Option<&mut [T]>; 2],
    ) {
        if let Some(dx) = dx {
            dx.copy_from_slice(dz);
        }
        if let Some(dbias) = dbias {
            self.0.sum_scalars(dz, dbias).expect(CHECKED);
        }
    }
}
