//! The operand and result types of operators and functions: the second part of [`super::check`].

use cel::common::ast::{CallExpr, IdedExpr, operators};

use super::check::{Check, is_gathered, is_index};
use super::path::{literal, show};
use super::types::Type;

impl<'a> Check<'a> {
    pub(super) fn call(&mut self, call: &'a CallExpr) -> Type {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [a, b]) => self.logic(name, a, b),
            (operators::LOGICAL_NOT, None, [a]) => {
                self.boolean(a, "!");
                Type::Bool
            }
            (operators::CONDITIONAL, None, [asked, yes, no]) => {
                self.boolean(asked, "?:");
                self.infer(yes).or(self.infer(no))
            }
            (operators::EQUALS | operators::NOT_EQUALS, None, [a, b]) => self.equality(name, a, b),
            (operators::IN, None, [a, b]) => self.within(a, b),
            (operators::NEGATE, None, [a]) => self.negated(a),
            (name, None, [of, key]) if is_index(name) => self.index(name, of, key),
            (name, None, [a, b]) if name.starts_with('_') => self.binary(name, a, b),
            (operators::NOT_STRICTLY_FALSE, None, [a]) => {
                self.infer(a);
                Type::Bool
            }
            (name, target, args) => self.function(name, target, args),
        }
    }

    fn logic(&mut self, name: &str, a: &'a IdedExpr, b: &'a IdedExpr) -> Type {
        // The test of a loop is combined with what the loop found so far.
        let sign = match (is_gathered(a), name) {
            (true, operators::LOGICAL_AND) => "all()",
            (true, _) => "exists()",
            (false, name) => sign(name),
        };
        self.boolean(a, sign);
        self.boolean(b, sign);
        Type::Bool
    }

    fn boolean(&mut self, operand: &'a IdedExpr, sign: &str) {
        let found = self.infer(operand);
        if found.may_be(&Type::Bool) {
            return;
        }
        let shown = show(operand);
        let hint = if found == Type::Text {
            format!(": compare it, as in {shown} == 'true'")
        } else {
            String::new()
        };
        self.fault(format!("{sign} needs true or false, but {shown} is {}{hint}", found.name()));
    }

    fn equality(&mut self, name: &str, a: &'a IdedExpr, b: &'a IdedExpr) -> Type {
        let (left, right) = (self.infer(a), self.infer(b));
        if !left.may_equal(&right) {
            self.different(name, (a, &left), (b, &right));
        }
        Type::Bool
    }

    /// `<`, `<=`, `>`, `>=` and arithmetic.
    fn binary(&mut self, name: &str, a: &'a IdedExpr, b: &'a IdedExpr) -> Type {
        let (left, right) = (self.infer(a), self.infer(b));
        let misfit = [(a, &left), (b, &right)].into_iter().find(|(_, found)| !takes(name, found));
        let both_known = left != Type::Any && right != Type::Any;
        match misfit {
            _ if !left.may_equal(&right) => self.different(name, (a, &left), (b, &right)),
            Some((operand, found)) => {
                let (sign, kind) = (sign(name), found.name());
                self.fault(format!("`{sign}` does not apply to {kind}: {} is one", show(operand)));
            }
            // Numbers of different kinds compare, but do not add.
            None if !compares(name) && both_known && left.is_number() && left != right => {
                let sign = sign(name);
                self.fault(format!("`{sign}` needs two numbers of one kind: int(…), uint(…) or double(…)"));
            }
            None => {}
        }
        if compares(name) { Type::Bool } else { sum(left, right) }
    }

    fn different(&mut self, name: &str, (a, left): (&IdedExpr, &Type), (b, right): (&IdedExpr, &Type)) {
        let hint = match (left, right) {
            (Type::Text, r) if r.is_number() => format!(": use {}({})", conversion(r), show(a)),
            (l, Type::Text) if l.is_number() => format!(": use {}({})", conversion(l), show(b)),
            (Type::Text, Type::Bool) => ": compare it with 'true' or 'false'".into(),
            (Type::Bool, Type::Text) => ": compare it with 'true' or 'false'".into(),
            (Type::Optional(_), _) | (_, Type::Optional(_)) => ": end it with .orValue(…)".into(),
            (Type::Null, _) | (_, Type::Null) => ": ask with has(…) whether it exists".into(),
            _ => String::new(),
        };
        let (shown, other) = (show(a), show(b));
        let (left, right) = (left.name(), right.name());
        self.fault(format!("`{shown} {} {other}`: {left} and {right} never match{hint}", sign(name)));
    }

    fn within(&mut self, a: &'a IdedExpr, b: &'a IdedExpr) -> Type {
        let (item, list) = (self.infer(a), self.infer(b));
        match list.element() {
            Some(element) if !item.may_equal(&element) => {
                let (shown, of) = (show(a), show(b));
                self.fault(format!(
                    "`{shown} in {of}`: {} is never in it, it has {}",
                    item.name(),
                    element.name()
                ));
            }
            Some(_) => {}
            None => {
                let hint = if list == Type::Text { ": a string is searched with contains(…)" } else { "" };
                self.fault(format!(
                    "`in` looks into lists and maps, but {} is {}{hint}",
                    show(b),
                    list.name()
                ));
            }
        }
        Type::Bool
    }

    fn negated(&mut self, operand: &'a IdedExpr) -> Type {
        let found = self.infer(operand);
        if !matches!(found, Type::Any | Type::Int | Type::Double) {
            self.fault(format!("`-` needs a signed number, but {} is {}", show(operand), found.name()));
        }
        found
    }

    fn index(&mut self, name: &str, of: &'a IdedExpr, key: &'a IdedExpr) -> Type {
        let (map, index) = (self.infer(of), self.infer(key));
        let step = self.step_of(of);
        let inner = match (&map, literal(key)) {
            (Type::List(element), _) if index.may_be(&Type::Int) || index.is_number() => (**element).clone(),
            (Type::List(_), _) => {
                self.fault(format!("{}[…]: a list is indexed with a number, not {}", show(of), index.name()));
                Type::Any
            }
            (_, Some(field)) => self.field(&map, field, &show(of), step),
            (Type::Params | Type::Run, None) => Type::Text,
            (Type::Steps, None) => Type::Step,
            (Type::Map(value), None) => (**value).clone(),
            (map, None) if map.element().is_some() || matches!(map, Type::Optional(_)) => return Type::Any,
            (map, None) => {
                self.fault(format!("{}[…]: {} has no fields", show(of), map.name()));
                Type::Any
            }
        };
        if name == operators::INDEX || matches!(inner, Type::Optional(_)) {
            return inner;
        }
        Type::Optional(Box::new(inner))
    }
}

fn compares(name: &str) -> bool {
    matches!(name, operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS)
}

/// The operator accepts such a value.
fn takes(name: &str, operand: &Type) -> bool {
    match operand {
        Type::Any | Type::Int | Type::UInt | Type::Double => true,
        Type::Bool => compares(name),
        Type::Text | Type::Bytes => compares(name) || name == operators::ADD,
        Type::List(_) => name == operators::ADD,
        _ => false,
    }
}

/// Either side gives the type, unless it is a list: the other side may hold anything.
fn sum(left: Type, right: Type) -> Type {
    match (left, right) {
        (Type::Any, Type::List(_)) | (Type::List(_), Type::Any) => Type::list(Type::Any),
        (Type::Any, known) | (known, Type::Any) => known,
        // An empty list takes the type of what is added.
        (Type::List(a), Type::List(b)) if *a == Type::Any => Type::List(b),
        (a, b) => a.or(b),
    }
}

fn conversion(number: &Type) -> &'static str {
    match number {
        Type::Double => "double",
        Type::UInt => "uint",
        _ => "int",
    }
}

/// `_>=_` is the operator `>=`.
fn sign(name: &str) -> &str {
    name.trim_matches('_')
}
