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
    let out = "status: retry\nmet: false\nvalues:\n  issues: x\ncause: NoRetryTarget\nmessage: \"It said STATUS: retry, and no step takes work back (onRetry)\"\n";
    is(parse(&["-o", "yaml"], "STATUS: retry\nISSUES: x"), 1, out);
    let out = "status: failed\nmet: false\nvalues:\n  a: \"\\e[31mred\"\n  reason: bad\ncause: StatusFailed\nmessage: bad\n";
    is(parse(&["-o", "yaml", "-"], "A: \u{1b}[31mred\nSTATUS: failed\nREASON: bad"), 1, out);
    let out = "status: unknown\nmet: false\nvalues: {}\ncause: NoStatus\nmessage: \"Output has no STATUS line; expected \\\"STATUS: done\\\"\"\n";
    is(parse(&["-o", "yaml"], "nothing"), 1, out);
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
