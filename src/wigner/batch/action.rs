//! The action of many rotations on features: x → D x, block by block, without storing D.

use super::check_lengths;
use super::derivatives::add_torque;
use super::recursion::{Recursion, lift};
use super::rows::{Columns, load_rotations};
use crate::error::check_degree;
use crate::parallel::{Cut, Threads, Work};
use crate::simd::{BlockMemory, BlockOf, Compiled, Job, Lanes, Number, Path};
use crate::wigner::generators::{Entry, entries};
use crate::wigner::{WignerError, all_len};
use crate::{Irreps, Parity};

/// Rotates the features of given irreps, in the layout `mul_ir`, each by a rotation of its own.
///
/// Improper operations act with the parities of the irreps.
///
/// # Example
/// ```
/// use nalgebra::Rotation3;
/// use tesseral::wigner::{Orthogonal, batch::Action};
///
/// let irreps = "0o + 1o + 1e".parse()?;
/// let inversion = Orthogonal::from(Rotation3::<f32>::identity()).inverted().matrix();
/// let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
/// let mut y = [0.0; 7];
/// Action::new(&irreps)?.apply(&[inversion], &x, &mut y)?;
/// assert_eq!(y, [-1.0, -2.0, -3.0, -4.0, 5.0, 6.0, 7.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Blocks with at least one copy, by rising degree.
    parts: Vec<Part>,
    dim: usize,
    path: Path,
    threads: Threads,
}

/// A block of irreps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    l: usize,
    /// The number of copies.
    mul: usize,
    /// The first component.
    start: usize,
    /// Whether the parity is not that of harmonics.
    pseudo: bool,
}

impl Action {
    /// The action on the given irreps, on the fastest path of the machine.
    ///
    /// # Errors
    /// If a degree is above LMAX.
    pub fn new(irreps: &Irreps) -> Result<Action, WignerError> {
        let mut parts = Vec::new();
        for (block, slice) in irreps.iter().zip(irreps.slices()).filter(|(b, _)| b.mul > 0) {
            let l = block.irrep.l;
            check_degree(l)?;
            let pseudo = block.irrep.parity != Parity::of_degree(l);
            parts.push(Part { l, mul: block.mul, start: slice.start, pseudo });
        }
        parts.sort_by_key(|part| part.l);
        Ok(Action { parts, dim: irreps.dim(), path: Path::best(), threads: Threads::Caller })
    }

    /// On another path, or on the portable one if the machine lacks it: for tests and comparisons.
    pub fn on(self, path: Path) -> Action {
        Action { path: path.or_portable(), ..self }
    }

    /// Splits large batches among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Action {
        Action { threads: Threads::Pool, ..self }
    }

    /// The number of components of one feature vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// y = D x, both `[n][dim]`.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn apply<T: Number>(
        &self,
        rotations: &[[[T; 3]; 3]],
        x: &[T],
        y: &mut [T],
    ) -> Result<(), WignerError> {
        let sizes = [("features", self.dim, x.len()), ("results", self.dim, y.len())];
        check_lengths(rotations.len(), &sizes)?;
        self.act(rotations, x, Wanted::Apply { y, transposed: false });
        Ok(())
    }

    /// y = Dᵀ x, both `[n][dim]`: the action of the inverse rotations.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use nalgebra::Rotation3;
    /// use tesseral::wigner::batch::Action;
    ///
    /// let action = Action::new(&"0e + 2x1o".parse()?)?;
    /// let matrix: [[f64; 3]; 3] = Rotation3::from_euler_angles(0.1, 0.2, 0.3).transpose().into_inner().into();
    /// let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    /// let (mut turned, mut back) = ([0.0; 7], [0.0; 7]);
    /// action.apply(&[matrix], &x, &mut turned)?;
    /// action.apply_transposed(&[matrix], &turned, &mut back)?;
    /// assert!(x.iter().zip(back).all(|(x, back)| (x - back).abs() < 1e-14));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply_transposed<T: Number>(
        &self,
        rotations: &[[[T; 3]; 3]],
        x: &[T],
        y: &mut [T],
    ) -> Result<(), WignerError> {
        let sizes = [("features", self.dim, x.len()), ("results", self.dim, y.len())];
        check_lengths(rotations.len(), &sizes)?;
        self.act(rotations, x, Wanted::Apply { y, transposed: true });
        Ok(())
    }

    /// The backward pass of [`Action::apply`] by rotations: the torques `[n][3]` of
    /// Σ cotangent · D x. That by features is [`Action::apply_transposed`] of the cotangents.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn torques<T: Number>(
        &self,
        rotations: &[[[T; 3]; 3]],
        x: &[T],
        cotangents: &[T],
        torques: &mut [T],
    ) -> Result<(), WignerError> {
        let sizes = [
            ("features", self.dim, x.len()),
            ("cotangents", self.dim, cotangents.len()),
            ("torques", 3, torques.len()),
        ];
        check_lengths(rotations.len(), &sizes)?;
        self.act(rotations, x, Wanted::Torques { cotangents, torques });
        Ok(())
    }

    fn act<T: Number>(&self, rotations: &[[[T; 3]; 3]], x: &[T], wanted: Wanted<'_, T>) {
        let of_part = |part: &Part| (2 * part.l + 1) * (2 * part.l + 1) * (1 + part.mul / 4);
        let each = self.dim + self.parts.iter().map(of_part).sum::<usize>();
        let work = Work { rows: rotations.len(), each };
        self.threads.each(work, Act { action: self, rotations, x, wanted }, &|act| {
            T::start::<ActKernel>(self.path, act);
        });
    }
}

enum Wanted<'a, T> {
    Apply { y: &'a mut [T], transposed: bool },
    Torques { cotangents: &'a [T], torques: &'a mut [T] },
}

/// One call of an [`Action`].
pub(super) struct Act<'a, T> {
    action: &'a Action,
    rotations: &'a [[[T; 3]; 3]],
    x: &'a [T],
    wanted: Wanted<'a, T>,
}

impl<T> Cut for Act<'_, T> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (action, size) = (self.action, self.action.dim);
        let (rotations, others) = self.rotations.split_at(at);
        let (x, rest) = self.x.split_at(at * size);
        let (wanted, other) = match self.wanted {
            Wanted::Apply { y, transposed } => {
                let (y, rest) = y.split_at_mut(at * size);
                (Wanted::Apply { y, transposed }, Wanted::Apply { y: rest, transposed })
            }
            Wanted::Torques { cotangents, torques } => {
                let (cotangents, other) = cotangents.split_at(at * size);
                let (torques, rest) = torques.split_at_mut(3 * at);
                (
                    Wanted::Torques { cotangents, torques },
                    Wanted::Torques { cotangents: other, torques: rest },
                )
            }
        };
        let first = Act { action, rotations, x, wanted };
        (first, Act { action, rotations: others, x: rest, wanted: other })
    }
}

/// [`Act`], compiled for both number types.
pub(super) struct ActKernel;

impl Compiled for ActKernel {
    type Task<'a, T: Number> = Act<'a, T>;

    fn f32(path: Path, act: Act<'_, f32>) {
        act.start(path);
    }

    fn f64(path: Path, act: Act<'_, f64>) {
        act.start(path);
    }
}

impl<T: Number> Act<'_, T> {
    fn start(self, path: Path) {
        let Some(last) = self.action.parts.last() else {
            if let Wanted::Torques { torques, .. } = self.wanted {
                torques.fill(T::default());
            }
            return;
        };
        let high = last.l;
        let largest = self.action.parts.iter().map(|part| part.mul * (2 * part.l + 1)).max();
        let largest = largest.unwrap_or(0);
        let mut scratch = BlockMemory::<T>::new(all_len(high) + 3 * largest);
        let run = Run {
            high,
            largest,
            recursion: Recursion::new(high),
            generators: (0..=high).map(entries).collect(),
            scratch: &mut scratch,
            act: self,
        };
        T::run(path, run);
    }
}

struct Run<'a, 'b, T: Number> {
    high: usize,
    /// The most components of a block of irreps.
    largest: usize,
    recursion: Recursion<T>,
    generators: Vec<Vec<Entry>>,
    scratch: &'b mut [T::Block],
    act: Act<'a, T>,
}

impl<T: Number> Job<T> for Run<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Run { high, largest, recursion, generators, scratch, act } = self;
        let Act { action, rotations, x, mut wanted } = act;
        let n = rotations.len();
        let (matrices, tiles) = scratch.split_at_mut(all_len(high));
        let (input, tiles) = tiles.split_at_mut(largest);
        let (output, third) = tiles.split_at_mut(largest);
        let transposed = matches!(wanted, Wanted::Apply { transposed: true, .. });
        for block in 0..n.div_ceil(T::WIDTH) {
            let first = load_rotations::<V>(rotations, block);
            let mut torque = [T::ZERO; 3];
            let mut next = 0;
            for part in &action.parts {
                while next <= part.l {
                    lift::<V>(proof, &recursion, next, &first, matrices);
                    next += 1;
                }
                let size = 2 * part.l + 1;
                let columns = Columns { n, stride: action.dim, start: part.start };
                let input = &mut input[..part.mul * size];
                let output = &mut output[..part.mul * size];
                columns.read::<V>(proof, x, input, block);
                let matrix = &matrices[all_len(part.l) - size * size..all_len(part.l)];
                let strides = if transposed { [1, size] } else { [size, 1] };
                V::call(proof, Multiply { matrix, strides, size, input, output });
                if part.pseudo {
                    negate_improper::<T>(rotations, block, output);
                }
                match &mut wanted {
                    Wanted::Apply { y, .. } => columns.write::<V>(proof, output, y, block),
                    Wanted::Torques { cotangents, .. } => {
                        let third = &mut third[..part.mul * size];
                        columns.read::<V>(proof, cotangents, third, block);
                        for copy in 0..part.mul {
                            let range = copy * size..(copy + 1) * size;
                            let pair = [&third[range.clone()], &output[range]];
                            add_torque::<V>(proof, &generators[part.l], size, pair, &mut torque);
                        }
                    }
                }
            }
            if let Wanted::Torques { torques, .. } = &mut wanted {
                Columns { n, stride: 3, start: 0 }.write::<V>(proof, &torque, torques, block);
            }
        }
    }
}

/// Changes the sign where the operation is improper: for irreps whose parity is not that of
/// harmonics.
fn negate_improper<T: Number>(rotations: &[[[T; 3]; 3]], block: usize, output: &mut [T::Block]) {
    for (lane, rotation) in rotations[block * T::WIDTH..].iter().take(T::WIDTH).enumerate() {
        if determinant(rotation) < T::default() {
            for block in output.iter_mut() {
                block[lane] = -block[lane];
            }
        }
    }
}

fn determinant<T: Number>([a, b, c]: &[[T; 3]; 3]) -> T {
    a[0] * (b[1] * c[2] - b[2] * c[1])
        + a[1] * (b[2] * c[0] - b[0] * c[2])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

/// A matrix times the copies of a block of irreps.
struct Multiply<'a, T: Number> {
    matrix: &'a [T::Block],
    /// From row to row and from column to column.
    strides: [usize; 2],
    size: usize,
    input: &'a [T::Block],
    output: &'a mut [T::Block],
}

impl<T: Number> Job<T> for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) {
        let Multiply { matrix, strides, size, input, output } = self;
        // Several copies share what is loaded of the matrix.
        let whole = input.len() / (4 * size) * (4 * size);
        let groups = input[..whole].chunks_exact(4 * size);
        for (input, output) in groups.zip(output[..whole].chunks_exact_mut(4 * size)) {
            multiply::<V, 4>(proof, matrix, strides, size, input, output);
        }
        let rest = input[whole..].chunks_exact(size);
        for (input, output) in rest.zip(output[whole..].chunks_exact_mut(size)) {
            multiply::<V, 1>(proof, matrix, strides, size, input, output);
        }
    }
}

#[inline(always)]
fn multiply<V: Lanes, const COPIES: usize>(
    proof: V::Proof,
    matrix: &[BlockOf<V>],
    strides: [usize; 2],
    size: usize,
    input: &[BlockOf<V>],
    output: &mut [BlockOf<V>],
) {
    for row in 0..size {
        let mut sums = [V::splat(proof, V::Number::default()); COPIES];
        for column in 0..size {
            let entry = V::load(proof, &matrix[row * strides[0] + column * strides[1]]);
            for copy in 0..COPIES {
                let value = V::load(proof, &input[copy * size + column]);
                sums[copy] = entry.mul_add(value, sums[copy]);
            }
        }
        for copy in 0..COPIES {
            sums[copy].store(&mut output[copy * size + row]);
        }
    }
}
