//! What an audit measured of a loss, given to the compiler as data, and the part of the documentation that quotes it.

/// The error of one quantity of one loss in one type.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The loss.
    pub loss: String,
    /// `f32` or `f64`.
    pub dtype: String,
    /// `value`, or `gradient of` an input.
    pub quantity: String,
    /// The bound in units in the last place, which ill-conditioned results are within in units of their condition.
    pub ulp: f64,
    /// The largest error in units in the last place, whatever the condition.
    pub raw_ulp: f64,
}

/// The section `# Accuracy` of a loss; nothing if nothing was measured.
pub fn accuracy_section(loss: &str, measured: &[Measured]) -> String {
    let lines: Vec<&Measured> = measured.iter().filter(|line| line.loss == loss).collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut quantities: Vec<&str> = Vec::new();
    for line in &lines {
        if !quantities.contains(&line.quantity.as_str()) {
            quantities.push(&line.quantity);
        }
    }
    let mut text = String::from(
        "\n# Accuracy\nUnits in the last place within which every element of `none` and its gradients were measured to be the exact \
         ones, over the whole domain.\n\n| | `f32` | `f64` |\n| --- | ---: | ---: |\n",
    );
    let is_conditioned = |line: &Measured| line.raw_ulp > line.ulp;
    for quantity in quantities {
        let cell = |dtype: &str| {
            let line = lines.iter().find(|line| line.dtype == dtype && line.quantity == quantity);
            line.map_or(String::new(), |line| format!("{}{}", line.ulp, if is_conditioned(line) { "*" } else { "" }))
        };
        let words = match quantity.split_once(" of ") {
            Some((what, input)) => format!("{what} of `{input}`"),
            None => quantity.to_owned(),
        };
        text.push_str(&format!("| {words} | {} | {} |\n", cell("f32"), cell("f64")));
    }
    if lines.iter().any(|line| is_conditioned(line)) {
        text.push_str(
            "\n\\* Where that is more: in units of what the exact result moves by when each number that goes in moves by a unit in its \
             last place.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Measured, accuracy_section};

    fn line(dtype: &str, quantity: &str, ulp: f64, raw_ulp: f64) -> Measured {
        Measured { loss: "bent".to_owned(), dtype: dtype.to_owned(), quantity: quantity.to_owned(), ulp, raw_ulp }
    }

    #[test]
    fn the_section_quotes_every_line_of_the_loss() {
        let measured = [
            line("f32", "gradient of input", 1.5, 1.2),
            line("f32", "value", 2.0, 7.25),
            line("f64", "gradient of input", 1.0, 0.9),
            line("f64", "value", 0.5, 0.5),
        ];
        let section = accuracy_section("bent", &measured);
        assert!(section.starts_with("\n# Accuracy\n"), "{section}");
        assert!(section.contains("| gradient of `input` | 1.5 | 1 |\n| value | 2* | 0.5 |\n\n\\* Where"), "{section}");
        assert_eq!(accuracy_section("straight", &measured), "", "of another loss nothing was measured");
        assert!(!accuracy_section("bent", &measured[2..]).contains('*'));
    }
}
