use proptest::prelude::*;

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::formula::ast::{Ast, AstKind, BinaryOperator, Call, NamedArgument, UnaryOperator};
use crate::formula::parser::{MOST_LEVELS, MOST_PARTS, parse};
use crate::formula::print::print;
use crate::formula::text::FormulaText;
use crate::source::{Span, Spanned};

fn tree(text: &str) -> Ast {
    read(text).unwrap_or_else(|error| panic!("`{text}`: {}", error.message))
}

fn read(text: &str) -> Result<Ast, Diagnostic> {
    parse(&FormulaText::plain(text, 0))
}

fn shape(ast: &Ast) -> String {
    format!("{:?}", ast.without_places())
}

#[test]
fn a_formula_prints_with_the_fewest_brackets() {
    for (text, printed) in [
        ("-x^2", "-x^2"),
        ("2^-3", "2^-3"),
        ("a-b-c", "a - b - c"),
        ("a-(b-c)", "a - (b - c)"),
        ("x^y^z", "x^y^z"),
        ("(x^y)^z", "(x^y)^z"),
        ("(-x)^2", "(-x)^2"),
        ("not a == b", "not a == b"),
        ("(not a) == b", "(not a) == b"),
        ("a < b and b <= c", "a < b <= c"),
        ("a > b >= c > d", "a > b >= c > d"),
        ("a < b and b > c", "a < b and b > c"),
        ("x and a < b and b < c", "x and a < b and b < c"),
        ("a < b and (b < c and c < d)", "a < b and (b < c < d)"),
        ("-x*y", "-x * y"),
        ("-(x*y)", "-(x * y)"),
        ("a/-b", "a / -b"),
        ("a / b * c", "a / b * c"),
        ("a / (b * c)", "a / (b * c)"),
        ("a or b and c", "a or b and c"),
        ("(a or b) and c", "(a or b) and c"),
        ("sum(N, C where not a, x[t])/size(C)", "sum(N, C where not a, x[t]) / size(C)"),
        ("(if a then b else c) + 1", "(if a then b else c) + 1"),
        ("if a then b else c + 1", "if a then b else c + 1"),
        ("x[index(M)][t]", "x[index(M)][t]"),
        ("(x + y)[t]", "(x + y)[t]"),
        ("f(x, delta = 2*b, C = M)", "f(x, delta = 2 * b, C = M)"),
        ("f(C = M)", "f(C = M)"),
        ("mean(N, C = M)", "mean(N, C = M)"),
        ("f()", "f()"),
        ("1e-12 + 0.50E+3", "1e-12 + 0.50E+3"),
        ("a +\n  b", "a + b"),
    ] {
        let ast = tree(text);
        assert_eq!(print(&ast), printed, "`{text}`");
        assert_eq!(shape(&tree(printed)), shape(&ast), "`{text}`");
    }
}

#[test]
fn precedence_is_that_of_the_language() {
    for (text, meant) in [
        ("-x^2", "-(x^2)"),
        ("2^-3^y", "2^(-(3^y))"),
        ("-x * y", "(-x) * y"),
        ("not a < b and c", "(not (a < b)) and c"),
        ("a + b < c * d", "(a + b) < (c * d)"),
        ("a or b and not c", "a or (b and (not c))"),
        ("if a then b else c or d", "if a then b else (c or d)"),
        ("not not a", "not (not a)"),
        ("- - x", "-(-x)"),
    ] {
        assert_eq!(shape(&tree(text)), shape(&tree(meant)), "`{text}`");
    }
    assert_ne!(shape(&tree("a - b - c")), shape(&tree("a - (b - c)")));
}

/// Each bad text, its code, the part below the caret, and words of the help if there is one.
#[test]
fn an_error_has_its_code_its_place_and_its_help() {
    for (text, code, part, help) in [
        ("", Code::EmptyFormula, "", ""),
        ("  ", Code::EmptyFormula, "  ", ""),
        (".5", Code::BadNumber, ".5", "write `0.5`"),
        ("1.x", Code::BadNumber, "1.", "write `1.0`"),
        ("1.2.3", Code::BadNumber, "1.2.", "digits, a point, digits"),
        ("2x + 1", Code::BadNumber, "2x", "`2 * x`"),
        ("1e + 1", Code::BadNumber, "1e", "exponent"),
        ("1_000", Code::BadNumber, "1_000", "without `_`"),
        ("a = b", Code::EqualsSign, "=", "`==`"),
        ("a < b > c", Code::MixedChain, "< b >", "`and`"),
        ("a == b == c", Code::MixedChain, "== b ==", "`and`"),
        ("a && b", Code::UnexpectedCharacter, "&&", "`and`"),
        ("a || b", Code::UnexpectedCharacter, "||", "`or`"),
        ("!a", Code::UnexpectedCharacter, "!", "`not`"),
        ("x ** 2", Code::UnexpectedCharacter, "**", "`x^y`"),
        ("a ? b : c", Code::UnexpectedCharacter, "?", "if"),
        ("a => b", Code::UnexpectedCharacter, "=>", "`>=`"),
        ("over == 'word'", Code::UnexpectedCharacter, "'", "without quotes"),
        ("(a + b", Code::Unclosed, "(", ""),
        ("f(a, b", Code::Unclosed, "(", ""),
        ("x[a", Code::Unclosed, "[", ""),
        ("(a + b]", Code::UnexpectedInFormula, "]", ""),
        ("a + b)", Code::UnexpectedInFormula, ")", "no `(`"),
        ("a + b]", Code::UnexpectedInFormula, "]", "no `[`"),
        ("a b", Code::UnexpectedInFormula, "b", "operator missing"),
        ("a +", Code::UnexpectedInFormula, "", ""),
        ("a + * b", Code::UnexpectedInFormula, "* b", ""),
        ("1 + not a", Code::UnexpectedInFormula, "not", "`( )`"),
        ("1 + if a then b else c", Code::UnexpectedInFormula, "if", "`( )`"),
        ("x if a else y", Code::UnexpectedInFormula, "if", "`if a then x else y`"),
        (
            "1 + (x[i] if f(a, b) < 0 else y^2) * 3",
            Code::UnexpectedInFormula,
            "if",
            "`if f(a, b) < 0 then x[i] else y^2`",
        ),
        ("max(b, x if a else y)", Code::UnexpectedInFormula, "if", "`if a then x else y`"),
        ("x if a else y if b else c", Code::UnexpectedInFormula, "if", "`if condition then value else otherwise`"),
        ("x if a", Code::UnexpectedInFormula, "if", "`if condition then value else otherwise`"),
        ("if a then b", Code::MissingElse, "if", "`else`"),
        ("(if a then b) + 1", Code::MissingElse, "if", "`else`"),
        ("if a b", Code::UnexpectedInFormula, "b", "operator missing"),
        ("then + 1", Code::ReservedWord, "then", "cannot be names"),
        ("x where a", Code::UnexpectedInFormula, "where", "axes"),
        ("x / C", Code::AxisAsValue, "C", "`size(C)`"),
        ("logInput", Code::BadName, "logInput", "`log_input`"),
        ("_eps", Code::BadName, "_eps", "`eps`"),
        ("a − b", Code::NotAscii, "−", "`-`"),
        ("a × b", Code::NotAscii, "×", "`*`"),
        ("a ≤ b", Code::NotAscii, "≤", "`<=`"),
        ("a\u{a0}+ b", Code::NotAscii, "\u{a0}", "plain space"),
        ("größe", Code::NotAscii, "ö", "ASCII"),
        ("f(x=1, 2)", Code::BadArgument, "2", "last"),
        ("f(x=1, x=2)", Code::BadArgument, "x=2", ""),
        ("sum(x, C)", Code::BadArgument, "C", "first"),
        ("sum(C where , x)", Code::UnexpectedInFormula, ", x", ""),
        ("f(a,)", Code::UnexpectedInFormula, ")", ""),
        ("f(C = x)", Code::UnexpectedInFormula, "x", ""),
        ("sum(C [a], x)", Code::UnexpectedInFormula, "[", ""),
        ("a # b", Code::UnexpectedCharacter, "#", "comment"),
        ("{a}", Code::UnexpectedCharacter, "{", "`(` and `)`"),
        ("a}", Code::UnexpectedCharacter, "}", "`(` and `)`"),
        ("a.b", Code::UnexpectedCharacter, ".", "no fields"),
        ("a @ b", Code::UnexpectedCharacter, "@", ""),
        // The first error counts, also where a bad character follows.
        ("a b &&", Code::UnexpectedInFormula, "b", "operator missing"),
        ("(a &&", Code::UnexpectedCharacter, "&&", "`and`"),
    ] {
        let error = match read(text) {
            Ok(ast) => panic!("`{text}` was read as {}", print(&ast)),
            Err(error) => error,
        };
        assert_eq!(error.code, code, "`{text}`: {}", error.message);
        // The span may be shorter than the part: it must begin there.
        let begin = if part.is_empty() { text.len() } else { text.find(part).expect("the part is in the text") };
        let begin = if code == Code::EmptyFormula {
            0
        } else if text == "f(x=1, x=2)" {
            7
        } else {
            begin
        };
        assert_eq!(error.span.start, begin, "`{text}`: {}", error.message);
        match (&error.help, help) {
            (None, help) => assert_eq!(help, "", "`{text}`"),
            (Some(found), help) => assert!(!help.is_empty() && found.contains(help), "`{text}`: {found}"),
        }
    }
}

#[test]
fn places_are_those_of_the_file() {
    let text = FormulaText::plain("(a + bb) * exp(-c)", 100);
    let ast = parse(&text).expect("a good formula");
    assert_eq!(ast.span, Span::new(100, 118));
    let AstKind::Binary(BinaryOperator::Multiply, sum, call) = ast.kind else { panic!("a product") };
    assert_eq!((sum.span, call.span), (Span::new(100, 108), Span::new(111, 118)));
    let AstKind::Call(call) = call.kind else { panic!("a call") };
    assert_eq!((call.name.span, call.arguments[0].span), (Span::new(111, 114), Span::new(115, 117)));
}

#[test]
fn places_follow_stretches_of_text() {
    // `ab` stands at 10, `cd` at 20.
    let text = FormulaText::new("ab + cd".to_owned(), vec![(0, 10), (5, 20)]);
    let ast = parse(&text).expect("a good formula");
    let AstKind::Binary(_, left, right) = ast.kind else { panic!("a sum") };
    assert_eq!((left.span, right.span), (Span::new(10, 12), Span::new(20, 22)));
    for (start, part, place) in [(0, "ab + cd", 5), (2, "+ cd", 2), (4, "cd", 0)] {
        let trimmed = text.trimmed(start, 7);
        assert_eq!((trimmed.as_str(), trimmed.span(place, place + 2)), (part, Span::new(20, 22)));
    }
}

#[test]
fn nesting_and_size_are_limited_without_exhausting_the_stack() {
    for (open, middle, close) in [
        ("(", "a", ")"),
        ("-", "a", ""),
        ("not ", "a", ""),
        ("a^", "a", ""),
        ("f(", "a", ")"),
        ("x[", "a", "]"),
        ("a + ", "a", ""),
        ("if a then b else ", "a", ""),
    ] {
        let deep = |levels: usize| format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
        let error = read(&deep(100_000)).expect_err("too deep");
        assert_eq!(error.code, Code::FormulaTooLarge, "{open}");
        assert!(read(&deep(MOST_LEVELS / 3)).is_ok(), "{open}");
    }
    // As many as there may be, and one more.
    for (longest, longer) in [
        (format!("a{}", " + a".repeat(MOST_LEVELS - 1)), format!("a{}", " + a".repeat(MOST_LEVELS))),
        (format!("f(a{})", ", a".repeat(MOST_PARTS - 2)), format!("f(a{})", ", a".repeat(MOST_PARTS - 1))),
    ] {
        assert!(read(&longest).is_ok());
        assert_eq!(read(&longer).expect_err("too large").code, Code::FormulaTooLarge);
    }
    // A chain doubles its middle, so that nested ones grow without end.
    let mut doubling = "a".to_owned();
    for _ in 0..40 {
        doubling = format!("b < ({doubling}) < c");
    }
    assert_eq!(read(&doubling).expect_err("too large").code, Code::FormulaTooLarge);
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "input", "log_p", "x2", "iff", "e1", "nan"]).prop_map(str::to_owned)
}

fn axis() -> impl Strategy<Value = Spanned<String>> {
    prop::sample::select(vec!["N", "C", "D1"]).prop_map(|axis| spanned(axis.to_owned()))
}

fn spanned(value: String) -> Spanned<String> {
    Spanned { value, span: Span::default() }
}

fn formula() -> impl Strategy<Value = Ast> {
    use BinaryOperator::*;
    let node = |kind| Ast { kind, span: Span::default() };
    let leaf = prop_oneof![
        prop::sample::select(vec!["0", "1", "0.5", "1e-12", "12.25E+3"]).prop_map(|n| AstKind::Number(n.to_owned())),
        any::<bool>().prop_map(AstKind::Boolean),
        name().prop_map(AstKind::Name),
    ]
    .prop_map(node);
    leaf.prop_recursive(6, 60, 5, move |part| {
        let boxed = part.clone().prop_map(Box::new);
        let operator = prop::sample::select(vec![
            Add,
            Subtract,
            Multiply,
            Divide,
            Power,
            Less,
            LessEqual,
            Greater,
            GreaterEqual,
            Equal,
            NotEqual,
            And,
            Or,
        ]);
        let sign = prop::sample::select(vec![UnaryOperator::Negate, UnaryOperator::Not]);
        let named = prop_oneof![
            (name(), part.clone()).prop_map(|(name, ast)| (spanned(name), NamedArgument::Formula(ast))),
            (axis(), axis()).prop_map(|(name, axis)| (name, NamedArgument::Axis(axis))),
        ];
        let call = (
            name(),
            prop::collection::vec(axis(), 0..3),
            prop::option::of(part.clone()),
            prop::collection::vec(part.clone(), 0..3),
            prop::collection::vec(named, 0..3),
        )
            .prop_map(|(name, axes, filter, arguments, mut named)| {
                named.sort_by(|(x, _), (y, _)| x.value.cmp(&y.value));
                named.dedup_by(|(x, _), (y, _)| x.value == y.value);
                let filter = filter.filter(|_| !axes.is_empty());
                AstKind::Call(Box::new(Call { name: spanned(name), axes, filter, arguments, named }))
            });
        prop_oneof![
            (sign, boxed.clone()).prop_map(|(sign, x)| AstKind::Unary(sign, x)),
            (operator, boxed.clone(), boxed.clone()).prop_map(|(operator, x, y)| AstKind::Binary(operator, x, y)),
            (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(c, x, y)| AstKind::If(c, x, y)),
            (boxed.clone(), boxed).prop_map(|(x, i)| AstKind::Pick(x, i)),
            call,
        ]
        .prop_map(node)
    })
}

proptest! {
    #[test]
    fn a_printed_tree_parses_to_itself(ast in formula()) {
        let text = print(&ast);
        let again = read(&text).map_err(|error| TestCaseError::fail(format!("`{text}`: {}", error.message)))?;
        prop_assert_eq!(shape(&again), shape(&ast), "`{}`", text);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
        if let Err(error) = read(&text) {
            prop_assert!(error.span.start <= text.len() && error.span.end <= text.len());
        }
    }

    #[test]
    fn no_mixture_of_tokens_makes_the_parser_panic(words in prop::collection::vec(prop::sample::select(vec![
        "if", "then", "else", "not", "where", "(", ")", "[", "]", ",", "=", "==", "<", "-", "+", "^", "x", "f(", "C", "1", ".", "−",
    ]), 0..30)) {
        let text = words.join(" ");
        if let Ok(ast) = read(&text) {
            prop_assert_eq!(shape(&tree(&print(&ast))), shape(&ast));
        }
    }
}
