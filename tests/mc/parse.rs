//! `mc workflow parse`: what an agent said, as the operator reads it.

use crate::golden::mc;
use crate::program::Said;

fn parse(args: &[&str], said: &str) -> Said {
    mc(&[&["workflow", "parse"], args].concat(), said)
}

fn is(ran: Said, code: i32, out: &str) {
    assert_eq!(ran, Said { code, out: out.into(), err: String::new() });
}

#[test]
fn status_and_values_are_read() {
    let said = "Hello\r\nSTATUS: done\r\nBRANCH: x\r\nISSUES:\r\n- a\r\n- b\r\n";
    let out = "{\n  \"status\": \"done\",\n  \"met\": true,\n  \"values\": {\n    \"branch\": \"x\",\n    \"issues\": \"- a\\n- b\"\n  }\n}\n";
    is(parse(&[], said), 0, out);
}

#[test]
fn what_is_not_met_has_a_cause() {
    let out = "status: retry\nmet: false\nvalues:\n  issues: x\ncause: NoRetryTarget\nmessage: \"The output has STATUS: retry, but the step has no onRetry\"\n";
    is(parse(&["-o", "yaml"], "STATUS: retry\nISSUES: x"), 1, out);
    let out =
        "status: failed\nmet: false\nvalues:\n  a: red\n  reason: bad\ncause: StatusFailed\nmessage: bad\n";
    is(parse(&["-o", "yaml", "-"], "A: \u{1b}[31mred\nSTATUS: failed\nREASON: bad"), 1, out);
    let out = "status: unknown\nmet: false\nvalues: {}\ncause: NoStatus\nmessage: \"Output has no STATUS line; expected \\\"STATUS: done\\\"\"\n";
    is(parse(&["-o", "yaml"], "nothing"), 1, out);
}

#[test]
fn an_unclear_status_is_said_with_what_to_write() {
    let ran = parse(&["-o", "yaml"], "STATUS: done\nSTATUS: not done");
    let message = "The line \\\"STATUS: not done\\\" is not clear; write STATUS: done, STATUS: failed or STATUS: retry and nothing else, at the very start of the last line";
    let out =
        format!("status: unclear\nmet: false\nvalues: {{}}\ncause: StatusUnclear\nmessage: \"{message}\"\n");
    is(ran, 1, &out);
}

#[test]
fn each_line_is_explained() {
    let said =
        "Hello\n<think>\nSTATUS: failed\n</think>\nPLAN: a\nb\n\u{1b}[1mSTATUS: done\u{1b}[0m\nStatus: up\n";
    let out = "\
LINE   READ AS                 TEXT
1      prose                   Hello
2      thinking                <think>
3      thinking                STATUS: failed
4      thinking                </think>
5      key PLAN                PLAN: a
6      value of PLAN           b
7      status: done (counts)   STATUS: done
8      prose                   Status: up
The step succeeds.
";
    is(parse(&["--explain"], said), 0, out);
    let ran = parse(&["--explain", "-o", "json"], "STATUS: done");
    let out = "{\n  \"status\": \"done\",\n  \"met\": true,\n  \"values\": {},\n  \"lines\": [\n    {\n      \"line\": 1,\n      \"readAs\": \"status: done\",\n      \"counts\": true,\n      \"text\": \"STATUS: done\"\n    }\n  ]\n}\n";
    is(ran, 0, out);
}

#[test]
fn the_step_says_what_it_expects() {
    let out = "{\n  \"status\": \"unknown\",\n  \"met\": true,\n  \"values\": {}\n}\n";
    is(parse(&["--expects", "Reviewed it"], "I reviewed\n  it"), 0, out);
    is(parse(&["--expects", ""], ""), 0, out);
    let out = "{\n  \"status\": \"unknown\",\n  \"met\": false,\n  \"values\": {},\n  \"cause\": \"ExpectationNotMet\",\n  \"message\": \"Output doesn't meet expectations: \\\"reviewed\\\"\"\n}\n";
    is(parse(&["--expects", "reviewed"], "nothing"), 1, out);
}

#[test]
fn a_file_that_is_not_there_is_said() {
    let err = "error: nowhere.txt cannot be read: No such file or directory (os error 2)\n";
    assert_eq!(parse(&["nowhere.txt"], ""), Said { code: 3, out: String::new(), err: err.into() });
}
