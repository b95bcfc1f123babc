//! The supported functions with their arguments and results: the third part of [`super::check`].

use cel::common::ast::{Expr, IdedExpr};

use super::check::Check;
use super::path::{literal, show};
use super::pattern::compiled;
use super::types::Type;

/// Loops, as messages show them.
const LOOPS: [&str; 6] = ["exists", "all", "exists_one", "existsOne", "filter", "map"];
const CONVERSIONS: [&str; 8] = ["int", "uint", "double", "string", "bool", "bytes", "dyn", "type"];
const SEARCHES: [&str; 4] = ["startsWith", "endsWith", "contains", "matches"];

impl<'a> Check<'a> {
    pub(super) fn function(
        &mut self,
        name: &str,
        target: Option<&'a IdedExpr>,
        args: &'a [IdedExpr],
    ) -> Type {
        let made = matches!(target.map(|t| &t.expr), Some(Expr::Ident(t)) if t == "optional");
        match (name, target, args) {
            ("of" | "ofNonZeroValue", Some(_), [value]) if made => {
                Type::Optional(Box::new(self.infer(value)))
            }
            ("none", Some(_), []) if made => Type::Optional(Box::new(Type::Any)),
            ("size", None, [of]) | ("size", Some(of), []) => self.size(of),
            ("matches", None, [text, pattern]) => self.search(name, text, pattern),
            (search, Some(text), [pattern]) if SEARCHES.contains(&search) => self.search(name, text, pattern),
            (to, None, [from]) if CONVERSIONS.contains(&to) => self.conversion(to, from),
            ("hasValue", Some(of), []) => {
                self.optional(name, of);
                Type::Bool
            }
            ("value", Some(of), []) => self.optional(name, of),
            ("or", Some(of), [other]) => {
                let (inner, other) = (self.optional(name, of), self.optional(name, other));
                Type::Optional(Box::new(inner.or(other)))
            }
            ("orValue", Some(of), [other]) => self.optional(name, of).or(self.infer(other)),
            _ => self.unknown(name, target, args),
        }
    }

    fn unknown(&mut self, name: &str, target: Option<&'a IdedExpr>, args: &'a [IdedExpr]) -> Type {
        // Its content is checked all the same; the first argument of a loop names its variable.
        let is_loop = LOOPS.contains(&name);
        for argument in target.into_iter().chain(args).filter(|_| !is_loop) {
            self.infer(argument);
        }
        self.fault(match name {
            _ if is_loop => format!("{name}() is written list.{name}(x, …), with a name for the element"),
            "has" => "has() takes one field, as in has(steps.plan.outputs.url)".into(),
            "size" => "size() takes one value".into(),
            name if SEARCHES.contains(&name) => format!("{name}() is written text.{name}('…')"),
            name if CONVERSIONS.contains(&name) => {
                format!("{name}() takes one value, as in {name}(params.n)")
            }
            "now" | "timestamp" | "duration" => {
                format!(
                    "{name}() does not exist here: a condition has no clock, so that it always gives the same result"
                )
            }
            name => format!("there is no function {name}()"),
        });
        Type::Any
    }

    fn size(&mut self, of: &'a IdedExpr) -> Type {
        let found = self.infer(of);
        if found.element().is_none() && !matches!(found, Type::Text | Type::Bytes) {
            self.fault(format!(
                "size() takes a string, a list or a map, but {} is {}",
                show(of),
                found.name()
            ));
        }
        Type::Int
    }

    fn search(&mut self, name: &str, text: &'a IdedExpr, pattern: &'a IdedExpr) -> Type {
        for operand in [text, pattern] {
            let found = self.infer(operand);
            let hint = match found {
                Type::List(_) | Type::Map(_) if name == "contains" => ": use `in`",
                _ => "",
            };
            if !found.may_be(&Type::Text) {
                self.fault(format!(
                    "{name}() takes strings, but {} is {}{hint}",
                    show(operand),
                    found.name()
                ));
            }
        }
        if let Some(Err(reason)) = literal(pattern).filter(|_| name == "matches").map(compiled) {
            self.fault(format!("matches({}): {reason}", show(pattern)));
        }
        Type::Bool
    }

    fn conversion(&mut self, to: &str, from: &'a IdedExpr) -> Type {
        let found = self.infer(from);
        let text = matches!(found, Type::Any | Type::Text);
        let (fits, given) = match to {
            "int" => (text || found.is_number(), Type::Int),
            "uint" => (text || found.is_number(), Type::UInt),
            "double" => (text || found.is_number(), Type::Double),
            "bool" => (text || found == Type::Bool, Type::Bool),
            "string" => (text || found.is_number() || matches!(found, Type::Bool | Type::Bytes), Type::Text),
            "bytes" => (text || found == Type::Bytes, Type::Bytes),
            "type" => (true, Type::Name),
            _ => (true, Type::Any),
        };
        if !fits {
            self.fault(format!("{to}() does not convert {}: {} is one", found.name(), show(from)));
        } else if let (Some(word), "int") = (literal(from), to)
            && word.parse::<i64>().is_err()
        {
            self.fault(format!("int({}) is not a number", show(from)));
        }
        given
    }

    /// The value inside an optional.
    fn optional(&mut self, name: &str, of: &'a IdedExpr) -> Type {
        match self.infer(of) {
            Type::Optional(inner) => *inner,
            Type::Any => Type::Any,
            found => {
                let shown = show(of);
                self.fault(format!(
                    "{name}() takes an optional, as `.?` gives one, but {shown} is {}",
                    found.name()
                ));
                Type::Any
            }
        }
    }
}
