//! Whether a system of linear equations has a solution without negative numbers: the first phase of the simplex method, in exact
//! fractions, with Bland's rule, so that it ends.

use std::collections::BTreeMap;

use dashu_base::Signed;
use dashu_ratio::RBig;

/// A column: its numbers by row.
pub(super) type Column = BTreeMap<usize, RBig>;

/// More pivots than this are not worth the wait.
const MOST_PIVOTS: usize = 4000;

/// Numbers, none negative, for which the columns add up to 0 in every row but the last of `rows`, and to 1 in that; none if there are
/// none, or too long to find.
pub(super) fn combination(columns: &[Column], rows: usize) -> Option<BTreeMap<usize, RBig>> {
    let active = presolved(columns, rows)?;
    // Rows that no column is left in say 0 = 0.
    let mut used: Vec<usize> = active.iter().flat_map(|&at| columns[at].keys().copied()).collect();
    used.sort_unstable();
    used.dedup();
    if used.last() != Some(&(rows - 1)) {
        return None;
    }
    Tableau::new(columns, &active, &used).solved(&active)
}

/// The columns that can take part. Where all numbers of a row whose sum is 0 have one sign, their columns cannot.
fn presolved(columns: &[Column], rows: usize) -> Option<Vec<usize>> {
    let mut active: Vec<bool> = vec![true; columns.len()];
    loop {
        let mut signs = vec![[0_usize; 2]; rows];
        for (column, _) in columns.iter().zip(&active).filter(|(_, active)| **active) {
            for (&row, number) in column {
                signs[row][usize::from(number.is_negative())] += 1;
            }
        }
        let mut changed = false;
        for (column, active) in columns.iter().zip(&mut active) {
            let lonely = |row: usize| row + 1 < rows && (signs[row][0] == 0 || signs[row][1] == 0);
            if *active && column.keys().any(|&row| lonely(row)) {
                *active = false;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let left: Vec<usize> = (0..columns.len()).filter(|&at| active[at]).collect();
    (!left.is_empty()).then_some(left)
}

struct Tableau {
    /// Per row: numbers by column, the right-hand side last.
    rows: Vec<Vec<RBig>>,
    /// The goal: the sum of the artificial unknowns, as what is left to lose.
    goal: Vec<RBig>,
    /// Per row: the unknown in the basis; none for an artificial one.
    basis: Vec<Option<usize>>,
}

impl Tableau {
    fn new(columns: &[Column], active: &[usize], used: &[usize]) -> Self {
        let width = active.len();
        let mut rows = vec![vec![RBig::ZERO; width + 1]; used.len()];
        for (place, &at) in active.iter().enumerate() {
            for (row, number) in &columns[at] {
                if let Ok(row) = used.binary_search(row) {
                    rows[row][place] = number.clone();
                }
            }
        }
        if let Some(last) = rows.last_mut() {
            last[width] = RBig::ONE;
        }
        let mut goal = vec![RBig::ZERO; width + 1];
        for row in &rows {
            for (sum, number) in goal.iter_mut().zip(row) {
                if !number.is_zero() {
                    *sum += number;
                }
            }
        }
        let basis = vec![None; rows.len()];
        Tableau { rows, goal, basis }
    }

    fn solved(mut self, active: &[usize]) -> Option<BTreeMap<usize, RBig>> {
        let width = active.len();
        for _ in 0..MOST_PIVOTS {
            if self.goal[width].is_zero() {
                let mut solution = BTreeMap::new();
                for (row, basic) in self.rows.iter().zip(&self.basis) {
                    if let Some(place) = basic
                        && !row[width].is_zero()
                    {
                        solution.insert(active[*place], row[width].clone());
                    }
                }
                return Some(solution);
            }
            let entering = (0..width).find(|&place| self.goal[place].is_positive() && !self.goal[place].is_zero())?;
            let leaving = self.leaving(entering, width)?;
            self.pivot(leaving, entering);
        }
        None
    }

    /// The row that bounds the entering unknown first; of several an artificial one, then the first unknown.
    fn leaving(&self, entering: usize, width: usize) -> Option<usize> {
        let mut best: Option<(RBig, Option<usize>, usize)> = None;
        for (at, row) in self.rows.iter().enumerate() {
            let number = &row[entering];
            if number.is_zero() || number.is_negative() {
                continue;
            }
            let candidate = (&row[width] / number, self.basis[at], at);
            if best.as_ref().is_none_or(|best| (&candidate.0, candidate.1) < (&best.0, best.1)) {
                best = Some(candidate);
            }
        }
        best.map(|(_, _, row)| row)
    }

    fn pivot(&mut self, leaving: usize, entering: usize) {
        let pivot = self.rows[leaving][entering].clone();
        let mut row = std::mem::take(&mut self.rows[leaving]);
        row.iter_mut().filter(|number| !number.is_zero()).for_each(|number| *number /= &pivot);
        let places: Vec<usize> = (0..row.len()).filter(|&place| !row[place].is_zero()).collect();
        for other in self.rows.iter_mut().chain([&mut self.goal]).filter(|other| !other.is_empty()) {
            let factor = other[entering].clone();
            if factor.is_zero() {
                continue;
            }
            for &place in &places {
                other[place] -= &factor * &row[place];
            }
        }
        self.rows[leaving] = row;
        self.basis[leaving] = Some(entering);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(numbers: &[(usize, i64)]) -> Column {
        numbers.iter().map(|&(row, number)| (row, RBig::from(number))).collect()
    }

    #[test]
    fn a_combination_is_found_where_there_is_one() {
        // a - 2 b = 0 and a + b = 1.
        let columns = [column(&[(0, 1), (1, 1)]), column(&[(0, -2), (1, 1)])];
        let found = combination(&columns, 2).expect("two thirds and one third");
        assert_eq!(found[&0], RBig::from_parts(2.into(), 3u8.into()));
        assert_eq!(found[&1], RBig::from_parts(1.into(), 3u8.into()));
    }

    #[test]
    fn none_is_found_where_there_is_none() {
        let columns = [column(&[(0, 1), (1, 1)]), column(&[(0, 2), (1, 1)])];
        assert_eq!(combination(&columns, 2), None, "both have one sign in the first row");
        // a - b = 0, b - c = 0, c - 2 a = 0 force all to 0.
        let columns = [column(&[(0, 1), (2, -2), (3, 1)]), column(&[(0, -1), (1, 1)]), column(&[(1, -1), (2, 1)])];
        assert_eq!(combination(&columns, 4), None);
    }
}
