//! The surface of radius |Y_lm| as it is seen: which point of it a line of sight meets first, and how
//! bright that is.

use tesseral::sh::{Harmonics, HarmonicsError};

/// The brightness where no light falls; the greatest is 1.
pub const DARKEST: f64 = 0.2;

/// The angles from which the surface is seen, in degrees: around z, and above the xy plane.
const AROUND: f64 = 30.0;
const ABOVE: f64 = 22.0;

/// Where the light comes from: right, up, and towards the eye.
const LIGHT: Vector = [-3.0, 4.0, 5.0];

/// The step along a line of sight.
const STEP: f64 = 0.8;

type Vector = [f64; 3];

/// The surface of one harmonic.
pub struct Surface {
    l: usize,
    m: i32,
    radius: f64,
    /// The factor from |Y| on the sphere to radii.
    scale: f64,
    /// The directions right, up and towards the eye.
    axes: [Vector; 3],
}

impl Surface {
    /// The surface with its largest radius given.
    pub fn new(l: usize, m: i32, radius: f64) -> Result<Self, HarmonicsError> {
        let (around, above) = (AROUND.to_radians().sin_cos(), ABOVE.to_radians().sin_cos());
        let right = [-around.0, around.1, 0.0];
        let eye = [above.1 * around.1, above.1 * around.0, above.0];
        let up = [-above.0 * around.1, -above.0 * around.0, above.1];
        let mut surface = Surface { l, m, radius, scale: 1.0, axes: [right, up, eye] };
        surface.scale = radius / surface.largest()?;
        Ok(surface)
    }

    /// The brightness at a point of the figure, right and up from the middle: negative where Y is,
    /// zero where nothing is.
    pub fn brightness(&self, right: f64, up: f64) -> Result<f64, HarmonicsError> {
        let rest = self.radius * self.radius - right * right - up * up;
        if rest <= 0.0 {
            return Ok(0.0);
        }
        let mut towards = rest.sqrt();
        while towards > -rest.sqrt() {
            let next = towards - STEP;
            if self.inside(self.place([right, up, next]))? {
                let met = self.meeting(right, up, [towards, next])?;
                return self.shade(self.place([right, up, met]));
            }
            towards = next;
        }
        Ok(0.0)
    }

    /// Where a line of sight enters, between a place outside and one inside.
    fn meeting(
        &self,
        right: f64,
        up: f64,
        [mut outside, mut inside]: [f64; 2],
    ) -> Result<f64, HarmonicsError> {
        for _ in 0..24 {
            let middle = 0.5 * (outside + inside);
            if self.inside(self.place([right, up, middle]))? {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Ok(inside)
    }

    /// A point of the figure in the axes of the harmonics.
    fn place(&self, seen: Vector) -> Vector {
        [0, 1, 2].map(|axis| (0..3).map(|k| seen[k] * self.axes[k][axis]).sum())
    }

    /// Whether |p| < scale · |Y(p/|p|)|, with the solid harmonic |p|^l Y(p/|p|).
    fn inside(&self, p: Vector) -> Result<bool, HarmonicsError> {
        let length = dot(p, p).sqrt();
        Ok(self.scale * self.value(p)?.abs() > length.powi(self.l as i32 + 1))
    }

    fn value(&self, p: Vector) -> Result<f64, HarmonicsError> {
        let mut values = [0.0; 7];
        let values = &mut values[..2 * self.l + 1];
        Harmonics::SOLID.degree(self.l, p, values)?;
        Ok(values[(self.l as i32 + self.m) as usize])
    }

    /// The brightness of a point of the surface, with the sign of Y.
    fn shade(&self, p: Vector) -> Result<f64, HarmonicsError> {
        let u = unit(p);
        let size = 2 * self.l + 1;
        let (mut values, mut gradient) = ([0.0; 7], [0.0; 21]);
        let gradient = &mut gradient[..3 * size];
        Harmonics::SOLID.degree_grad(self.l, u, &mut values[..size], gradient)?;
        let column = (self.l as i32 + self.m) as usize;
        let value = values[column];
        // The normal of radius |Y| is u |Y| less the slope of |Y| along the sphere, and the radial
        // part of a solid harmonic's gradient is l times the value.
        let normal = unit([0, 1, 2].map(|axis| {
            let slope = gradient[axis * size + column] - self.l as f64 * value * u[axis];
            value.abs() * u[axis] - value.signum() * slope
        }));
        let seen = self.axes.map(|axis| dot(axis, normal));
        let lit = dot(seen, unit(LIGHT)).max(0.0);
        let rim = 0.12 * seen[2].max(0.0);
        Ok((DARKEST + (1.0 - DARKEST) * (0.88 * lit + rim)).min(1.0) * value.signum())
    }

    /// The largest |Y| on a fine grid of the sphere.
    fn largest(&self) -> Result<f64, HarmonicsError> {
        let mut largest = 0.0_f64;
        for i in 0..=180 {
            for j in 0..360 {
                let (sine, cosine) = f64::from(i).to_radians().sin_cos();
                let (y, x) = f64::from(j).to_radians().sin_cos();
                largest = largest.max(self.value([sine * x, sine * y, cosine])?.abs());
            }
        }
        Ok(largest)
    }
}

fn dot(a: Vector, b: Vector) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn unit(a: Vector) -> Vector {
    let length = dot(a, a).sqrt().max(f64::MIN_POSITIVE);
    a.map(|x| x / length)
}
