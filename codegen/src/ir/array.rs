//! Arrays: what programs read and what they write, by name, shape and sharing.

use super::Id;

/// Who has a value of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// Each lane has a value of its own.
    PerLane,
    /// All lanes have the same value. An output of this kind that is added to is a sum over lanes.
    Shared,
}

/// What is done with an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Write {
    /// It becomes the value.
    Set,
    /// The value is added to it.
    Add,
}

/// An array that a program reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name, such as `g`.
    pub name: &'static str,
    /// Its lengths, outermost first; none for a number.
    pub shape: Vec<usize>,
    /// Who has a value.
    pub sharing: Sharing,
    /// The names of its elements, innermost axis contiguous.
    pub elements: Vec<String>,
}

impl Input {
    /// The point `r`, whose elements are `x`, `y` and `z`, one for each lane.
    pub fn point() -> Input {
        let elements = ["x", "y", "z"].map(String::from).to_vec();
        Input { name: "r", shape: vec![3], sharing: Sharing::PerLane, elements }
    }

    /// An array with one value for each lane, whose elements are called by their name and index,
    /// as `g3`.
    pub fn array(name: &'static str, shape: Vec<usize>) -> Input {
        let count: usize = shape.iter().product();
        let elements = (0..count).map(|index| format!("{name}{index}")).collect();
        Input { name, shape, sharing: Sharing::PerLane, elements }
    }

    /// A number for each lane.
    pub fn number(name: &'static str) -> Input {
        let elements = vec![name.to_string()];
        Input { name, shape: Vec::new(), sharing: Sharing::PerLane, elements }
    }

    /// Whether it is an array whose elements are called by its name and an index.
    pub fn is_indexed(&self) -> bool {
        let indexed =
            |(index, element): (usize, &String)| *element == format!("{}{index}", self.name);
        !self.shape.is_empty() && self.elements.iter().enumerate().all(indexed)
    }

    /// The same, shared by all lanes.
    pub fn shared(self) -> Input {
        Input { sharing: Sharing::Shared, ..self }
    }
}

/// An array that a program writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What it holds, such as `values`.
    pub name: &'static str,
    /// Its lengths, outermost first; none for a number.
    pub shape: Vec<usize>,
    /// Who has a value.
    pub sharing: Sharing,
    /// Whether it is set or added to.
    pub write: Write,
    /// Its values, innermost axis contiguous.
    pub values: Vec<Id>,
}

impl Output {
    /// An output that is set, one for each lane.
    pub fn new(name: &'static str, shape: Vec<usize>, values: Vec<Id>) -> Output {
        Output { name, shape, sharing: Sharing::PerLane, write: Write::Set, values }
    }

    /// The same, added to.
    pub fn added(self) -> Output {
        Output { write: Write::Add, ..self }
    }

    /// The same, shared by all lanes.
    pub fn shared(self) -> Output {
        Output { sharing: Sharing::Shared, ..self }
    }
}
