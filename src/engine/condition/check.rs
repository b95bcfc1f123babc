//! An expression and the names that will exist -> what is certainly wrong with it. It knows no values.

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, SelectExpr, operators};

use super::path;
use super::types::Type;

/// Values that every context has, besides the maps.
const TEXTS: [&str; 5] = ["task", "human_feedback", "verify_feedback", "last_failure", "last_failure_output"];
/// Names of types, for `type(x) == string`.
const TYPES: [&str; 9] = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"];

/// What a condition may name, as lint knows it.
#[derive(Clone, Debug)]
pub(crate) struct Names<'a> {
    pub params: Vec<&'a str>,
    /// The steps that are finished before the condition is evaluated: `steps.*` allows only those.
    pub steps: Vec<&'a str>,
}

/// What a condition is for: the type that it must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Boolean,
    Text,
}

pub(super) fn check(expression: &IdedExpr, names: &Names<'_>, wanted: Wanted) -> Vec<String> {
    let mut check = Check { names, scope: Vec::new(), faults: Vec::new() };
    let whole = check.infer(expression);
    match (wanted, &whole) {
        (_, Type::Any) | (Wanted::Boolean, Type::Bool) => {}
        (Wanted::Text, Type::Text | Type::Int | Type::UInt | Type::Bool) => {}
        (Wanted::Boolean, Type::Text) => {
            let shown = path::show(expression);
            check.fault(format!("it gives a string, not true or false: compare it, as in {shown} == 'yes'"));
        }
        (Wanted::Boolean, other) => check.fault(format!("it gives {}, not true or false", other.name())),
        (Wanted::Text, other) => check.fault(format!("it gives {}, not a text", other.name())),
    }
    check.faults
}

pub(super) struct Check<'a> {
    names: &'a Names<'a>,
    /// The variables of the enclosing loops.
    scope: Vec<(&'a str, Type)>,
    faults: Vec<String>,
}

impl<'a> Check<'a> {
    pub(super) fn fault(&mut self, fault: String) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    pub(super) fn infer(&mut self, expression: &'a IdedExpr) -> Type {
        match &expression.expr {
            Expr::Unspecified | Expr::Struct(_) => Type::Any,
            Expr::Literal(value) => Type::literal(value),
            Expr::Ident(name) => self.identifier(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let elements: Vec<Type> = list.elements.iter().map(|e| self.infer(e)).collect();
                let some_are_optional = !list.optional_indices.is_empty();
                Type::list(if some_are_optional { Type::Any } else { Type::of_all(elements) })
            }
            Expr::Map(map) => {
                let values: Vec<Type> = map.entries.iter().map(|entry| self.entry(&entry.expr)).collect();
                Type::map(Type::of_all(values))
            }
            Expr::Comprehension(each) => self.each(each),
        }
    }

    fn entry(&mut self, entry: &'a EntryExpr) -> Type {
        match entry {
            EntryExpr::StructField(field) => self.infer(&field.value),
            EntryExpr::MapEntry(entry) => {
                self.infer(&entry.key);
                let value = self.infer(&entry.value);
                if entry.optional { Type::Any } else { value }
            }
        }
    }

    fn identifier(&mut self, name: &str) -> Type {
        if let Some((_, known)) = self.scope.iter().rev().find(|(bound, _)| *bound == name) {
            return known.clone();
        }
        match path::bare(name) {
            "params" => Type::Params,
            "run" => Type::Run,
            "steps" => Type::Steps,
            name if TEXTS.contains(&name) => Type::Text,
            // The outputs of a step are known only when it has run, and a loop names its item freely.
            _ if !self.names.steps.is_empty() => Type::Any,
            name if TYPES.contains(&name) => Type::Name,
            name => {
                self.fault(format!(
                    "`{name}` does not exist here: no step is finished before, so there are only task, params and run"
                ));
                Type::Any
            }
        }
    }

    fn select(&mut self, select: &'a SelectExpr) -> Type {
        let of = self.infer(&select.operand);
        let of_step = self.step_of(&select.operand);
        let shown = format!("{}.{}", path::show(&select.operand), select.field);
        let value = self.field(&of, &select.field, &shown, of_step);
        if select.test { Type::Bool } else { value }
    }

    /// The name of the step, if the expression is one.
    pub(super) fn step_of(&self, expression: &'a IdedExpr) -> Option<&'a str> {
        match path::of(expression)?.as_slice() {
            ["steps", step] => Some(step),
            _ => None,
        }
    }

    /// The type of a known field of `of`.
    pub(super) fn field(&mut self, of: &Type, field: &str, shown: &str, step: Option<&str>) -> Type {
        let fault = match of {
            Type::Any => return Type::Any,
            Type::Map(value) => return (**value).clone(),
            Type::Optional(inner) => return Type::Optional(Box::new(self.field(inner, field, shown, step))),
            Type::Params if self.names.params.contains(&field) => return Type::Text,
            Type::Params => {
                format!("params.{field} is not declared: {}", listed("params are", &self.names.params))
            }
            Type::Run if matches!(field, "name" | "namespace" | "uid") => return Type::Text,
            Type::Run => format!("run.{field} does not exist: a run has name, namespace and uid"),
            Type::Steps if self.names.steps.contains(&field) => return Type::Step,
            Type::Steps => {
                self.fault(self.no_step(field));
                return Type::Step;
            }
            Type::Step => match field {
                "outputs" => return Type::map(Type::Text),
                "output" | "phase" => return Type::Text,
                _ => {
                    let path = path::written(&["steps", step.unwrap_or("…")]);
                    format!("{path}.{field} does not exist: a step has phase, output and outputs")
                }
            },
            other => format!("{shown}: {} has no field `{field}`", other.name()),
        };
        self.fault(fault);
        Type::Any
    }

    fn no_step(&self, name: &str) -> String {
        let hyphened = self.names.steps.iter().find(|step| step.starts_with(&format!("{name}-")));
        let hint = match hyphened {
            Some(step) => format!("a name with a hyphen is written steps['{step}']"),
            None => listed("those that are:", &self.names.steps),
        };
        format!("steps.{name}: step {name} is not finished before this step; {hint}")
    }

    fn each(&mut self, each: &'a ComprehensionExpr) -> Type {
        let range = self.infer(&each.iter_range);
        let element = range.element().unwrap_or_else(|| {
            let shown = path::show(&each.iter_range);
            self.fault(format!("{shown} is {}: only lists and maps can be looped over", range.name()));
            Type::Any
        });
        let start = self.infer(&each.accu_init);
        self.scope.push((&each.accu_var, start));
        self.scope.push((&each.iter_var, element));
        self.infer(&each.loop_cond);
        let step = self.infer(&each.loop_step);
        let end = match self.infer(&each.result) {
            // `map` and `filter` start with an empty list: the step knows what is put in.
            Type::List(of) if *of == Type::Any => step,
            end => end,
        };
        self.scope.truncate(self.scope.len().saturating_sub(2));
        end
    }
}

/// The result that a loop gathers; no expression can write this name.
pub(super) fn is_gathered(expression: &IdedExpr) -> bool {
    matches!(&expression.expr, Expr::Ident(name) if name.starts_with('@'))
}

/// The index of a map or list, asked for as `a[b]`, `a[?b]` or `a.?b`.
pub(super) fn is_index(name: &str) -> bool {
    matches!(name, operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT)
}

fn listed(head: &str, names: &[&str]) -> String {
    if names.is_empty() { "there are none".into() } else { format!("{head} {}", names.join(", ")) }
}
