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
        if letters.is_empty()
            || letters.len() > LONGEST
            || letters.len().max(name.len()) < 3 && letters != name
        {
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
    use super::suggest;

    #[test]
    fn the_nearest_name_is_suggested() {
        assert_eq!(suggest("detla", ["beta", "delta", "input"]), Some("delta"));
        assert_eq!(suggest("Margin", ["margin"]), Some("margin"));
        assert_eq!(suggest("inputs", ["input", "inputs2"]), Some("input"));
    }

    #[test]
    fn a_far_or_tiny_name_is_not_suggested() {
        assert_eq!(suggest("weight", ["target", "beta"]), None);
        assert_eq!(suggest("x", ["y", "r"]), None);
        assert_eq!(suggest("", ["a"]), None);
        assert_eq!(suggest(&"a".repeat(100), ["aaaa"]), None);
    }
}
