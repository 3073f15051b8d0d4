//! A spec that was compiled just now, shown without any kernel: its formula is interpreted, at a few points.

mod examples;
mod points;
mod properties;
mod relations;

use loss_codegen::compile::Compiled;
use loss_codegen::elaborate::Library;

use crate::oracle::call::call;

use points::Scene;

/// What can be said of a spec at once.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Values and gradients at a few points, properties, relations and examples.
    pub text: String,
    /// How many of the claims do not hold.
    pub failed: usize,
    /// The values that are shown.
    pub values: Vec<f64>,
}

/// Something that the spec claims, and how it stands.
enum Standing {
    /// It holds at so many points.
    Holds(usize),
    /// It does not; where, and what is there instead.
    Fails(String),
    /// Only the audit can tell.
    Left(&'static str),
}

/// Shows a spec; the library holds what it calls.
#[must_use]
pub fn preview(compiled: &Compiled, library: &Library) -> Preview {
    let mut preview = Preview::default();
    let scene = Scene::new(compiled);
    match &scene {
        Err(reason) => preview.text.push_str(&format!("no values are shown: {reason}\n")),
        Ok(scene) => {
            let spec = &compiled.spec;
            match call(spec, scene.variant, &scene.data, "none", &vec![1.0; scene.places()]) {
                Err(failure) => preview.text.push_str(&format!("no values are shown: {failure}\n")),
                Ok(outcome) => {
                    preview.text.push_str(&scene.table(&outcome));
                    preview.values = outcome.values.iter().map(crate::oracle::real::Real::to_f64).collect();
                    for (claim, standing) in properties::standings(scene, &outcome, library) {
                        preview.tell(&claim, standing);
                    }
                    for (claim, standing) in relations::standings(compiled, scene, library) {
                        preview.tell(&claim, standing);
                    }
                }
            }
        }
    }
    for (example, standing) in examples::standings(compiled) {
        preview.tell(&example, standing);
    }
    preview
}

impl Preview {
    fn tell(&mut self, claim: &str, standing: Standing) {
        let line = match standing {
            Standing::Holds(1) => format!("holds  {claim}\n"),
            Standing::Holds(points) => format!("holds  {claim}, at {points} points\n"),
            Standing::Fails(found) => {
                self.failed += 1;
                format!("FAILS  {claim}: {found}\n")
            }
            Standing::Left(why) => format!("       {claim}: {why}\n"),
        };
        self.text.push_str(&line);
    }
}

#[cfg(test)]
mod tests;
