//! The linear map whose weights depend on the species of the row: the rows of one species are
//! gathered, mapped by [`Linear`] with the weights of that species, and brought back.

use std::borrow::Cow;

use super::arguments::{LinearCotangents, LinearGradients, LinearInputs};
use super::{KernelError, Linear};
use crate::Number;
use crate::error::check_length;

/// A [`Linear`] map with parameters of its own for every species: `z[v, m] = Σ_u W_s[u, v] x[u, m]`
/// (plus biases) for a row of species s.
///
/// It is the product with a one-hot vector of the species, without the products with zeros. As in
/// [`Linear`], weights of unit variance keep the variance.
///
/// # Example
/// ```
/// use tesseral::kernels::{Linear, SpeciesInputs, SpeciesLinear};
///
/// let map = Linear::new("1x0e".parse()?, "1x0e".parse()?, false);
/// let by_species = SpeciesLinear::new(map, 2)?;
/// let inputs = SpeciesInputs { species: &[1, 0, 1], input: &[1.0, 2.0, 3.0], parameters: &[10.0, 100.0] };
/// let mut z = [0.0; 3];
/// by_species.forward(inputs, &mut z)?;
/// assert_eq!(z, [100.0, 20.0, 300.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SpeciesLinear {
    map: Linear,
    num_species: usize,
}

/// The inputs of [`SpeciesLinear::forward`] and its derivatives.
#[derive(Clone, Copy, Debug)]
pub struct SpeciesInputs<'a, T> {
    /// The species of each row, below [`SpeciesLinear::num_species`].
    pub species: &'a [usize],
    /// The features, `[row][input.dim()]`.
    pub input: &'a [T],
    /// The weights, then the biases, of each species: `[species][num_weights + num_biases]`.
    pub parameters: &'a [T],
}

impl SpeciesLinear {
    /// A map for each of so many species.
    ///
    /// # Errors
    /// If the parameters are more than a `usize` counts.
    pub fn new(map: Linear, num_species: usize) -> Result<Self, KernelError> {
        let own = map.num_weights() + map.num_biases();
        let parameters = own.checked_mul(num_species);
        parameters.ok_or(KernelError::SpeciesWeights { species: num_species, each: own })?;
        Ok(SpeciesLinear { map, num_species })
    }

    /// Splits large calls among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Self {
        SpeciesLinear { map: self.map.in_parallel(), ..self }
    }

    /// The map of every species, which says the irreps and the order of weights.
    pub fn map(&self) -> &Linear {
        &self.map
    }

    /// Whether each component of the output depends on the input or a bias; the others are zero.
    pub fn output_mask(&self) -> Vec<bool> {
        self.map.output_mask()
    }

    /// The number of species.
    pub fn num_species(&self) -> usize {
        self.num_species
    }

    /// The number of parameters of all species.
    pub fn num_parameters(&self) -> usize {
        self.parameters_of_one() * self.num_species
    }

    /// The same map without adding the biases; see [`Linear::ignoring_biases`].
    pub fn ignoring_biases(self) -> Self {
        SpeciesLinear { map: self.map.ignoring_biases(), ..self }
    }

    /// The flat weights of e3nn's `o3.FullyConnectedTensorProduct(input, f"{species}x0e", output)`,
    /// applied to features and one-hot vectors, as parameters of this map without biases.
    ///
    /// Of every two blocks e3nn has `[channel in][species][channel out]`, and divides by the root of the number
    /// of channels times that of species, since it expects species to be normal numbers; here
    /// weights are divided by that last root.
    ///
    /// # Errors
    /// If there are not [`SpeciesLinear::num_parameters`] of them, or the map has biases.
    ///
    /// # Example
    /// ```
    /// use tesseral::kernels::{Linear, SpeciesLinear};
    ///
    /// let map = Linear::new("2x0e".parse()?, "1x0e".parse()?, false);
    /// let by_species = SpeciesLinear::new(map, 4)?;
    /// let weights = [1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0];
    /// let parameters = by_species.parameters_from_e3nn(&weights)?;
    /// // Both channels of the first species, then of the second.
    /// assert_eq!(parameters, [0.5, 5.0, 1.0, 10.0, 1.5, 15.0, 2.0, 20.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parameters_from_e3nn(&self, weights: &[f64]) -> Result<Vec<f64>, KernelError> {
        if self.map.num_biases() > 0 {
            return Err(KernelError::WithBiases { biases: self.map.num_biases() });
        }
        check_length("the weights", self.num_parameters(), weights.len())?;
        let root = (self.num_species as f64).sqrt();
        let mut pairs = Vec::new();
        for source in self.map.input().iter() {
            for target in self.map.output().iter().filter(|b| b.irrep == source.irrep) {
                pairs.push([source.mul, target.mul]);
            }
        }
        let mut parameters = Vec::with_capacity(weights.len());
        for species in 0..self.num_species {
            let (mut own, mut rest) = (Vec::with_capacity(self.map.num_weights()), weights);
            for [channels_in, channels_out] in &pairs {
                let (pair, others) = rest.split_at(channels_in * self.num_species * channels_out);
                let rows = pair.chunks_exact((*channels_out).max(1));
                let of_species = rows.skip(species).step_by(self.num_species);
                own.extend(of_species.flatten().map(|weight| weight / root));
                rest = others;
            }
            parameters.extend(self.map.weights_from_e3nn(&own)?);
        }
        Ok(parameters)
    }

    /// Maps every row of the input.
    ///
    /// # Errors
    /// If a slice has the wrong length, or a species is not below their number.
    pub fn forward<T: Number>(
        &self,
        inputs: SpeciesInputs<'_, T>,
        output: &mut [T],
    ) -> Result<(), KernelError> {
        self.check(&inputs, ("the output", output.len()))?;
        let [size_in, size_out] = self.dims();
        for rows in self.rows_by_species(inputs.species) {
            let own = LinearInputs {
                input: &rows.gather(inputs.input, size_in),
                parameters: self.of_species(inputs.parameters, rows.species),
            };
            rows.update(output, size_out, |z| self.map.forward(own, z))?;
        }
        Ok(())
    }

    /// The vector-Jacobian product: adds to each gradient that is given the derivative of
    /// Σ `output_gradient` · output.
    ///
    /// # Errors
    /// If a slice has the wrong length, or a species is not below their number.
    pub fn backward<T: Number>(
        &self,
        inputs: SpeciesInputs<'_, T>,
        output_gradient: &[T],
        mut gradients: LinearGradients<'_, T>,
    ) -> Result<(), KernelError> {
        self.check(&inputs, ("the gradient of the output", output_gradient.len()))?;
        gradients.check(&inputs.all())?;
        let [size_in, size_out] = self.dims();
        for rows in self.rows_by_species(inputs.species) {
            let own = LinearInputs {
                input: &rows.gather(inputs.input, size_in),
                parameters: self.of_species(inputs.parameters, rows.species),
            };
            let dz = rows.gather(output_gradient, size_out);
            self.each_gradient(&rows, &mut gradients, |gradients| {
                self.map.backward(own, &dz, gradients)
            })?;
        }
        Ok(())
    }

    /// The derivative of [`SpeciesLinear::backward`], as [`Linear::backward_twice`].
    ///
    /// # Errors
    /// If a slice has the wrong length, or a species is not below their number.
    pub fn backward_twice<T: Number>(
        &self,
        inputs: SpeciesInputs<'_, T>,
        output_gradient: &[T],
        cotangents: LinearCotangents<'_, T>,
        mut gradients: LinearGradients<'_, T>,
        mut by_output_gradient: Option<&mut [T]>,
    ) -> Result<(), KernelError> {
        self.check(&inputs, ("the gradient of the output", output_gradient.len()))?;
        cotangents.check(&inputs.all())?;
        gradients.check(&inputs.all())?;
        let given = by_output_gradient.as_deref().map_or(output_gradient.len(), <[T]>::len);
        let what = "the derivative by the gradient of the output";
        check_length(what, output_gradient.len(), given)?;
        let [size_in, size_out] = self.dims();
        for rows in self.rows_by_species(inputs.species) {
            let own = LinearInputs {
                input: &rows.gather(inputs.input, size_in),
                parameters: self.of_species(inputs.parameters, rows.species),
            };
            let dz = rows.gather(output_gradient, size_out);
            let along = cotangents.input.map(|along| rows.gather(along, size_in));
            let parameters = cotangents.parameters;
            let along = LinearCotangents {
                input: along.as_deref(),
                parameters: parameters.map(|along| self.of_species(along, rows.species)),
            };
            self.each_gradient(&rows, &mut gradients, |gradients| {
                self.map.backward_twice(own, &dz, along, gradients, None)
            })?;
            if let Some(target) = by_output_gradient.as_deref_mut() {
                rows.update(target, size_out, |target| {
                    let none = LinearGradients::NONE;
                    self.map.backward_twice(own, &dz, along, none, Some(target))
                })?;
            }
        }
        Ok(())
    }

    /// Calls `add` with those parts of the gradients that belong to rows of one species.
    fn each_gradient<T: Number>(
        &self,
        rows: &Rows,
        gradients: &mut LinearGradients<'_, T>,
        mut add: impl FnMut(LinearGradients<'_, T>) -> Result<(), KernelError>,
    ) -> Result<(), KernelError> {
        if let Some(parameters) = &mut gradients.parameters {
            let count = self.parameters_of_one();
            let own = &mut parameters[rows.species * count..][..count];
            add(LinearGradients { input: None, parameters: Some(own) })?;
        }
        if let Some(dx) = &mut gradients.input {
            rows.update(dx, self.map.input().dim(), |dx| {
                add(LinearGradients { input: Some(dx), parameters: None })
            })?;
        }
        Ok(())
    }

    /// The dimensions of an input and an output row.
    fn dims(&self) -> [usize; 2] {
        [self.map.input().dim(), self.map.output().dim()]
    }

    fn parameters_of_one(&self) -> usize {
        self.map.num_weights() + self.map.num_biases()
    }

    fn of_species<'a, T>(&self, parameters: &'a [T], species: usize) -> &'a [T] {
        let count = self.parameters_of_one();
        &parameters[species * count..][..count]
    }

    /// The rows of each species that has some.
    fn rows_by_species(&self, species: &[usize]) -> impl Iterator<Item = Rows> {
        let mut places = vec![Vec::new(); self.num_species];
        for (row, &species) in species.iter().enumerate() {
            places[species].push(row);
        }
        let rows = places.into_iter().enumerate();
        rows.filter(|(_, places)| !places.is_empty())
            .map(|(species, places)| Rows { species, places })
    }

    fn check<T>(
        &self,
        inputs: &SpeciesInputs<'_, T>,
        (what, output): (&'static str, usize),
    ) -> Result<(), KernelError> {
        let [size_in, size_out] = self.dims();
        let rows = inputs.species.len();
        check_length("the input", rows.saturating_mul(size_in), inputs.input.len())?;
        check_length("the parameters", self.num_parameters(), inputs.parameters.len())?;
        check_length(what, rows.saturating_mul(size_out), output)?;
        let above = |&(_, &species): &(usize, &usize)| species >= self.num_species;
        match inputs.species.iter().enumerate().find(above) {
            None => Ok(()),
            Some((row, &found)) => {
                Err(KernelError::Species { row, found, expected: self.num_species })
            }
        }
    }
}

impl<'a, T> SpeciesInputs<'a, T> {
    /// The features and parameters of all species.
    fn all(&self) -> LinearInputs<'a, T> {
        LinearInputs { input: self.input, parameters: self.parameters }
    }
}

/// The rows of one species, ascending.
struct Rows {
    species: usize,
    places: Vec<usize>,
}

impl Rows {
    /// The values of these rows: in place if nothing lies between them, or copied.
    fn gather<'a, T: Copy>(&self, values: &'a [T], size: usize) -> Cow<'a, [T]> {
        let Rows { places, .. } = self;
        if self.is_one_run() {
            return Cow::Borrowed(&values[places[0] * size..][..places.len() * size]);
        }
        let mut own = Vec::with_capacity(places.len() * size);
        places.iter().for_each(|row| own.extend_from_slice(&values[row * size..][..size]));
        Cow::Owned(own)
    }

    /// Lets `change` work on these rows of values as if nothing were between them.
    fn update<T: Copy>(
        &self,
        values: &mut [T],
        size: usize,
        change: impl FnOnce(&mut [T]) -> Result<(), KernelError>,
    ) -> Result<(), KernelError> {
        let Rows { places, .. } = self;
        if self.is_one_run() {
            return change(&mut values[places[0] * size..][..places.len() * size]);
        }
        let mut own = self.gather(values, size).into_owned();
        change(&mut own)?;
        for (row, own) in places.iter().zip(own.chunks_exact(size.max(1))) {
            values[row * size..][..size].copy_from_slice(own);
        }
        Ok(())
    }

    fn is_one_run(&self) -> bool {
        let last = self.places[self.places.len() - 1];
        last + 1 - self.places[0] == self.places.len()
    }
}
