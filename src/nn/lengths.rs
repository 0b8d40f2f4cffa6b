//! Lengths and directions of vectors, with two derivatives. Where a vector is zero, both are zero and
//! so are their derivatives, as of everything that edges without length have.

use super::operation::{Element, Operation, Smooth};

/// |r| of vectors `[n][3]`, `[n][1]`.
#[derive(Debug)]
pub(super) struct Lengths;

/// r/|r| of vectors `[n][3]`, in the order (y, z, x) of an irrep of degree 1.
#[derive(Debug)]
pub(super) struct Directions;

/// The length, by which no square overflows, and the direction.
fn polar<T: Element>(r: &[T; 3]) -> Option<(T, [T; 3])> {
    let [x, y, z] = r.map(Into::<f64>::into);
    let length = x.hypot(y).hypot(z);
    let direction = [x, y, z].map(|component| T::from_f64(component / length));
    (length != 0.0).then(|| (T::from_f64(length), direction))
}

fn dot<T: Element>(a: [T; 3], b: [T; 3]) -> T {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// a - s u.
fn less<T: Element>(a: [T; 3], s: T, u: [T; 3]) -> [T; 3] {
    std::array::from_fn(|axis| a[axis] - s * u[axis])
}

fn add<T: Element>(target: &mut [T; 3], a: [T; 3]) {
    target.iter_mut().zip(a).for_each(|(target, a)| *target = *target + a);
}

/// From the order (y, z, x) to (x, y, z), and back.
fn to_axes<T: Copy>([y, z, x]: [T; 3]) -> [T; 3] {
    [x, y, z]
}

fn from_axes<T: Copy>([x, y, z]: [T; 3]) -> [T; 3] {
    [y, z, x]
}

impl Operation<1> for Lengths {
    fn output_shape(&self, [[rows, _]]: [[usize; 2]; 1]) -> [usize; 2] {
        [rows, 1]
    }

    fn forward<T: Element>(&self, [r]: [&[T]; 1], output: &mut [T]) {
        for (r, output) in r.as_chunks().0.iter().zip(output) {
            if let Some((length, _)) = polar(r) {
                *output = length;
            }
        }
    }

    fn backward<T: Element>(&self, [r]: [&[T]; 1], dz: &[T], [dr]: [Option<&mut [T]>; 1]) {
        let Some(dr) = dr else { return };
        for ((r, &g), dr) in r.as_chunks().0.iter().zip(dz).zip(dr.as_chunks_mut().0) {
            if let Some((_, u)) = polar(r) {
                add(dr, u.map(|u| g * u));
            }
        }
    }
}

impl Smooth for Lengths {
    fn backward_twice<T: Element>(
        &self,
        r: &[T],
        dz: &[T],
        cotangent: &[T],
        mut by_r: Option<&mut [T]>,
        mut by_dz: Option<&mut [T]>,
    ) {
        let rows = r.as_chunks().0.iter().zip(dz).zip(cotangent.as_chunks().0).enumerate();
        for (row, ((r, &g), &c)) in rows {
            let Some((length, u)) = polar(r) else { continue };
            let along = dot(c, u);
            if let Some(by_dz) = by_dz.as_deref_mut() {
                by_dz[row] = by_dz[row] + along;
            }
            if let Some(by_r) = by_r.as_deref_mut() {
                add(&mut by_r.as_chunks_mut().0[row], less(c, along, u).map(|c| g * (c / length)));
            }
        }
    }
}

impl Operation<1> for Directions {
    fn output_shape(&self, [shape]: [[usize; 2]; 1]) -> [usize; 2] {
        shape
    }

    fn forward<T: Element>(&self, [r]: [&[T]; 1], output: &mut [T]) {
        for (r, output) in r.as_chunks().0.iter().zip(output.as_chunks_mut().0) {
            if let Some((_, u)) = polar(r) {
                *output = from_axes(u);
            }
        }
    }

    fn backward<T: Element>(&self, [r]: [&[T]; 1], dz: &[T], [dr]: [Option<&mut [T]>; 1]) {
        let Some(dr) = dr else { return };
        let rows = r.as_chunks().0.iter().zip(dz.as_chunks().0).zip(dr.as_chunks_mut().0);
        for ((r, &g), dr) in rows {
            if let Some((length, u)) = polar(r) {
                let g = to_axes(g);
                add(dr, less(g, dot(g, u), u).map(|g| g / length));
            }
        }
    }
}

impl Smooth for Directions {
    /// Of (c · g - (c · u) (g · u)) / |r|, the product of c with the gradient by r.
    fn backward_twice<T: Element>(
        &self,
        r: &[T],
        dz: &[T],
        cotangent: &[T],
        mut by_r: Option<&mut [T]>,
        mut by_dz: Option<&mut [T]>,
    ) {
        let [r, dz, cotangent] = [r, dz, cotangent].map(|array| array.as_chunks::<3>().0);
        for (row, r) in r.iter().enumerate() {
            let Some((length, u)) = polar(r) else { continue };
            let (g, c) = (to_axes(dz[row]), cotangent[row]);
            let [gu, cu] = [g, c].map(|a| dot(a, u));
            // The parts of g and c normal to u.
            let [g, c] = [less(g, gu, u), less(c, cu, u)];
            if let Some(by_dz) = by_dz.as_deref_mut() {
                add(&mut by_dz.as_chunks_mut().0[row], from_axes(c.map(|c| c / length)));
            }
            if let Some(by_r) = by_r.as_deref_mut() {
                let normal = dot(c, g);
                let second = |axis: usize| u[axis] * normal + g[axis] * cu + c[axis] * gu;
                let second = [0, 1, 2].map(|axis| -second(axis) / length / length);
                add(&mut by_r.as_chunks_mut().0[row], second);
            }
        }
    }
}
