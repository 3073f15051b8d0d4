//! Settings in which every two options meet: faults that show only where two of them come together are the commonest after those of one
//! alone (Kuhn, Wallace and Gallo, Software Fault Interactions and Implications for Software Testing, 2004).

use loss_runtime::Loss;
use loss_runtime::info::ParamKind;

use super::{Setting, candidates, may_be_absent};

/// How many values of a number meet those of every other option; of switches, words and listed numbers all do.
const NUMBERS: usize = 3;

/// Something that a caller may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Param(usize),
    /// Whether an input is there.
    Input(usize),
}

/// A choice, and what may be chosen: of an input 1 for present and 0 for absent.
struct Option {
    choice: Choice,
    values: Vec<f64>,
}

/// One value of one option.
type Chosen = (Choice, f64);

/// Adds what is missing.
pub(super) fn complete(loss: &dyn Loss, settings: &mut Vec<Setting>) {
    let Some(base) = settings.first().cloned() else { return };
    let options = options(loss, &base);
    for (place, first) in options.iter().enumerate() {
        for second in &options[place + 1..] {
            for &a in &first.values {
                for &b in &second.values {
                    let pair = [(first.choice, a), (second.choice, b)];
                    if !settings.iter().any(|setting| meet(setting, pair)) {
                        settings.extend(with(loss, &base, &options, pair, settings));
                    }
                }
            }
        }
    }
}

/// Everything that a caller may choose, and the values that are admitted where all else is as in the base.
fn options(loss: &dyn Loss, base: &Setting) -> Vec<Option> {
    let info = loss.info();
    let params = info.params.iter().enumerate().map(|(place, param)| {
        let admitted = |value: &f64| is_admitted(loss, &chosen(base, (Choice::Param(place), *value)));
        let absent = param.optional.then_some(f64::NAN);
        let most = match param.kind {
            ParamKind::Real | ParamKind::Integer => NUMBERS,
            ParamKind::OneOf(_) | ParamKind::Switch | ParamKind::Choice(_) => usize::MAX,
        };
        let values = absent.into_iter().chain(candidates(param).into_iter().filter(admitted).take(most));
        Option { choice: Choice::Param(place), values: values.collect() }
    });
    let inputs = info.inputs.iter().enumerate().filter(|(_, input)| may_be_absent(input));
    let inputs = inputs.map(|(place, _)| Option { choice: Choice::Input(place), values: vec![1.0, 0.0] });
    params.chain(inputs).collect()
}

/// A setting in which a pair meets; its other options take the values that make the most of the pairs that are still missing. Nothing
/// where the two do not go together.
fn with(
    loss: &dyn Loss,
    base: &Setting,
    options: &[Option],
    pair: [Chosen; 2],
    settings: &[Setting],
) -> std::option::Option<Setting> {
    let mut setting = chosen(&chosen(base, pair[0]), pair[1]);
    if !is_admitted(loss, &setting) {
        return None;
    }
    let mut fixed = pair.to_vec();
    for option in options.iter().filter(|option| pair.iter().all(|(choice, _)| *choice != option.choice)) {
        let gain = |value: f64| {
            let new = |other: &&Chosen| !settings.iter().any(|known| meet(known, [**other, (option.choice, value)]));
            fixed.iter().filter(new).count()
        };
        let admitted =
            option.values.iter().filter(|&&value| is_admitted(loss, &chosen(&setting, (option.choice, value))));
        // The first of equals: a default comes first.
        let best = admitted.rev().max_by_key(|&&value| gain(value));
        if let Some(&value) = best {
            setting = chosen(&setting, (option.choice, value));
            fixed.push((option.choice, value));
        }
    }
    Some(setting)
}

fn chosen(setting: &Setting, (choice, value): Chosen) -> Setting {
    let mut setting = setting.clone();
    match choice {
        Choice::Param(place) => setting.params[place] = value,
        Choice::Input(place) => setting.present[place] = value != 0.0,
    }
    setting
}

fn meet(setting: &Setting, pair: [Chosen; 2]) -> bool {
    pair.iter().all(|&(choice, value)| match choice {
        // NaN, an absent parameter, is not equal to itself.
        Choice::Param(place) => setting.params[place].to_bits() == value.to_bits(),
        Choice::Input(place) => setting.present[place] == (value != 0.0),
    })
}

fn is_admitted(loss: &dyn Loss, setting: &Setting) -> bool {
    let params = &setting.params;
    (0..params.len()).all(|place| params[place].is_nan() || loss.param_in_domain(place, params))
}

#[cfg(test)]
mod tests {
    use super::super::{Setting, distinct, may_be_absent, one_at_a_time, settings};
    use super::is_admitted;
    use crate::registry::losses;
    use loss_runtime::info::ParamKind;

    /// The values of a parameter in some settings.
    fn values(settings: &[Setting], param: usize) -> Vec<f64> {
        let mut values: Vec<f64> = settings.iter().map(|setting| setting.params[param]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    }

    #[test]
    fn every_two_options_meet() {
        let mut pairs = 0;
        for &loss in losses().losses {
            let (info, settings) = (loss.info(), settings(loss));
            let inputs: Vec<usize> =
                (0..info.inputs.len()).filter(|&input| may_be_absent(&info.inputs[input])).collect();
            for (at, &a) in inputs.iter().enumerate() {
                for &b in &inputs[at + 1..] {
                    for (first, second) in [(false, false), (false, true), (true, false), (true, true)] {
                        let met = settings.iter().any(|own| own.present[a] == first && own.present[b] == second);
                        assert!(met, "{}: inputs {a} {first} and {b} {second}", info.name);
                        pairs += 1;
                    }
                }
            }
            for param in 0..info.params.len() {
                for &input in &inputs {
                    for value in values(&settings, param) {
                        let both = |present: bool| {
                            settings.iter().any(|own| {
                                own.params[param].to_bits() == value.to_bits() && own.present[input] == present
                            })
                        };
                        assert!(both(true) && both(false), "{}: param {param} = {value} and input {input}", info.name);
                        pairs += 1;
                    }
                }
                for other in param + 1..info.params.len() {
                    let met = |a: f64, b: f64| {
                        settings.iter().any(|own| {
                            own.params[param].to_bits() == a.to_bits() && own.params[other].to_bits() == b.to_bits()
                        })
                    };
                    let closed =
                        |place: usize| !matches!(info.params[place].kind, ParamKind::Real | ParamKind::Integer);
                    let (firsts, seconds) = (values(&settings, param), values(&settings, other));
                    let met: usize = firsts.iter().map(|&a| seconds.iter().filter(|&&b| met(a, b)).count()).sum();
                    let most =
                        |place: usize, count: usize| if closed(place) { count } else { count.min(super::NUMBERS) };
                    let least = most(param, firsts.len()) * most(other, seconds.len());
                    assert!(met >= least, "{}: params {param} and {other} meet {met} times, not {least}", info.name);
                    pairs += least;
                }
            }
            assert!(settings.iter().all(|setting| is_admitted(loss, setting)), "{}", info.name);
        }
        assert!(pairs > 40, "{pairs}");
    }

    #[test]
    fn one_option_at_a_time_does_not_meet_every_other() {
        let loss =
            losses().losses.iter().find(|loss| loss.info().name == "cosine_embedding").expect("there is such a loss");
        assert!(distinct(one_at_a_time(*loss)).len() < settings(*loss).len());
    }
}
