//! Mutation scores for a terminal.

use crate::table::{Align, aligned};

use super::advice::advice;
use super::record::{Family, FamilyRecord, LossMutation, MutationRun};

/// Scores, lone killers, and every survivor by name.
#[must_use]
pub fn table(run: &MutationRun) -> String {
    let header = [
        "loss",
        "family",
        "killed",
        "score",
        "equivalent",
        "other form",
        "refused",
        "not reached",
        "killed by one check alone",
    ];
    let rows = run.losses.iter().flat_map(|loss| loss.families.iter().map(|family| row(loss, family)));
    let rows: Vec<[String; 9]> = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
    let right = Align::Right;
    let text = aligned(&rows, [Align::Left, Align::Left, right, right, right, right, right, right, Align::Left]);
    let mut text = format!("{text}\n");
    for loss in &run.losses {
        for family in &loss.families {
            for mutant in family.survivors() {
                text.push_str(&format!("survives in {}: {}\n", loss.name, mutant.describe()));
            }
            text.push_str(&advice(family));
        }
    }
    text.push_str(&format!("{:.1} seconds\n", run.seconds));
    text
}

fn row(loss: &LossMutation, record: &FamilyRecord) -> [String; 9] {
    let alone = record.killers.iter().filter(|(_, killer)| killer.alone > 0);
    let alone: Vec<String> = alone.map(|(check, killer)| format!("{check} {}", killer.alone)).collect();
    let family: Family = record.family;
    [
        loss.name.clone(),
        family.word().to_owned(),
        format!("{}/{}", record.killed, record.judged),
        format!("{:.1} %", 100.0 * record.score()),
        record.equivalent.to_string(),
        record.other_form.to_string(),
        record.refused.to_string(),
        record.not_reached.to_string(),
        alone.join(", "),
    ]
}
