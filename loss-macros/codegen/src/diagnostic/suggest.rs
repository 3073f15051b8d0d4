//! The known name that a misspelt one most resembles.

/// Longer names are not compared: the cost grows with the square, and no one misspells a name of this length by two letters.
const LONGEST: usize = 64;

/// The candidate that differs from `name` in the fewest letters, if those are few enough to be a slip; the earlier one of two.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let allowed = (name.len() / 3).max(1);
    let mut best = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        // A name of one or two letters resembles every other one.
        if letters.len() > LONGEST || letters.len().max(name.len()) < 3 && letters != name {
            continue;
        }
        let slips = distance(&name, &letters);
        if slips <= allowed && best.is_none_or(|(fewest, _)| slips < fewest) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Letters to insert, remove, replace, or swap with a neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before = vec![0; right.len() + 1];
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, &letter) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &other) in right.iter().enumerate() {
            let replaced = above[j] + usize::from(letter != other);
            let mut fewest = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && letter == right[j - 1] && left[i - 1] == other {
                fewest = fewest.min(before[j - 1] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, suggest};

    #[test]
    fn the_nearest_name_is_suggested() {
        assert_eq!(suggest("detla", ["beta", "delta", "input"]), Some("delta"));
        assert_eq!(suggest("esp", ["eps"]), Some("eps"));
        assert_eq!(suggest("Margin", ["margin"]), Some("margin"));
        assert_eq!(suggest("inputs", ["input", "inputs2"]), Some("input"));
        // One slip against two, whichever stands first.
        assert_eq!(suggest("log_inptu", ["log_inp", "log_input"]), Some("log_input"));
        assert_eq!(suggest("log_inptu", ["log_input", "log_inp"]), Some("log_input"));
    }

    #[test]
    fn a_far_or_tiny_name_is_not_suggested() {
        assert_eq!(suggest("weight", ["target", "beta"]), None);
        // A swap is a slip too, and another one is too many.
        assert_eq!(suggest("detlx", ["delta"]), None);
        assert_eq!(suggest("x", ["y", "r"]), None);
        assert_eq!(suggest("xy", ["xz"]), None);
        assert_eq!(suggest("", ["a"]), None);
        assert_eq!(suggest("xyz", [""]), None);
        assert_eq!(suggest(&"a".repeat(100), ["aaaa"]), None);
    }

    #[test]
    fn names_are_compared_up_to_the_longest_length() {
        let [shorter, longest, longer] = [LONGEST - 1, LONGEST, LONGEST + 1].map(|length| "a".repeat(length));
        assert_eq!(suggest(&longest, [&*shorter]), Some(&*shorter));
        assert_eq!(suggest(&shorter, [&*longest]), Some(&*longest));
        assert_eq!(suggest(&longest, [&*longer]), None);
        assert_eq!(suggest(&longer, [&*longest]), None);
    }
}
