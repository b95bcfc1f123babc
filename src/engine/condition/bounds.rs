//! What a condition may not be, whatever values it meets: too long, too deep, or a loop in a loop in a loop.
//!
//! The parser, the evaluation and the end of an expression's life walk it by recursion, and a stack that overflows ends the
//! process. So an expression is measured here first, without recursion.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::parser::pratt_parser::{Lexer, TokenKind};

/// The most words and signs of a condition: forty comparisons have about 400. It also bounds the depth of what the parser
/// builds without counting, such as `a ? b : c ? d : …`.
const TOKEN_LIMIT: usize = 500;
/// The most brackets inside one another. An unoptimised build takes 4 KiB of stack for each.
pub(super) const BRACKET_LIMIT: u16 = 50;
/// The most values that are made of one another: `a + b + c` is two levels deep, `&&` and `||` do not add up. An
/// unoptimised build evaluates each level on 40 KiB of stack, and a thread has 2 MiB.
const DEPTH_LIMIT: usize = 24;
/// The most loops (`exists`, `all`, `filter`, `map`) inside one another: the context is two maps deep where names are not
/// known beforehand (`steps`, then `outputs`), so a third has nothing to run over.
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

/// Measures what the parser made of it.
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
                return Err(format!("{}{{…}}: there are no types to make here", of.type_name));
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

/// The expressions that an expression is made of.
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
