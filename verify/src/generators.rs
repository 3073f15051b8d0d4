//! Data for a call of any loss, from nothing but what its registry entry says: shapes from axes, values from labels.

mod batch;
mod extents;
mod random;
mod setting;
mod strategy;
mod values;

pub use batch::{Batch, Column, Values};
pub use extents::Extents;
pub use random::Random;
pub use setting::{Setting, settings};
pub(crate) use setting::{distinct, param_text, refused, settings_named};
pub use strategy::{BatchTree, Batches, Refine};
pub use values::{Family, draw};

use loss_runtime::{Call, Element, Error, Loss, Request, run};

/// Makes batches for one loss under one setting.
#[derive(Clone)]
pub struct Generator {
    loss: &'static dyn Loss,
    setting: Setting,
    families: Vec<Family>,
}

impl Generator {
    /// A generator whose values meet the inputs' labels and declared conditions.
    ///
    /// The conditions are code, not data, so they are found out by trying: as long as a small batch is refused because of an input,
    /// that input's values are drawn from a narrower family.
    ///
    /// # Errors
    /// The last refusal, if no family is narrow enough or the setting itself is refused.
    pub fn new(loss: &'static dyn Loss, setting: Setting) -> Result<Self, Error> {
        let families = loss.info().inputs.iter().map(|input| Family::of(input, &setting.params)).collect();
        let mut generator = Self { loss, setting, families };
        let mut random = Random::new(0);
        loop {
            let batch: Batch<f64> = generator.batch(&Extents::rows([64]).with_extent(5), &mut random);
            let call: Call<'_, f64> = batch.call();
            let Err(refusal) = run(loss, &call, Request::default()) else {
                return Ok(generator);
            };
            let Error::Domain { input, .. } = refusal else {
                return Err(refusal);
            };
            let place = loss.info().inputs.iter().position(|info| info.name == input).ok_or(refusal)?;
            generator.families[place] = generator.families[place].narrower().ok_or(refusal)?;
        }
    }

    /// The same without rows that are dropped.
    #[must_use]
    pub fn without_dropped_rows(mut self) -> Self {
        for family in &mut self.families {
            if let Family::ClassIndex { ignored } = family {
                *ignored = None;
            }
        }
        self
    }

    /// Whose batches it makes.
    #[must_use]
    pub fn loss(&self) -> &'static dyn Loss {
        self.loss
    }

    /// The parameters and which inputs are present.
    #[must_use]
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// What an input's values are drawn from.
    #[must_use]
    pub fn family(&self, input: usize) -> Family {
        self.families[input]
    }

    /// A batch of this size.
    #[must_use]
    pub fn batch<T: Element>(&self, extents: &Extents, random: &mut Random) -> Batch<T> {
        let info = self.loss.info();
        let inputs = info.inputs.iter().zip(&self.families).zip(&self.setting.present);
        let inputs = inputs
            .map(|((input, family), present)| {
                present.then(|| {
                    let shape = extents.shape(info, input);
                    let values = draw(*family, &shape, extents, random);
                    Column { shape, values }
                })
            })
            .collect();
        Batch { inputs, params: self.setting.params.clone() }
    }
}

#[cfg(test)]
mod tests;
