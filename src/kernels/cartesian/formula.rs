//! Formulas of index symmetries: `ij=ji`, `ij=-ji`, `ijkl=jikl=klij`.

use super::CartesianError;

/// The highest rank.
pub(super) const MAX_RANK: usize = 4;

/// A permutation of indices and its sign: T[i0, i1, …] = sign · T[i_p0, i_p1, …].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symmetry {
    pub places: Vec<usize>,
    pub negative: bool,
}

impl Symmetry {
    /// This one after the other.
    fn after(&self, other: &Symmetry) -> Symmetry {
        let places = self.places.iter().map(|&place| other.places[place]).collect();
        Symmetry { places, negative: self.negative != other.negative }
    }
}

/// The rank of a formula and the group of its symmetries, the identity among them. A group that has
/// a permutation with both signs leaves no tensor but zero.
pub(super) fn parse(formula: &str) -> Result<(usize, Vec<Symmetry>), CartesianError> {
    let mut terms = formula.split('=').map(str::trim);
    let first = terms.next().unwrap_or_default();
    let indices = indices(formula, first, first)?;
    let rank = indices.len();
    let mut group = vec![Symmetry { places: (0..rank).collect(), negative: false }];
    let mut generators = Vec::new();
    for term in terms {
        let (negative, letters) = match term.strip_prefix('-') {
            Some(letters) => (true, letters.trim_start()),
            None => (false, term.strip_prefix('+').unwrap_or(term).trim_start()),
        };
        let found = self::indices(formula, term, letters)?;
        let place = |letter: &char| indices.iter().position(|other| other == letter);
        let places: Option<Vec<usize>> = found.iter().map(place).collect();
        match places.filter(|places| places.len() == rank) {
            Some(places) => generators.push(Symmetry { places, negative }),
            None => {
                let (formula, term, first) = (formula.into(), term.into(), first.into());
                return Err(CartesianError::Permutation { formula, term, first });
            }
        }
    }
    // Products with the generators until there is nothing new: the group is finite.
    let mut next = 0;
    while next < group.len() {
        for generator in &generators {
            let product = generator.after(&group[next]);
            if !group.contains(&product) {
                group.push(product);
            }
        }
        next += 1;
    }
    Ok((rank, group))
}

/// The letters of a term, each once.
fn indices(formula: &str, term: &str, letters: &str) -> Result<Vec<char>, CartesianError> {
    let (formula, term) = (formula.to_owned(), term.to_owned());
    let letters: Vec<char> = letters.chars().collect();
    if let Some(&found) = letters.iter().find(|letter| !letter.is_ascii_lowercase()) {
        return Err(CartesianError::Letter { formula, term, found });
    }
    if !(1..=MAX_RANK).contains(&letters.len()) {
        return Err(CartesianError::Rank { formula, term, found: letters.len() });
    }
    let again =
        letters.iter().enumerate().find(|(place, letter)| letters[..*place].contains(letter));
    match again {
        Some((_, &found)) => Err(CartesianError::Repeated { formula, term, found }),
        None => Ok(letters),
    }
}
