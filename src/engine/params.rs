//! The params of a run -> the values of the workflow's params, checked before anything runs.

use std::collections::BTreeMap;

use regex::Regex;

use crate::api::workflow::Param;

use super::path::Path;
use super::problem::{Kind, Problem};

/// The value of every declared param that has one; or every problem.
pub fn resolve(
    declared: &[Param],
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let path = |name: &str| Path::default().field("params").field(name);
    let mut problems = Vec::new();
    let mut values = BTreeMap::new();
    for name in given.keys().filter(|n| !declared.iter().any(|p| &p.name == *n)) {
        let known: Vec<&str> = declared.iter().map(|p| p.name.as_str()).collect();
        let known = if known.is_empty() { "none".into() } else { known.join(", ") };
        let message = format!("the workflow has no such param (it has {known})");
        problems.push(Problem::value(path(name), message));
    }
    for param in declared {
        let value = given.get(&param.name).or(param.default.as_ref());
        match value {
            None if param.required == Some(true) => {
                problems.push(Problem::new(path(&param.name), Kind::Missing, "required, and not given"));
            }
            None => {}
            Some(value) => match fits(param, value) {
                Ok(()) => {
                    values.insert(param.name.clone(), value.clone());
                }
                Err(message) => problems.push(Problem::value(path(&param.name), message)),
            },
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// Checks a value against its param. The message does not repeat the value: it may be long or secret.
pub fn fits(param: &Param, value: &str) -> Result<(), String> {
    if let Some(max) = param.max_length {
        let length = value.chars().count();
        if length > max as usize {
            return Err(format!("{length} characters; the limit is {max}"));
        }
    }
    if !param.one_of.is_empty() && !param.one_of.iter().any(|v| v == value) {
        return Err(format!("must be one of {}", param.one_of.join(", ")));
    }
    if let Some(pattern) = &param.pattern {
        let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(|e| e.to_string())?;
        if !whole.is_match(value) {
            return Err(format!("must match {pattern}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_said_at_once() {
        let declared = [
            Param { name: "repo".into(), required: Some(true), ..Param::default() },
            Param { name: "base".into(), one_of: vec!["main".into()], ..Param::default() },
            Param {
                name: "id".into(),
                pattern: Some("[a-z]+".into()),
                max_length: Some(3),
                ..Param::default()
            },
        ];
        let given = [("base", "x"), ("id", "abcd"), ("nope", "1")]
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .into();
        let problems = resolve(&declared, &given).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        let given = [("repo", "r"), ("id", "ab")].map(|(k, v)| (k.to_string(), v.to_string())).into();
        assert_eq!(resolve(&declared, &given).unwrap().len(), 2);
    }

    #[test]
    fn a_pattern_must_match_the_whole_value() {
        let param = Param { name: "p".into(), pattern: Some("a|b".into()), ..Param::default() };
        assert!(fits(&param, "a").is_ok());
        assert!(fits(&param, "ab").is_err());
    }
}
