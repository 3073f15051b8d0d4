//! Functions of other languages, and how formulas write them.

/// Their names, as NumPy, PyTorch, C and papers have them.
const FOREIGN: &[(&[&str], &str)] = &[
    (&["absolute", "fabs"], "abs(x)"),
    (&["sgn", "signum"], "sign(x)"),
    (&["ln"], "log(x)"),
    (&["log2"], "log(x) / log(2)"),
    (&["log10"], "log(x) / log(10)"),
    (&["pow", "power"], "x^p"),
    (&["square", "sqr"], "x^2"),
    (&["rsqrt"], "1 / sqrt(x)"),
    (&["maximum", "fmax"], "max(x, y)"),
    (&["minimum", "fmin"], "min(x, y)"),
    (&["amax"], "max(C, x)"),
    (&["amin"], "min(C, x)"),
    (&["clamp", "clip"], "max(lo, min(x, hi))"),
    (&["clamp_min"], "max(x, lo)"),
    (&["hinge"], "relu(1 - x)"),
    (&["heaviside", "step"], "if x > 0 then 1 else 0"),
    (&["logsigmoid", "log_sigmoid"], "log(sigmoid(x))"),
    (&["logcosh"], "log(cosh(x))"),
    (&["erfc"], "1 - erf(x)"),
    (&["xlogy"], "weigh(x, log(y))"),
    (&["avg", "average"], "mean(C, x)"),
    (&["prod"], "exp(sum(C, log(x)))"),
    (&["count"], "sum(C where c, 1)"),
    (&["log_sum_exp"], "logsumexp(C, x)"),
    (&["cosine_similarity"], "dot(C, x, y) / sqrt(dot(C, x, x) * dot(C, y, y))"),
    (&["stop_gradient", "no_grad"], "detach(x)"),
];

/// How a formula writes a function of another language.
pub(super) fn ours(name: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(names, _)| names.contains(&name)).map(|(_, ours)| *ours)
}

#[cfg(test)]
mod tests {
    use super::FOREIGN;
    use crate::formula::parser::parse;
    use crate::formula::text::FormulaText;
    use crate::resolve::functions::function;

    #[test]
    fn every_foreign_name_is_foreign_and_its_translation_is_a_formula() {
        for (names, ours) in FOREIGN {
            assert!(names.iter().all(|name| function(name).is_none()), "{names:?}");
            assert!(parse(&FormulaText::plain(*ours, 0)).is_ok(), "{ours}");
        }
    }
}
