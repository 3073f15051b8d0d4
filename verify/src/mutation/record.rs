//! Mutation scores as data: what `mutation.json` holds, beside `audit.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::audit::{MutationSummary, Score};

/// The version of the JSON's layout; grows when a reader would have to change.
pub const SCHEMA_VERSION: u32 = 2;

/// One run over some or all losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MutationRun {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// That program's own version.
    pub tool_version: String,
    /// When it began: `2026-01-31T23:59:59Z`.
    pub date: String,
    /// The seed of every generator.
    pub seed: u64,
    /// How long it took.
    pub seconds: f64,
    /// The losses, in the registry's order.
    pub losses: Vec<LossMutation>,
}

/// The mutants of one loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossMutation {
    /// The loss.
    pub name: String,
    /// One for each family of mutants.
    pub families: Vec<FamilyRecord>,
    /// How long it took.
    pub seconds: f64,
}

/// Where a fault is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// In the spec's formulas: only what the spec says of itself, and recorded answers, can tell.
    Spec,
    /// In what the compiler makes of a right spec: derivatives, lowered forms, schedules.
    Compiler,
    /// In how a right kernel is run.
    Kernel,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Spec, Self::Compiler, Self::Kernel];

    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Compiler => "compiler",
            Self::Kernel => "kernel",
        }
    }

    /// The least share of its mutants that must be killed.
    #[must_use]
    pub fn goal(self) -> f64 {
        match self {
            Self::Spec => 0.98,
            Self::Compiler | Self::Kernel => 1.0,
        }
    }
}

/// The mutants of one family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FamilyRecord {
    /// Which.
    pub family: Family,
    /// How many mutants were judged; those that are refused, equivalent or another form are not counted.
    pub judged: u64,
    /// How many of them were killed.
    pub killed: u64,
    /// How many compute the same as the original, as is proved.
    pub equivalent: u64,
    /// How many only round otherwise, as far as was tried.
    pub other_form: u64,
    /// How many the compiler refused: nobody could have run them.
    pub refused: u64,
    /// How many there was no time for.
    pub not_reached: u64,
    /// By check: how many mutants it kills, and how many of these no other check kills.
    pub killers: BTreeMap<String, Killer>,
    /// Every mutant, in the order in which they were made.
    pub mutants: Vec<MutantRecord>,
}

/// What one check is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Killer {
    /// The mutants that it kills.
    pub killed: u64,
    /// Those that it alone kills, as far as every check was asked.
    pub alone: u64,
}

/// One fault, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MutantRecord {
    /// What was done, in a few words: `swap cases`.
    pub operator: String,
    /// Where: `specs/huber.yaml:14:9` for a spec, a kernel and a node for the compiler, nothing for a kernel.
    pub place: String,
    /// What was there.
    pub before: String,
    /// What took its place.
    pub after: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// These checks do not hold any more.
    Killed {
        /// Their names, in the order in which they ran; one that finds it only on a batch on which its formulas are known to differ says so.
        by: Vec<String>,
        /// Whether every check was asked, or only as many as there was time for after the first one.
        complete: bool,
    },
    /// Every check still holds.
    Survived,
    /// It computes the same as the original.
    Equivalent {
        /// Why that is certain.
        proof: String,
    },
    /// Every check still holds, those that look for such faults at many points, and in exact arithmetic it computes what the original does
    /// wherever both were tried: another form of one function, which rounds otherwise.
    OtherForm {
        /// At how many places of how many formulas they were held against each other.
        places: u64,
    },
    /// The compiler does not accept it.
    Refused {
        /// Its first message.
        message: String,
    },
}

impl MutationRun {
    /// The name of the file in the folder of an audit.
    pub const FILE: &str = "mutation.json";

    /// The run whose file is in a folder; none if there is none, or one that another version of the program wrote.
    #[must_use]
    pub fn read(folder: &Path) -> Option<Self> {
        let run: Self = serde_json::from_slice(&std::fs::read(folder.join(Self::FILE)).ok()?).ok()?;
        (run.schema_version == SCHEMA_VERSION && run.tool_version == env!("CARGO_PKG_VERSION")).then_some(run)
    }
}

impl LossMutation {
    /// What an audit's record says of it.
    #[must_use]
    pub fn summary(&self) -> MutationSummary {
        let mut summary = MutationSummary { name: self.name.clone(), ..MutationSummary::default() };
        let mut alone: BTreeMap<&str, u64> = BTreeMap::new();
        for record in &self.families {
            let score = Score { killed: record.killed, total: record.judged };
            match record.family {
                Family::Spec => summary.spec = score,
                Family::Compiler => summary.compiler = score,
                Family::Kernel => summary.kernel = score,
            }
            summary.equivalent += record.equivalent;
            summary.other_form += record.other_form;
            let word = record.family.word();
            summary.survivors.extend(record.survivors().map(|mutant| format!("{word}: {}", mutant.describe())));
            for (check, killer) in record.killers.iter().filter(|(_, killer)| killer.alone > 0) {
                *alone.entry(check).or_default() += killer.alone;
            }
        }
        summary.alone = alone.into_iter().map(|(check, count)| (check.to_owned(), count)).collect();
        summary
    }
}

impl FamilyRecord {
    /// Counts what became of mutants.
    #[must_use]
    pub fn new(family: Family, mutants: Vec<MutantRecord>) -> Self {
        let mut record = Self {
            family,
            judged: 0,
            killed: 0,
            equivalent: 0,
            other_form: 0,
            refused: 0,
            not_reached: 0,
            killers: BTreeMap::new(),
            mutants,
        };
        for mutant in &record.mutants {
            match &mutant.fate {
                Fate::Killed { by, complete } => {
                    record.judged += 1;
                    record.killed += 1;
                    for check in by {
                        let killer = record.killers.entry(check.clone()).or_default();
                        killer.killed += 1;
                        killer.alone += u64::from(*complete && by.len() == 1);
                    }
                }
                Fate::Survived => record.judged += 1,
                Fate::Equivalent { .. } => record.equivalent += 1,
                Fate::OtherForm { .. } => record.other_form += 1,
                Fate::Refused { .. } => record.refused += 1,
            }
        }
        record
    }

    /// The share of the judged mutants that were killed; 1 of none.
    #[must_use]
    pub fn score(&self) -> f64 {
        if self.judged == 0 { 1.0 } else { self.killed as f64 / self.judged as f64 }
    }

    /// Whether as many were killed as must be.
    #[must_use]
    pub fn reaches_its_goal(&self) -> bool {
        let was_looked_at = self.judged > 0 || self.not_reached == 0;
        was_looked_at && self.score() >= self.family.goal()
    }

    /// The mutants that every check lets pass.
    pub fn survivors(&self) -> impl Iterator<Item = &MutantRecord> {
        self.mutants.iter().filter(|mutant| mutant.fate == Fate::Survived)
    }
}

impl MutantRecord {
    /// A mutant that was not judged yet: it counts as one that nothing finds.
    #[must_use]
    pub fn open(operator: &str, place: String, before: String, after: String) -> Self {
        Self { operator: operator.to_owned(), place, before, after, fate: Fate::Survived }
    }

    /// Where and what, on one line.
    #[must_use]
    pub fn describe(&self) -> String {
        let place = if self.place.is_empty() { String::new() } else { format!("{}: ", self.place) };
        let change =
            if self.before.is_empty() { self.after.clone() } else { format!("{} -> {}", self.before, self.after) };
        format!("{place}{}: {change}", self.operator)
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, FamilyRecord, Fate, Killer, LossMutation, MutantRecord};
    use crate::audit::Score;

    fn mutant(fate: Fate) -> MutantRecord {
        let text = String::new;
        MutantRecord { operator: "flip a sign".to_owned(), place: text(), before: text(), after: text(), fate }
    }

    fn killed(by: &[&str]) -> Fate {
        Fate::Killed { by: by.iter().map(|&name| name.to_owned()).collect(), complete: true }
    }

    #[test]
    fn only_judged_mutants_count_and_lone_killers_are_known() {
        let fates = [
            killed(&["examples_hold"]),
            killed(&["examples_hold", "properties_hold"]),
            Fate::Survived,
            Fate::Equivalent { proof: "one graph".to_owned() },
            Fate::OtherForm { places: 100 },
            Fate::Refused { message: "unused".to_owned() },
        ];
        let record = FamilyRecord::new(Family::Spec, fates.into_iter().map(mutant).collect());
        assert_eq!((record.judged, record.killed), (3, 2));
        assert_eq!((record.equivalent, record.other_form, record.refused), (1, 1, 1));
        assert!(!record.reaches_its_goal() && record.survivors().count() == 1);
        assert_eq!(record.killers["examples_hold"], Killer { killed: 2, alone: 1 });
        assert_eq!(record.killers["properties_hold"], Killer { killed: 1, alone: 0 });
    }

    #[test]
    fn a_summary_has_the_scores_the_survivors_and_what_found_alone() {
        let family = |family, fates: Vec<Fate>| FamilyRecord::new(family, fates.into_iter().map(mutant).collect());
        let families = vec![
            family(Family::Spec, vec![killed(&["examples_hold"]), Fate::Survived]),
            family(Family::Compiler, vec![Fate::OtherForm { places: 100 }, Fate::Equivalent { proof: String::new() }]),
            family(Family::Kernel, vec![killed(&["examples_hold"])]),
        ];
        let summary = LossMutation { name: "bent".to_owned(), families, seconds: 0.0 }.summary();
        assert_eq!((summary.spec, summary.kernel), (Score { killed: 1, total: 2 }, Score { killed: 1, total: 1 }));
        assert_eq!(summary.compiler, Score::default());
        assert_eq!((summary.equivalent, summary.other_form), (1, 1));
        assert_eq!(summary.survivors, ["spec: flip a sign: "]);
        assert_eq!(summary.alone, [("examples_hold".to_owned(), 2)]);
    }
}
