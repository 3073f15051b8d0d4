//! From the name in a case to a loss.

use loss_runtime::Loss;
use loss_runtime::info::Label;

use crate::suggest::nearest;

use super::answer::{Refusal, quoted};
use super::arrays::{CaseArray, Kind};

/// Finds the loss that a name means.
///
/// A name means a loss if, without underscores, capitals and a final `loss`, it is the loss's own name or that of its PyTorch function:
/// so `SmoothL1Loss`, `smooth_l1_loss` and `smooth_l1` are one. Where several losses share a function, the first one whose inputs
/// can hold what is given is meant, and the one of exactly that name is asked first.
///
/// # Errors
/// If no loss is meant.
pub fn find(
    losses: &[&'static dyn Loss],
    name: &str,
    inputs: &[(String, CaseArray)],
) -> Result<&'static dyn Loss, Refusal> {
    let wanted = plain(name);
    let mut meant: Vec<&'static dyn Loss> = losses
        .iter()
        .copied()
        .filter(|loss| {
            let info = loss.info();
            plain(info.name) == wanted || info.pytorch.is_some_and(|(function, _)| plain(function) == wanted)
        })
        .collect();
    meant.sort_by_key(|loss| loss.info().name != name);
    if let Some(loss) = meant.iter().copied().find(|loss| admits(*loss, inputs)) {
        return Ok(loss);
    }
    meant.first().copied().ok_or_else(|| {
        let known = losses.iter().map(|loss| loss.info().name);
        let hint = nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Refusal::new("loss", format!("there is no loss {}{hint}", quoted(name)))
    })
}

/// A name without what differs between ways to write it.
fn plain(name: &str) -> String {
    let letters: String = name.chars().filter(|&letter| letter != '_').flat_map(char::to_lowercase).collect();
    match letters.strip_suffix("loss") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        Some(_) | None => letters,
    }
}

/// Whether a loss has inputs of these names that can hold numbers of these kinds.
fn admits(loss: &dyn Loss, inputs: &[(String, CaseArray)]) -> bool {
    inputs.iter().all(|(name, array)| {
        loss.info().inputs.iter().any(|input| input.name == name && holds(input.label, array.kind()))
    })
}

fn holds(label: Label, kind: Kind) -> bool {
    match label {
        Label::Real | Label::Nonnegative | Label::Positive | Label::Probability | Label::Simplex => kind == Kind::Float,
        Label::Binary | Label::MultiHot | Label::Flag => true,
        Label::Sign | Label::Count => kind != Kind::Bool,
        Label::ClassIndex | Label::Group => kind == Kind::Int,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn class_function_and_spec_names_are_one() {
        for names in [
            ["SmoothL1Loss", "smooth_l1_loss", "smooth_l1"],
            ["MultiLabelMarginLoss", "multilabel_margin_loss", "multilabel_margin"],
            ["KLDivLoss", "kl_div", "kl_div_loss"],
            ["BCEWithLogitsLoss", "bce_with_logits", "BCEWithLogits"],
        ] {
            assert_eq!(plain(names[0]), plain(names[1]));
            assert_eq!(plain(names[0]), plain(names[2]));
        }
        assert_ne!(plain("BCELoss"), plain("BCEWithLogitsLoss"));
        assert_eq!(plain("loss"), "loss");
    }
}
