//! An expression and the values it names -> its value, or a message that says why it has none.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr};
use cel::{Context, ExecutionError, Value as Cel};
use serde_json::Value;

use super::{bounds, cost, path, pattern};

/// The maximum length of a message about values: a value may be as long as an output.
const MESSAGE_LIMIT: usize = 300;

pub(super) fn holds(expression: &IdedExpr, context: &Value) -> Result<bool, String> {
    match value(expression, context)? {
        Cel::Bool(answer) => Ok(answer),
        other => Err(format!("the expression gives {}, not true or false", kind(&other))),
    }
}

pub(super) fn text(expression: &IdedExpr, context: &Value) -> Result<String, String> {
    match value(expression, context)? {
        Cel::String(text) => Ok(text.as_str().to_owned()),
        Cel::Int(number) => Ok(number.to_string()),
        Cel::UInt(number) => Ok(number.to_string()),
        Cel::Bool(answer) => Ok(answer.to_string()),
        other => {
            Err(format!("the expression gives {}, not a text: string(…) makes one of a number", kind(&other)))
        }
    }
}

fn value(expression: &IdedExpr, context: &Value) -> Result<Cel, String> {
    cost::within_budget(expression, context)?;
    let environment = pattern::environment().map_err(|error| error.to_string())?;
    let mut known = Context::with_env(Arc::new(environment));
    for name in named(expression) {
        if let Some(value) = context.get(name) {
            known.add_variable_from_value(name, cel(value));
        }
    }
    Cel::resolve(expression, &known).map_err(|error| why(&error, expression, context))
}

/// The identifiers of the expression: nothing else of the context is copied.
fn named(expression: &IdedExpr) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut open = vec![expression];
    while let Some(expression) = open.pop() {
        if let Expr::Ident(name) = &expression.expr {
            names.insert(path::bare(name));
        }
        open.extend(bounds::children(expression));
    }
    names
}

fn cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(b) => Cel::Bool(*b),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Cel::Int(n),
            (None, Some(n)) => Cel::UInt(n),
            (None, None) => Cel::Float(n.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(s) => Cel::from(s.as_str()),
        Value::Array(list) => Cel::from(list.iter().map(cel).collect::<Vec<_>>()),
        Value::Object(map) => {
            Cel::from(map.iter().map(|(k, v)| (k.as_str(), cel(v))).collect::<HashMap<_, _>>())
        }
    }
}

fn why(error: &ExecutionError, expression: &IdedExpr, context: &Value) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => {
            let path = path::missing(expression, context, key).unwrap_or_else(|| key.to_string());
            let asked = if path::is_plain(key) { format!(".?{key}") } else { format!("[?'{key}']") };
            format!(
                "{path} does not exist: ask first with has(…), or give a default with {asked}.orValue('')"
            )
        }
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known here"),
        other => short(&other.to_string()),
    }
}

fn short(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_LIMIT) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

fn kind(value: &Cel) -> &'static str {
    match value {
        Cel::Bool(_) => "true or false",
        Cel::Int(_) | Cel::UInt(_) | Cel::Float(_) => "a number",
        Cel::String(_) => "a string",
        Cel::List(_) => "a list",
        Cel::Map(_) => "a map",
        Cel::Null => "null",
        _ => "something else (an optional value needs .orValue(…))",
    }
}
