//! Random numbers -> a workflow in the words of the scenarios. Each part shrinks towards the simplest one.

use std::fmt::{Debug, Formatter, Result as Shown, Write};

use crate::script;
use mission_control::engine::lint;
use proptest::prelude::*;

/// A workflow, and the params of its run.
#[derive(Clone)]
pub(crate) struct Flow {
    pub text: String,
    pub params: String,
    pub slow: bool,
    /// Writes fail and effects get lost while the run ends, too.
    pub clumsy: bool,
}

impl Debug for Flow {
    fn fmt(&self, f: &mut Formatter<'_>) -> Shown {
        write!(
            f,
            "\nworkflow: {}\nrun {}{}\n",
            self.text,
            self.params,
            if self.slow { " (slow)" } else { "" }
        )
    }
}

/// The parts of one step; parts that do not fit in its place are left out.
#[derive(Clone, Debug)]
struct Numbers {
    kind: u8,
    needs: Option<u8>,
    when: u8,
    rerun: Option<(u8, u8)>,
    exhausted: u8,
    limit: u8,
    input: u8,
    list: u8,
    verify: Option<u8>,
    parallel: u8,
    items: u8,
}

#[derive(Clone, Debug)]
struct Whole {
    finally: u8,
    timeout: u8,
    expiry: u8,
    workspace: u8,
    turns: u8,
    hosts: u8,
    slow: bool,
    clumsy: u8,
}

pub(crate) fn flow() -> impl Strategy<Value = Flow> {
    (proptest::collection::vec(numbers(), 1..=7), whole()).prop_map(|(steps, whole)| valid(&steps, &whole))
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let rerun = prop_oneof![2 => Just(None), 3 => (any::<u8>(), 0..4u8).prop_map(Some)];
    let needs = prop_oneof![2 => Just(None), 3 => any::<u8>().prop_map(Some)];
    let verify = prop_oneof![1 => Just(None), 2 => (0..3u8).prop_map(Some)];
    let first = (0..8u8, needs, 0..16u8, rerun, 0..3u8, 0..9u8);
    (first, (0..8u8, 0..5u8, verify, 1..4u8, 0..8u8)).prop_map(
        |((kind, needs, when, rerun, exhausted, limit), (input, list, verify, parallel, items))| Numbers {
            kind,
            needs,
            when,
            rerun,
            exhausted,
            limit,
            input,
            list,
            verify,
            parallel,
            items,
        },
    )
}

fn whole() -> impl Strategy<Value = Whole> {
    (0..5u8, 0..4u8, 0..6u8, 0..6u8, 0..8u8, 0..5u8, any::<bool>(), 0..3u8).prop_map(
        |(finally, timeout, expiry, workspace, turns, hosts, slow, clumsy)| Whole {
            finally,
            timeout,
            expiry,
            workspace,
            turns,
            hosts,
            slow,
            clumsy,
        },
    )
}

/// Fixes what lint reports about a workspace that parallel steps share; nothing else may be wrong.
fn valid(steps: &[Numbers], whole: &Whole) -> Flow {
    let problems = |text: &str| lint::problems(&script::workflow(text).expect(text));
    let mut text = text_of(steps, whole, "ReadOnly");
    if whole.workspace > 0 && !problems(&text).is_empty() {
        text = text_of(steps, whole, "None");
    }
    assert_eq!(problems(&text), [], "workflow: {text}");
    let hosts =
        ["[\"x\",\"y\"]", "[\"x\"]", "[\"w\",\"x\",\"y\",\"z\"]", "[]", "nothing"][usize::from(whole.hosts)];
    Flow { text, params: format!("hosts={hosts}"), slow: whole.slow, clumsy: whole.clumsy == 2 }
}

fn text_of(steps: &[Numbers], whole: &Whole, access: &str) -> String {
    let mut main = Main::default();
    for numbers in steps {
        main.add(numbers);
    }
    let mut text = main.parts.join(" | ");
    for (k, limit) in (0..whole.finally.saturating_sub(2)).zip(["limit=0", "limit=1 expects="]) {
        let _ = write!(
            text,
            " | finally f{k} {limit} input=\"{{{{ run.phase }}}} {{{{ s0Output|default(value='-') }}}}\""
        );
    }
    text += " | spec param=hosts";
    text += ["", "", " timeout=3h", " timeout=20m"][usize::from(whole.timeout)];
    text +=
        ["", "", "", " expiresAfter=2h", " expiresAfter=2h onExpiry=Skip", " expiresAfter=30m onExpiry=Fail"]
            [usize::from(whole.expiry)];
    let keep = ["", "", "", "Never", "OnFailure", "Always"][usize::from(whole.workspace)];
    if !keep.is_empty() {
        let _ = write!(text, " workspace={keep} workspaceAccess={access}");
    }
    text += ["", "", "", "", "", " concurrency=", " concurrency=params.hosts", " reject="]
        [usize::from(whole.turns)];
    text + " outputs=given:steps.s0.output"
}

/// The steps so far.
#[derive(Default)]
struct Main {
    parts: Vec<String>,
    /// Name of each, and the positions of those before it.
    steps: Vec<(String, Vec<usize>)>,
    loops: usize,
    /// The verifier of the loop, if that is the last step.
    verifier: Option<String>,
}

impl Main {
    fn add(&mut self, n: &Numbers) {
        let (i, name) = (self.steps.len(), format!("s{}", self.steps.len()));
        let mut text = name.clone();
        let before = self.needs(n, i, &mut text);
        self.when(n, &before, &mut text);
        let loops = n.kind >= 6 && self.loops < 3 && (n.list >= 3 || !before.is_empty());
        let asks = n.kind == 5;
        if asks {
            text += " approval=\"Ship {{ task }}?\"";
            text += if n.items >= 6 { " expiresAfter=1h" } else { "" };
        } else {
            let _ = write!(text, " limit={} lostLimit={}", n.limit % 3, n.limit / 3);
        }
        text += ["", " onExhausted=Fail", " onExhausted=Continue"][usize::from(n.exhausted)];
        if let Some((target, limit)) = n.rerun.filter(|_| !loops && !before.is_empty()) {
            let target = &self.steps[before[usize::from(target) % before.len()]].0;
            let _ = write!(text, " onRetry={target}:{limit}:ISSUES");
        }
        self.verifier = None;
        if loops {
            self.each(n, &name, &mut text);
        } else if !asks {
            self.input(n, &before, &mut text);
        }
        self.parts.push(text);
        if let Some(verifier) = &self.verifier {
            let limit = n.verify.unwrap_or_default();
            let rerun = if n.items >= 7 { String::new() } else { format!(" onRetry={name}:{limit}:ISSUES") };
            let exhausted = ["", " onExhausted=Continue", ""][usize::from(n.exhausted)];
            self.parts.push(format!(
                "{verifier} limit={limit}{rerun}{exhausted} input=\"{{{{ current_story_id }}}} {{{{ {name}Output|default(value='-') }}}}\""
            ));
        }
        self.steps.push((name, before));
    }

    /// Writes `needs` and adds every step before this one.
    fn needs(&self, n: &Numbers, i: usize, text: &mut String) -> Vec<usize> {
        let direct: Vec<usize> = match n.needs {
            None => i.checked_sub(1).into_iter().collect(),
            Some(mask) => (0..i).filter(|k| mask & (1 << k) != 0).collect(),
        };
        if n.needs.is_some() {
            let names: Vec<&str> = direct.iter().map(|k| self.steps[*k].0.as_str()).collect();
            // Names the last loop by itself or by its verifier.
            let named = |name: &str| match &self.verifier {
                Some(verifier) if n.items % 2 == 1 && name == self.steps[i - 1].0 => verifier.clone(),
                _ => name.to_string(),
            };
            let names: Vec<String> = names.into_iter().map(named).collect();
            let _ = write!(text, " dependsOn={}", names.join(","));
        }
        let mut all: Vec<usize> =
            direct.iter().flat_map(|k| self.steps[*k].1.clone()).chain(direct.clone()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn when(&self, n: &Numbers, before: &[usize], text: &mut String) {
        let last = before.last().map(|k| self.steps[*k].0.as_str());
        match (n.when, last) {
            (11, _) => *text += " when=\"true\"",
            (12, _) => *text += " when=\"false\"",
            (13, Some(s)) => write!(text, " when=\"steps.{s}.phase == 'Succeeded'\"").unwrap(),
            (14, Some(s)) => write!(text, " when=\"has(steps.{s}.outputs.key)\"").unwrap(),
            (15, Some(s)) => write!(text, " when=\"steps.{s}.outputs.key == 'v'\"").unwrap(),
            _ => {}
        }
    }

    fn each(&mut self, n: &Numbers, name: &str, text: &mut String) {
        self.loops += 1;
        let list = ["stories", "stories", "files", "params.hosts", "params.hosts"][usize::from(n.list)];
        let items = if n.items % 2 == 1 { "Continue" } else { "Stop" };
        let _ = write!(text, " forEach={list} parallelism={} onItemFailure={items}", n.parallel);
        *text += if n.items >= 4 { " allowEmpty=true" } else { "" };
        *text += " input=\"{{ current_story }} {{ verify_feedback }} {{ completed_stories }}\"";
        if n.verify.is_some() {
            let verifier = format!("{name}-check");
            let _ = write!(text, " verifyWith={verifier}");
            self.verifier = Some(verifier);
        }
    }

    fn input(&self, n: &Numbers, before: &[usize], text: &mut String) {
        match (n.input, before.last().map(|k| self.steps[*k].0.as_str())) {
            (3 | 4, _) => *text += " input=\"{{ task }} {{ verify_feedback }} {{ human_feedback }}\"",
            (5 | 6, Some(s)) => write!(text, " input=\"{{{{ {s}Output|default(value='-') }}}}\"").unwrap(),
            (7, Some(_)) => *text += " input=\"{{ key }}\"",
            (7, None) => *text += " outputs=\"key:KEY\"",
            _ => {}
        }
    }
}
