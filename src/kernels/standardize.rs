//! Features brought to second moment one, set by set: what layer, batch and instance normalization
//! have in common.
//!
//! A *set* is a range of columns, a block or a channel; a *group* is a run of rows. All entries of
//! one set in one group are centred, if they are of irrep `0e`, and divided by the root of their
//! second moment.
//!
//! # The algorithm
//! Group by group, and row by row within one: a pass sums the means of all sets, another their second
//! moments, about the means, so that nothing cancels; a last one writes. Sums are in f64 whatever the
//! features are.
//!
//! With P the projection that takes the mean away (the identity for other irreps than `0e`), x_c = P x
//! and N the divisor of the second moment, z = s x_c with s = 1/√(|x_c|²/N + ε). So ds = -(s³/N) x_c,
//! and the Jacobian J = P (s - (s³/N) x_c x_cᵀ) P is symmetric: what is multiplied from the left in
//! `backward` is multiplied from the right along a direction in `backward_twice`. Means of rows that
//! are multiplied with J are taken away first; x_c has none, so that P on the other side is for free.

use std::ops::Range;

use super::KernelError;
use super::arithmetic::rounded;
use crate::error::{check_length, check_rows};
use crate::parallel::{Cut, RowsMut, Threads, Work};
use crate::{Irrep, Irreps, Number};

/// What the second moment of a channel of degree l is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChannelNorm {
    /// |x|²/(2l + 1): the mean square of a component.
    #[default]
    Component,
    /// |x|².
    Norm,
}

/// The rows whose moments are taken together.
///
/// ```
/// use tesseral::kernels::{ChannelNorm, Groups, Standardize, StandardizeInputs};
///
/// // Two graphs of two nodes each; the second has equal features.
/// let layer = Standardize::of_channels("0e".parse()?, ChannelNorm::Component, 0.0);
/// let groups = Groups::Runs(&[2, 2]);
/// let mut z = [7.0; 4];
/// layer.forward(StandardizeInputs { groups, input: &[1.0, 3.0, 10.0, 10.0] }, &mut z)?;
/// assert_eq!(z, [-1.0, 1.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups<'a> {
    /// Every row alone.
    EachRow,
    /// All rows.
    AllRows,
    /// Runs of rows of given sizes, such as the nodes of each graph of a batch.
    Runs(&'a [usize]),
}

/// The inputs of [`Standardize::forward`] and its derivatives.
#[derive(Clone, Copy, Debug)]
pub struct StandardizeInputs<'a, T> {
    /// The rows whose moments are taken together.
    pub groups: Groups<'a>,
    /// The features, `[row][irreps.dim()]`.
    pub input: &'a [T],
}

/// `z = (x - mean) / √(moment + ε)`, where the mean is taken for irrep `0e` alone, and the moment
/// is the mean over all channels of a set and rows of a group of what [`ChannelNorm`] says.
///
/// If moment + ε is zero, which takes ε = 0 and a set of equal scalars or of zeros, the results are
/// zeros, and so are their derivatives.
///
/// # Example
/// ```
/// use tesseral::kernels::{ChannelNorm, Groups, Standardize, StandardizeInputs};
///
/// let layer = Standardize::of_blocks("2x0e + 1o".parse()?, ChannelNorm::Component, 0.0);
/// let input = &[1.0, 3.0, 2.0, 2.0, -2.0];
/// let mut z = [0.0; 5];
/// layer.forward(StandardizeInputs { groups: Groups::EachRow, input }, &mut z)?;
/// assert_eq!(z, [-1.0, 1.0, 1.0, 1.0, -1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Standardize {
    irreps: Irreps,
    sets: Vec<Set>,
    epsilon: f64,
    threads: Threads,
}

#[derive(Clone, Debug)]
struct Set {
    columns: Range<usize>,
    centred: bool,
    /// What a row counts in the divisor of the second moment.
    count: f64,
}

/// The sums over a group that determine everything, in f64 whatever the features are.
struct Group {
    rows: Range<usize>,
    means: Vec<f64>,
    /// 1/√(moment + ε), or zero if that is infinite.
    scales: Vec<f64>,
}

/// Groups that follow each other, and their rows of each target.
struct GroupRows<'a, T> {
    groups: &'a [Range<usize>],
    targets: [Option<RowsMut<'a, T>>; 2],
}

impl<T> Cut for GroupRows<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (groups, others) = self.groups.split_at(at);
        let (targets, rest) = self.targets.cut(others[0].start - groups[0].start);
        (GroupRows { groups, targets }, GroupRows { groups: others, targets: rest })
    }
}

impl Standardize {
    /// One set for each block: equivariant layer normalization (Liao and Smidt 2023, Equiformer).
    ///
    /// With [`Groups::EachRow`] a block of one scalar, `1x0e`, is its own mean: its results are
    /// zeros whatever it is.
    ///
    /// # Panics
    /// If ε is not a finite number of at least zero.
    #[track_caller]
    pub fn of_blocks(irreps: Irreps, norm: ChannelNorm, epsilon: f64) -> Self {
        check_epsilon(epsilon);
        let each = irreps.iter().zip(irreps.slices());
        let sets = each.map(|(block, columns)| Set::new(block.irrep, columns, norm)).collect();
        Standardize { irreps, sets, epsilon, threads: Threads::Caller }
    }

    /// One set for each channel: batch normalization, as e3nn has it.
    ///
    /// # Panics
    /// If ε is not a finite number of at least zero.
    #[track_caller]
    pub fn of_channels(irreps: Irreps, norm: ChannelNorm, epsilon: f64) -> Self {
        check_epsilon(epsilon);
        let mut sets = Vec::with_capacity(irreps.num_irreps());
        let mut start = 0;
        for block in &irreps {
            for _ in 0..block.mul {
                let end = start + block.irrep.dim();
                sets.push(Set::new(block.irrep, start..end, norm));
                start = end;
            }
        }
        Standardize { irreps, sets, epsilon, threads: Threads::Caller }
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        Standardize { threads: Threads::Pool, ..self }
    }

    /// The irreps.
    pub fn irreps(&self) -> &Irreps {
        &self.irreps
    }

    /// The number of sets.
    pub fn num_sets(&self) -> usize {
        self.sets.len()
    }

    /// The means and second moments `[group][set]`; means are zero for other irreps than `0e`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::{ChannelNorm, Groups, Standardize, StandardizeInputs};
    ///
    /// let layer = Standardize::of_channels("0e + 1o".parse()?, ChannelNorm::Norm, 0.0);
    /// let input = &[1.0, 3.0, 0.0, 4.0, 5.0, 0.0, 0.0, 0.0];
    /// let (mut means, mut moments) = ([0.0; 2], [0.0; 2]);
    /// let inputs = StandardizeInputs { groups: Groups::AllRows, input };
    /// layer.moments(inputs, &mut means, &mut moments)?;
    /// assert_eq!((means, moments), ([3.0, 0.0], [4.0, 12.5]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn moments<T: Number>(
        &self,
        inputs: StandardizeInputs<'_, T>,
        means: &mut [f64],
        moments: &mut [f64],
    ) -> Result<(), KernelError> {
        let groups = self.groups(&inputs, &[])?;
        check_length("the means", groups.len() * self.sets.len(), means.len())?;
        check_length("the moments", groups.len() * self.sets.len(), moments.len())?;
        let size = self.sets.len().max(1);
        let targets = means.chunks_exact_mut(size).zip(moments.chunks_exact_mut(size));
        for (group, (means, moments)) in groups.into_iter().zip(targets) {
            means.copy_from_slice(&self.means(&group, inputs.input));
            moments.copy_from_slice(&self.centred_moments(&group, means, inputs.input));
        }
        Ok(())
    }

    /// The standardized features.
    ///
    /// # Errors
    /// If a slice has the wrong length or the groups are not all rows.
    pub fn forward<T: Number>(
        &self,
        inputs: StandardizeInputs<'_, T>,
        output: &mut [T],
    ) -> Result<(), KernelError> {
        let x = inputs.input;
        let groups = self.groups(&inputs, &[("the output", output.len())])?;
        self.for_each_group(&groups, [Some(output), None], |group, [output, _]| {
            let group = self.group(group, x);
            self.write(&group.rows, output, |set, place, _| {
                let centred = x[place].into() - group.means[set];
                rounded(group.scales[set] * centred)
            });
        });
        Ok(())
    }

    /// Adds the vector-Jacobian product of [`Standardize::forward`] to `input_gradient`.
    ///
    /// # Errors
    /// As [`Standardize::forward`].
    pub fn backward<T: Number>(
        &self,
        inputs: StandardizeInputs<'_, T>,
        output_gradient: &[T],
        input_gradient: &mut [T],
    ) -> Result<(), KernelError> {
        let lengths = [
            ("the gradient of the output", output_gradient.len()),
            ("the gradient of the input", input_gradient.len()),
        ];
        let groups = self.groups(&inputs, &lengths)?;
        self.for_each_group(&groups, [Some(input_gradient), None], |group, [by_x, _]| {
            let group = self.group(group, inputs.input);
            self.add_projected(&group, inputs.input, output_gradient, by_x);
        });
        Ok(())
    }

    /// The derivative of [`Standardize::backward`]: of Σ `cotangent` · `input_gradient`, adds the
    /// gradients with respect to the input and to the gradient of the output, which is also the
    /// derivative of the output along `cotangent`.
    ///
    /// # Errors
    /// As [`Standardize::forward`].
    pub fn backward_twice<T: Number>(
        &self,
        inputs: StandardizeInputs<'_, T>,
        output_gradient: &[T],
        cotangent: &[T],
        by_input: Option<&mut [T]>,
        by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        let (x, n) = (inputs.input, inputs.input.len());
        let by_dz = by_output_gradient.as_deref().map_or(n, <[T]>::len);
        let lengths = [
            ("the gradient of the output", output_gradient.len()),
            ("the cotangent of the input", cotangent.len()),
            ("the derivative by the input", by_input.as_deref().map_or(n, <[T]>::len)),
            ("the derivative by the gradient of the output", by_dz),
        ];
        let groups = self.groups(&inputs, &lengths)?;
        let targets = [by_input, by_output_gradient];
        self.for_each_group(&groups, targets, |group, [by_input, by_dz]| {
            let group = self.group(group, x);
            self.add_curvature(&group, x, [output_gradient, cotangent], by_input);
            // The Jacobian is symmetric: the derivative along w is the product from the left.
            self.add_projected(&group, x, cotangent, by_dz);
        });
        Ok(())
    }

    /// Adds J v, where J is the symmetric Jacobian: s v_c - (s³/N) (x_c · v) x_c, with c for
    /// centred and N for the divisor.
    fn add_projected<T: Number>(&self, group: &Group, x: &[T], v: &[T], out: Option<&mut [T]>) {
        let Some(_) = out else { return };
        let v_means = self.means(&group.rows, v);
        let along = self.products(&group.rows, &group.means, x, v);
        self.write(&group.rows, out, |set, place, before| {
            let (s, n) = (group.scales[set], self.divisor(set, &group.rows));
            let (x, v) = (x[place].into() - group.means[set], v[place].into() - v_means[set]);
            let sum = s * v - s.powi(3) / n * along[set] * x;
            before + rounded(sum)
        });
    }

    /// Adds the gradient of w J v by x: with a = x_c · v, b = x_c · w, d = w_c · v,
    /// -(s³/N) (d x_c + a w_c + b v_c) + 3 (s⁵/N²) a b x_c.
    fn add_curvature<T: Number>(
        &self,
        group: &Group,
        x: &[T],
        [v, w]: [&[T]; 2],
        out: Option<&mut [T]>,
    ) {
        let Some(_) = out else { return };
        let [v_means, w_means] = [v, w].map(|array| self.means(&group.rows, array));
        let [a, b] = [v, w].map(|array| self.products(&group.rows, &group.means, x, array));
        let d = self.products(&group.rows, &w_means, w, v);
        self.write(&group.rows, out, |set, place, before| {
            let (s, n) = (group.scales[set], self.divisor(set, &group.rows));
            let x = x[place].into() - group.means[set];
            let [v, w] = [v[place].into() - v_means[set], w[place].into() - w_means[set]];
            let first = d[set] * x + a[set] * w + b[set] * v;
            let second = 3.0 * s * s / n * a[set] * b[set] * x;
            before + rounded(s.powi(3) / n * (second - first))
        });
    }

    fn group<T: Number>(&self, rows: Range<usize>, x: &[T]) -> Group {
        let means = self.means(&rows, x);
        let moments = self.centred_moments(&rows, &means, x);
        let scale = |&moment: &f64| match moment + self.epsilon {
            0.0 => 0.0,
            sum => sum.sqrt().recip(),
        };
        let scales = moments.iter().map(scale).collect();
        Group { rows, means, scales }
    }

    /// The mean of every set of entries that is centred, zero for the others.
    fn means<T: Number>(&self, rows: &Range<usize>, x: &[T]) -> Vec<f64> {
        let mut sums = self
            .sums(rows, |set, place| if self.sets[set].centred { x[place].into() } else { 0.0 });
        for (sum, set) in sums.iter_mut().zip(&self.sets) {
            *sum /= (rows.len() * set.columns.len()).max(1) as f64;
        }
        sums
    }

    fn centred_moments<T: Number>(&self, rows: &Range<usize>, means: &[f64], x: &[T]) -> Vec<f64> {
        let mut moments = self.sums(rows, |set, place| (x[place].into() - means[set]).powi(2));
        for (set, moment) in moments.iter_mut().enumerate() {
            *moment /= self.divisor(set, rows);
        }
        moments
    }

    /// Σ (x - mean) v of every set.
    fn products<T: Number>(
        &self,
        rows: &Range<usize>,
        means: &[f64],
        x: &[T],
        v: &[T],
    ) -> Vec<f64> {
        self.sums(rows, |set, place| (x[place].into() - means[set]) * v[place].into())
    }

    /// The divisor of the second moment; one for nothing.
    fn divisor(&self, set: usize, rows: &Range<usize>) -> f64 {
        let count = self.sets[set].count * rows.len() as f64;
        if count > 0.0 { count } else { 1.0 }
    }

    /// Calls a function for every group, with what belongs to it of each target.
    fn for_each_group<T: Number>(
        &self,
        groups: &[Range<usize>],
        targets: [Option<&mut [T]>; 2],
        run: impl Fn(Range<usize>, [Option<&mut [T]>; 2]) + Sync,
    ) {
        let rows = groups.last().map_or(0, |last| last.end);
        let each = self.work(rows.div_ceil(groups.len().max(1)));
        let work = Work { rows: groups.len(), each: each.rows.saturating_mul(each.each) };
        let targets =
            targets.map(|t| t.map(|numbers| RowsMut { numbers, size: self.irreps.dim() }));
        self.threads.each(work, GroupRows { groups, targets }, &|part| {
            let GroupRows { groups, mut targets } = part;
            for group in groups {
                let own = targets.each_mut().map(|target| {
                    let (own, rest) = target.take()?.cut(group.len());
                    *target = Some(rest);
                    Some(own.numbers)
                });
                run(group.clone(), own);
            }
        });
    }

    /// The sums over some rows of a function of set and place, one for each set.
    fn sums(&self, rows: &Range<usize>, term: impl Fn(usize, usize) -> f64 + Sync) -> Vec<f64> {
        let mut sums = vec![0.0; self.sets.len()];
        self.threads.sum(self.work(rows.len()), rows.clone(), &mut sums, &|rows, sums| {
            self.for_each(rows, |set, place| sums[set] += term(set, place));
        });
        sums
    }

    /// Sets the numbers of some rows to a function of set, place and what was there, if there are any.
    fn write<T: Number>(
        &self,
        rows: &Range<usize>,
        numbers: Option<&mut [T]>,
        value: impl Fn(usize, usize, T) -> T + Sync,
    ) {
        let (Some(numbers), size) = (numbers, self.irreps.dim()) else { return };
        let parts = (rows.clone(), RowsMut { numbers, size });
        self.threads.each(self.work(rows.len()), parts, &|(rows, target)| {
            let first = rows.start * size;
            self.for_each(rows, |set, place| {
                let number = &mut target.numbers[place - first];
                *number = value(set, place, *number);
            });
        });
    }

    /// Every set and place of some rows, row by row.
    fn for_each(&self, rows: Range<usize>, mut f: impl FnMut(usize, usize)) {
        let size = self.irreps.dim();
        for row in rows {
            for (index, set) in self.sets.iter().enumerate() {
                set.columns.clone().for_each(|column| f(index, row * size + column));
            }
        }
    }

    fn work(&self, rows: usize) -> Work {
        Work { rows, each: 2 * self.irreps.dim() }
    }

    /// The rows of each group, after a check of lengths.
    fn groups<T>(
        &self,
        inputs: &StandardizeInputs<'_, T>,
        others: &[(&'static str, usize)],
    ) -> Result<Vec<Range<usize>>, KernelError> {
        let length = inputs.input.len();
        let rows = check_rows("the input", self.irreps.dim(), length)?;
        others.iter().try_for_each(|&(what, found)| check_length(what, length, found))?;
        let groups = inputs.groups;
        if self.irreps.dim() == 0 {
            // There are as many groups as are given, and nothing in them.
            let count = if let Groups::Runs(sizes) = groups { sizes.len() } else { 0 };
            return Ok(vec![0..0; count]);
        }
        match groups {
            Groups::EachRow => Ok((0..rows).map(|row| row..row + 1).collect()),
            Groups::AllRows => Ok(std::iter::once(0..rows).collect()),
            Groups::Runs(sizes) => {
                let sum = sizes.iter().fold(0_usize, |sum, &size| sum.saturating_add(size));
                check_length("the rows of all groups", rows, sum)?;
                let ends = sizes.iter().scan(0, |end, size| {
                    *end += size;
                    Some(*end - size..*end)
                });
                Ok(ends.collect())
            }
        }
    }
}

#[track_caller]
fn check_epsilon(epsilon: f64) {
    assert!(
        epsilon >= 0.0 && epsilon.is_finite(),
        "ε is {epsilon}, expected a finite number of at least zero"
    );
}

impl Set {
    fn new(irrep: Irrep, columns: Range<usize>, norm: ChannelNorm) -> Self {
        let count = match norm {
            ChannelNorm::Component => columns.len(),
            ChannelNorm::Norm => columns.len() / irrep.dim(),
        };
        Set { columns, centred: irrep == Irrep::SCALAR, count: count as f64 }
    }
}
