//! The values of the Rust functions at a hundred points and the Wigner matrices of one rotation, as
//! JSON.

use std::error::Error;
use std::f64::consts::PI;

use nalgebra::Rotation3;
use tesseral::sh::{Harmonics, HarmonicsError};
use tesseral::{LMAX, coupling, wigner};

/// `points` as [x, y, z], and for each of them in `values` all harmonics in the order l² + l + m;
/// a `rotation` by rows, and its Wigner matrices by degree and rows in `wigner`; in `coupling` a list
/// `[l1, l2, l3, entries]` of tensors, with entries `[m1, m2, m3, value]`.
pub fn json() -> Result<String, Box<dyn Error>> {
    let points = points();
    let values = points.iter().map(|&point| values(point)).collect::<Result<Vec<_>, _>>()?;
    let points = list(points.iter().map(|point| numbers(point)));
    let values = list(values.iter().map(|values| numbers(values)));
    let rotation = Rotation3::from_euler_angles(0.3, -1.2, 2.5);
    let matrices = (0..=LMAX).map(|l| wigner::d(l, rotation)).collect::<Result<Vec<_>, _>>()?;
    let matrices = list(matrices.iter().map(|matrix| {
        list(matrix.row_iter().map(|row| numbers(&row.iter().copied().collect::<Vec<f64>>())))
    }));
    let rotation = rotation.matrix().transpose();
    let rotation = list(rotation.column_iter().map(|row| numbers(row.as_slice())));
    let tensors = list(coupling::tensors().map(tensor));
    Ok(format!(
        "{{\"lmax\":{LMAX},\n\"coupling\":{tensors},\n\"points\":{points},\n\"values\":{values},\n\
         \"rotation\":{rotation},\n\"wigner\":{matrices}}}\n"
    ))
}

/// All harmonics at a point, by the functions of one degree each.
fn values(point: [f64; 3]) -> Result<Vec<f64>, HarmonicsError> {
    let mut values = vec![0.0; (LMAX + 1) * (LMAX + 1)];
    for l in 0..=LMAX {
        Harmonics::SOLID.degree(l, point, &mut values[l * l..(l + 1) * (l + 1)])?;
    }
    Ok(values)
}

/// A coupling tensor: its degrees and its nonzero entries.
fn tensor(tensor: coupling::Tensor) -> String {
    let [l1, l2, l3] = tensor.degrees();
    let entries = tensor.nonzeros().iter().map(|entry| {
        let [m1, m2, m3] = entry.m;
        format!("[{m1},{m2},{m3},{:?}]", entry.value)
    });
    format!("[{l1},{l2},{l3},{}]", list(entries))
}

/// The axes, points near the poles, and a spiral around the sphere at rising lengths.
fn points() -> Vec<[f64; 3]> {
    let axes = [0, 1, 2].map(|axis| [1.0, -1.0].map(|sign| unit(axis, sign)));
    let poles = [1e-3, 1e-8, 1e-15].map(|x| [x, -0.5 * x, 1.0]);
    let mut points = [axes.concat(), poles.to_vec()].concat();
    let rest = 100 - points.len();
    let golden = PI * (3.0 - 5.0_f64.sqrt());
    points.extend((0..rest).map(|k| {
        let height = 1.0 - (2 * k + 1) as f64 / rest as f64;
        let (sine, cosine) = (golden * k as f64).sin_cos();
        let (radius, around) = (0.5 + k as f64 / rest as f64, (1.0 - height * height).sqrt());
        [radius * around * cosine, radius * around * sine, radius * height]
    }));
    points
}

fn unit(axis: usize, sign: f64) -> [f64; 3] {
    let mut point = [0.0; 3];
    point[axis] = sign;
    point
}

fn numbers(values: &[f64]) -> String {
    let items: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    format!("[{}]", items.join(","))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[\n{}\n]", items.collect::<Vec<_>>().join(",\n"))
}
