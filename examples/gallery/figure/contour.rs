//! Contours of an image: the closed lines around the regions above a threshold, with few points.

use std::collections::BTreeMap;

/// A closed line of points [across, down] in pixels.
pub type Loop = Vec<[f64; 2]>;

/// A square of numbers.
#[derive(Clone)]
pub struct Image {
    size: usize,
    values: Vec<f64>,
}

impl Image {
    /// Zeros.
    pub fn new(size: usize) -> Self {
        Image { size, values: vec![0.0; size * size] }
    }

    /// Rows and columns.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Sets the number of a row and a column.
    pub fn set(&mut self, i: usize, j: usize, value: f64) {
        self.values[i * self.size + j] = value;
    }

    /// The image of a function of the numbers.
    pub fn map(&self, function: impl Fn(f64) -> f64) -> Self {
        Image {
            size: self.size,
            values: self.values.iter().map(|&value| function(value)).collect(),
        }
    }

    /// The lines around the regions of at least `threshold`, which the border must not reach, to
    /// within `tolerance`.
    pub fn contours(&self, threshold: f64, tolerance: f64) -> Vec<Loop> {
        let mut next = BTreeMap::new();
        for i in 0..self.size - 1 {
            for j in 0..self.size - 1 {
                next.extend(self.segments(i, j, threshold));
            }
        }
        let mut loops = Vec::new();
        while let Some((start, mut edge)) = next.pop_first() {
            let mut points = vec![self.crossing(start, threshold)];
            while edge != start {
                points.push(self.crossing(edge, threshold));
                edge = next.remove(&edge).expect("lines inside the border are closed");
            }
            loops.push(simplified(&points, tolerance));
        }
        loops
    }

    /// The segments in the cell below and right of a pixel, from edge to edge with the region on
    /// the same side of all.
    fn segments(&self, i: usize, j: usize, threshold: f64) -> Vec<(Edge, Edge)> {
        let corners = [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]];
        let inside = corners.map(|[i, j]| self.values[i * self.size + j] >= threshold);
        let crossed: Vec<usize> = (0..4).filter(|&k| inside[k] != inside[(k + 1) % 4]).collect();
        // Around the cell, edges that leave the region and edges that enter it alternate.
        let leaving = (0..crossed.len()).filter(|&k| inside[crossed[k]]);
        leaving
            .map(|k| {
                let entering = crossed[(k + 1) % crossed.len()];
                let edge = |k: usize| Edge::between(corners[k], corners[(k + 1) % 4]);
                (edge(crossed[k]), edge(entering))
            })
            .collect()
    }

    /// Where an edge crosses the threshold.
    fn crossing(&self, Edge([a, b]): Edge, threshold: f64) -> [f64; 2] {
        let value = |[i, j]: [usize; 2]| self.values[i * self.size + j];
        let share = (threshold - value(a)) / (value(b) - value(a));
        [1, 0].map(|axis| a[axis] as f64 + share * (b[axis] as f64 - a[axis] as f64))
    }
}

/// Two neighbouring pixels [row, column], the smaller one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge([[usize; 2]; 2]);

impl Edge {
    fn between(a: [usize; 2], b: [usize; 2]) -> Self {
        Edge(if a < b { [a, b] } else { [b, a] })
    }
}

/// A closed line with the points that matter (Douglas and Peucker), its ends held.
fn simplified(points: &[[f64; 2]], tolerance: f64) -> Loop {
    let far = (0..points.len())
        .max_by(|&a, &b| distance(points[0], points[a]).total_cmp(&distance(points[0], points[b])))
        .unwrap_or(0);
    let mut kept = vec![points[0]];
    keep(&points[..=far], tolerance, &mut kept);
    let back = [&points[far..], &points[..1]].concat();
    keep(&back, tolerance, &mut kept);
    kept.pop();
    kept
}

/// Appends the points after the first of an open line that are needed.
fn keep(points: &[[f64; 2]], tolerance: f64, kept: &mut Loop) {
    let [first, .., last] = points else { return };
    let farthest = (1..points.len() - 1)
        .map(|k| (k, off_line(points[k], *first, *last)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    match farthest {
        Some((k, off)) if off > tolerance => {
            keep(&points[..=k], tolerance, kept);
            keep(&points[k..], tolerance, kept);
        }
        _ => kept.push(*last),
    }
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The distance of a point from the line through two others.
fn off_line(point: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let length = distance(a, b);
    if length == 0.0 {
        return distance(point, a);
    }
    ((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])).abs() / length
}
