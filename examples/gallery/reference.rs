//! The values and gradients of the Rust functions at a hundred points, the Wigner matrices of one
//! rotation and products of random features, as JSON.

use std::error::Error;
use std::f64::consts::PI;

use fastrand::Rng;
use nalgebra::Rotation3;
use tesseral::sh::{Harmonics, HarmonicsError};
use tesseral::{LMAX, coupling, wigner};

use crate::page::PRODUCT_LMAX;

/// Products of each triple of degrees, with features of their own.
const PRODUCTS_OF_A_TRIPLE: usize = 8;

/// `points` as [x, y, z], and for each of them in `values` all harmonics in the order l² + l + m,
/// random `cotangents` in that order and in `gradients` the gradient of Σ cotangent · harmonic;
/// a `rotation` by rows, and its Wigner matrices by degree and rows in `wigner`; in `coupling` a list
/// `[l1, l2, l3, entries]` of tensors, with entries `[m1, m2, m3, value]`, and in `products` a list
/// `[[l1, l2, l3], scale, x, y, z]` with z = scale · Σ C x y of random x and y.
pub fn json() -> Result<String, Box<dyn Error>> {
    let points = points();
    let values = points.iter().map(|&point| values(point)).collect::<Result<Vec<_>, _>>()?;
    let mut random = Rng::with_seed(11);
    let cotangents: Vec<Vec<f64>> =
        points.iter().map(|_| vector(&mut random, (LMAX + 1) * (LMAX + 1))).collect();
    let gradients = gradients(&points, &cotangents.concat())?;
    let [points, values, cotangents, gradients] = [
        rows(points.iter()),
        rows(values.iter()),
        rows(cotangents.iter()),
        rows(gradients.chunks(3)),
    ];
    let rotation = Rotation3::from_euler_angles(0.3, -1.2, 2.5);
    let matrices = (0..=LMAX).map(|l| wigner::d(l, rotation)).collect::<Result<Vec<_>, _>>()?;
    let matrices = list(matrices.iter().map(|matrix| {
        list(matrix.row_iter().map(|row| numbers(&row.iter().copied().collect::<Vec<f64>>())))
    }));
    let rotation = rotation.matrix().transpose();
    let rotation = list(rotation.column_iter().map(|row| numbers(row.as_slice())));
    let tensors = list(coupling::tensors().map(tensor));
    let products = products(&mut random)?;
    Ok(format!(
        "{{\"lmax\":{LMAX},\n\"coupling\":{tensors},\n\"products\":{products},\n\"points\":{points},\n\
         \"values\":{values},\n\"cotangents\":{cotangents},\n\"gradients\":{gradients},\n\
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

/// The gradient of Σ cotangent · harmonic at each point, `[n][3]`.
fn gradients(points: &[[f64; 3]], cotangents: &[f64]) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut gradients = vec![0.0; 3 * points.len()];
    let batch = Harmonics::SOLID.batch(0..=LMAX)?;
    batch.pull_back(points, cotangents, &mut gradients)?;
    Ok(gradients)
}

/// Products of random features, from the tables of C and so by no program.
fn products(random: &mut Rng) -> Result<String, coupling::CouplingError> {
    let mut products = Vec::new();
    let drawn = |tensor: &coupling::Tensor| tensor.degrees().iter().all(|&l| l <= PRODUCT_LMAX);
    for tensor in coupling::tensors().filter(drawn) {
        for _ in 0..PRODUCTS_OF_A_TRIPLE {
            products.push(product(&tensor, random)?);
        }
    }
    Ok(list(products.into_iter()))
}

/// The product of two random features.
fn product(tensor: &coupling::Tensor, random: &mut Rng) -> Result<String, coupling::CouplingError> {
    let [size1, size2, size3] = tensor.shape();
    let (x, y, mut z) = (vector(random, size1), vector(random, size2), vec![0.0; size3]);
    let scale = uniform(random);
    tensor.couple(&x, &y, &mut z)?;
    z.iter_mut().for_each(|value| *value *= scale);
    let [x, y, z] = [x, y, z].map(|vector| numbers(&vector));
    Ok(format!("[{:?},{scale:?},{x},{y},{z}]", tensor.degrees()))
}

/// Random numbers from -1 to 1.
fn vector(random: &mut Rng, length: usize) -> Vec<f64> {
    (0..length).map(|_| uniform(random)).collect()
}

fn uniform(random: &mut Rng) -> f64 {
    2.0 * random.f64() - 1.0
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

fn rows(rows: impl Iterator<Item = impl AsRef<[f64]>>) -> String {
    list(rows.map(|row| numbers(row.as_ref())))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[\n{}\n]", items.collect::<Vec<_>>().join(",\n"))
}
