//! The declared properties at the points that are shown.

use loss_codegen::document::{Formula, PropertyEntry};
use loss_codegen::elaborate::{Library, elaborate_in};
use loss_codegen::expr::Type;
use loss_codegen::formula::ast::{Ast, AstKind};
use loss_codegen::formula::print::print;
use loss_codegen::model::Variant;
use loss_codegen::property::Property;

use crate::number::short;
use crate::oracle::Oracle;
use crate::oracle::call::CallOutcome;
use crate::oracle::data::Values;
use crate::oracle::real::Real;

use super::Standing;
use super::points::Scene;

/// A share of a number by which a claim may fail where both sides are rounded to be compared.
const ROUNDING: f64 = 1e-12;

/// How each property stands.
pub(super) fn standings(scene: &Scene<'_>, outcome: &CallOutcome, library: &Library) -> Vec<(String, Standing)> {
    let mut standings = Vec::new();
    for (name, value) in &scene.spec.properties {
        let claims = Claims { scene, outcome, library, values: outcome.values.iter().map(Real::to_f64).collect() };
        for (words, formulas) in each_claim(value) {
            // A spec whose properties have other names does not compile, and so is not shown.
            let standing = Property::named(&name.value)
                .map_or(Standing::Left("no property has this name"), |property| claims.judge(property, &formulas));
            standings.push((format!("{}{words}", name.value), standing));
        }
    }
    standings
}

/// A property's claims: the words behind its name, and the formulas that belong to it, with the input first where there is one.
fn each_claim(value: &PropertyEntry) -> Vec<(String, Vec<Ast>)> {
    match value {
        PropertyEntry::Formula(ast) => {
            let is_true = matches!(ast.kind, AstKind::Boolean(true));
            vec![(if is_true { String::new() } else { format!(": {}", print(ast)) }, vec![ast.clone()])]
        }
        PropertyEntry::List(list) => {
            // `bounded` has one claim of two formulas; all other lists have one of each.
            vec![(format!(": {}", list.iter().map(print).collect::<Vec<_>>().join(", ")), list.clone())]
        }
        PropertyEntry::Map(map) => {
            let named = |name: &str, ast: &Ast| Ast { kind: AstKind::Name(name.to_owned()), span: ast.span };
            map.iter()
                .map(|(name, ast)| {
                    (format!(" {}: {}", name.value, print(ast)), vec![named(&name.value, ast), ast.clone()])
                })
                .collect()
        }
    }
}

struct Claims<'s> {
    scene: &'s Scene<'s>,
    outcome: &'s CallOutcome,
    library: &'s Library,
    values: Vec<f64>,
}

impl Claims<'_> {
    fn judge(&self, property: Property, formulas: &[Ast]) -> Standing {
        match property {
            Property::Nonnegative => self.each_value(&formulas[..1], |value, flags| !(flags[0] == 1.0 && value < 0.0)),
            Property::ZeroIff => self.each_value(&formulas[..1], |value, flags| (value == 0.0) == (flags[0] == 1.0)),
            Property::Bounded => self.each_value(formulas, |value, ends| {
                let slack = ROUNDING * ends[0].abs().max(ends[1].abs());
                ends[0] - slack <= value && value <= ends[1] + slack
            }),
            Property::IncreasingIn => self.slopes(formulas, |slope| slope >= 0.0),
            Property::DecreasingIn => self.slopes(formulas, |slope| slope <= 0.0),
            Property::LipschitzIn => self.lipschitz(formulas),
            Property::ConvexIn => self.convex(formulas),
            Property::EvenIn
            | Property::OddIn
            | Property::SymmetricIn
            | Property::AntisymmetricIn
            | Property::StronglyConvexIn
            | Property::LipschitzSupIn
            | Property::SmoothIn
            | Property::HomogeneousIn
            | Property::ScaleInvariantIn
            | Property::ShiftInvariantIn
            | Property::GradientSumsToZeroIn
            | Property::PermutationEquivariant
            | Property::Through
            | Property::Asymptotes
            | Property::ProperIn => Standing::Left("left to the audit"),
        }
    }

    /// Formulas at each place, conditions as 0 and 1; none where one has no value.
    fn at_places(&self, formulas: &[Ast]) -> Option<Vec<Vec<f64>>> {
        let mut variant = self.scene.variant.clone();
        let typed = |ast: &Ast, variant: &mut Variant| {
            elaborate_in(self.scene.spec, variant, self.library, &Formula::Scalar(ast.clone()), &[])
        };
        let ids = formulas.iter().map(|ast| typed(ast, &mut variant).ok()).collect::<Option<Vec<_>>>()?;
        let oracle = Oracle::new(self.scene.spec, &variant, &self.scene.data).ok()?;
        let along = self.values.len() / self.scene.rows();
        let places = (0..self.values.len()).map(|place| [place / along, place % along]);
        places
            .map(|place| {
                let place = &place[..self.scene.spec.axes.len().min(2)];
                let number = |&id| {
                    if variant.graph.ty(id) == Type::Condition {
                        oracle.condition(id, place).ok()?.map(|truth| f64::from(u8::from(truth)))
                    } else {
                        Some(oracle.expression(id, place).ok()?.value.to_f64())
                    }
                };
                ids.iter().map(number).collect()
            })
            .collect()
    }

    fn each_value(&self, formulas: &[Ast], holds: impl Fn(f64, &[f64]) -> bool) -> Standing {
        let Some(formulas) = self.at_places(formulas) else { return Standing::Left("has no value here") };
        let along = self.values.len() / self.scene.rows();
        for (place, (&value, formulas)) in self.values.iter().zip(&formulas).enumerate() {
            if !holds(value, formulas) {
                return Standing::Fails(format!(
                    "the loss is {} at {}",
                    short(value),
                    self.scene.describe(place / along)
                ));
            }
        }
        Standing::Holds(self.values.len())
    }

    /// The place of an input in the spec, and its gradient; none without one.
    fn gradient(&self, ast: &Ast) -> Option<(usize, &Vec<Real>)> {
        let AstKind::Name(name) = &ast.kind else { return None };
        let input = self.scene.spec.inputs.iter().position(|input| input.name == *name)?;
        Some((input, self.outcome.gradients[input].as_ref()?))
    }

    fn slopes(&self, inputs: &[Ast], holds: impl Fn(f64) -> bool) -> Standing {
        let mut points = 0;
        for ast in inputs {
            let Some((input, gradient)) = self.gradient(ast) else { return Standing::Left("left to the audit") };
            for row in 0..self.scene.rows() {
                let slopes = self.scene.of_row(input, row, gradient);
                if let Some(slope) = slopes.iter().map(Real::to_f64).find(|&slope| !holds(slope)) {
                    return Standing::Fails(format!("the slope is {} at {}", short(slope), self.scene.describe(row)));
                }
                points += slopes.len();
            }
        }
        Standing::Holds(points)
    }

    fn lipschitz(&self, formulas: &[Ast]) -> Standing {
        let [input, bound] = formulas else { return Standing::Left("left to the audit") };
        let (Some((input, gradient)), Some(bounds)) =
            (self.gradient(input), self.at_places(std::slice::from_ref(bound)))
        else {
            return Standing::Left("left to the audit");
        };
        let along = self.values.len() / self.scene.rows();
        if along != 1 {
            return Standing::Left("left to the audit");
        }
        for (row, bound) in bounds.iter().enumerate() {
            let size =
                self.scene.of_row(input, row, gradient).iter().map(|slope| slope.to_f64().powi(2)).sum::<f64>().sqrt();
            if size > bound[0] * (1.0 + ROUNDING) {
                return Standing::Fails(format!(
                    "the gradient is {} long at {}",
                    short(size),
                    self.scene.describe(row)
                ));
            }
        }
        Standing::Holds(bounds.len())
    }

    /// The loss lies above each of its tangents, between rows that differ in this input alone.
    fn convex(&self, inputs: &[Ast]) -> Standing {
        let mut points = 0;
        for ast in inputs {
            let Some((input, gradient)) = self.gradient(ast) else { return Standing::Left("left to the audit") };
            let rows = self.scene.rows();
            let pairs = (0..rows).flat_map(|here| (0..rows).map(move |there| (here, there)));
            for (here, there) in pairs.filter(|&(here, there)| here != there && self.differ_in(input, here, there)) {
                let (from, to) = (self.numbers(input, here), self.numbers(input, there));
                let slopes = self.scene.of_row(input, here, gradient).iter().map(Real::to_f64);
                let rise: f64 = slopes.zip(from.iter().zip(&to)).map(|(slope, (from, to))| slope * (to - from)).sum();
                let along = self.values.len() / rows;
                let value = |row: usize| self.values[row * along..(row + 1) * along].iter().sum::<f64>();
                let slack = ROUNDING * (value(here).abs() + value(there).abs() + rise.abs());
                if value(there) < value(here) + rise - slack {
                    return Standing::Fails(format!(
                        "the loss at {} lies below the tangent at {}",
                        self.scene.describe(there),
                        self.scene.describe(here)
                    ));
                }
                points += 1;
            }
        }
        if points == 0 { Standing::Left("no two points shown tell") } else { Standing::Holds(points) }
    }

    fn differ_in(&self, input: usize, here: usize, there: usize) -> bool {
        (0..self.scene.spec.inputs.len())
            .all(|other| other == input || self.scene.cell(other, here) == self.scene.cell(other, there))
    }

    fn numbers(&self, input: usize, row: usize) -> Vec<f64> {
        match self.scene.data.inputs[input].as_ref().map(|data| &data.values) {
            Some(Values::Real(values)) => self.scene.of_row(input, row, values).to_vec(),
            Some(Values::Integer(_) | Values::Condition(_)) | None => Vec::new(),
        }
    }
}
