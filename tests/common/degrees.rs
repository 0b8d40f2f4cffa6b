//! What an error says of a degree for which the build has no tables.

use tesseral::error::DegreeLimit;
use tesseral::{COUPLING_LMAX, LMAX};

/// The message about a degree; `place` is where it stands, such as ` of the coupling (0, 9, 9)`.
pub fn above(limit: DegreeLimit, found: usize, place: &str) -> String {
    let (limit, highest) = match limit {
        DegreeLimit::Lmax => (format!("this build's LMAX of {LMAX}"), 20),
        _ => (format!("{COUPLING_LMAX}, the highest of this build's coupling tables"), 8),
    };
    let variable =
        format!("set LMAX = \"{found}\" under [env] in .cargo/config.toml, or in the environment");
    let remedy = match found {
        _ if found > highest => format!("; no build goes above {highest}"),
        13.. => format!(": {variable}"),
        _ => format!(": turn on the feature `lmax-{}` of tesseral, or {variable}", found.max(5)),
    };
    format!("degree {found}{place} is above {limit}{remedy}")
}
