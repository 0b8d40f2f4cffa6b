//! Random points.

use fastrand::Rng;

/// A vector in any direction, of a length between 1/4 and 4.
pub fn any(random: &mut Rng) -> [f64; 3] {
    loop {
        let r = [(); 3].map(|()| 2.0 * random.f64() - 1.0);
        let square: f64 = r.iter().map(|component| component * component).sum();
        if (0.01..1.0).contains(&square) {
            let factor = length(random) / square.sqrt();
            return r.map(|component| component * factor);
        }
    }
}

/// A vector within 1 % of a pole, of a length between 1/4 and 4; half of them much nearer.
pub fn near_a_pole(random: &mut Rng) -> [f64; 3] {
    let nearness = if random.bool() { random.f64() } else { 10.0_f64.powf(-10.0 * random.f64()) };
    let (distance, angle) = (0.01 * nearness, std::f64::consts::TAU * random.f64());
    let z = if random.bool() { 1.0 } else { -1.0 };
    let factor = length(random);
    [distance * angle.cos(), distance * angle.sin(), z].map(|component| component * factor)
}

/// Between 1/4 and 4.
fn length(random: &mut Rng) -> f64 {
    4.0_f64.powf(2.0 * random.f64() - 1.0)
}
