//! What every Hessian is, and what the declared properties of a loss make it: read off whole Hessians of small rows, each column of which is a
//! product with one place alone.

use loss_codegen::compile::Compiled;
use loss_codegen::document::PropertyEntry;
use loss_codegen::formula::ast::AstKind;
use loss_codegen::property::Property;
use loss_runtime::{Element, Error, Upstream};

use crate::generators::{Extents, Random};
use crate::subject::{Effort, Subject};

use super::geometry::refused;
use super::probe::{same, show};
use super::product::{Ask, direction};
use super::sample::{Sample, each_pair, has_second_axis};
use super::tolerance::PROPERTY;
use super::{Finding, Tally};

/// Every law, in both types where it holds to the bit, in `f64` where rounding may carry it.
pub(super) fn hessian_product_obeys_laws(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if subject.loss.info().hessian_products.is_empty() {
        return Finding::skipped("the spec asks for no Hessian-vector products");
    }
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(subject.loss.info()) {
        [(3, 1), (3, 2), (4, 3), (2, 5), (1, 17)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        vec![Extents::rows([8]), Extents::rows([3, 2])]
    };
    let check = "hessian_product_obeys_laws";
    each_pair::<f32>(subject, effort, &format!("{check} f32"), &sizes, |_, batch, _| batch, &mut tally, factors);
    each_pair::<f64>(subject, effort, &format!("{check} f64"), &sizes, |_, batch, _| batch, &mut tally, factors);
    let name = format!("{check} of whole Hessians");
    // Of one place alone, what does not depend on its size keeps nothing but what rounding leaves.
    each_pair::<f64>(
        subject,
        effort,
        &name,
        &sizes[1..],
        |_, batch, _| batch,
        &mut tally,
        |sample, random, tally| {
            for &input in sample.info.hessian_products {
                if let Err(refusal) = whole(sample, compiled, input, random, tally) {
                    return refused(sample, &refusal, tally);
                }
            }
        },
    );
    tally.finding()
}

/// A power of two in the direction or in the upstream gradient is one of the product, to the bit.
fn factors<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    for &input in sample.info.hessian_products {
        let direction = direction(sample, input, random);
        let factor = *random.pick(&[-1.0, 2.0, -0.5]);
        let turned: Vec<T> = direction.iter().map(|&v| T::from_f64(factor * v.to_f64())).collect();
        let one = Ask::of(input, &direction);
        let along = Ask::of(input, &turned);
        let upstream = Ask { upstream: Upstream::Scalar(T::from_f64(factor)), ..one };
        let [one, along, upstream] = match [one, along, upstream].map(|ask| ask.answer(sample.loss, &sample.batch)) {
            [Ok(one), Ok(along), Ok(upstream)] => [one, along, upstream],
            [Err(refusal), ..] | [_, Err(refusal), _] | [.., Err(refusal)] => return refused(sample, &refusal, tally),
        };
        for (what, scaled) in [("along the direction", along), ("as upstream gradient", upstream)] {
            for (place, (&one, &scaled)) in one.iter().zip(&scaled).enumerate() {
                let expected = T::from_f64(factor * one.to_f64());
                // A product on the way that falls below the normal numbers is rounded where its double is not.
                let is_tiny = one.to_f64().abs() < T::MIN_POSITIVE.to_f64() / T::EPSILON.to_f64();
                if is_tiny || same(expected, scaled) {
                    tally.pass(1);
                } else {
                    let name = sample.info.inputs[input].name;
                    let what = format!("product in {name}, {factor} {what}, place {place}; {}", sample.describe());
                    tally.fail(&what, || (show(expected), show(scaled)));
                }
            }
        }
    }
}

/// What the spec claims of an input that its Hessian must show.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Claims {
    is_convex: bool,
    is_shift_invariant: bool,
}

impl Claims {
    fn of(compiled: &Compiled, input: &str) -> Self {
        let named = |wanted: Property| {
            compiled.spec.properties.iter().any(|(name, entry)| {
                Property::named(&name.value) == Some(wanted)
                    && match entry {
                        PropertyEntry::List(list) => {
                            list.iter().any(|ast| matches!(&ast.kind, AstKind::Name(name) if name == input))
                        }
                        PropertyEntry::Map(map) => map.iter().any(|(name, _)| name.value == input),
                        PropertyEntry::Formula(_) => false,
                    }
            })
        };
        Self { is_convex: named(Property::ConvexIn), is_shift_invariant: named(Property::ShiftInvariantIn) }
    }
}

/// The Hessians of all rows, place by place, and what they do to a direction.
fn whole(
    sample: &Sample<'_, f64>,
    compiled: &Compiled,
    input: usize,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(), Error> {
    let declared = &sample.info.inputs[input];
    let Some(column) = &sample.batch.inputs[input] else { return Ok(()) };
    let len = column.values.len();
    let places = |row| sample.extents.places(sample.info, declared, row);
    let Some(rows) = (0..sample.extents.row_count()).map(places).collect::<Option<Vec<_>>>() else { return Ok(()) };
    let claims = Claims::of(compiled, declared.name);
    let vector: Vec<f64> = (0..len).map(|_| random.between(-2.0, 2.0)).collect();
    let found = Ask::of(input, &vector).answer(sample.loss, &sample.batch)?;
    let per_row = rows.first().map_or(0, Vec::len);
    let mut columns = Vec::new();
    for along in 0..per_row {
        let mut alone = vec![0.0; len];
        rows.iter().for_each(|places| alone[places[along]] = 1.0);
        columns.push(Ask::of(input, &alone).answer(sample.loss, &sample.batch)?);
    }
    for (row, places) in rows.iter().enumerate() {
        let hessian = Hessian {
            rows: places.iter().map(|&place| columns.iter().map(|column| column[place]).collect()).collect(),
            vector: places.iter().map(|&place| vector[place]).collect(),
            product: places.iter().map(|&place| found[place]).collect(),
        };
        match hessian.broken(claims) {
            None => tally.pass(per_row as u64),
            Some(law) => tally.fail(&format!("{law}, row {row} of {}; {}", declared.name, sample.describe()), || {
                (law.to_owned(), format!("{:?} times {:?} is {:?}", hessian.rows, hessian.vector, hessian.product))
            }),
        }
    }
    Ok(())
}

/// The Hessian of one row, and a product with it.
struct Hessian {
    rows: Vec<Vec<f64>>,
    vector: Vec<f64>,
    product: Vec<f64>,
}

impl Hessian {
    /// The first law that is broken. Of what is not finite they say nothing.
    fn broken(&self, claims: Claims) -> Option<&'static str> {
        let all = self.rows.iter().flatten().chain(&self.product);
        if !all.clone().all(|number| number.is_finite()) {
            return None;
        }
        // The largest entry is what roundings are shares of: those of one entry reach others through the row's own sums.
        let largest = self.rows.iter().flatten().fold(0.0, |largest: f64, entry| largest.max(entry.abs()));
        let longest = self.vector.iter().fold(0.0, |longest: f64, v| longest.max(v.abs()));
        let slack = PROPERTY * largest * self.rows.len() as f64;
        let places = || 0..self.rows.len();
        let times = |vector: &[f64], row: usize| -> f64 { self.rows[row].iter().zip(vector).map(|(h, v)| h * v).sum() };
        let is_symmetric = places().all(|i| places().all(|j| (self.rows[i][j] - self.rows[j][i]).abs() <= slack));
        let is_linear = places().all(|i| (self.product[i] - times(&self.vector, i)).abs() <= slack * longest);
        let bend: f64 = places().map(|i| self.vector[i] * self.product[i]).sum();
        let ones = vec![1.0; self.rows.len()];
        let is_level = places().all(|i| times(&ones, i).abs() <= slack);
        let laws = [
            (is_symmetric, "the Hessian is symmetric"),
            (is_linear, "the product is linear in the direction"),
            (!claims.is_convex || bend >= -slack * longest * longest, "a convex loss bends nowhere down"),
            (!claims.is_shift_invariant || is_level, "along a shift that changes nothing the product is 0"),
        ];
        laws.into_iter().find(|(holds, _)| !holds).map(|(_, law)| law)
    }
}

#[cfg(test)]
mod tests {
    use super::{Claims, Hessian};

    const ALL: Claims = Claims { is_convex: true, is_shift_invariant: true };

    fn broken(rows: [[f64; 2]; 2], product: [f64; 2], claims: Claims) -> Option<&'static str> {
        let rows = rows.iter().map(|row| row.to_vec()).collect();
        Hessian { rows, vector: vec![1.0, -2.0], product: product.into() }.broken(claims)
    }

    #[test]
    fn each_law_is_told_from_the_others() {
        assert_eq!(broken([[0.25, -0.25], [-0.25, 0.25]], [0.75, -0.75], ALL), None);
        assert_eq!(broken([[0.25, -0.25], [-0.2, 0.25]], [0.75, -0.7], ALL), Some("the Hessian is symmetric"));
        assert_eq!(
            broken([[0.25, -0.25], [-0.25, 0.25]], [0.75, -0.75 + 1e-8], ALL),
            Some("the product is linear in the direction")
        );
        let falling = [[-0.25, 0.25], [0.25, -0.25]];
        assert_eq!(broken(falling, [-0.75, 0.75], ALL), Some("a convex loss bends nowhere down"));
        let shifts = Claims { is_convex: false, ..ALL };
        assert_eq!(broken(falling, [-0.75, 0.75], shifts), None);
        let steep = [[0.25, -0.2], [-0.2, 0.25]];
        assert_eq!(broken(steep, [0.65, -0.7], ALL), Some("along a shift that changes nothing the product is 0"));
        assert_eq!(broken(steep, [0.65, -0.7], Claims::default()), None);
        assert_eq!(broken([[f64::NAN; 2]; 2], [0.0; 2], ALL), None);
    }
}
