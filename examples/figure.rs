//! Writes a figure of all harmonics of degree 0 to 3: shaded surfaces of radius |Y|, orange where Y
//! is positive and blue where it is negative, as a small SVG file.
//!
//! ```text
//! LMAX=3 cargo run --release --no-default-features --example figure -- docs/harmonics.svg
//! ```
//!
//! Without a path the figure is written to `harmonics.svg` in the target folder; a build with a
//! lower LMAX draws the degrees that it has.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

use tesseral::LMAX;
use tesseral::sh::{Harmonics, HarmonicsError};

/// The highest degree of the figure.
const DEGREES: usize = if LMAX < 3 { LMAX } else { 3 };

/// Half the distance of neighbours, and the radius of the largest value, in units of the figure.
const CELL: f64 = 60.0;
const RADIUS: f64 = 54.0;

/// The room for the labels to the left.
const MARGIN: f64 = 44.0;

/// The angles from which the surfaces are seen, in degrees: around z, and above the xy plane.
const AROUND: f64 = 30.0;
const ABOVE: f64 = 22.0;

/// Orange and blue, which differ for the colour-blind too.
const POSITIVE: [f64; 3] = [232.0, 146.0, 20.0];
const NEGATIVE: [f64; 3] = [24.0, 104.0, 178.0];

/// The layers in depth on each side of the middle.
const LAYERS: f64 = 12.0;

/// The area below which a facet is left out: its neighbours' strokes cover it.
const SMALLEST: f64 = 0.12;

/// The levels of brightness: fewer make a smaller file.
const SHADES: f64 = 24.0;

type Vector = [f64; 3];

/// A piece of a surface as it is seen.
struct Facet {
    corners: Vec<[f64; 2]>,
    depth: f64,
    positive: bool,
    shade: u8,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = match env::args_os().nth(1) {
        Some(path) => PathBuf::from(path),
        None => default_path()?,
    };
    fs::write(&path, figure()?).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// `harmonics.svg` in the target folder: examples are built in `target/release/examples`.
fn default_path() -> Result<PathBuf, Box<dyn Error>> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(3).ok_or("the program is not in a target folder")?;
    Ok(target.join("harmonics.svg"))
}

/// The whole figure: a row for each degree, a column for each order.
fn figure() -> Result<String, Box<dyn Error>> {
    let columns = (2 * DEGREES + 1) as f64;
    let [width, height] = [MARGIN + 2.0 * CELL * columns, 2.0 * CELL * (DEGREES + 1) as f64 + 26.0];
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"The real spherical harmonics of degree 0 to {DEGREES}\">\n<style>\n\
         text {{ font: italic 16px serif; fill: #70757d; text-anchor: middle; }}\n{}</style>\n",
        colours()
    );
    for l in 0..=DEGREES {
        let middle = CELL * (2 * l + 1) as f64;
        writeln!(svg, "<text x=\"22\" y=\"{}\">l = {l}</text>", middle + 5.0)?;
        for m in -(l as i32)..=l as i32 {
            let across = MARGIN + CELL * (columns + f64::from(2 * m));
            writeln!(svg, "<g transform=\"translate({across} {middle}) scale(0.1)\">")?;
            write_surface(&mut svg, l, m)?;
            svg += "</g>\n";
        }
    }
    for m in -(DEGREES as i32)..=DEGREES as i32 {
        let across = MARGIN + CELL * (columns + f64::from(2 * m));
        let order = m.to_string().replace('-', "−");
        writeln!(svg, "<text x=\"{across}\" y=\"{}\">m = {order}</text>", height - 8.0)?;
    }
    Ok(svg + "</svg>\n")
}

/// A class for each sign and brightness. The stroke closes the seams between facets.
fn colours() -> String {
    let rule = |name: char, colour: [f64; 3], shade: u8| {
        let light = 0.36 + 0.72 * f64::from(shade) / SHADES;
        let [r, g, b] = colour.map(|part| {
            let glare = (light - 0.86).max(0.0) * 320.0;
            (part * light + glare).clamp(0.0, 255.0).round() as u8
        });
        let hex = format!("#{r:02x}{g:02x}{b:02x}");
        format!(".{name}{shade} {{ fill: {hex}; stroke: {hex}; }}\n")
    };
    let shades = 0..=SHADES as u8;
    let both = shades.flat_map(|s| [rule('p', POSITIVE, s), rule('n', NEGATIVE, s)]);
    "path { stroke-width: 5; stroke-linejoin: round; }\n".to_string() + &both.collect::<String>()
}

/// The facets of one harmonic from the farthest to the nearest. Facets of one layer hardly hide each
/// other, so in each layer those of one colour are one path.
fn write_surface(svg: &mut String, l: usize, m: i32) -> Result<(), Box<dyn Error>> {
    let mut facets = facets(l, m)?;
    let layer = |facet: &Facet| (facet.depth / RADIUS * LAYERS).round() as i32;
    facets.sort_by_key(|facet| (layer(facet), facet.positive, facet.shade));
    let alike = |a: &Facet, b: &Facet| (layer(a), class(a)) == (layer(b), class(b));
    for group in facets.chunk_by(alike) {
        let path: String = group.iter().map(path).collect();
        writeln!(svg, "<path class=\"{}\" d=\"{path}\"/>", class(&group[0]))?;
    }
    Ok(())
}

fn class(facet: &Facet) -> String {
    format!("{}{}", if facet.positive { 'p' } else { 'n' }, facet.shade)
}

/// The outline of a facet: the first corner, then steps; in tenths, so that all are integers.
fn path(facet: &Facet) -> String {
    let corners: Vec<[i32; 2]> =
        facet.corners.iter().map(|corner| corner.map(|x| (10.0 * x).round() as i32)).collect();
    let mut text = format!("M{}l", pair(corners[0]));
    for step in corners.windows(2) {
        let step = pair([0, 1].map(|axis| step[1][axis] - step[0][axis]));
        // A minus sign separates numbers as a space does.
        let separate = !text.ends_with('l') && !step.starts_with('-');
        text += if separate { " " } else { "" };
        text += &step;
    }
    text + "z"
}

fn pair([x, y]: [i32; 2]) -> String {
    format!("{x}{}{y}", if y < 0 { "" } else { " " })
}

/// The visible facets of the surface of radius |Y_lm|.
fn facets(l: usize, m: i32) -> Result<Vec<Facet>, HarmonicsError> {
    let rings = 32 - 2 * l;
    let sectors = 2 * rings;
    let point = |i: usize, j: usize| {
        let polar = std::f64::consts::PI * i as f64 / rings as f64;
        let azimuth = std::f64::consts::TAU * j as f64 / sectors as f64;
        [polar.sin() * azimuth.cos(), polar.sin() * azimuth.sin(), polar.cos()]
    };
    let largest = largest(l, m)?;
    let mut facets = Vec::new();
    for i in 0..rings {
        for j in 0..sectors {
            let corners = [point(i, j), point(i + 1, j), point(i + 1, j + 1), point(i, j + 1)];
            facets.extend(facet(l, m, corners, RADIUS / largest)?);
        }
    }
    Ok(facets)
}

/// The largest |Y_lm| on a fine grid.
fn largest(l: usize, m: i32) -> Result<f64, HarmonicsError> {
    let mut largest = 0.0_f64;
    for i in 0..=180 {
        for j in 0..360 {
            let [polar, azimuth] = [f64::from(i), f64::from(j)].map(f64::to_radians);
            let u = [polar.sin() * azimuth.cos(), polar.sin() * azimuth.sin(), polar.cos()];
            largest = largest.max(value(l, m, u)?.0.abs());
        }
    }
    Ok(largest)
}

/// Y_lm and its gradient along the sphere.
fn value(l: usize, m: i32, u: Vector) -> Result<(f64, Vector), HarmonicsError> {
    let size = 2 * l + 1;
    let (mut values, mut gradient) = (vec![0.0; size], vec![0.0; 3 * size]);
    Harmonics::SOLID.degree_grad(l, u, &mut values, &mut gradient)?;
    let column = (l as i32 + m) as usize;
    let value = values[column];
    // The radial part of the solid harmonic's gradient is l times the value.
    let along = [0, 1, 2].map(|axis| gradient[axis * size + column] - l as f64 * value * u[axis]);
    Ok((value, along))
}

/// The facet over four directions, unless it is seen from behind.
fn facet(
    l: usize,
    m: i32,
    directions: [Vector; 4],
    scale: f64,
) -> Result<Option<Facet>, HarmonicsError> {
    let mut corners = Vec::new();
    for u in directions {
        let radius = value(l, m, u)?.0.abs() * scale;
        corners.push(seen(u.map(|x| x * radius)));
    }
    let middle = seen(direction(sum(directions)));
    let (height, along) = value(l, m, direction(sum(directions)))?;
    let normal = seen([0, 1, 2].map(|axis| {
        let u = direction(sum(directions));
        height.abs() * u[axis] - height.signum() * along[axis]
    }));
    let normal = direction(normal);
    if normal[2] <= -0.05 {
        return Ok(None);
    }
    let light = direction([-0.45, 0.6, 0.75]);
    let lit = dot(normal, light).max(0.0);
    let corners: Vec<[f64; 2]> = corners.iter().map(|corner| [corner[0], -corner[1]]).collect();
    if area(&corners) < SMALLEST {
        return Ok(None);
    }
    let depth = middle[2] * height.abs() * scale;
    let shade = (SHADES * (0.22 + 0.78 * lit)).round().clamp(0.0, SHADES) as u8;
    Ok(Some(Facet { corners, depth, positive: height >= 0.0, shade }))
}

/// A vector in the axes of the figure: right, up, and towards the eye.
fn seen([x, y, z]: Vector) -> Vector {
    let (sine, cosine) = AROUND.to_radians().sin_cos();
    let (right, back) = (y * cosine - x * sine, -(x * cosine + y * sine));
    let (sine, cosine) = ABOVE.to_radians().sin_cos();
    [right, z * cosine + back * sine, z * sine - back * cosine]
}

/// The area of a facet with four corners.
fn area(corners: &[[f64; 2]]) -> f64 {
    let diagonal = |a: usize, b: usize| [0, 1].map(|axis| corners[b][axis] - corners[a][axis]);
    let ([a, b], [c, d]) = (diagonal(0, 2), diagonal(1, 3));
    (a * d - b * c).abs() / 2.0
}

fn sum(vectors: [Vector; 4]) -> Vector {
    [0, 1, 2].map(|axis| vectors.iter().map(|vector| vector[axis]).sum())
}

fn dot(a: Vector, b: Vector) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn direction(a: Vector) -> Vector {
    let length = dot(a, a).sqrt().max(f64::MIN_POSITIVE);
    a.map(|x| x / length)
}
