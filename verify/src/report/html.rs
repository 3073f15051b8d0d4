//! Numbers as a reader of a page wants them.

pub(super) use loss_codegen::markup::Escaped;

use crate::audit::{Accuracy, Status};

/// A distance in units in the last place: two decimals while they mean something.
pub(crate) fn ulps(distance: f64) -> String {
    if distance.is_nan() {
        "NaN".to_owned()
    } else if distance.is_infinite() {
        "∞".to_owned()
    } else if distance < 99.995 {
        format!("{distance:.2}")
    } else if distance < 9_999.5 {
        format!("{distance:.0}")
    } else {
        format!("{distance:.1e}")
    }
}

/// The distance that 99.9 % of the points stay within; that of fewer than 1000 points is the largest.
pub(crate) fn nearly_all(accuracy: &Accuracy) -> Option<String> {
    (accuracy.points >= 1_000).then(|| ulps(accuracy.p999_ulp.0))
}

/// A count in at most five characters: `812`, `12.3k`, `1.2M`.
pub(crate) fn count(number: u64) -> String {
    match number {
        0..=9_999 => number.to_string(),
        10_000..=99_949 => format!("{:.1}k", number as f64 / 1e3),
        99_950..=999_499 => format!("{:.0}k", number as f64 / 1e3),
        _ => format!("{:.1}M", number as f64 / 1e6),
    }
}

/// A time: `< 1 ms`, `3 ms`, `1.2 s`, `2 min 5 s`.
pub(crate) fn seconds(time: f64) -> String {
    if time < 5e-4 {
        "< 1 ms".to_owned()
    } else if time < 0.9995 {
        format!("{:.0} ms", time * 1e3)
    } else if time < 99.95 {
        format!("{time:.1} s")
    } else {
        format!("{} min {} s", (time / 60.0).floor(), (time % 60.0).floor())
    }
}

/// A status as a small coloured label. The word is always there: colour alone says nothing to some readers.
pub(super) fn badge(status: Status) -> String {
    let mark = match status {
        Status::Passed => "✓",
        Status::Skipped => "–",
        Status::Undecided => "?",
        Status::Failed => "✗",
    };
    let word = status.word();
    format!("<span class=\"badge {word}\"><i aria-hidden=\"true\">{mark}</i>{word}</span>")
}

#[cfg(test)]
mod tests {
    use super::{count, seconds, ulps};

    #[test]
    fn figures_stay_short() {
        assert_eq!([0.5, 99.999, 1_234.5, 1.6e7, f64::INFINITY].map(ulps), ["0.50", "100", "1234", "1.6e7", "∞"]);
        assert_eq!([9_999, 12_345, 123_456, 1_234_567].map(count), ["9999", "12.3k", "123k", "1.2M"]);
        assert_eq!(
            [0.0, 0.0123, 0.9999, 12.34, 125.9].map(seconds),
            ["< 1 ms", "12 ms", "1.0 s", "12.3 s", "2 min 5 s"]
        );
    }
}
