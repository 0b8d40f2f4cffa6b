//! Graphs: against all pairs and all images, at the edges of the definitions, and errors.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;
use tesseral::graph::{Batch, Graph, GraphError, SelfEdges};

type Point = [f64; 3];
type Cell = [Point; 3];
/// Receiver, sender, shift: the order of a graph's edges.
type Edge = (usize, usize, [i32; 3]);

const CUBE: Cell = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn edges(graph: &Graph) -> Vec<Edge> {
    let ends = graph.receivers().iter().zip(graph.senders()).zip(graph.shifts());
    ends.map(|((&receiver, &sender), &shift)| (receiver, sender, shift)).collect()
}

fn norm(v: Point) -> f64 {
    v.map(|x| x * x).iter().sum::<f64>().sqrt()
}

/// The edge's vector, written anew.
fn vector(positions: &[Point], cell: &Cell, (receiver, sender, shift): Edge) -> Point {
    std::array::from_fn(|k| {
        let moved: f64 = (0..3).map(|a| f64::from(shift[a]) * cell[a][k]).sum();
        positions[sender][k] - positions[receiver][k] + moved
    })
}

/// All edges, by trying all pairs and all shifts up to `most` along the periodic vectors.
fn brute(
    positions: &[Point],
    cell: &Cell,
    periodic: [bool; 3],
    cutoff: f64,
    self_edges: SelfEdges,
    most: i32,
) -> Vec<Edge> {
    let range = |a: usize| if periodic[a] { -most..=most } else { 0..=0 };
    let mut found = Vec::new();
    for receiver in 0..positions.len() {
        for sender in 0..positions.len() {
            for i in range(0) {
                for j in range(1) {
                    for k in range(2) {
                        let edge = (receiver, sender, [i, j, k]);
                        let kept = match edge {
                            (r, s, [0, 0, 0]) if r == s => self_edges == SelfEdges::With,
                            _ => norm(vector(positions, cell, edge)) < cutoff,
                        };
                        if kept {
                            found.push(edge);
                        }
                    }
                }
            }
        }
    }
    found
}

/// What holds for every graph.
fn assert_consistent(graph: &Graph) {
    let edges = edges(graph);
    assert!(edges.is_sorted());
    assert_eq!(edges.len(), graph.num_edges());
    assert_eq!(graph.row_offsets().len(), graph.num_nodes() + 1);
    for node in 0..graph.num_nodes() {
        let expected = edges.iter().filter(|edge| edge.0 == node).count();
        assert_eq!(graph.edges_into(node).len(), expected);
        assert!(graph.receivers()[graph.edges_into(node)].iter().all(|&r| r == node));
    }
}

/// What holds for neighbours: every edge has its reverse.
fn assert_symmetric(graph: &Graph) {
    let edges: BTreeSet<Edge> = edges(graph).into_iter().collect();
    assert_eq!(edges.len(), graph.num_edges());
    for (r, s, shift) in &edges {
        assert!(edges.contains(&(*s, *r, shift.map(|count| -count))));
    }
}

fn check<S: Strategy>(strategy: S, cases: u32, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(&strategy, |value| {
            test(value);
            Ok(())
        })
        .unwrap();
}

fn points(within: f64, most: usize) -> impl Strategy<Value = Vec<Point>> {
    prop::collection::vec(prop::array::uniform3(-within..within), 0..most)
}

fn either() -> impl Strategy<Value = SelfEdges> {
    prop_oneof![Just(SelfEdges::With), Just(SelfEdges::Without)]
}

/// A small generator for large sets of points: uniform in 0..1.
fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

// Against brute force.

#[test]
fn open_neighbours_are_all_near_pairs() {
    check((points(3.0, 40), 0.0..4.0, either()), 200, |(points, cutoff, self_edges)| {
        let graph = Graph::within_radius(&points, cutoff, self_edges).unwrap();
        assert_eq!(edges(&graph), brute(&points, &CUBE, [false; 3], cutoff, self_edges, 0));
        assert_consistent(&graph);
        assert_symmetric(&graph);
    });
}

#[test]
fn periodic_neighbours_are_all_near_images() {
    let cell = prop::array::uniform3(prop::array::uniform3(-0.5..0.5));
    let input = (points(2.0, 7), cell, prop::array::uniform3(any::<bool>()), 0.0..2.0, either());
    check(input, 300, |(points, mut cell, periodic, cutoff, self_edges)| {
        // Dominated by the diagonal, so that shifts are at most 6.
        for (axis, vector) in cell.iter_mut().enumerate() {
            vector[axis] += 2.5;
        }
        let graph =
            Graph::within_radius_periodic(&points, cell, periodic, cutoff, self_edges).unwrap();
        assert_consistent(&graph);
        assert_symmetric(&graph);
        let expected = brute(&points, &cell, periodic, cutoff, self_edges, 7);
        assert_eq!(edges(&graph), expected);
    });
}

#[test]
fn small_cells_have_many_images() {
    let cell = [[0.7, 0.0, 0.0], [0.5, 0.6, 0.0], [-0.3, 0.2, 0.8]];
    let points = [[0.1, 0.2, 0.3], [5.0, -3.0, 0.4]];
    for periodic in [[true; 3], [true, false, true], [false, true, false]] {
        let (cutoff, self_edges) = (2.6, SelfEdges::With);
        let graph =
            Graph::within_radius_periodic(&points, cell, periodic, cutoff, self_edges).unwrap();
        let expected = brute(&points, &cell, periodic, cutoff, self_edges, 24);
        assert!(graph.num_edges() > 2);
        assert_eq!(edges(&graph), expected);
        assert_symmetric(&graph);
    }
}

#[test]
fn displacements_are_those_of_the_definition() {
    let cell = [[1.1, 0.0, 0.1], [0.4, 1.3, 0.0], [0.0, -0.6, 1.2]];
    let points = [[0.1, 0.2, 0.3], [5.0, -3.0, 0.4], [0.6, 0.6, 0.6]];
    let graph =
        Graph::within_radius_periodic(&points, cell, [true; 3], 1.7, SelfEdges::With).unwrap();
    let vectors = graph.displacements_periodic(&points, &cell).unwrap();
    for (&found, edge) in vectors.iter().zip(edges(&graph)) {
        let expected = vector(&points, &cell, edge);
        assert!((0..3).all(|k| (found[k] - expected[k]).abs() < 1e-14));
        assert!(norm(found) < 1.7);
    }
    let open = Graph::within_radius(&points, 1.0, SelfEdges::With).unwrap();
    assert_eq!(open.displacements(&points), open.displacements_periodic(&points, &cell));
}

#[test]
fn periodic_along_no_vector_is_open() {
    let points = [[0.1, 0.2, 0.3], [0.9, 0.2, 0.3], [7.0, 0.0, 0.0]];
    let open = Graph::within_radius(&points, 1.0, SelfEdges::Without);
    for cell in [CUBE, [[0.0; 3]; 3], [[1e300; 3]; 3]] {
        let graph =
            Graph::within_radius_periodic(&points, cell, [false; 3], 1.0, SelfEdges::Without);
        assert_eq!(graph, open);
    }
}

#[test]
fn vectors_of_open_axes_have_no_effect() {
    let points = [[0.1, 0.2, 0.3], [0.9, 0.2, 0.3]];
    let slab = [true, true, false];
    let search = |normal| {
        let cell = [CUBE[0], CUBE[1], normal];
        Graph::within_radius_periodic(&points, cell, slab, 1.5, SelfEdges::Without).unwrap()
    };
    assert_eq!(search([0.0; 3]), search([0.0, 0.0, 1.0]));
    assert_eq!(search([0.0; 3]), search([1e200, 3.0, 0.0]));
}

#[test]
fn single_precision_agrees_where_positions_are_exact() {
    let cell = [[2.0, 0.0, 0.0], [0.5, 2.0, 0.0], [0.0, 0.0, 2.0]];
    let points = [[0.25, 0.5, 0.75], [1.5, 1.25, 1.0]];
    let search = |cutoff| {
        Graph::within_radius_periodic(&points, cell, [true; 3], cutoff, SelfEdges::With).unwrap()
    };
    let single = |a: [f64; 3]| a.map(|x| x as f32);
    let found = Graph::within_radius_periodic(
        &points.map(single),
        cell.map(single),
        [true; 3],
        2.5,
        SelfEdges::With,
    );
    assert_eq!(found.unwrap(), search(2.5));
}

// At the edges of the definitions.

#[test]
fn no_point_and_one_point() {
    for self_edges in [SelfEdges::With, SelfEdges::Without] {
        let empty = Graph::within_radius::<f64>(&[], 1.0, self_edges).unwrap();
        assert_eq!((empty.num_nodes(), empty.num_edges()), (0, 0));
        assert_eq!(empty.row_offsets(), [0]);
        assert_eq!(empty, Graph::complete(0, self_edges));
        assert_eq!(
            empty,
            Graph::within_radius_periodic::<f64>(&[], CUBE, [true; 3], 1.0, self_edges).unwrap()
        );
        let one = Graph::within_radius(&[[1.0, 2.0, 3.0]], 1.0, self_edges).unwrap();
        assert_eq!(one, Graph::complete(1, self_edges));
        assert_eq!(one.num_edges(), usize::from(self_edges == SelfEdges::With));
    }
}

#[test]
fn points_at_the_cutoff_are_not_neighbours() {
    let pair = [[-1.0, 1.0, 0.5], [2.0, 5.0, 0.5]];
    let near = |cutoff| Graph::within_radius(&pair, cutoff, SelfEdges::Without).unwrap();
    assert_eq!(near(5.0).num_edges(), 0);
    assert_eq!(near(5.0_f64.next_up()).num_edges(), 2);
}

#[test]
fn images_at_the_cutoff_are_not_neighbours_wherever_the_cell_begins() {
    for x in [0.1, 0.3, 0.7, -123.456, 98765.4321] {
        let atom = [[x, x / 3.0, -x]];
        let near = |cutoff| {
            Graph::within_radius_periodic(&atom, CUBE, [true; 3], cutoff, SelfEdges::Without)
                .unwrap()
                .num_edges()
        };
        assert_eq!(near(1.0), 0);
        assert_eq!(near(1.0_f64.next_up()), 6);
        assert_eq!(near(2.0), 26);
        assert_eq!(near(2.0_f64.next_up()), 32);
    }
}

#[test]
fn points_at_one_place_are_neighbours() {
    let same = [[1.0, 2.0, 3.0]; 4];
    let near = |cutoff, self_edges| Graph::within_radius(&same, cutoff, self_edges).unwrap();
    assert_eq!(near(1e-300, SelfEdges::Without), Graph::complete(4, SelfEdges::Without));
    assert_eq!(near(1e300, SelfEdges::With), Graph::complete(4, SelfEdges::With));
    assert_eq!(near(0.0, SelfEdges::Without).num_edges(), 0);
    assert_eq!(near(0.0, SelfEdges::With).num_edges(), 4);
}

#[test]
fn numbers_of_any_size_are_in_range() {
    for scale in [1e-200, 1e-150, 1.0, 1e150, 1e300] {
        let pair = [[0.0; 3], [scale, 0.0, 0.0], [3.0 * scale, 0.0, 0.0]];
        let graph = Graph::within_radius(&pair, 1.5 * scale, SelfEdges::Without).unwrap();
        assert_eq!(edges(&graph), [(0, 1, [0; 3]), (1, 0, [0; 3])]);
    }
    let far = [[-1.7e308; 3], [0.0; 3], [1.7e308; 3], [1.7e308; 3]];
    for cutoff in [1e-308, 1.0, 1e300, 1.7e308] {
        let graph = Graph::within_radius(&far, cutoff, SelfEdges::Without).unwrap();
        assert_eq!(edges(&graph), [(2, 3, [0; 3]), (3, 2, [0; 3])]);
    }
}

#[test]
fn a_position_may_be_many_cells_outside() {
    let far = [[0.25, 0.5, 0.5], [1e6 + 0.5, -3e6 + 0.5, 0.5]];
    let graph =
        Graph::within_radius_periodic(&far, CUBE, [true; 3], 0.5, SelfEdges::Without).unwrap();
    let shift = [-1_000_000, 3_000_000, 0];
    assert_eq!(edges(&graph), [(0, 1, shift), (1, 0, shift.map(|count| -count))]);
    assert_eq!(graph.displacements_periodic(&far, &CUBE).unwrap()[0], [0.25, 0.0, 0.0]);
}

// Large sets.

#[test]
fn many_points_take_few_comparisons() {
    let mut next = uniform(1);
    let spread: Vec<Point> = (0..20_000).map(|_| [0; 3].map(|_| 27.0 * next())).collect();
    let graph = Graph::within_radius(&spread, 1.0, SelfEdges::Without).unwrap();
    assert!((60_000..90_000).contains(&graph.num_edges()));
    let cell = CUBE.map(|vector| vector.map(|x| 27.0 * x));
    let periodic =
        Graph::within_radius_periodic(&spread, cell, [true; 3], 1.0, SelfEdges::Without).unwrap();
    assert!(periodic.num_edges() > graph.num_edges());
    assert_symmetric(&periodic);
}

#[test]
fn distant_clusters_take_no_more() {
    let mut next = uniform(2);
    let centres = [0.0, 1e6, -1e12, 1e14];
    let mut point = |index: usize| [0; 3].map(|_| centres[index % 4] + (64.0 * next()).floor());
    let points: Vec<Point> = (0..20_000).map(&mut point).collect();
    let graph = Graph::within_radius(&points, 1.5, SelfEdges::Without).unwrap();
    // Neighbours of whole coordinates: the same, faces and edges of a grid.
    let expected: Vec<Edge> = {
        let mut at = std::collections::BTreeMap::<[i64; 3], Vec<usize>>::new();
        for (index, p) in points.iter().enumerate() {
            at.entry(p.map(|x| x as i64)).or_default().push(index);
        }
        let steps = (0..27).map(|n| [n / 9 - 1, n / 3 % 3 - 1, n % 3 - 1]);
        let near: Vec<[i64; 3]> =
            steps.filter(|s| s.iter().map(|x| x * x).sum::<i64>() < 3).collect();
        let mut found = Vec::new();
        for (r, p) in points.iter().enumerate() {
            for step in &near {
                let place = std::array::from_fn(|k| p[k] as i64 + step[k]);
                let senders = at.get(&place).into_iter().flatten();
                found.extend(senders.filter(|&&s| s != r).map(|&s| (r, s, [0; 3])));
            }
        }
        found.sort();
        found
    };
    assert_eq!(edges(&graph), expected);
}

// Given edges and batches.

#[test]
fn given_edges_are_sorted_and_kept() {
    let (graph, order) = Graph::from_edges_periodic(
        3,
        &[0, 2, 0, 0],
        &[2, 1, 2, 2],
        &[[1, 0, 0], [0; 3], [0, 0, 1], [1, 0, 0]],
    )
    .unwrap();
    let expected = [(1, 2, [0; 3]), (2, 0, [0, 0, 1]), (2, 0, [1, 0, 0]), (2, 0, [1, 0, 0])];
    assert_eq!(edges(&graph), expected);
    assert_eq!(graph.row_offsets(), [0, 0, 1, 4]);
    assert_consistent(&graph);
    assert_eq!(order.indices(), [1, 2, 0, 3]);
}

#[test]
fn features_go_where_their_edges_go() {
    let (senders, receivers) = ([2, 0, 1, 0, 2], [0, 2, 0, 1, 0]);
    let (graph, order) = Graph::from_edges(3, &senders, &receivers).unwrap();
    // The features of an edge are its ends and its number.
    let features: Vec<[usize; 3]> = (0..5).map(|e| [senders[e], receivers[e], e]).collect();
    let sorted = order.sort(features.as_flattened()).unwrap();
    let (rows, _) = sorted.as_chunks::<3>();
    for (edge, row) in rows.iter().enumerate() {
        assert_eq!(row[..2], [graph.senders()[edge], graph.receivers()[edge]]);
    }
    // Of the repeated edge from 2 to 0, the one that was given first stays first.
    assert_eq!(rows.iter().map(|row| row[2]).collect::<Vec<_>>(), [2, 0, 4, 3, 1]);
    assert_eq!(order.unsort(&sorted).unwrap(), features.as_flattened());
    assert_eq!(
        message(order.sort(&[0.0; 7])),
        "the slice of edge features has length 7, expected a multiple of 5"
    );
    let (_, none) = Graph::from_edges(3, &[], &[]).unwrap();
    assert!(none.sort::<f32>(&[]).unwrap().is_empty());
    assert_eq!(message(none.sort(&[0.0])), "the slice of edge features has length 1, expected 0");
}

#[test]
fn many_repeated_edges_keep_their_order() {
    // More than a sort by insertion takes.
    let senders = [1; 1000];
    let receivers: Vec<usize> = (0..1000).map(|edge| edge % 2).collect();
    let (_, order) = Graph::from_edges(2, &senders, &receivers).unwrap();
    let (even, odd) = order.indices().split_at(500);
    assert!(even.is_sorted() && odd.is_sorted() && even[1] == 2);
}

#[test]
fn mean_degree_is_edges_by_nodes() {
    let (graph, _) = Graph::from_edges(4, &[0, 1, 2], &[1, 2, 1]).unwrap();
    assert_eq!(graph.mean_degree(), 0.75);
    assert_eq!(Graph::complete(0, SelfEdges::With).mean_degree(), 0.0);
}

// Tilted cells.

/// A cell with its second vector moved by so many of the first, and the third by both.
fn tilted(cell: Cell, by: [i32; 3]) -> Cell {
    let [a, b, c] = cell;
    let add = |v: Point, n: i32, w: Point| std::array::from_fn(|k| v[k] + f64::from(n) * w[k]);
    let b = add(b, by[0], a);
    [a, b, add(add(c, by[1], a), by[2], b)]
}

#[test]
fn a_tilted_cell_has_the_same_neighbours() {
    // Coordinates and vectors with few bits, so that the tilted cell is exactly the same lattice.
    let cell = [[2.0, 0.0, 0.0], [0.5, 2.5, 0.0], [0.25, -0.75, 3.0]];
    let strategy = (
        prop::collection::vec(prop::array::uniform3(-64..64_i32), 1..12),
        prop::array::uniform3(-40..40_i32),
        0.1..3.5,
        prop::array::uniform3(prop::bool::ANY),
        either(),
    );
    check(strategy, 200, |(points, by, cutoff, periodic, self_edges)| {
        let points: Vec<Point> =
            points.into_iter().map(|p| p.map(|x| f64::from(x) / 16.0)).collect();
        // Only vectors that are periodic may be added to others.
        let by = [
            if periodic[0] && periodic[1] { by[0] } else { 0 },
            if periodic[0] && periodic[2] { by[1] } else { 0 },
            if periodic[1] && periodic[2] { by[2] } else { 0 },
        ];
        let search = |cell: Cell| {
            Graph::within_radius_periodic(&points, cell, periodic, cutoff, self_edges).unwrap()
        };
        let (given, other) = (tilted(cell, by), search(cell));
        let graph = search(given);
        assert_consistent(&graph);
        assert_symmetric(&graph);
        let ends = |graph: &Graph, cell: &Cell| {
            let vectors = graph.displacements_periodic(&points, cell).unwrap();
            let vectors = vectors.iter().map(|v| v.map(|x| (16.0 * x) as i64));
            let ends = graph.receivers().iter().copied().zip(graph.senders().iter().copied());
            let mut ends: Vec<_> = ends.zip(vectors).collect();
            ends.sort_unstable();
            ends
        };
        assert_eq!(ends(&graph, &given), ends(&other, &cell));
    });
}

#[test]
fn cells_of_any_tilt_are_searched() {
    let mut next = uniform(3);
    let points: Vec<Point> = (0..100).map(|_| [0; 3].map(|_| 10.0 * next())).collect();
    let search = |tilt: f64| {
        let cell = [[10.0, 0.0, 0.0], [10.0 * tilt, 10.0, 0.0], [0.0, 0.0, 10.0]];
        Graph::within_radius_periodic(&points, cell, [true; 3], 3.0, SelfEdges::Without)
    };
    let cube = search(0.0).unwrap();
    for tilt in [1e5, 1e9, -1e9] {
        let graph = search(tilt).unwrap();
        // Along the second vector the first is needed as often, the other way.
        let back = graph
            .shifts()
            .iter()
            .map(|[i, j, k]| [(f64::from(*i) + tilt * f64::from(*j)) as i32, *j, *k]);
        let mut found: Vec<Edge> =
            edges(&graph).into_iter().zip(back).map(|((r, s, _), shift)| (r, s, shift)).collect();
        found.sort_unstable();
        assert_eq!(found, edges(&cube));
        assert_consistent(&graph);
    }
    let refused = message(search(3e9));
    assert!(refused.starts_with("the edge from node "), "{refused}");
    assert!(refused.ends_with(
        "expected numbers of cell vectors that fit in an i32: give a cell that is less tilted"
    ));
}

#[test]
fn a_flat_sum_of_three_vectors_is_found() {
    // The third is almost the negative sum of the others, which no pair shows.
    let cell = [[1.0, 0.0, 0.0], [-0.5, 0.75, 0.0], [-0.5, -0.75, 1e-3]];
    let graph =
        Graph::within_radius_periodic(&[[0.0; 3]], cell, [true; 3], 0.1, SelfEdges::Without);
    let graph = graph.unwrap();
    assert_eq!(graph.num_edges(), 198);
    assert!(graph.shifts().iter().all(|[i, j, k]| i == j && j == k));
}

// The nearest points.

/// The distances of each node's neighbours, ascending.
fn distances(points: &[Point], cell: &Cell, graph: &Graph) -> Vec<Vec<f64>> {
    let vectors = graph.displacements_periodic(points, cell).unwrap();
    (0..graph.num_nodes())
        .map(|node| {
            let mut lengths: Vec<f64> =
                graph.edges_into(node).map(|edge| norm(vectors[edge])).collect();
            lengths.sort_by(f64::total_cmp);
            lengths
        })
        .collect()
}

#[test]
fn the_nearest_are_those_of_all_pairs() {
    let strategy = (points(3.0, 30), 0..12_usize, -0.9..0.9_f64, prop::bool::ANY);
    check(strategy, 100, |(points, count, tilt, open)| {
        let cell = [[7.0, 0.0, 0.0], [7.0 * tilt, 6.5, 0.0], [0.0, 0.5, 8.0]];
        let periodic = [!open; 3];
        let graph = match open {
            true => Graph::nearest(&points, count, SelfEdges::Without),
            false => Graph::nearest_periodic(&points, cell, periodic, count, SelfEdges::Without),
        };
        let graph = graph.unwrap();
        assert_consistent(&graph);
        let all = brute(&points, &cell, periodic, 1e9, SelfEdges::Without, 2);
        for (node, found) in distances(&points, &cell, &graph).into_iter().enumerate() {
            let own = all.iter().filter(|edge| edge.0 == node);
            let mut expected: Vec<f64> =
                own.map(|&edge| norm(vector(&points, &cell, edge))).collect();
            expected.sort_by(f64::total_cmp);
            // With two cells on each side, the nearest are among them.
            let count = if open { count.min(points.len() - 1) } else { count };
            assert_eq!(found.len(), count);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12);
            }
        }
    });
}

#[test]
fn the_nearest_of_special_points() {
    let nearest = |points: &[Point], count| {
        let graph = Graph::nearest(points, count, SelfEdges::Without).unwrap();
        assert_consistent(&graph);
        edges(&graph)
    };
    assert_eq!(nearest(&[], 3), []);
    assert_eq!(nearest(&[[1.0; 3]], 3), []);
    assert_eq!(nearest(&[[1.0; 3], [1.0; 3]], 3), [(0, 1, [0; 3]), (1, 0, [0; 3])]);
    // At equal distances the first senders.
    let square = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
    let found = nearest(&square, 1);
    assert_eq!(found.iter().map(|edge| edge.1).collect::<Vec<_>>(), [1, 0, 1, 0]);
    // A cluster and a point far from it.
    let far = [[0.0; 3], [1e-9, 0.0, 0.0], [0.0, 1e-9, 0.0], [1e9, 0.0, 0.0]];
    assert_eq!(nearest(&far, 2).len(), 8);
    let with = Graph::nearest(&square, 1, SelfEdges::With).unwrap();
    assert_eq!(with.senders(), [0, 1, 0, 1, 1, 2, 0, 3]);
    let chain = [[3.0, 0.0, 0.0], [0.0; 3], [0.0; 3]];
    let images =
        Graph::nearest_periodic(&[[0.5; 3]], chain, [true, false, false], 4, SelfEdges::Without);
    assert_eq!(images.unwrap().shifts(), [[-2, 0, 0], [-1, 0, 0], [1, 0, 0], [2, 0, 0]]);
    assert_eq!(
        message(Graph::nearest(&[[1e308, 0.0, 0.0], [-1e308, 0.0, 0.0]], 1, SelfEdges::Without)),
        "points are too far apart to search for neighbours, expected finite distances"
    );
}

#[test]
fn a_batch_is_its_graphs_side_by_side() {
    let cell = [[1.1, 0.0, 0.0], [0.0, 1.2, 0.0], [0.3, 0.0, 1.3]];
    let cells = [cell, CUBE, cell.map(|v| v.map(|x| 2.0 * x))];
    let sets = [vec![[0.1, 0.2, 0.3], [0.5; 3]], vec![], vec![[0.4, 0.1, 0.0]; 3]];
    let graphs: Vec<Graph> = sets
        .iter()
        .zip(cells)
        .map(|(set, cell)| {
            Graph::within_radius_periodic(set, cell, [true; 3], 1.4, SelfEdges::With).unwrap()
        })
        .collect();
    let batch = Batch::new(&graphs);
    assert_consistent(batch.graph());
    assert_eq!(batch.num_graphs(), 3);
    assert_eq!(batch.graph_of_node(), [0, 0, 2, 2, 2]);
    assert_eq!(batch.node_offsets(), [0, 2, 2, 5]);
    let positions = sets.concat();
    let vectors = batch.displacements_periodic(&positions, &cells).unwrap();
    let ranges = batch.node_ranges().zip(batch.edge_ranges());
    for (index, (nodes, range)) in ranges.enumerate() {
        let own = graphs[index].displacements_periodic(&sets[index], &cells[index]).unwrap();
        assert_eq!(vectors[range.clone()], own);
        let senders = &batch.graph().senders()[range];
        assert!(senders.iter().zip(graphs[index].senders()).all(|(b, s)| b - nodes.start == *s));
    }
}

#[test]
fn a_batch_of_no_graphs_has_no_nodes() {
    let batch = Batch::new(&[]);
    assert_eq!(batch.graph(), &Graph::complete(0, SelfEdges::With));
    assert_eq!((batch.num_graphs(), batch.node_ranges().len()), (0, 0));
}

// Errors.

fn message<T: std::fmt::Debug>(result: Result<T, GraphError>) -> String {
    result.unwrap_err().to_string()
}

fn periodic_message(points: &[Point], cell: Cell, periodic: [bool; 3], cutoff: f64) -> String {
    message(Graph::within_radius_periodic(points, cell, periodic, cutoff, SelfEdges::Without))
}

#[test]
fn bad_cutoffs_and_positions_are_refused() {
    let near = |cutoff| Graph::within_radius(&[[0.0; 3]], cutoff, SelfEdges::Without);
    for cutoff in [-1.0, f64::INFINITY, f64::NAN] {
        let expected =
            format!("the cutoff is {cutoff}, expected a finite number that is not negative");
        assert_eq!(message(near(cutoff)), expected);
    }
    let points = [[0.0_f32; 3], [0.0, 0.0, f32::INFINITY]];
    assert_eq!(
        message(Graph::within_radius(&points, 1.0, SelfEdges::Without)),
        "position 1 has inf on axis 2, expected a finite number"
    );
}

#[test]
fn bad_cells_are_refused() {
    let [a, b, c] = CUBE;
    let flat = |cell, periodic| periodic_message(&[[0.0; 3]], cell, periodic, 1.0);
    let tail = "(volume, area or length), expected linearly independent vectors";
    let zero = format!("the periodic cell vectors span 0 {tail}");
    assert_eq!(flat([a, b, a], [true; 3]), zero);
    assert_eq!(flat([a, a, c], [true, true, false]), zero);
    assert_eq!(flat([a, b, [0.0; 3]], [false, false, true]), zero);
    assert!(flat([a, b, [1e-14, 0.0, 1e-40]], [true; 3]).contains(tail));
    assert!(flat(CUBE.map(|v| v.map(|x| 1e200 * x)), [true; 3]).contains("span inf"));
    assert_eq!(
        flat([a, [0.0, f64::NAN, 0.0], c], [true, false, true]),
        "cell vector 1 has NaN on axis 1, expected a finite number"
    );
}

#[test]
fn too_many_images_are_refused() {
    assert_eq!(
        periodic_message(&[[0.0; 3]], CUBE, [true; 3], 1e4),
        "the cutoff needs 8.0e12 images of nodes, expected at most 67108864"
    );
    assert!(periodic_message(&[[0.0; 3]], CUBE, [true; 3], 1e300).contains("images"));
    assert_eq!(
        periodic_message(&[[0.0; 3], [0.0, 1e10, 0.0]], CUBE, [true; 3], 1.0),
        "position 1 is 1.0e10 cells outside along vector 1, expected at most 536870912"
    );
}

#[test]
fn bad_edges_are_refused() {
    assert_eq!(
        message(Graph::from_edges(3, &[0, 1], &[0])),
        "the slice of receivers has length 1, expected 2"
    );
    assert_eq!(
        message(Graph::from_edges(3, &[0, 1], &[0, 3])),
        "the receiver of edge 1 is 3, expected a node below 3"
    );
    assert_eq!(
        message(Graph::from_edges_periodic(3, &[0], &[0], &[])),
        "the slice of shifts has length 0, expected 1"
    );
    for num_nodes in [usize::MAX, usize::MAX - 1] {
        let expected = format!("{num_nodes} nodes, expected a number that fits in memory");
        assert_eq!(message(Graph::from_edges(num_nodes, &[], &[])), expected);
    }
}

#[test]
fn displacements_need_a_position_for_each_node_and_a_cell() {
    let graph = Graph::from_edges_periodic(2, &[0], &[1], &[[0, 1, 0]]).unwrap().0;
    let length = "the slice of positions has length 1, expected 2";
    assert_eq!(message(graph.displacements(&[[0.0; 3]])), length);
    assert_eq!(message(graph.displacements_periodic(&[[0.0; 3]], &CUBE)), length);
    assert_eq!(
        message(graph.displacements(&[[0.0; 3]; 2])),
        "edge 0 crosses cells with shift [0, 1, 0], expected no shift where no cell is given"
    );
    assert_eq!(
        message(Batch::new(&[graph]).displacements_periodic(&[[0.0; 3]; 2], &[])),
        "the slice of cells has length 0, expected 1"
    );
}

#[test]
#[should_panic(expected = "node 2 of a graph of 2 nodes")]
fn edges_into_no_node() {
    Graph::complete(2, SelfEdges::With).edges_into(2);
}

/// One point far away does not make the search look at all pairs: 10¹⁰ of them would take minutes.
#[test]
fn a_distant_point_does_not_slow_the_search_of_nearest_ones() {
    let mut random = tesseral::Random::new(3);
    let mut points: Vec<[f64; 3]> =
        (0..100_000).map(|_| [0; 3].map(|_| random.uniform())).collect();
    points.push([100.0, 0.0, 0.0]);
    let graph = Graph::nearest(&points, 4, SelfEdges::Without).unwrap();
    assert!((0..points.len()).all(|node| graph.edges_into(node).len() == 4));
}
