//! A fresh derivation gives what the snapshot holds, and coupling agrees with independent values.

use std::collections::BTreeMap;

use tesseral_codegen::emit::rounding;
use tesseral_codegen::tables::{COUPLING_LMAX, LMAX_LIMIT, snapshot};

#[cfg(feature = "symbolica")]
mod derived {
    use super::*;
    use tesseral_codegen::derive;

    #[test]
    fn a_fresh_derivation_equals_the_snapshot_entry_by_entry() {
        let derived = derive::tables(LMAX_LIMIT).expect("every proof holds");
        let stored = snapshot::read(LMAX_LIMIT).expect("the snapshot is readable");
        for l in 0..=LMAX_LIMIT {
            assert_eq!(derived.harmonics.degrees[l], stored.harmonics.degrees[l], "degree {l}");
            assert_eq!(derived.harmonics.xy_parts[l], stored.harmonics.xy_parts[l], "order {l}");
        }
        for (degrees, symbols) in derived.coupling.symbols() {
            assert_eq!(Some(symbols), stored.coupling.symbols().get(degrees), "{degrees:?}");
        }
        assert_eq!(derived, stored);
    }

    #[test]
    fn a_lower_degree_is_the_beginning_of_a_higher() {
        let stored = snapshot::read(LMAX_LIMIT).expect("the snapshot is readable");
        for lmax in [0, 3] {
            let derived = derive::tables(lmax).expect("every proof holds");
            assert_eq!(derived, stored.truncated(lmax));
        }
    }

    #[test]
    fn degrees_above_the_limit_are_refused() {
        let error = derive::tables(LMAX_LIMIT + 1).expect_err("21 is above the limit");
        assert_eq!(error.to_string(), "cannot derive to degree 21: the highest is 20");
    }
}

#[test]
fn the_snapshot_round_trips_and_its_couplings_are_proved() {
    let stored = snapshot::read(LMAX_LIMIT).expect("the snapshot is readable");
    let text = snapshot::encode(&stored);
    assert_eq!(snapshot::decode(&text, LMAX_LIMIT).expect("what is written is readable"), stored);
    stored.coupling.prove().expect("orthonormal and complete");
}

#[test]
fn a_broken_snapshot_is_an_error_with_its_line() {
    for (text, reason) in [
        ("xy 0 : 1,0,0 :\nz 1 0 3/4/pi : 1,1,0", "line 2: a degree is missing before this one"),
        ("xy 0 : 1,0 :", "line 1: expected coefficient,power,power"),
        ("nonsense", "line 1: expected a `:`"),
        ("z 0 0 1/4/pi : 1,0,0\nd 0 7 0 :", "line 2: expected an axis 0, 1 or 2"),
        ("", "line 0: it ends before the last degree: `the end`"),
    ] {
        let error = snapshot::decode(text, 4).expect_err(text).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_truncated_snapshot_is_an_error() {
    let text = snapshot::encode(&snapshot::read(4).expect("the snapshot is readable"));
    let lines: Vec<&str> = text.lines().collect();
    for kept in 0..lines.len() {
        let error = snapshot::decode(&lines[..kept].join("\n"), 4);
        assert!(error.is_err(), "the first {kept} of {} lines were accepted", lines.len());
    }
    assert!(snapshot::read(LMAX_LIMIT + 1).is_err());
}

#[test]
fn a_wrong_coupling_does_not_pass_its_proof() {
    let text = snapshot::encode(&snapshot::read(2).expect("the snapshot is readable"));
    // ⟨1 ±1; 1 ±1 | 2 ±2⟩ is 1, so both 3j symbols have the square 1/5.
    let spoil = |line: &str| line.replace(",1/5", ",1/6") + "\n";
    let lines = text
        .lines()
        .map(|line| if line.starts_with("3j 1 1 2 ") { spoil(line) } else { format!("{line}\n") });
    let wrong: String = lines.collect();
    assert_ne!(text, wrong);
    let tables = snapshot::decode(&wrong, 2).expect("it is well formed");
    let error = tables.coupling.prove().expect_err("a square was changed");
    assert!(error.to_string().starts_with("coupling [1, 1, 2]"), "{error}");
}

/// `[l1, l2, l3, m1, m2, m3, value, nonzeros]` of the first nonzero entry of every tensor.
#[test]
fn every_coupling_has_the_sign_and_the_nonzeros_of_the_reference() {
    let text = include_str!("data/coupling_signs.json");
    let reference: serde_json::Value = serde_json::from_str(text).expect("the file is JSON");
    let rows = reference["first_nonzero"].as_array().expect("a list");
    let tables = snapshot::read(COUPLING_LMAX).expect("the snapshot is readable").coupling;
    assert_eq!(rows.len(), tables.triples().len());
    let mut nonzeros = 0;
    for row in rows {
        let integer = |index: usize| row[index].as_i64().expect("an integer");
        let degrees = [0, 1, 2].map(|i| integer(i) as usize);
        let entries = tables.tensor(degrees);
        let first = &entries[0];
        assert_eq!(first.m.map(i64::from), [3, 4, 5].map(integer), "{degrees:?}");
        let value = row[6].as_f64().expect("a number");
        let error = (rounding::to_f64(&first.value) - value).abs();
        assert!(error <= 8.0 * f64::EPSILON, "{degrees:?}: {} is not {value}", first.value);
        assert_eq!(entries.len() as i64, integer(7), "{degrees:?}");
        nonzeros += entries.len();
    }
    assert_eq!((rows.len(), nonzeros), (369, 44171));
}

/// Every entry to l = 4, up to the sign of each tensor.
#[test]
fn couplings_agree_with_independent_values() {
    let text = include_str!("data/coupling_coefficients.json");
    let reference: serde_json::Value = serde_json::from_str(text).expect("the file is JSON");
    let tables = snapshot::read(COUPLING_LMAX).expect("the snapshot is readable").coupling;
    for tensor in reference["couplings"].as_array().expect("a list") {
        let degrees = ["l1", "l2", "l3"].map(|l| tensor[l].as_u64().expect("a degree") as usize);
        let mut expected = BTreeMap::new();
        for entry in tensor["entries"].as_array().expect("a list") {
            let m = [0, 1, 2].map(|i| entry[i].as_i64().expect("an order") as i32);
            let value: f64 = entry[3].as_str().expect("a string").parse().expect("a number");
            expected.insert(m, value);
        }
        let entries = tables.tensor(degrees);
        assert_eq!(entries.len(), expected.len(), "{degrees:?}");
        let sign = f64::from(entries[0].value.sign()) * expected[&entries[0].m].signum();
        for entry in &entries {
            // Both are the correctly rounded value of the same number.
            let value = sign * rounding::to_f64(&entry.value);
            assert_eq!(value, expected[&entry.m], "{degrees:?} {:?}", entry.m);
        }
    }
}
