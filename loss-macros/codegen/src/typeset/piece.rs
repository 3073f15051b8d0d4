//! Parts of a formula, and what is built of them.

/// How tightly what stands outermost in a part binds, the loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Disjunction,
    Conjunction,
    Comparison,
    Sum,
    /// A sum over places: what follows it would seem to be part of it.
    Series,
    Product,
    /// A fraction, or a sum with its sign: may be a factor at the end of a product, but not the base of a power.
    Fraction,
    Power,
    Atom,
}

/// A part of a formula.
pub(super) struct Piece {
    pub(super) markup: String,
    pub(super) level: Level,
}

impl Piece {
    pub(super) fn new(markup: String, level: Level) -> Self {
        Self { markup, level }
    }

    pub(super) fn atom(markup: String) -> Self {
        Self { markup, level: Level::Atom }
    }

    /// The part where something at least so tight must stand: in brackets, if it is looser.
    pub(super) fn at_least(&self, least: Level) -> String {
        if self.level < least { brackets("(", &self.markup, ")") } else { self.markup.clone() }
    }
}

/// Something between two brackets that grow with it.
pub(super) fn brackets(open: &str, markup: &str, close: &str) -> String {
    format!(
        "<mrow><mo fence=\"true\" form=\"prefix\" stretchy=\"true\">{open}</mo>{markup}<mo fence=\"true\" form=\"postfix\" stretchy=\"true\">{close}</mo></mrow>"
    )
}

/// A word between two conditions.
pub(super) fn word(text: &str) -> String {
    format!("<mtext>&#xa0;{text}&#xa0;</mtext>")
}

pub(super) fn fraction(above: &str, below: &str) -> Piece {
    Piece::new(format!("<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"), Level::Fraction)
}

pub(super) fn root(markup: &str) -> Piece {
    Piece::atom(format!("<msqrt>{markup}</msqrt>"))
}

pub(super) fn power(base: &Piece, exponent: &str) -> Piece {
    let base = base.at_least(Level::Atom);
    Piece::new(format!("<msup>{base}<mrow>{exponent}</mrow></msup>"), Level::Power)
}

/// `e` to a power.
pub(super) fn exponential(exponent: &str) -> Piece {
    power(&Piece::atom("<mi>e</mi>".to_owned()), exponent)
}

/// Values and the conditions under which they hold, behind a brace.
pub(super) fn brace(rows: impl IntoIterator<Item = (String, Option<String>)>) -> String {
    let rows: String = (rows.into_iter())
        .map(|(value, condition)| {
            let condition = condition
                .map_or_else(|| "<mtext>otherwise</mtext>".to_owned(), |when| format!("<mtext>if&#xa0;</mtext>{when}"));
            format!("<mtr><mtd style=\"text-align:left\">{value}</mtd><mtd style=\"text-align:left\">{condition}</mtd></mtr>")
        })
        .collect();
    format!(
        "<mrow><mo fence=\"true\" form=\"prefix\" stretchy=\"true\">{{</mo><mtable class=\"cases\">{rows}</mtable></mrow>"
    )
}
