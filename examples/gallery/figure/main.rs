//! Writes a figure of all harmonics of degree 0 to 3: shaded surfaces of radius |Y|, orange where Y
//! is positive and blue where it is negative, as a small SVG file without raster images.
//!
//! ```text
//! LMAX=3 cargo run --release --manifest-path examples/gallery/Cargo.toml --bin figure -- \
//!     docs/harmonics.svg
//! ```
//!
//! Without a path the figure is written to `harmonics.svg` in the target folder; a build with a
//! lower LMAX draws the degrees that it has.

mod contour;
mod surface;

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

use contour::{Image, Loop};
use surface::Surface;
use tesseral::LMAX;

/// The highest degree of the figure.
const DEGREES: usize = if LMAX < 3 { LMAX } else { 3 };

/// Half the distance of neighbours, and the radius of the largest value, in units of the figure.
const CELL: f64 = 60.0;
const RADIUS: f64 = 54.0;

/// The room for the labels to the left and below.
const MARGIN: [f64; 2] = [44.0, 26.0];

/// The distance of the points at which a surface is looked at.
const SPACING: f64 = 0.3;

/// The levels of brightness of one colour.
const LEVELS: usize = 24;

/// The brightness of the full colours.
const FULL: f64 = 0.72;

/// How far a line may be from the contour that it stands for.
const TOLERANCE: f64 = 0.16;

/// Orange and blue, which differ for the colour-blind too: darkest, full and lightest.
const POSITIVE: [[f64; 3]; 3] = [[112.0, 60.0, 0.0], [238.0, 150.0, 22.0], [255.0, 200.0, 100.0]];
const NEGATIVE: [[f64; 3]; 3] = [[6.0, 36.0, 80.0], [36.0, 120.0, 205.0], [106.0, 176.0, 242.0]];

fn main() -> Result<(), Box<dyn Error>> {
    let path = match env::args_os().nth(1) {
        Some(path) => PathBuf::from(path),
        None => default_path()?,
    };
    fs::write(&path, figure()?).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// `harmonics.svg` in the target folder: programs are built in `target/release`.
fn default_path() -> Result<PathBuf, Box<dyn Error>> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("the program is not in a target folder")?;
    Ok(target.join("harmonics.svg"))
}

/// The whole figure: a row for each degree, a column for each order.
fn figure() -> Result<String, Box<dyn Error>> {
    let columns = (2 * DEGREES + 1) as f64;
    let width = MARGIN[0] + 2.0 * CELL * columns;
    let height = 2.0 * CELL * (DEGREES + 1) as f64 + MARGIN[1];
    let across = |m: i32| MARGIN[0] + CELL * (columns + f64::from(2 * m));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"The real spherical harmonics of degree 0 to {DEGREES}\">\n<style>\n\
         text {{ font: italic 16px serif; fill: #70757d; text-anchor: middle; }}\n\
         path {{ fill-rule: evenodd; }}\n{}</style>\n",
        colours()
    );
    for l in 0..=DEGREES {
        let middle = CELL * (2 * l + 1) as f64;
        writeln!(svg, "<text x=\"22\" y=\"{}\">l = {l}</text>", middle + 5.0)?;
        for m in orders(l) {
            writeln!(svg, "<g transform=\"translate({} {middle}) scale(0.1)\">", across(m))?;
            write_surface(&mut svg, &Surface::new(l, m, RADIUS)?)?;
            svg += "</g>\n";
        }
    }
    for m in orders(DEGREES) {
        let order = m.to_string().replace('-', "−");
        writeln!(svg, "<text x=\"{}\" y=\"{}\">m = {order}</text>", across(m), height - 8.0)?;
    }
    Ok(svg + "</svg>\n")
}

fn orders(l: usize) -> std::ops::RangeInclusive<i32> {
    -(l as i32)..=l as i32
}

/// A class for each colour and level.
fn colours() -> String {
    let rule = |name: char, tones: [[f64; 3]; 3], level: usize| {
        let brightness = level as f64 / (LEVELS - 1) as f64;
        let (ends, share) = match brightness / FULL {
            share @ ..1.0 => ([tones[0], tones[1]], share),
            _ => ([tones[1], tones[2]], (brightness - FULL) / (1.0 - FULL)),
        };
        let [r, g, b] =
            [0, 1, 2].map(|i| (ends[0][i] + share * (ends[1][i] - ends[0][i])).round() as u8);
        format!(".{name}{level} {{ fill: #{r:02x}{g:02x}{b:02x}; }}\n")
    };
    (0..LEVELS).flat_map(|k| [rule('p', POSITIVE, k), rule('n', NEGATIVE, k)]).collect()
}

/// What is seen of one surface: for each sign the regions at least so bright, the brighter ones on
/// top of the darker ones.
fn write_surface(svg: &mut String, surface: &Surface) -> Result<(), Box<dyn Error>> {
    let half = (CELL / SPACING) as usize;
    let place = |index: usize| (index as f64 - half as f64) * SPACING;
    let mut image = Image::new(2 * half + 1);
    for i in 0..image.size() {
        for j in 0..image.size() {
            image.set(i, j, surface.brightness(place(j), -place(i))?);
        }
    }
    let signs = [(image.clone(), 'p'), (image.map(|brightness| -brightness), 'n')];
    for level in 0..LEVELS {
        for (image, name) in &signs {
            // The darkest level is the whole region: brightness begins at surface::DARKEST.
            let share = level as f64 / LEVELS as f64;
            let threshold = surface::DARKEST * 0.5 + share * (1.0 - surface::DARKEST * 0.5);
            let loops = image.contours(threshold, TOLERANCE / SPACING);
            let path: String = loops.iter().map(|points| path(points, half)).collect();
            if !path.is_empty() {
                writeln!(svg, "<path class=\"{name}{level}\" d=\"{path}\"/>")?;
            }
        }
    }
    Ok(())
}

/// A closed line in tenths of a unit, all of them integers: the first point, then steps. Empty if
/// nothing is inside it.
fn path(points: &Loop, half: usize) -> String {
    let tenths = |x: f64| (10.0 * SPACING * (x - half as f64)).round() as i32;
    let mut points: Vec<[i32; 2]> = points.iter().map(|point| point.map(tenths)).collect();
    points.dedup();
    if points.len() < 3 {
        return String::new();
    }
    let mut text = format!("M{}l", pair(points[0]));
    for step in points.windows(2) {
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
