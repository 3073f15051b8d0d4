//! The known name that a misspelt one is likely to mean.

/// Longer names are not compared.
const LONGEST: usize = 100;

/// The nearest of the known names, if one is near enough.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing takes the product of the lengths, and what is this long is no slip.
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_understood_and_nonsense_is_not() {
        let known = ["huber", "smooth_l1", "cross_entropy"];
        assert_eq!(nearest("hubr", known), Some("huber"));
        assert_eq!(nearest("Cross_Entrpy", known), Some("cross_entropy"));
        assert_eq!(nearest("smoothl1", known), Some("smooth_l1"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest(&"huber".repeat(10_000_000), known), None);
    }
}
