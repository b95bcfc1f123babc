//! `mc workflow convert`: golden manifests and reports, and converted workflows that run.

use std::fs;
use std::path::PathBuf;

use mission_control::api::Workflow;
use mission_control::engine::lint;
use mission_control::rehearse::cluster::SimulatedCluster;
use serde_json::Value;

use crate::golden::is_kept;
use crate::program::mc_in;
use crate::script::{describe, event};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mc/convert")
}

/// Exit code, stdout, stderr.
fn convert(arguments: &[&str], input: &str) -> (i32, String, String) {
    let said = mc_in(&folder(), &[&["workflow", "convert"], arguments].concat(), input);
    let text = |text: String| text.replace(folder().to_str().unwrap(), "FOLDER");
    (said.code, text(said.out), text(said.err))
}

fn golden(name: &str, text: &str) {
    is_kept(&format!("convert/{name}"), text);
}

fn workflow(manifest: &str) -> Workflow {
    serde_yaml::from_str(manifest).unwrap_or_else(|e| panic!("{e}\n{manifest}"))
}

fn converted(file: &str, arguments: &[&str]) -> Workflow {
    let mut all = vec![file];
    all.extend(arguments);
    let (code, manifest, report) = convert(&all, "");
    let stem = file.split('.').next().unwrap();
    golden(&format!("{stem}.want.yaml"), &manifest);
    golden(&format!("{stem}.want.txt"), &report);
    assert_eq!(code, 0, "{report}");
    let workflow = workflow(&manifest);
    assert_eq!(lint::problems(&workflow.spec), []);
    workflow
}

/// A run in the toy cluster: an event a line, as in the scenarios.
fn rehearse(workflow: &Workflow, run: &str, events: &[&str]) -> SimulatedCluster {
    let mut cluster = SimulatedCluster::new();
    cluster.apply_workflow(workflow.spec.clone());
    for line in std::iter::once(&run).chain(events) {
        event(&mut cluster, line).unwrap_or_else(|e| panic!("{line}: {e}; {}", describe(&cluster).join(" ")));
        assert!(cluster.settle(), "{line}");
    }
    cluster
}

fn words(cluster: &SimulatedCluster) -> Vec<String> {
    describe(cluster)
}

fn input(cluster: &SimulatedCluster, n: usize) -> String {
    cluster.launched[n].input.clone()
}

#[test]
fn a_workflow_of_the_typescript_system_becomes_a_manifest_that_runs() {
    let workflow = converted("review.yaml", &["--image", "registry.example/reader:2"]);
    let cluster = rehearse(
        &workflow,
        "run prDescription=mend diff=+x task=free",
        &[
            "intake says \"SIZE: small\\nFILES: a.rs\\nSTATUS: done\"",
            "trace-risks says \"RISKS: none {% if %}\\nSTATUS: done\"",
            "approve says \"DECISION: approve\\nSTATUS: done\"",
        ],
    );
    assert!(words(&cluster).contains(&"Succeeded".to_string()), "{:?}", words(&cluster));
    let first = "What its author says: mend\nThe change:\n+x\n\n\nReply with:";
    assert!(input(&cluster, 0).contains(first), "{}", input(&cluster, 0));
    let second = "Templates such as {% include \"x\" %} are part of it.";
    assert!(input(&cluster, 1).contains(second), "{}", input(&cluster, 1));
    assert!(input(&cluster, 1).contains("Files: a.rs\n"), "{}", input(&cluster, 1));
    let third = "Decide about a small change.\nRISKS: none {% if %}\nSTATUS: done\nPut your notes on the branch review/demo.";
    assert!(input(&cluster, 2).contains(third), "{}", input(&cluster, 2));
    let outputs = cluster.run.unwrap().status.unwrap().outputs;
    assert_eq!(outputs, [("decision".to_string(), "approve".to_string())].into());
}

#[test]
fn a_workflow_of_antfarm_becomes_a_manifest_that_runs() {
    let workflow = converted("stories.yml", &[]);
    let stories = r#"[{"id":"s1","title":"One","description":"d","acceptanceCriteria":["c"]},{"id":"s2","title":"Two","description":"d","acceptanceCriteria":["c"]}]"#;
    let plan =
        format!("plan says \"REPO: https://git.example/shop\\nSTORIES_JSON: {stories}\\nSTATUS: done\"");
    let cluster = rehearse(
        &workflow,
        "run",
        &[
            &plan,
            "build/s1 says \"CHANGES: half\\nSTATUS: done\"",
            "check/s1 says \"ISSUES: the other half\\nSTATUS: retry\"",
            "build/s1 says \"CHANGES: all\\nSTATUS: done\"",
            "check/s1 says \"CHECKED: it\\nSTATUS: done\"",
            "build/s2 says \"CHANGES: two\\nSTATUS: done\"",
            "check/s2 says \"CHECKED: it\\nSTATUS: done\"",
            "try says \"FAILURES: slow\\nSTATUS: retry\"",
            "build/rework-1 says \"CHANGES: fast\\nSTATUS: done\"",
            "check/rework-1 says \"CHECKED: it\\nSTATUS: done\"",
            "try says \"RESULTS: good\\nSTATUS: done\"",
            "publish says \"URL: u\\nSTATUS: done\"",
        ],
    );
    assert!(words(&cluster).contains(&"Succeeded".to_string()), "{:?}", words(&cluster));
    let again = input(&cluster, 3);
    assert!(again.contains("Build one story in https://git.example/shop."), "{again}");
    assert!(again.contains("What was wrong with your last version: the other half"), "{again}");
    let last = cluster.launched.last().unwrap();
    assert_eq!(last.input, "Publish fast (good).\nReply with STATUS: done and URL: where it is.\n");
}

#[test]
fn even_an_odd_workflow_becomes_one_that_lints_clean_and_says_what_was_odd() {
    let (code, manifest, report) = convert(&["odd.yaml"], "");
    golden("odd.want.yaml", &manifest);
    golden("odd.want.txt", &report);
    assert_eq!(code, 0, "{report}");
    assert_eq!(lint::problems(&workflow(&manifest).spec), []);
}

#[test]
fn a_step_without_an_agent_is_a_problem_and_exit_code_1() {
    let text = "id: a\nagents: [{id: x, persona: P}]\nsteps: [{id: s, input: 'Say STATUS: done', retryLimit: 1, timeoutMinutes: 1}]\n";
    let (code, manifest, report) = convert(&["-", "--image", "i:1"], text);
    assert_eq!(code, 1);
    assert!(
        manifest
            .starts_with("apiVersion: missioncontrol.dev/v1alpha1\nkind: Workflow\nmetadata:\n  name: a\n"),
        "{manifest}"
    );
    assert!(report.contains("spec.steps[0] (s).agent\n     missing; name one of spec.agents"), "{report}");
}

#[test]
fn json_holds_the_manifest_and_the_report() {
    let text =
        "id: a\nagents: [{id: x, role: coding}]\nsteps: [{id: s, agent: x, input: 'Say STATUS: done'}]\n";
    let (code, stdout, stderr) = convert(&["-", "-o", "json", "--name", "b"], text);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let name = value.pointer("/manifest/metadata/name").and_then(Value::as_str);
    assert_eq!(name, Some("b"));
    assert_eq!(value.pointer("/manifest/spec/steps/0/timeout").and_then(Value::as_str), Some("30m"));
    assert_eq!(value["report"].as_array().unwrap().len(), 1);
    assert_eq!(value["report"][0]["field"], "spec.agents");
}

#[test]
fn files_beside_the_workflow_are_taken_in_and_none_from_elsewhere() {
    let (_, narrow, report) = convert(&["stories.yml"], "");
    assert!(narrow.contains("You plan. At most {{ten}} stories:\n"), "{narrow}");
    assert!(narrow.contains("You build."), "a way out and back in again stays inside: {report}");
    assert!(!narrow.contains("localhost"));
    assert!(report.contains("HOSTS.md (/etc/hosts) is left out: it is outside of FOLDER"), "{report}");
    let (_, wide, _) = convert(&["stories.yml", "--root", "/"], "");
    assert!(!wide.contains("localhost"), "an absolute path is never followed");
    let inner = fs::read_to_string(folder().join("stories.yml")).unwrap();
    let (_, _, report) = convert(&["-"], &inner);
    assert!(report.contains("the workflow was read from stdin: set the folder with --root"), "{report}");
    let (_, rooted, _) = convert(&["-", "--root", "."], &inner);
    assert!(rooted.contains("You plan."), "{rooted}");
}

#[test]
fn what_is_no_workflow_of_either_system_is_refused() {
    let ours = "apiVersion: missioncontrol.dev/v1alpha1\nkind: Workflow\nmetadata: {name: x}\n";
    let none = "not a workflow of an earlier system: the file must have the lists `agents` and `steps` whose entries have an `id`, as in workflows \
                of the TypeScript Mission Control (persona, retryLimit, timeoutMinutes) or of antfarm (role, max_retries, on_fail, loop)";
    let cases = [
        (
            ours,
            "it is already an object of Mission Control (missioncontrol.dev/v1alpha1); there is nothing to convert",
        ),
        ("kind: Pod\n", none),
    ];
    for (text, problem) in cases {
        assert_eq!(convert(&["-"], text), (3, String::new(), format!("error: -: {problem}\n")));
    }
    let (code, _, stderr) = convert(&["absent.yaml"], "");
    assert_eq!((code, stderr.as_str()), (3, "error: absent.yaml: No such file or directory (os error 2)\n"));
    let (code, _, stderr) = convert(&["review.yaml", "--name", "Not Good"], "");
    assert_eq!(code, 3);
    assert!(stderr.ends_with("next:  use a valid name, such as --name not-good\n"), "{stderr}");
}

#[test]
fn a_file_that_is_too_large_no_text_or_a_way_out_is_not_taken_in() {
    let folder = std::env::temp_dir().join(format!("mc-convert-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("large"), "x".repeat(900 * 1024 + 1)).unwrap();
    fs::write(folder.join("binary"), [0xff, 0xfe]).unwrap();
    fs::write(folder.join("good"), "good words").unwrap();
    std::os::unix::fs::symlink("/etc/hosts", folder.join("link")).unwrap();
    let text = "id: a\nagents: [{id: x, persona: P, workspace: {files: {L: large, B: binary, G: good, S: link, 'a b': good}}}]\nsteps: [{id: s, agent: x, input: 'STATUS: done'}]\n";
    fs::write(folder.join("flow.yaml"), text).unwrap();
    let (code, manifest, report) = convert(&[folder.join("flow.yaml").to_str().unwrap()], "");
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(code, 0, "{report}");
    assert!(manifest.contains("files:\n      G: good words\n"), "{manifest}");
    assert_eq!(report.matches(" is left out: ").count(), 4, "{report}");
    assert!(
        report.contains("L (large) is left out: the files of a workflow can have at most 900 KiB in total"),
        "{report}"
    );
    assert!(report.contains("S (link) is left out: it is outside of"), "{report}");
}
