//! The eight pieces of Tetris in three dimensions.

use tesseral::equivariance::Random;

/// The centres of four cubes.
pub type Piece = [[f64; 3]; 4];

/// The pieces, the two chiral ones first.
pub const PIECES: [Piece; 8] = [
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]], // chiral
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, -1.0, 0.0]], // its mirror image
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]], // square
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 0.0, 3.0]], // line
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], // corner
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 1.0, 0.0]], // L
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 1.0, 1.0]], // T
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [2.0, 1.0, 0.0]], // zigzag
];

/// The two pieces that are mirror images of each other.
pub const CHIRAL: [usize; 2] = [0, 1];

/// A piece after a random proper rotation and translation.
pub fn moved(piece: &Piece, random: &mut Random) -> Piece {
    let (rotation, shift) = (random.rotation(), random.normal_vector());
    piece.map(|point| {
        let point = rotation.apply(point);
        [0, 1, 2].map(|axis| point[axis] + shift[axis])
    })
}

/// A piece reflected at the plane x = 0.
pub fn mirrored(piece: &Piece) -> Piece {
    piece.map(|[x, y, z]| [-x, y, z])
}
