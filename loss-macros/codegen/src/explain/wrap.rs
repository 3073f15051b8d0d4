//! Long formulas on several lines.

/// So many columns are used.
const WIDTH: usize = 120;
/// How far a line is set in beyond the one that it continues.
const HANG: usize = 4;
/// What a line may begin with, the loosest first.
const BREAKS: [&[&str]; 4] = [&["if ", "otherwise", "then ", "else "], &["or ", "and "], &["+ ", "- "], &["* ", "/ "]];

/// A formula on lines that are set in by `indent`, broken where as few brackets as possible are open.
pub(super) fn wrap(formula: &str, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut rest, mut margin) = (formula, indent);
    while margin + rest.chars().count() > WIDTH {
        let Some(at) = place(rest, WIDTH.saturating_sub(margin)) else { break };
        lines.push(format!("{:margin$}{}", "", rest[..at].trim_end()));
        rest = rest[at..].trim_start();
        margin = indent + HANG;
    }
    lines.push(format!("{:margin$}{rest}", ""));
    lines
}

/// Where to break a text so that no more than `room` characters go before: the last of the best places that leave a line half full,
/// or the last one of all.
fn place(text: &str, room: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut places = Vec::new();
    for (count, (at, character)) in text.char_indices().enumerate().take_while(|(count, _)| *count <= room) {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ' ' => {
                let rank =
                    BREAKS.iter().position(|starts| starts.iter().any(|start| text[at + 1..].starts_with(start)));
                let rank = rank.or_else(|| text[..at].ends_with(',').then_some(BREAKS.len()));
                places.extend(rank.map(|rank| (depth, rank, count, at)));
            }
            _ => {}
        }
    }
    let full_enough = places.iter().filter(|(_, _, count, _)| 2 * count >= room).copied();
    let best = full_enough.min_by_key(|&(depth, rank, count, _)| (depth, rank, std::cmp::Reverse(count)));
    best.or(places.last().copied()).map(|(_, _, _, at)| at)
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn what_fits_stays_on_its_line() {
        assert_eq!(wrap("a + b", 2), ["  a + b"]);
    }

    #[test]
    fn a_long_formula_breaks_outside_of_brackets() {
        let term = format!("exp({})", ["x"; 10].join(" + "));
        let formula = format!("{term} - {term} - {term}");
        assert_eq!(wrap(&formula, 4), [format!("    {term} - {term}"), format!("        - {term}")]);
    }

    #[test]
    fn what_has_no_place_to_break_is_left_alone() {
        let name = "n".repeat(200);
        assert_eq!(wrap(&name, 0), [name]);
    }
}
