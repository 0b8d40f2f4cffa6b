//! Irreps: the values e3nn documents, exact error messages, and the laws that
//! hold for any irreps.

use proptest::prelude::*;
use tesseral::equivariance::{FeatureNormalization, Random};
use tesseral::error::ExpectedLength;
use tesseral::irreps::{Irrep, Irreps, IrrepsError, MulIrrep, Parity};

fn irrep(text: &str) -> Irrep {
    text.parse().unwrap()
}

fn irreps(text: &str) -> Irreps {
    text.parse().unwrap()
}

/// Asserts the message and position of the error of parsing irreps.
fn assert_refused(input: &str, position: usize, message: &str) {
    let error = input.parse::<Irreps>().unwrap_err();
    let place = format!(" at position {position} of {input:?}");
    assert_eq!(error.to_string(), format!("{message}{place}"));
    assert_eq!(error.position(), Some(position));
}

// One irrep.

#[test]
fn parities_multiply_as_their_signs() {
    for a in [Parity::Even, Parity::Odd] {
        for b in [Parity::Even, Parity::Odd] {
            assert_eq!((a * b).sign(), a.sign() * b.sign());
        }
    }
    assert_eq!(Parity::of_degree(0), Parity::Even);
    assert_eq!(Parity::of_degree(1), Parity::Odd);
    assert_eq!(Parity::of_degree(2), Parity::Even);
    assert_eq!(format!("{}{}", Parity::Even, Parity::Odd), "eo");
}

#[test]
fn irreps_are_ordered_as_in_e3nn() {
    let ordered = ["0e", "0o", "1o", "1e", "2e", "2o", "3o", "3e"].map(irrep);
    assert!(ordered.is_sorted_by(|a, b| a < b));
}

#[test]
fn an_irrep_has_dimension_and_name() {
    assert_eq!(irrep("2o").dim(), 5);
    assert_eq!(irrep(" 2o "), Irrep::new(2, Parity::Odd));
    assert_eq!(irrep("12e").to_string(), "12e");
    assert_eq!((irrep("11y"), irrep("12y")), (irrep("11o"), irrep("12e")));
    assert_eq!(Irrep::spherical_harmonic(1), irrep("1o"));
    assert!(irrep("0e").is_scalar());
    assert!(!irrep("0o").is_scalar());
}

#[test]
fn the_largest_degree_has_a_dimension() {
    let largest = Irrep::new(Irrep::MAX_DEGREE, Parity::Even);
    assert_eq!(largest.dim(), usize::MAX);
    let beyond = Irrep::new(Irrep::MAX_DEGREE + 1, Parity::Even);
    assert_eq!(beyond.checked_dim(), None);
}

#[test]
fn products_of_irreps_follow_the_selection_rule() {
    let products = |a, b| irrep(a).product(irrep(b)).collect::<Vec<_>>();
    assert_eq!(products("1o", "1o"), ["0e", "1e", "2e"].map(irrep));
    assert_eq!(products("2e", "1o"), ["1o", "2o", "3o"].map(irrep));
    assert_eq!(products("0o", "3e"), ["3o"].map(irrep));
    let some: Vec<_> = irrep("2e").product_up_to(irrep("1o"), 2).collect();
    assert_eq!(some, ["1o", "2o"].map(irrep));
    assert_eq!(irrep("3e").product_up_to(irrep("1o"), 1).count(), 0);
    let reversed: Vec<_> = (irrep("1o") * irrep("1e")).rev().collect();
    assert_eq!(reversed, ["2o", "1o", "0o"].map(irrep));
}

#[test]
fn parsing_one_irrep_or_block_takes_nothing_more() {
    let message = |text: &str| text.parse::<Irrep>().unwrap_err().to_string();
    assert_eq!(message(""), "expected a degree, found the end of the input at position 0 of \"\"");
    assert_eq!(
        message("2x1o"),
        "expected parity `e`, `o` or `y` after the degree, found `x` at position 1 of \"2x1o\""
    );
    let block: MulIrrep = " 4 x 1o ".parse().unwrap();
    assert_eq!(block, MulIrrep::new(4, irrep("1o")));
    assert_eq!(block.dim(), 12);
    assert_eq!(
        "4x1o+0e".parse::<MulIrrep>().unwrap_err().to_string(),
        "expected the end of the input after the irrep, found `+` at position 4 of \"4x1o+0e\""
    );
    let error = format!(" {}x1o", usize::MAX).parse::<MulIrrep>().unwrap_err();
    assert_eq!(error.position(), Some(1));
}

// Parsing.

#[test]
fn parses_and_displays() {
    for (text, shown) in [
        ("", ""),
        (" \t", ""),
        ("0e", "1x0e"),
        ("0e+1o", "1x0e+1x1o"),
        ("8x0e + 4x1o", "8x0e+4x1o"),
        ("  8 x 0 e+4x1o\n", "8x0e+4x1o"),
        ("100x0e + 50x1e + 0x2e", "100x0e+50x1e+0x2e"),
        ("007x02e", "7x2e"),
        ("8x0y + 4x1y + 2 y+3y", "8x0e+4x1o+1x2e+1x3o"),
    ] {
        assert_eq!(irreps(text).to_string(), shown);
    }
}

#[test]
fn refuses_what_is_not_irreps() {
    let number = "expected a multiplicity or a degree";
    let parity = "expected parity `e`, `o` or `y` after the degree";
    let after = "expected `x`, or parity `e`, `o` or `y`, after the number";
    let plus = "expected `+` or the end of the input after the irrep";
    let end = "the end of the input";
    assert_refused("8x0f", 3, &format!("{parity}, found `f`"));
    assert_refused("8x0", 3, &format!("{parity}, found {end}"));
    assert_refused("0e + 8x1E", 8, &format!("{parity}, found `E`"));
    assert_refused("8x1.5e", 3, &format!("{parity}, found `.`"));
    assert_refused("8", 1, &format!("{after}, found {end}"));
    assert_refused("1n", 1, &format!("{after}, found `n`"));
    assert_refused("1yo", 2, &format!("{plus}, found `o`"));
    assert_refused("1 2e", 2, &format!("{after}, found `2`"));
    assert_refused("8xe", 2, "expected a degree after `x`, found `e`");
    assert_refused("8x", 2, &format!("expected a degree after `x`, found {end}"));
    assert_refused("8x-1e", 2, "expected a degree after `x`, found `-`");
    assert_refused("e", 0, &format!("{number}, found `e`"));
    assert_refused("x1o", 0, &format!("{number}, found `x`"));
    assert_refused(" -1x0e", 1, &format!("{number}, found `-`"));
    assert_refused("+0e", 0, &format!("{number}, found `+`"));
    assert_refused("0e+", 3, &format!("{number} after `+`, found {end}"));
    assert_refused("0e + ", 5, &format!("{number} after `+`, found {end}"));
    assert_refused("0e++1o", 3, &format!("{number} after `+`, found `+`"));
    assert_refused("8x0e 4x1o", 5, &format!("{plus}, found `4`"));
    assert_refused("8x0e, 4x1o", 4, &format!("{plus}, found `,`"));
    assert_refused("8x0eo", 4, &format!("{plus}, found `o`"));
}

#[test]
fn refuses_other_characters_at_their_byte() {
    let number = "expected a multiplicity or a degree";
    assert_refused("é", 0, &format!("{number}, found `é`"));
    assert_refused(
        "8×0e",
        1,
        "expected `x`, or parity `e`, `o` or `y`, after the number, found `×`",
    );
    assert_refused("0e\u{a0}+ 🦀", 6, &format!("{number} after `+`, found `🦀`"));
    // Digits of other scripts are not digits here.
    assert_refused("٣x0e", 0, &format!("{number}, found `٣`"));
    assert_refused("\0", 0, &format!("{number}, found `\\0`"));
}

#[test]
fn refuses_numbers_that_are_too_large() {
    let digits = "99999999999999999999999999999999999999999";
    let (mul, degree) = (usize::MAX, Irrep::MAX_DEGREE);
    let message = format!("expected a multiplicity up to {mul}, found `{digits}`");
    assert_refused(&format!("{digits}x0e"), 0, &message);
    let message = format!("expected a degree up to {degree}, found `{digits}`");
    assert_refused(&format!("0e + 2x{digits}o"), 7, &message);
    let beyond = degree + 1;
    let message = format!("expected a degree up to {degree}, found `{beyond}`");
    assert_refused(&format!("0x{beyond}e"), 2, &message);
}

#[test]
fn refuses_dimensions_that_are_too_large() {
    let max = usize::MAX;
    let message = format!("expected a total dimension up to {max}, found a larger one on adding ");
    assert_eq!(irreps(&format!("{max}x0e")).dim(), max);
    assert_refused(&format!("{max}x1e"), 0, &format!("{message}`{max}x1e`"));
    assert_refused(
        &format!("{max}x0e + 0o"),
        format!("{max}x0e + ").len(),
        &format!("{message}`1x0o`"),
    );
    let built = Irreps::new([(max, irrep("0e")), (1, irrep("1o"))]).unwrap_err();
    assert_eq!(built.to_string(), format!("{message}`1x1o`"));
    assert_eq!(built.position(), None);
    let degree = Irrep::new(usize::MAX, Parity::Even);
    assert!(Irreps::new([(0, degree)]).is_err());
}

// Building and asking.

#[test]
fn constructors_give_what_e3nn_gives() {
    let harmonics = Irreps::spherical_harmonics(3);
    assert_eq!(harmonics, irreps("1x0e+1x1o+1x2e+1x3o"));
    assert_eq!(harmonics.dim(), 16);
    assert_eq!(Irreps::scalars(5), irreps("5x0e"));
    let collected: Irreps = [irrep("0e"), irrep("2e")].into_iter().collect();
    assert_eq!(collected, irreps("0e+2e"));
    assert_eq!(Irreps::new([(2, irrep("1o"))]), Ok(irreps("2x1o")));
    let x = irreps("2x1o+0e");
    assert_eq!(Irreps::new(&x), Ok(x));
}

#[test]
fn sizes_are_those_e3nn_documents() {
    let x = irreps("3x0e + 2x1e");
    assert_eq!((x.dim(), x.num_irreps(), x.lmax()), (9, 5, Some(1)));
    assert_eq!(x.degrees().collect::<Vec<_>>(), [0, 0, 0, 1, 1]);
    assert_eq!(irreps("100x0e + 50x1e").dim(), 250);
    assert_eq!(irreps("100x0e + 50x1e + 0x2e").lmax(), Some(1));
    assert_eq!(Irreps::default().lmax(), None);
    assert_eq!(irreps("0x2e").lmax(), None);
}

#[test]
fn slices_cover_the_blocks() {
    assert_eq!(irreps("2x0e + 1e").slices(), [0..2, 2..5]);
    let x = irreps("2x1o + 0e + 0x2e + 1e");
    assert_eq!(x.slices(), [0..6, 6..7, 7..7, 7..10]);
    assert_eq!(x.slices_of_degree(1), [0..6, 7..10]);
    assert!(x.slices_of_degree(3).is_empty());
}

#[test]
fn blocks_are_reached_by_index_and_iteration() {
    let x = irreps("2x1o + 0e");
    assert_eq!((x.len(), x.is_empty()), (2, false));
    assert_eq!(x[1], MulIrrep::new(1, irrep("0e")));
    assert_eq!(x.get(2), None);
    assert_eq!(x.iter().copied().collect::<Irreps>(), x);
    assert_eq!((&x).into_iter().collect::<Irreps>(), x);
    assert_eq!(x.as_slice().len(), 2);
}

#[test]
fn scalars_are_counted() {
    assert!(!irreps("2x0e + 3x1o").is_scalar());
    assert!(irreps("2x0e + 2x0e").is_scalar());
    assert!(!irreps("0o").is_scalar());
    assert!(!Irreps::default().is_scalar());
    assert_eq!(irreps("2x0e + 0o + 3x1o + 0e").num_scalars(), 3);
    assert_eq!(irreps("2x0e + 3x1o").count(irrep("1o")), 3);
    assert_eq!(irreps("2x0e + 3x1o").count(irrep("1e")), 0);
}

// Rearranging.

#[test]
fn sums_and_repetitions_keep_the_blocks() {
    let x = irreps("0e + 1e");
    assert_eq!(&x + &irreps("2o"), irreps("0e+1e+2o"));
    assert_eq!(x.clone() * 2, irreps("1x0e+1x1e+1x0e+1x1e"));
    assert_eq!((irreps("2x1e") * 3).simplify(), irreps("6x1e"));
    assert_eq!(x.try_repeat(0), Ok(Irreps::default()));
    assert_eq!(Irreps::default().try_repeat(usize::MAX), Ok(Irreps::default()));
}

#[test]
fn sums_and_repetitions_that_are_too_large_are_refused() {
    let max = usize::MAX;
    let message = format!("expected a total dimension up to {max}, found a larger one on adding ");
    let large = Irreps::scalars(max);
    let sum = large.try_concat(&irreps("0e+1o")).unwrap_err();
    assert_eq!(sum.to_string(), format!("{message}`1x0e+1x1o`"));
    let repeated = irreps("1o").try_repeat(max).unwrap_err();
    assert_eq!(repeated.to_string(), format!("{message}`1x1o` {max} times"));
    let blocks = irreps("0x0e+0x1o").try_repeat(max).unwrap_err();
    assert_eq!(
        blocks.to_string(),
        format!("expected a number of blocks that fits in memory, found 2 times {max}")
    );
}

#[test]
#[should_panic(expected = "expected a total dimension up to")]
fn a_sum_that_is_too_large_panics_with_the_message() {
    let _ = Irreps::scalars(usize::MAX) + irreps("0e");
}

#[test]
#[should_panic(expected = "the spherical harmonics up to degree")]
fn spherical_harmonics_that_are_too_many_panic_with_the_message() {
    Irreps::spherical_harmonics(usize::MAX);
}

#[test]
fn sorting_gives_e3nn_permutations() {
    assert_eq!(irreps("1e + 0e + 1e").sort().irreps, irreps("1x0e+1x1e+1x1e"));
    let sorted = irreps("2o + 1e + 0e + 1e").sort();
    assert_eq!(sorted.permutation, [3, 1, 0, 2]);
    assert_eq!(sorted.inverse, [2, 1, 3, 0]);
    // Stable: by irrep alone, not by multiplicity.
    assert_eq!(irreps("3x1o + 2x1o").sort().irreps, irreps("3x1o+2x1o"));
}

#[test]
fn simplifying_merges_neighbours_only() {
    assert_eq!(irreps("1e + 1e + 0e").simplify(), irreps("2x1e+1x0e"));
    assert_eq!(irreps("1e + 1e + 0e + 1e").simplify(), irreps("2x1e+1x0e+1x1e"));
    assert_eq!(irreps("1e + 0x0e + 1e").simplify(), irreps("2x1e"));
    assert_eq!(irreps("1e + 0e + 1e + 0x2e").regroup(), irreps("0e + 2x1e"));
    let zeros = irreps("4x0e + 0x1o + 2x3e");
    assert_eq!(zeros.remove_zero_multiplicities(), irreps("4x0e+2x3e"));
}

#[test]
fn all_irreps_up_to_a_degree_in_the_order_of_e3nn() {
    let names: Vec<String> = Irrep::up_to(2).map(|irrep| irrep.to_string()).collect();
    assert_eq!(names, ["0e", "0o", "1o", "1e", "2e", "2o"]);
    assert!(Irrep::up_to(9).is_sorted());
    assert!(Irrep::up_to(9).rev().is_sorted_by(|a, b| a > b));
}

#[test]
fn harmonics_of_a_pseudovector_are_even() {
    assert_eq!(Irreps::spherical_harmonics_of(2, Parity::Even), irreps("0e + 1e + 2e"));
    assert_eq!(Irreps::spherical_harmonics_of(2, Parity::Odd), Irreps::spherical_harmonics(2));
}

#[test]
fn irreps_are_contained_where_they_have_copies() {
    let some = irreps("8x0e + 0x1e + 4x1o");
    assert!(some.contains(irrep("0e")) && some.contains(irrep("1o")));
    assert!(!some.contains(irrep("1e")) && !some.contains(irrep("0o")));
}

#[test]
fn ranges_of_blocks_are_irreps() {
    let all = irreps("8x0e + 4x1o + 2x2e");
    assert_eq!(all.get_range(..), Some(all.clone()));
    assert_eq!(all.get_range(1..=1), Some(irreps("4x1o")));
    assert_eq!(all.get_range(3..), Some(Irreps::default()));
    assert_eq!(all.get_range(4..), None);
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    let reversed = all.get_range(2..1);
    assert_eq!(reversed, None);
}

#[test]
fn multiplicities_have_a_common_divisor() {
    assert_eq!(irreps("8x0e + 12x1o + 0x2e").mul_gcd(), 4);
    assert_eq!(irreps("8x0e + 3x1o").mul_gcd(), 1);
    assert_eq!(irreps("0x0e").mul_gcd(), 0);
    assert_eq!(Irreps::default().mul_gcd(), 0);
}

#[test]
fn blocks_and_irreps_add_up() {
    let sum: Irreps = ["2x0e", "1o", ""].map(irreps).into_iter().sum();
    assert_eq!(sum, irreps("2x0e + 1o"));
    assert_eq!(Irreps::from(irrep("1o")), irreps("1o"));
    assert_eq!(Irreps::from(MulIrrep::new(3, irrep("1o"))), irreps("3x1o"));
}

#[test]
#[should_panic(expected = "expected a total dimension up to")]
fn a_block_that_is_too_large_panics_with_the_message() {
    let _ = Irreps::from(MulIrrep::new(usize::MAX, irrep("1o")));
}

#[test]
fn features_are_sorted_with_their_blocks() {
    let sorted = irreps("1o + 2x0e + 0x3e + 1o + 0o").sort();
    let x: Vec<usize> = (0..18).collect();
    let mut out = [99; 18];
    sorted.sort_features(&x, &mut out).unwrap();
    let first = [3, 4, 8, 0, 1, 2, 5, 6, 7];
    assert_eq!(out[..9], first);
    assert_eq!(out[9..], first.map(|index| index + 9));
    let mut back = [99; 18];
    sorted.unsort_features(&out, &mut back).unwrap();
    assert_eq!(back.to_vec(), x);

    let nothing = Irreps::default().sort();
    assert_eq!(nothing.sort_features::<f32>(&[], &mut []), Ok(()));
    assert_eq!(
        sorted.sort_features(&[0; 10], &mut [0; 10]).unwrap_err().to_string(),
        "the slice of the input has length 10, expected a multiple of 9"
    );
    assert_eq!(
        sorted.unsort_features(&[0; 9], &mut [0; 8]).unwrap_err().to_string(),
        "the slice of the output has length 8, expected 9"
    );
}

#[test]
fn random_features_have_the_size_they_are_asked_for() {
    let some = irreps("2x0e + 0x2e + 3x1o + 1x4e");
    let x = Random::new(5).features(&some, 400, FeatureNormalization::Component);
    assert_eq!(x.len(), 400 * 20);
    // A mean of 8000 squares has the deviation √(2/8000) = 0.016.
    let mean = x.iter().map(|entry| entry * entry).sum::<f64>() / 8000.0;
    assert!((mean - 1.0).abs() < 0.08, "{mean}");
    assert_eq!(x, Random::new(5).features(&some, 400, FeatureNormalization::Component));

    let x = Random::new(5).features(&some, 2, FeatureNormalization::Norm);
    for row in x.chunks_exact(20) {
        for range in [0..1, 1..2, 2..5, 5..8, 8..11, 11..20] {
            let square: f64 = row[range].iter().map(|entry| entry * entry).sum();
            assert!((square - 1.0).abs() < 4.0 * f64::EPSILON);
        }
    }
    assert!(Random::new(5).features(&Irreps::default(), 3, Default::default()).is_empty());
}

#[cfg(feature = "serde")]
#[test]
fn irreps_in_files_are_text() {
    let all = irreps("8x0e + 4x1o");
    assert_eq!(serde_json::to_string(&all).unwrap(), "\"8x0e+4x1o\"");
    assert_eq!(serde_json::to_string(&(irrep("1o"), all[1])).unwrap(), "[\"1o\",\"4x1o\"]");
    let read: (Irrep, MulIrrep, Irreps) =
        serde_json::from_str("[\"1o\", \"4x1o\", \"8x0e + 4x1o\"]").unwrap();
    assert_eq!(read, (irrep("1o"), all[1], all));
    assert_eq!(serde_json::from_str::<Irreps>("\"\"").unwrap(), Irreps::default());
    let error = serde_json::from_str::<Irreps>("\"8x0f\"").unwrap_err().to_string();
    assert!(
        error.starts_with("expected parity `e`, `o` or `y` after the degree, found `f`"),
        "{error}"
    );
    let error = serde_json::from_str::<Irreps>("3").unwrap_err().to_string();
    assert!(error.contains("expected a text such as \"8x0e+4x1o\""), "{error}");
}

#[test]
fn filters_keep_the_order() {
    let x = irreps("1e + 2e + 0e");
    assert_eq!(x.filter_keep(&[irrep("0e"), irrep("1e")]), irreps("1x1e+1x0e"));
    assert_eq!(x.filter_drop(&[irrep("0e"), irrep("1e")]), irreps("2e"));
    assert_eq!(x.filter_lmax(1), irreps("1e + 0e"));
    assert_eq!(x.filter(|block| block.irrep.l > 0), irreps("1e + 2e"));
}

// Tensor products.

#[test]
fn tensor_products_have_the_documented_irreps() {
    let product = |a, b, lmax| irreps(a).tensor_product(&irreps(b), lmax);
    assert_eq!(product("1o", "1o", None), irreps("0e+1e+2e"));
    let full = product("2x1o+1x0o", "2x1o+1x0e", None);
    assert_eq!(full, irreps("4x0e+1x0o+2x1o+6x1e+4x2e"));
    assert_eq!(product("2x1o", "3x2e", Some(1)), irreps("6x1o"));
    assert_eq!(product("1o", "3o", Some(1)), Irreps::default());
    assert_eq!(product("0x1o", "1o", None), Irreps::default());
}

#[test]
fn tensor_products_that_are_too_large_are_refused() {
    let large = irreps(&format!("{}x0e", usize::MAX));
    let error = large.try_tensor_product(&irreps("0o + 2x0e"), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "expected a total dimension up to {max}, found a larger one on adding \
             the product of `{max}x0e` and `2x0e`",
            max = usize::MAX
        )
    );
    let degree = irreps(&format!("{}e", Irrep::MAX_DEGREE));
    assert!(degree.try_tensor_product(&degree, None).is_err());
    assert_eq!(degree.tensor_product(&degree, Some(0)), irreps("0e"));
}

// Layouts.

#[test]
fn layouts_transpose_each_block_of_each_row() {
    let x = irreps("2x0e + 2x1o");
    let rows = [0, 1, 10, 11, 12, 20, 21, 22, 2, 3, 30, 31, 32, 40, 41, 42];
    let mut out = [0; 16];
    x.to_ir_mul(&rows, &mut out).unwrap();
    let expected = [0, 1, 10, 20, 11, 21, 12, 22, 2, 3, 30, 40, 31, 41, 32, 42];
    assert_eq!(out, expected);
    let mut back = [0; 16];
    x.to_mul_ir(&out, &mut back).unwrap();
    assert_eq!(back, rows);
}

#[test]
fn layouts_refuse_other_lengths() {
    let x = irreps("0e + 2x1o");
    let input = x.to_ir_mul(&[0; 8], &mut [0; 8]).unwrap_err();
    let IrrepsError::Length(input) = input else { panic!("{input:?}") };
    assert_eq!((input.expected, input.found), (ExpectedLength::MultipleOf(7), 8));
    assert_eq!(input.to_string(), "the slice of the input has length 8, expected a multiple of 7");
    let output = x.to_mul_ir(&[0; 14], &mut [0; 7]).unwrap_err();
    assert_eq!(output.to_string(), "the slice of the output has length 7, expected 14");
    let none = irreps("0x1o");
    assert_eq!(none.to_ir_mul::<f32>(&[], &mut []), Ok(()));
    assert!(none.to_ir_mul(&[1.0], &mut [0.0]).is_err());
}

// Laws.

fn any_irrep() -> impl Strategy<Value = Irrep> {
    (0..5usize, any::<bool>()).prop_map(|(l, odd)| {
        let parity = if odd { Parity::Odd } else { Parity::Even };
        Irrep::new(l, parity)
    })
}

fn any_irreps() -> impl Strategy<Value = Irreps> {
    let blocks = prop::collection::vec((0..4usize, any_irrep()), 0..7);
    blocks.prop_map(|blocks| blocks.into_iter().collect())
}

/// Asserts that what parses is read back from its display, and that an error
/// points at a character of the text or its end.
fn check_any_text(text: &str) {
    match text.parse::<Irreps>() {
        Ok(parsed) => assert_eq!(irreps(&parsed.to_string()), parsed),
        Err(error) => assert!(text.is_char_boundary(error.position().unwrap())),
    }
}

proptest! {
    #[test]
    fn display_parses_back(x in any_irreps()) {
        prop_assert_eq!(irreps(&x.to_string()), x.clone());
        let spaced = x.to_string().replace('+', " + ").replace('x', " x ");
        prop_assert_eq!(irreps(&spaced), x);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        check_any_text(&text);
    }

    #[test]
    fn texts_near_the_grammar_are_parsed_or_refused(text in "[0-9xeoy+ é-]{0,12}") {
        check_any_text(&text);
    }

    #[test]
    fn dimensions_add_and_multiply(x in any_irreps(), y in any_irreps(), n in 0..5usize) {
        prop_assert_eq!((&x + &y).dim(), x.dim() + y.dim());
        prop_assert_eq!((&x * n).dim(), x.dim() * n);
        prop_assert_eq!((&x + &y).num_irreps(), x.num_irreps() + y.num_irreps());
        prop_assert_eq!(x.degrees().map(|l| 2 * l + 1).sum::<usize>(), x.dim());
        prop_assert_eq!(x.degrees().max(), x.lmax());
    }

    #[test]
    fn slices_tile_the_dimension(x in any_irreps()) {
        let mut end = 0;
        for (block, slice) in x.iter().zip(x.slices()) {
            prop_assert_eq!(slice.start, end);
            prop_assert_eq!(slice.len(), block.dim());
            end = slice.end;
        }
        prop_assert_eq!(end, x.dim());
    }

    #[test]
    fn sort_permutes_stably(x in any_irreps()) {
        let sorted = x.sort();
        for i in 0..x.len() {
            prop_assert_eq!(sorted.irreps[sorted.permutation[i]], x[i]);
            prop_assert_eq!(sorted.irreps[i], x[sorted.inverse[i]]);
            prop_assert_eq!(sorted.inverse[sorted.permutation[i]], i);
        }
        for j in 1..x.len() {
            let before = (sorted.irreps[j - 1].irrep, sorted.inverse[j - 1]);
            prop_assert!(before < (sorted.irreps[j].irrep, sorted.inverse[j]));
        }
    }

    #[test]
    fn regrouping_keeps_counts(x in any_irreps(), ir in any_irrep()) {
        let regrouped = x.regroup();
        prop_assert_eq!(regrouped.count(ir), x.count(ir));
        prop_assert_eq!(x.simplify().count(ir), x.count(ir));
        prop_assert_eq!(regrouped.dim(), x.dim());
        prop_assert_eq!(regrouped.regroup(), regrouped.clone());
        let strictly = regrouped.as_slice().is_sorted_by(|a, b| a.irrep < b.irrep);
        prop_assert!(strictly);
    }

    #[test]
    fn simplifying_twice_changes_nothing(x in any_irreps()) {
        let simple = x.simplify();
        prop_assert_eq!(simple.simplify(), simple.clone());
        prop_assert!(simple.iter().all(|block| block.mul > 0));
    }

    #[test]
    fn filters_split_the_blocks(x in any_irreps(), ir in any_irrep(), lmax in 0..5usize) {
        let (kept, rest) = (x.filter_keep(&[ir]), x.filter_drop(&[ir]));
        prop_assert_eq!(kept.len() + rest.len(), x.len());
        prop_assert_eq!(kept.num_irreps(), x.count(ir));
        prop_assert!(x.filter_lmax(lmax).lmax().is_none_or(|l| l <= lmax));
    }

    #[test]
    fn irrep_products_have_the_product_dimension(a in any_irrep(), b in any_irrep(), c in any_irrep()) {
        prop_assert_eq!((a * b).map(Irrep::dim).sum::<usize>(), a.dim() * b.dim());
        let listed = a.product(b).any(|output| output == c);
        prop_assert_eq!(a.product_contains(b, c), listed);
    }

    #[test]
    fn tensor_products_agree_with_pairs(x in any_irreps(), y in any_irreps(), lmax in 0..9usize) {
        let full = x.tensor_product(&y, None);
        prop_assert_eq!(full.dim(), x.dim() * y.dim());
        prop_assert_eq!(y.tensor_product(&x, None), full.clone());
        prop_assert_eq!(x.tensor_product(&y, Some(lmax)), full.filter_lmax(lmax));
        let mut pairs = Vec::new();
        for a in &x {
            for b in &y {
                pairs.extend((a.irrep * b.irrep).map(|c| (a.mul * b.mul, c)));
            }
        }
        prop_assert_eq!(Irreps::new(pairs).unwrap().regroup(), full);
    }

    #[test]
    fn layouts_invert_each_other(x in any_irreps(), rows in 0..3usize) {
        let features: Vec<usize> = (0..rows * x.dim()).collect();
        let mut other = vec![0; features.len()];
        x.to_ir_mul(&features, &mut other).unwrap();
        for row in 0..rows {
            let offset = row * x.dim();
            for (block, slice) in x.iter().zip(x.slices()) {
                let start = offset + slice.start;
                for copy in 0..block.mul {
                    for m in 0..block.irrep.dim() {
                        let mul_ir = features[start + copy * block.irrep.dim() + m];
                        prop_assert_eq!(other[start + m * block.mul + copy], mul_ir);
                    }
                }
            }
        }
        let mut back = vec![0; features.len()];
        x.to_mul_ir(&other, &mut back).unwrap();
        prop_assert_eq!(back, features);
    }
}
