//! Names of checks in lists: a check that is renamed, or a name misspelt, does not compile.

use super::CHECKS;

/// A list of names of checks, each of which is that of one.
macro_rules! check_names {
    ($($name:literal),* $(,)?) => {
        const { &[$($crate::checks::names::known($name)),*] }
    };
}
pub(crate) use check_names;

/// The name, if it is that of a check.
pub(crate) const fn known(name: &'static str) -> &'static str {
    let mut at = 0;
    while at < CHECKS.len() {
        if are_equal(CHECKS[at].name.as_bytes(), name.as_bytes()) {
            return name;
        }
        at += 1;
    }
    panic!("no check has this name")
}

const fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

#[cfg(test)]
mod tests {
    use super::{are_equal, known};

    #[test]
    fn a_name_of_no_check_is_none() {
        assert_eq!(known("examples_hold"), "examples_hold");
        for name in ["", "examples_hol", "examples_hold_", "xamples_hold"] {
            assert!(std::panic::catch_unwind(|| known(name)).is_err(), "{name}");
        }
        assert!(are_equal(b"", b"") && !are_equal(b"a", b"") && !are_equal(b"", b"a") && !are_equal(b"ab", b"ac"));
    }
}
