//! `steps['trace-req'].outputs.url` as an expression <-> as a path of names.

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};
use serde_json::Value;

use super::bounds::children;

/// The text of a string literal.
pub(super) fn literal(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The name of an identifier; `.x` is `x` outside of all loops.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix('.').unwrap_or(name)
}

/// The names from the top level down, if the expression is nothing but names.
pub(super) fn of(expression: &IdedExpr) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut at = expression;
    loop {
        match &at.expr {
            Expr::Ident(name) => {
                names.push(bare(name));
                names.reverse();
                return Some(names);
            }
            Expr::Select(select) if !select.test => {
                names.push(select.field.as_str());
                at = &select.operand;
            }
            Expr::Call(call) if call.func_name == operators::INDEX => {
                let [map, key] = call.args.as_slice() else { return None };
                names.push(literal(key)?);
                at = map;
            }
            _ => return None,
        }
    }
}

/// Whether the name can follow a dot.
pub(super) fn is_plain(name: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(sign) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// The path in the notation that people write.
pub(super) fn written(names: &[&str]) -> String {
    let mut text = String::new();
    for (i, name) in names.iter().enumerate() {
        match (i, is_plain(name)) {
            (0, _) => text.push_str(name),
            (_, true) => text.extend([".", name]),
            (_, false) => text.extend(["['", name, "']"]),
        }
    }
    text
}

/// A path or a literal as written; for anything else a placeholder.
pub(super) fn show(expression: &IdedExpr) -> String {
    if let Some(names) = of(expression) {
        return written(&names);
    }
    match &expression.expr {
        Expr::Literal(LiteralValue::Boolean(b)) => b.inner().to_string(),
        Expr::Literal(LiteralValue::Int(i)) => i.inner().to_string(),
        Expr::Literal(LiteralValue::UInt(i)) => format!("{}u", i.inner()),
        Expr::Literal(LiteralValue::Double(d)) => d.inner().to_string(),
        Expr::Literal(LiteralValue::Null) => "null".into(),
        Expr::Literal(LiteralValue::String(s)) if s.inner().len() <= 40 => format!("'{}'", s.inner()),
        Expr::Call(call) if call.func_name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            format!("{}(…)", call.func_name)
        }
        _ => "…".into(),
    }
}

/// The first path in the expression that reads `key` from a map that lacks it.
pub(super) fn missing(expression: &IdedExpr, context: &Value, key: &str) -> Option<String> {
    let mut open = vec![expression];
    while let Some(expression) = open.pop() {
        if let Some(names) = of(expression) {
            let known = names.iter().scan(Some(context), |at, name| {
                *at = at.and_then(|value| value.get(name));
                at.is_some().then_some(())
            });
            let known = known.count();
            if known > 0 && names.get(known).is_some_and(|name| *name == key) {
                return Some(written(names.get(..=known).unwrap_or_default()));
            }
        }
        open.extend(children(expression).into_iter().rev());
    }
    None
}
