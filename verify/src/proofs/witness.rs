//! Points of a piece: that something is true somewhere.

use std::collections::BTreeMap;

use dashu_ratio::RBig;

use super::atoms::{Atom, Atoms};
use super::piece::Piece;
use super::polynomial::{Polynomial, Unknown};

/// Numbers for inputs and parameters.
pub(super) type Point = BTreeMap<Unknown, RBig>;

/// What numbers are tried: numerators over 4, the plainest first. All are exact in binary.
const QUARTERS: [i32; 9] = [4, 0, -4, 2, 8, -8, -2, 12, -12];
/// So many points are tried.
const MOST: usize = 3000;

/// A point of the piece that is accepted; none if none of those tried is.
pub(super) fn witness(piece: &Piece, atoms: &Atoms, accept: &dyn Fn(&Point) -> bool) -> Option<Point> {
    let free: Vec<Unknown> = piece.unknowns().filter(|&one| atoms.is_given(one) && !piece.is_solved(one)).collect();
    let choices = QUARTERS.len();
    for number in 0..choices.saturating_pow(free.len() as u32).min(MOST) {
        let mut digits = number;
        let mut point = Point::new();
        for &unknown in &free {
            point.insert(unknown, RBig::from(QUARTERS[digits % choices]) / RBig::from(4));
            digits /= choices;
        }
        for (unknown, value) in piece.solutions() {
            if let Some(value) = at(value, &point) {
                point.insert(unknown, value);
            }
        }
        // What has unknowns beyond inputs and parameters is not asked here.
        let inside = piece.inequalities().iter().all(|inequality| {
            let Some(value) = at(&inequality.polynomial, &point) else { return true };
            if inequality.strict { value > RBig::ZERO } else { value >= RBig::ZERO }
        });
        if inside && accept(&point) {
            return Some(point);
        }
    }
    None
}

/// A polynomial at a point; none if it has other unknowns.
pub(super) fn at(polynomial: &Polynomial, point: &Point) -> Option<RBig> {
    polynomial.at(&|unknown| point.get(&unknown).cloned())
}

/// What an atom of a point is called.
pub(super) fn is_named(atom: &Atom) -> bool {
    match atom {
        Atom::Input(..) | Atom::Param(_) => true,
        Atom::Size(_) | Atom::Other(_) | Atom::Step | Atom::Function(..) | Atom::Power(..) | Atom::Reduced(..) => false,
    }
}
