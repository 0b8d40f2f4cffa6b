//! Points sorted into cubes, so that those near a point are found without looking at all.

use std::array;
use std::ops::Range;

/// Up to this many bins along an axis, a bin's number is a quotient whose rounding is far less
/// than a bin.
const MAX_DIRECT_BINS: f64 = (1_u64 << 31) as f64;

/// The rows of bins around a bin: offsets along x and y. Along z three bins follow one another.
const ROWS: [[i64; 2]; 9] =
    [[-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 0], [0, 1], [1, -1], [1, 0], [1, 1]];

/// Points in cubic bins. Only bins that hold points take memory, wherever they lie.
pub(super) struct Bins {
    /// The points' numbers, sorted by bin.
    points: Vec<usize>,
    /// Their coordinates, in that order.
    coordinates: [Vec<f64>; 3],
    /// The bin of each point.
    bin_of: Vec<usize>,
    /// For each bin, where the points of it and of the 26 around it are in `points`.
    runs: Vec<[Range<usize>; 9]>,
}

impl Bins {
    /// Bins of a width above zero. Points nearer than 0.999 widths are in the same bin or in
    /// adjacent ones.
    pub(super) fn new(points: &[[f64; 3]], width: f64) -> Bins {
        let axes: [Vec<i64>; 3] = array::from_fn(|axis| {
            let values: Vec<f64> = points.iter().map(|point| point[axis]).collect();
            along_axis(&values, width)
        });
        let key = |point: usize| -> [i64; 3] { array::from_fn(|axis| axes[axis][point]) };
        let order = sorted(&axes);

        let mut keys: Vec<[i64; 3]> = Vec::new();
        let mut starts = Vec::new();
        let mut bin_of = vec![0; points.len()];
        for (place, &point) in order.iter().enumerate() {
            if keys.last() != Some(&key(point)) {
                keys.push(key(point));
                starts.push(place);
            }
            bin_of[point] = keys.len() - 1;
        }
        starts.push(points.len());
        let coordinates = array::from_fn(|axis| order.iter().map(|&p| points[p][axis]).collect());
        Bins { points: order, coordinates, bin_of, runs: runs_around(&keys, &starts) }
    }

    /// The numbers of all points, bin by bin.
    pub(super) fn in_order(&self) -> impl Iterator<Item = usize> {
        self.points.iter().copied()
    }

    /// The number of the point at a place in this order.
    pub(super) fn point(&self, place: usize) -> usize {
        self.points[place]
    }

    /// The coordinates of the points at places in this order, axis by axis.
    pub(super) fn coordinates(&self, places: Range<usize>) -> [&[f64]; 3] {
        self.coordinates.each_ref().map(|axis| &axis[places.clone()])
    }

    /// The places of the points in the bin of a point, itself among them, and in the bins around.
    pub(super) fn around(&self, point: usize) -> impl Iterator<Item = Range<usize>> {
        self.runs[self.bin_of[point]].iter().cloned()
    }
}

/// The points sorted by bin, and within one by number, in linear time where bins are not many more
/// than points.
fn sorted(axes: &[Vec<i64>; 3]) -> Vec<usize> {
    let points = axes[0].len();
    let [nx, ny, nz] = axes.each_ref().map(|axis| axis.iter().max().map_or(0, |&bin| bin + 1));
    // Each is below 2^40, however far apart points lie.
    let bins = i128::from(nx) * i128::from(ny) * i128::from(nz);
    let Some(bins) = usize::try_from(bins).ok().filter(|&bins| bins / 8 <= points) else {
        let mut order: Vec<usize> = (0..points).collect();
        order
            .sort_unstable_by_key(|&point| (axes[0][point], axes[1][point], axes[2][point], point));
        return order;
    };
    let bin =
        |point: usize| ((axes[0][point] * ny + axes[1][point]) * nz + axes[2][point]) as usize;
    let mut next = vec![0; bins + 1];
    (0..points).for_each(|point| next[bin(point) + 1] += 1);
    (0..bins).for_each(|bin| next[bin + 1] += next[bin]);
    let mut order = vec![0; points];
    for point in 0..points {
        let place = &mut next[bin(point)];
        order[*place] = point;
        *place += 1;
    }
    order
}

/// The runs of points around each bin. `starts` says where the points of each bin begin.
fn runs_around(keys: &[[i64; 3]], starts: &[usize]) -> Vec<[Range<usize>; 9]> {
    let mut runs = vec![array::from_fn(|_| 0..0); keys.len()];
    for (row, [dx, dy]) in ROWS.into_iter().enumerate() {
        // The bins are sorted, so both ends only advance.
        let (mut first, mut end) = (0, 0);
        for (bin, &[x, y, z]) in keys.iter().enumerate() {
            while first < keys.len() && keys[first] < [x + dx, y + dy, z - 1] {
                first += 1;
            }
            while end < keys.len() && keys[end] <= [x + dx, y + dy, z + 1] {
                end += 1;
            }
            runs[bin][row] = starts[first]..starts[end];
        }
    }
    runs
}

/// The bin of each value along one axis.
fn along_axis(values: &[f64], width: f64) -> Vec<i64> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if widths_between(low, high, width) <= MAX_DIRECT_BINS {
        return values.iter().map(|&value| widths_between(low, value, width) as i64).collect();
    }
    along_clusters(values, width)
}

/// How many bins the second value is above the first.
fn widths_between(low: f64, high: f64, width: f64) -> f64 {
    // Halved, so that the difference is in range.
    (0.5 * high - 0.5 * low) / (0.5 * width)
}

/// The bin of each value, where values spread too far for one quotient: every cluster, up to the
/// next gap wider than a bin, is counted from its own start.
fn along_clusters(values: &[f64], width: f64) -> Vec<i64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut bins = vec![0; values.len()];
    let (mut start, mut first_bin) = (f64::NEG_INFINITY, 0);
    let (mut previous, mut bin) = (f64::NEG_INFINITY, 0);
    for index in order {
        let value = values[index];
        if value - previous > width {
            // Two on, so that the clusters are not adjacent.
            (start, first_bin) = (value, bin + 2);
        }
        bin = first_bin + widths_between(start, value, width) as i64;
        bins[index] = bin;
        previous = value;
    }
    bins
}
