//! The upper bound of an evaluation's cost, computed before it starts.
//!
//! An evaluation cannot be stopped, and `[[output]].map(x, x + x).map(x, x + x)…` doubles its value with every dozen
//! characters. So the largest possible value of every part of the expression is computed from the actual values, and
//! from that the work. All numbers err on the high side.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, operators};
use serde_json::Value;

use super::{bounds, path};

/// In bytes that are touched. Measured: the worst expression within this limit, twenty patterns of the maximum size,
/// takes a quarter of a second in an optimised build. A hundred comparisons with outputs of the maximum length (16 KiB)
/// cost a sixth of it.
const BUDGET: u64 = 20_000_000;
/// The cost of one step of the evaluation, in the same unit.
const STEP: u64 = 64;
/// The cost of compiling the pattern of a `matches()`, for each call.
const PATTERN: u64 = 1_000_000;
/// How often a pattern may look at one byte of the text.
const MATCH: u64 = 20;

pub(super) fn within_budget(expression: &IdedExpr, context: &Value) -> Result<(), String> {
    let mut work = Work { context, scope: Vec::new() };
    match work.of(expression).cost {
        cost if cost > BUDGET => {
            Err("the expression could take too long with these values: loop over less".into())
        }
        _ => Ok(()),
    }
}

/// The possible size of a value.
#[derive(Clone)]
enum Size<'a> {
    /// It is one of these; if there is none, it does not exist.
    OneOf(Vec<&'a Value>),
    Most(Most),
}

#[derive(Clone, Copy, Default)]
struct Most {
    /// Its bytes, including those of everything in it.
    weight: u64,
    /// The number of elements for a loop.
    items: u64,
    /// The weight of its largest element, or of anything else in it.
    part: u64,
}

impl<'a> Size<'a> {
    /// Its parts are unknown: each weighs at least 1, and all together not more than the whole.
    fn up_to(weight: u64) -> Self {
        Self::Most(Most { weight, items: weight, part: weight })
    }

    fn most(&self) -> Most {
        match self {
            Self::Most(most) => *most,
            Self::OneOf(values) => values.iter().fold(Most::default(), |most, value| {
                let items = match value {
                    Value::Array(list) => list.len(),
                    Value::Object(map) => map.len(),
                    _ => 0,
                };
                // A loop over a map sees its keys.
                let keys =
                    value.as_object().into_iter().flat_map(|map| map.keys().map(|key| key.len() as u64 + 1));
                let part = parts_of(value).into_iter().map(weigh).chain(keys).max().unwrap_or_default();
                Most {
                    weight: most.weight.max(weigh(value)),
                    items: most.items.max(items as u64),
                    part: most.part.max(part),
                }
            }),
        }
    }

    /// The value of a field, by a known name or by one that is not known yet.
    fn part(&self, name: Option<&str>) -> Self {
        match (self, name) {
            (Self::OneOf(values), Some(name)) => {
                Self::OneOf(values.iter().filter_map(|v| v.get(name)).collect())
            }
            (Self::OneOf(values), None) => Self::OneOf(values.iter().flat_map(|v| parts_of(v)).collect()),
            (Self::Most(most), _) => Self::up_to(most.part.max(8)),
        }
    }
}

fn parts_of(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn weigh(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() as u64 + 1,
        Value::Array(list) => list.iter().fold(1, |sum, v| sum + weigh(v)),
        Value::Object(map) => map.iter().fold(1, |sum, (k, v)| sum + k.len() as u64 + 1 + weigh(v)),
    }
}

struct Bound<'a> {
    cost: u64,
    size: Size<'a>,
}

struct Work<'a> {
    context: &'a Value,
    /// The variables of the enclosing loops.
    scope: Vec<(&'a str, Size<'a>)>,
}

impl<'a> Work<'a> {
    fn of(&mut self, expression: &'a IdedExpr) -> Bound<'a> {
        match &expression.expr {
            Expr::Unspecified | Expr::Struct(_) => Bound { cost: STEP, size: Size::up_to(8) },
            Expr::Literal(_) => {
                let weight = path::literal(expression).map_or(8, |text| text.len() as u64 + 1);
                Bound { cost: STEP, size: Size::up_to(weight) }
            }
            Expr::Ident(name) => Bound { cost: STEP, size: self.variable(name) },
            Expr::Select(select) => {
                let of = self.of(&select.operand);
                Bound { cost: of.cost.saturating_add(STEP), size: of.size.part(Some(&select.field)) }
            }
            Expr::List(_) | Expr::Map(_) => self.collection(expression),
            Expr::Call(call) => self.call(call, expression),
            Expr::Comprehension(each) => self.each(each),
        }
    }

    fn variable(&self, name: &str) -> Size<'a> {
        let bound = self.scope.iter().rev().find(|(known, _)| *known == name);
        let of_run = || Size::OneOf(self.context.get(path::bare(name)).into_iter().collect());
        bound.map_or_else(of_run, |(_, size)| size.clone())
    }

    /// The work for all parts of the expression, and their size together.
    fn parts(&mut self, expression: &'a IdedExpr) -> (u64, Most, u64) {
        let (mut cost, mut sum, mut largest) = (0u64, Most::default(), 0);
        for child in bounds::children(expression) {
            let bound = self.of(child);
            let size = bound.size.most();
            cost = cost.saturating_add(bound.cost);
            sum.weight = sum.weight.saturating_add(size.weight);
            sum.items = sum.items.saturating_add(size.items);
            sum.part = sum.part.max(size.part);
            largest = largest.max(size.weight);
        }
        (cost, sum, largest)
    }

    /// A list or map literal: its parts are copied.
    fn collection(&mut self, expression: &'a IdedExpr) -> Bound<'a> {
        let (cost, sum, largest) = self.parts(expression);
        let items = bounds::children(expression).len() as u64;
        let weight = sum.weight.saturating_add(1);
        let cost = cost.saturating_add(weight).saturating_add(STEP);
        Bound { cost, size: Size::Most(Most { weight, items, part: largest }) }
    }

    fn call(&mut self, call: &'a CallExpr, expression: &'a IdedExpr) -> Bound<'a> {
        if let (operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT, [of, key]) =
            (call.func_name.as_str(), call.args.as_slice())
        {
            let (of, index) = (self.of(of), self.of(key));
            let size = of.size.part(path::literal(key));
            // An optional holds a copy.
            let copied = if call.func_name == operators::INDEX { 0 } else { size.most().weight };
            let cost = of.cost.saturating_add(index.cost).saturating_add(copied).saturating_add(STEP);
            return Bound { cost, size };
        }
        let (cost, sum, _) = self.parts(expression);
        let pattern = match call.func_name.as_str() {
            "matches" => sum.weight.saturating_mul(MATCH).saturating_add(PATTERN),
            _ => 0,
        };
        let cost = cost.saturating_add(sum.weight).saturating_add(pattern).saturating_add(STEP);
        Bound { cost, size: Size::Most(Most { weight: result(call, sum.weight), ..sum }) }
    }

    /// `[…].map(x, …)`: the step runs for every element, and its values may be gathered.
    fn each(&mut self, each: &'a ComprehensionExpr) -> Bound<'a> {
        let (range, start) = (self.of(&each.iter_range), self.of(&each.accu_init));
        let (over, begun) = (range.size.most(), start.size.most());
        self.scope.push((&each.accu_var, Size::up_to(0)));
        self.scope.push((&each.iter_var, Size::up_to(over.part)));
        let (go_on, step) = (self.of(&each.loop_cond), self.of(&each.loop_step));
        self.scope.truncate(self.scope.len().saturating_sub(2));
        let one = step.size.most();
        let weight = begun.weight.saturating_add(over.items.saturating_mul(one.weight));
        let part = begun.part.max(one.part);
        self.scope.push((&each.accu_var, Size::Most(Most { weight, items: over.items, part })));
        let end = self.of(&each.result);
        self.scope.pop();
        let turn = go_on.cost.saturating_add(step.cost).saturating_add(STEP);
        let fixed = [range.cost, start.cost, end.cost, over.weight, weight];
        let cost = fixed.iter().fold(over.items.saturating_mul(turn), |sum, cost| sum.saturating_add(*cost));
        Bound { cost, size: end.size }
    }
}

/// The weight of a call's result: its operands together, unless it is known to be a number or a boolean.
fn result(call: &CallExpr, operands: u64) -> u64 {
    match call.func_name.as_str() {
        // Written out, a number is up to 24 characters longer than its 8 bytes.
        "string" => operands.saturating_add(24),
        "size" | "contains" | "startsWith" | "endsWith" | "matches" | "hasValue" | "int" | "double"
        | "bool" => 8,
        name if name == operators::ADD || name == operators::CONDITIONAL => operands,
        name if name.starts_with(['_', '!', '-', '@']) => 8,
        _ => operands.max(8),
    }
}
