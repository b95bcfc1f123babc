//! Holds the Helm chart against what it is made from, and against the operator. What needs Helm is in
//! tests/chart/check.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mission_control::api::crds;
use mission_control::metrics::{Format, Live, Metrics};
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn chart(file: &str) -> String {
    let path = root().join("charts/mission-control").join(file);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_chart_holds_the_crds_of_the_types() {
    let mut made = BTreeSet::new();
    for (file, crd) in crds::all() {
        let fresh = chart(&format!("files/crds/{file}")) == crds::to_yaml(&crd);
        assert!(fresh, "charts/mission-control/files/crds/{file} is stale: run `make crds`");
        made.insert(file.to_string());
    }
    assert_eq!(names(&root().join("charts/mission-control/files/crds")), made);
}

#[test]
fn what_is_applied_without_helm_has_the_crds_of_the_types() {
    let rendered = fs::read_to_string(root().join("charts/kustomize/crds.yaml")).unwrap();
    let documents: Vec<Value> = serde_yaml::from_multiple(&rendered).unwrap();
    let specs = |crds: Vec<Value>| -> BTreeMap<String, Value> {
        crds.iter().map(|c| (c["metadata"]["name"].to_string(), c["spec"].clone())).collect()
    };
    let types =
        crds::all().iter().map(|(_, crd)| serde_yaml::from_str(&crds::to_yaml(crd)).unwrap()).collect();
    let fresh = specs(documents) == specs(types);
    assert!(fresh, "charts/kustomize/crds.yaml is stale: run `charts/generate kustomize`");
}

#[test]
fn the_chart_holds_the_workflows_that_ship() {
    let copies = root().join("charts/mission-control/files/workflows");
    let shipped = ["bug-fix.yaml", "code-review.yaml", "feature-dev.yaml", "security-audit.yaml"];
    assert_eq!(names(&copies), shipped.map(String::from).into());
    for file in shipped {
        let original = fs::read_to_string(root().join("workflows").join(file)).unwrap();
        let fresh = chart(&format!("files/workflows/{file}")) == original;
        assert!(
            fresh,
            "charts/mission-control/files/workflows/{file} is stale: run `charts/generate copies`"
        );
        // The chart puts another image in the place of each of these lines, and of no others.
        let images: Vec<&str> = original.lines().filter(|line| line.starts_with("    image: ")).collect();
        let agents = original.matches("image: missioncontrol.dev/agents/scripted:v1").count();
        assert!(!images.is_empty() && images.len() == agents, "{file}: {images:?}");
    }
}

#[test]
fn the_readme_of_the_chart_has_every_value_as_it_is() {
    let folder = tempfolder();
    let made = Command::new(root().join("charts/generate")).args(["readme", "--into"]).arg(&folder).status();
    assert!(made.unwrap().success(), "charts/generate readme");
    let fresh = fs::read_to_string(folder.join("mission-control/README.md")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(
        fresh == chart("README.md"),
        "charts/mission-control/README.md is stale: run `charts/generate readme`"
    );
    let values: Value = serde_yaml::from_str(&chart("values.yaml")).unwrap();
    let schema: Value = serde_json::from_str(&chart("values.schema.json")).unwrap();
    compare("", &values, &schema, &fresh);
}

fn tempfolder() -> PathBuf {
    std::env::temp_dir().join(format!("mission-control-chart-{}", std::process::id()))
}

/// Every value is in the schema, which allows no other, and in the README.
fn compare(path: &str, values: &Value, schema: &Value, readme: &str) {
    let Some(allowed) = schema["properties"].as_object() else {
        assert!(readme.contains(&format!("| `{path}` |")), "README.md has no row for {path}");
        return;
    };
    assert_eq!(schema["additionalProperties"], false, "values.schema.json: {path} allows anything");
    // What pods have is as it is in Kubernetes; its fields are no values of ours.
    if readme.contains(&format!("| `{path}` | `")) {
        return;
    }
    let values = values.as_object().unwrap_or_else(|| panic!("values.yaml: {path} is no mapping"));
    // Two that Helm or a chart above this one may hand down.
    let handed_down = |key: &&String| !(path.is_empty() && ["global", "enabled"].contains(&key.as_str()));
    let expected: Vec<&String> = allowed.keys().filter(handed_down).collect();
    assert_eq!(
        values.keys().collect::<Vec<_>>(),
        expected,
        "values.yaml and values.schema.json differ at {path:?}"
    );
    for (key, value) in values {
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        compare(&below, value, &allowed[key], readme);
    }
}

#[test]
fn the_chart_has_the_version_of_the_program() {
    let about: Value = serde_yaml::from_str(&chart("Chart.yaml")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!((about["version"].as_str(), about["appVersion"].as_str()), (Some(version), Some(version)));
}

/// The words of `text` that name a metric of ours.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    text.split(|c| !is_word(c)).filter(|word| word.starts_with("mission_control_")).collect()
}

/// What `/metrics` of the process that leads prints, once a request was made of each kind that alerts ask for.
fn printed() -> String {
    let metrics = Metrics::default();
    metrics.requests.begin("get").answered(200);
    metrics.text(Format::Prometheus, Some(Live::default())).unwrap()
}

/// The names of metrics, as the registry tells them.
fn registered(printed: &str) -> BTreeSet<&str> {
    printed.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect()
}

#[test]
fn alerts_and_dashboard_ask_for_series_that_there_are() {
    let printed = printed();
    let series: BTreeSet<&str> =
        printed.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split(['{', ' ']).next()).collect();
    // A description may name a histogram as a whole.
    let known: BTreeSet<&str> = series.union(&registered(&printed)).copied().collect();
    for file in ["files/alerts.yaml", "files/dashboard.json"] {
        let text = chart(file);
        let asked = metrics_in(&text);
        assert!(asked.len() > 8, "{file}: {asked:?}");
        let missing: Vec<_> = asked.difference(&known).collect();
        assert!(missing.is_empty(), "{file} asks for {missing:?}, which /metrics does not print:\n{printed}");
    }
    for label in [
        "phase=\"Failed\"",
        "phase=\"Succeeded\"",
        "outcome=\"Lost\"",
        "result=\"failed\"",
        "code=\"200\"",
        "revision=\"",
        "kind=\"WorkflowRun\"",
    ] {
        assert!(printed.contains(label), "{label} is a label of nothing:\n{printed}");
    }
}

#[test]
fn every_metric_that_there_is_has_a_panel() {
    let printed = printed();
    let dashboard = chart("files/dashboard.json");
    let asked = metrics_in(&dashboard);
    let ours = registered(&printed).into_iter().filter(|n| n.starts_with("mission_control_"));
    let unseen: Vec<&str> = ours.filter(|name| !asked.iter().any(|a| is_of(a, name))).collect();
    assert!(unseen.is_empty(), "files/dashboard.json shows nothing of {unseen:?}");
}

/// Whether a series belongs to the metric: a histogram has several.
fn is_of(series: &str, metric: &str) -> bool {
    ["", "_bucket", "_sum", "_count"].iter().any(|end| series.strip_suffix(end) == Some(metric))
}

#[test]
fn the_docs_explain_each_metric_and_alert_and_no_others() {
    let page = fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let printed = printed();
    let rows = page.lines().filter(|l| l.starts_with("| `"));
    let names =
        rows.flat_map(|l| l.split('|').nth(1)).flat_map(|cell| cell.split('`')).map(|n| n.split('{').next());
    let named: BTreeSet<&str> =
        names.flatten().filter(|n| n.starts_with("mission_control_") || n.starts_with("process_")).collect();
    assert_eq!(named, registered(&printed), "docs/metrics.md (left) explains each metric (right)");
    let alerts: BTreeSet<&str> =
        page.lines().filter_map(|l| l.strip_prefix("| `MissionControl")?.split('`').next()).collect();
    let rules: Value = serde_yaml::from_str(&chart("files/alerts.yaml")).unwrap();
    let rules = rules["groups"][0]["rules"].as_array().unwrap();
    let defined = rules.iter().filter_map(|a| a["alert"].as_str()?.strip_prefix("MissionControl")).collect();
    assert_eq!(alerts, defined, "docs/metrics.md (left) has each alert (right)");
    let tools = fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let examples = metrics_in(&tools);
    let series: BTreeSet<&str> = registered(&printed);
    let unknown: Vec<_> = examples.iter().filter(|e| !series.iter().any(|s| is_of(e, s))).collect();
    assert_eq!(unknown, [&"mission_control_"], "docs/metrics.md asks for metrics that there are not");
}

#[test]
fn every_alert_says_what_is_wrong_and_what_to_look_at() {
    let rules: Value = serde_yaml::from_str(&chart("files/alerts.yaml")).unwrap();
    let alerts = rules["groups"][0]["rules"].as_array().unwrap();
    for alert in alerts {
        let text = |pointer: &str| alert.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let name = text("/alert");
        assert!(name.starts_with("MissionControl"), "{alert}");
        assert!(["critical", "warning"].contains(&text("/labels/severity")), "{name} has no severity");
        assert!(text("/annotations/summary").ends_with('.'), "{name} has no summary");
        assert!(text("/annotations/description").len() > 100, "{name} does not say what to do");
        // The one selector that the chart replaces.
        let ours = text("/expr").matches("job=\"mission-control\",namespace=\"mission-control\"").count();
        assert_eq!(ours, text("/expr").matches('{').count(), "{name} has another selector");
    }
    let page = fs::read_to_string(root().join("docs/operating.md")).unwrap();
    let explained: BTreeSet<&str> = page
        .lines()
        .filter_map(|l| l.strip_prefix("### "))
        .filter(|l| l.starts_with("MissionControl"))
        .collect();
    let names: BTreeSet<&str> = alerts.iter().filter_map(|a| a["alert"].as_str()).collect();
    assert_eq!(names, explained, "docs/operating.md says what to do for each alert, and for no other");
    let tests = fs::read_to_string(root().join("tests/chart/alerts.yaml")).unwrap();
    let untested: Vec<_> =
        alerts.iter().filter_map(|a| a["alert"].as_str()).filter(|a| !tests.contains(*a)).collect();
    assert!(untested.is_empty(), "tests/chart/alerts.yaml does not try out {untested:?}");
}
