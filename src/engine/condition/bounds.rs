//! What a condition must not be, for any values: too long, too deep, or with loops nested too deeply.
//!
//! The parser, the evaluation and the destructor of an expression are recursive, and a stack overflow ends the process.
//! Therefore an expression is measured here first, without recursion.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::parser::pratt_parser::{Lexer, TokenKind};

/// The maximum number of tokens in a condition: forty comparisons have about 400. It also bounds the depth of what the
/// parser builds without counting, such as `a ? b : c ? d : …`.
const TOKEN_LIMIT: usize = 500;
/// The maximum nesting of brackets. An unoptimised build takes 4 KiB of stack for each.
pub(super) const BRACKET_LIMIT: u16 = 50;
/// The maximum depth of the expression tree: `a + b + c` is two levels deep, `&&` and `||` do not add up. An
/// unoptimised build evaluates each level on 40 KiB of stack, and a thread has 2 MiB.
const DEPTH_LIMIT: usize = 24;
/// The maximum nesting of loops (`exists`, `all`, `filter`, `map`): the context has two levels of maps with names that
/// are not known in advance (`steps`, then `outputs`), so a third loop has nothing to run over.
const LOOP_LIMIT: usize = 2;

/// Measures the text before it is parsed.
pub(super) fn tokens(text: &str) -> Result<(), String> {
    let mut lexer = Lexer::new(text);
    let mut count = 0;
    loop {
        match lexer.lex().kind {
            TokenKind::TokEnd if count == 0 => return Err("the expression is empty".into()),
            TokenKind::TokEnd => return Ok(()),
            TokenKind::TokWhitespace | TokenKind::TokComment => {}
            _ => count += 1,
        }
        if count > TOKEN_LIMIT {
            return Err(format!("the expression has more than {TOKEN_LIMIT} words and signs"));
        }
    }
}

/// Measures the parsed expression.
pub(super) fn shape(expression: &IdedExpr) -> Result<(), String> {
    let mut open = vec![(expression, 1, 0)];
    while let Some((expression, depth, loops)) = open.pop() {
        if depth > DEPTH_LIMIT {
            return Err(format!("the expression is nested more than {DEPTH_LIMIT} levels deep"));
        }
        if loops > LOOP_LIMIT {
            return Err(format!(
                "more than {LOOP_LIMIT} of exists(), all(), filter() and map() inside one another"
            ));
        }
        match &expression.expr {
            Expr::Unspecified => return Err("the expression is incomplete".into()),
            Expr::Struct(of) => {
                return Err(format!("{}{{…}}: a condition cannot create objects", of.type_name));
            }
            Expr::Comprehension(each) => {
                open.push((&each.iter_range, depth + 1, loops));
                let inner = [&each.accu_init, &each.loop_cond, &each.loop_step, &each.result];
                open.extend(inner.map(|e| (e, depth + 1, loops + 1)));
            }
            _ => open.extend(children(expression).into_iter().map(|e| (e, depth + 1, loops))),
        }
    }
    Ok(())
}

/// The direct parts of an expression.
pub(super) fn children(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entry_of(&entry.expr)).collect(),
        Expr::Struct(of) => of.entries.iter().flat_map(|entry| entry_of(&entry.expr)).collect(),
        Expr::Comprehension(each) => {
            vec![&each.iter_range, &each.accu_init, &each.loop_cond, &each.loop_step, &each.result]
        }
    }
}

fn entry_of(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}
