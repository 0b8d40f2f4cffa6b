//! Reading irreps from text: the grammar of `8x0e + 4x1o` and its errors.
//!
//! A sum is nothing at all, or terms joined by `+`; a term is an irrep, or a
//! multiplicity, `x` and an irrep; an irrep is a degree and `e`, `o` or `y`, the
//! natural parity. White space may stand around every part, not inside a number.

use std::str::FromStr;

use super::{Irrep, Irreps, IrrepsError, MulIrrep, Parity, dim_with};

/// Parses `1o`; `1y` is the irrep of the harmonics of that degree, here `1o`.
impl FromStr for Irrep {
    type Err = IrrepsError;

    fn from_str(input: &str) -> Result<Self, IrrepsError> {
        let mut cursor = Cursor::new(input);
        let degree = cursor.number("a degree")?;
        let irrep = cursor.irrep(degree, "parity `e`, `o` or `y` after the degree")?;
        cursor.end("the end of the input after the irrep")?;
        Ok(irrep)
    }
}

/// Parses `4x1o`, or `1o` for `1x1o`.
impl FromStr for MulIrrep {
    type Err = IrrepsError;

    fn from_str(input: &str) -> Result<Self, IrrepsError> {
        let mut cursor = Cursor::new(input);
        let block = cursor.block("a multiplicity or a degree")?;
        cursor.end("the end of the input after the irrep")?;
        if block.checked_dim().is_none() {
            let start = input.len() - input.trim_start().len();
            return Err(cursor.dimension_error(block, start));
        }
        Ok(block)
    }
}

/// Parses blocks joined by `+`, such as `8x0e + 4x1o + 2e`; a text that is
/// empty or blank gives empty irreps.
impl FromStr for Irreps {
    type Err = IrrepsError;

    fn from_str(input: &str) -> Result<Self, IrrepsError> {
        let mut cursor = Cursor::new(input);
        let mut irreps = Irreps::default();
        let mut dim = 0;
        if cursor.peek().is_none() {
            return Ok(irreps);
        }
        let mut expected = "a multiplicity or a degree";
        loop {
            cursor.skip_space();
            let start = cursor.position;
            let block = cursor.block(expected)?;
            dim = dim_with(dim, block).ok_or_else(|| cursor.dimension_error(block, start))?;
            irreps.blocks.push(block);
            if !cursor.eat('+') {
                break;
            }
            expected = "a multiplicity or a degree after `+`";
        }
        cursor.end("`+` or the end of the input after the irrep")?;
        Ok(irreps)
    }
}

/// The digits of a number that is not yet known to be a multiplicity or a
/// degree.
#[derive(Clone, Copy)]
struct Number<'a> {
    digits: &'a str,
    position: usize,
}

/// A text and the place in it that is read next, always a character boundary.
struct Cursor<'a> {
    input: &'a str,
    position: usize,
}

impl<'a> Cursor<'a> {
    fn new(input: &'a str) -> Self {
        Cursor { input, position: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.input[self.position..]
    }

    fn skip_space(&mut self) {
        self.position = self.input.len() - self.rest().trim_start().len();
    }

    /// The next character that is not white space, which is passed over.
    fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.rest().chars().next()
    }

    /// Passes over `wanted` if it is next.
    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    fn number(&mut self, expected: &'static str) -> Result<Number<'a>, IrrepsError> {
        self.skip_space();
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return Err(self.syntax_error(expected));
        }
        let position = self.position;
        self.position += length;
        let digits = &rest[..length];
        Ok(Number { digits, position })
    }

    /// A term; `expected` is what to ask for where no number begins it.
    fn block(&mut self, expected: &'static str) -> Result<MulIrrep, IrrepsError> {
        let first = self.number(expected)?;
        if !self.eat('x') {
            let irrep = self.irrep(first, "`x`, or parity `e`, `o` or `y`, after the number")?;
            return Ok(MulIrrep::new(1, irrep));
        }
        let mul = self.value(first, "multiplicity", usize::MAX)?;
        let degree = self.number("a degree after `x`")?;
        let irrep = self.irrep(degree, "parity `e`, `o` or `y` after the degree")?;
        Ok(MulIrrep::new(mul, irrep))
    }

    /// The irrep of a degree that was just read and the parity that is next.
    fn irrep(&mut self, degree: Number, expected: &'static str) -> Result<Irrep, IrrepsError> {
        let Some(letter @ ('e' | 'o' | 'y')) = self.peek() else {
            return Err(self.syntax_error(expected));
        };
        self.eat(letter);
        let l = self.value(degree, "degree", Irrep::MAX_DEGREE)?;
        let parity = match letter {
            'e' => Parity::Even,
            'o' => Parity::Odd,
            _ => Parity::of_degree(l),
        };
        Ok(Irrep::new(l, parity))
    }

    fn value(
        &self,
        number: Number,
        quantity: &'static str,
        limit: usize,
    ) -> Result<usize, IrrepsError> {
        // Digits alone fail to parse only where the value is too large.
        let value: Option<usize> = number.digits.parse().ok();
        let within = value.filter(|value| *value <= limit);
        within.ok_or_else(|| IrrepsError::NumberTooLarge {
            quantity,
            limit,
            found: number.digits.to_string(),
            position: number.position,
            input: self.input.to_string(),
        })
    }

    fn end(&mut self, expected: &'static str) -> Result<(), IrrepsError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.syntax_error(expected)),
        }
    }

    fn syntax_error(&self, expected: &'static str) -> IrrepsError {
        let found = match self.rest().chars().next() {
            Some(c) => format!("`{}`", c.escape_debug()),
            None => "the end of the input".to_string(),
        };
        IrrepsError::Syntax {
            expected,
            found,
            position: self.position,
            input: self.input.to_string(),
        }
    }

    fn dimension_error(&self, block: MulIrrep, position: usize) -> IrrepsError {
        IrrepsError::TextDimensionTooLarge { block, position, input: self.input.to_string() }
    }
}
