//! Tree to formula text with as few brackets as the grammar allows. Parsing the text gives the tree back.

use crate::formula::ast::{Ast, AstKind, BinaryOperator, Call, NamedArgument, UnaryOperator};

/// The levels of the grammar, from the loosest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Formula,
    Disjunction,
    Conjunction,
    Negation,
    Comparison,
    Sum,
    Product,
    Unary,
    Power,
    Postfix,
}

/// The text of a formula.
pub fn print(ast: &Ast) -> String {
    let mut text = String::new();
    write(ast, Level::Formula, &mut text);
    text
}

/// Writes what must bind at least as tightly as `least`.
fn write(ast: &Ast, least: Level, text: &mut String) {
    let brackets = level(ast) < least;
    if brackets {
        text.push('(');
    }
    match &ast.kind {
        AstKind::Number(digits) => text.push_str(digits),
        AstKind::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        AstKind::Name(name) => text.push_str(name),
        AstKind::Unary(UnaryOperator::Negate, operand) => {
            text.push('-');
            write(operand, Level::Unary, text);
        }
        AstKind::Unary(UnaryOperator::Not, operand) => {
            text.push_str("not ");
            write(operand, Level::Negation, text);
        }
        AstKind::Binary(operator, left, right) => {
            let (sign, _, left_least, right_least) = binary(*operator);
            write(left, left_least, text);
            match goes_on(*operator, left, right) {
                // `a < b and b < c`, as it is written.
                Some((sign, end)) => {
                    text.push_str(sign);
                    write(end, Level::Sum, text);
                }
                None => {
                    text.push_str(sign);
                    write(right, right_least, text);
                }
            }
        }
        AstKind::If(condition, value, otherwise) => {
            text.push_str("if ");
            write(condition, Level::Disjunction, text);
            text.push_str(" then ");
            write(value, Level::Formula, text);
            text.push_str(" else ");
            write(otherwise, Level::Formula, text);
        }
        AstKind::Pick(value, index) => {
            write(value, Level::Postfix, text);
            text.push('[');
            write(index, Level::Formula, text);
            text.push(']');
        }
        AstKind::Call(call) => write_call(call, text),
    }
    if brackets {
        text.push(')');
    }
}

/// Where `operator` joins a comparison to a chain of them that ends with what it starts with: its sign, and what stands on its right.
fn goes_on<'a>(operator: BinaryOperator, chain: &Ast, link: &'a Ast) -> Option<(&'static str, &'a Ast)> {
    if operator != BinaryOperator::And {
        return None;
    }
    let (before, end) = last_link(chain)?;
    let AstKind::Binary(operator, middle, next) = &link.kind else { return None };
    let same_way = direction(*operator).is_some_and(|way| direction(before) == Some(way));
    (same_way && print(middle) == print(end)).then(|| (binary(*operator).0, &**next))
}

/// The last link of what may be a chain of comparisons: its operator, and what stands on its right.
fn last_link(chain: &Ast) -> Option<(BinaryOperator, &Ast)> {
    match &chain.kind {
        AstKind::Binary(operator, first, last) if goes_on(*operator, first, last).is_some() => last_link(last),
        AstKind::Binary(operator, _, right) => Some((*operator, right)),
        _ => None,
    }
}

/// Which way a comparison points, if it does.
fn direction(operator: BinaryOperator) -> Option<std::cmp::Ordering> {
    match operator {
        BinaryOperator::Less | BinaryOperator::LessEqual => Some(std::cmp::Ordering::Less),
        BinaryOperator::Greater | BinaryOperator::GreaterEqual => Some(std::cmp::Ordering::Greater),
        _ => None,
    }
}

fn write_call(call: &Call, text: &mut String) {
    text.push_str(&call.name.value);
    text.push('(');
    let mut separator = "";
    for axis in &call.axes {
        text.push_str(separator);
        text.push_str(&axis.value);
        separator = ", ";
    }
    if let Some(filter) = &call.filter {
        text.push_str(" where ");
        write(filter, Level::Disjunction, text);
    }
    for argument in &call.arguments {
        text.push_str(separator);
        write(argument, Level::Formula, text);
        separator = ", ";
    }
    for (name, argument) in &call.named {
        text.push_str(separator);
        text.push_str(&name.value);
        text.push_str(" = ");
        match argument {
            NamedArgument::Formula(value) => write(value, Level::Formula, text),
            NamedArgument::Axis(axis) => text.push_str(&axis.value),
        }
        separator = ", ";
    }
    text.push(')');
}

fn level(ast: &Ast) -> Level {
    match &ast.kind {
        AstKind::If(..) => Level::Formula,
        AstKind::Binary(operator, ..) => binary(*operator).1,
        AstKind::Unary(UnaryOperator::Not, _) => Level::Negation,
        AstKind::Unary(UnaryOperator::Negate, _) => Level::Unary,
        AstKind::Number(_) | AstKind::Boolean(_) | AstKind::Name(_) | AstKind::Pick(..) | AstKind::Call(_) => {
            Level::Postfix
        }
    }
}

/// The sign, the level of the whole, and the least levels of the left and the right operand.
fn binary(operator: BinaryOperator) -> (&'static str, Level, Level, Level) {
    use Level::{Comparison, Conjunction, Disjunction, Negation, Postfix, Power, Product, Sum, Unary};
    match operator {
        BinaryOperator::Or => (" or ", Disjunction, Disjunction, Conjunction),
        BinaryOperator::And => (" and ", Conjunction, Conjunction, Negation),
        BinaryOperator::Less => (" < ", Comparison, Sum, Sum),
        BinaryOperator::LessEqual => (" <= ", Comparison, Sum, Sum),
        BinaryOperator::Greater => (" > ", Comparison, Sum, Sum),
        BinaryOperator::GreaterEqual => (" >= ", Comparison, Sum, Sum),
        BinaryOperator::Equal => (" == ", Comparison, Sum, Sum),
        BinaryOperator::NotEqual => (" != ", Comparison, Sum, Sum),
        BinaryOperator::Add => (" + ", Sum, Sum, Product),
        BinaryOperator::Subtract => (" - ", Sum, Sum, Product),
        BinaryOperator::Multiply => (" * ", Product, Product, Unary),
        BinaryOperator::Divide => (" / ", Product, Product, Unary),
        BinaryOperator::Power => ("^", Power, Postfix, Unary),
    }
}
