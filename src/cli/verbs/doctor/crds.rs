//! Checks that the four CRDs are installed, served, and of the same version as this `mc`.

use std::collections::BTreeSet;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::{Api, ResourceExt};
use serde_json::Value;

use crate::api::{GROUP, VERSION, crds};
use crate::cli::cluster::session::Session;
use crate::cli::terminal::program;

use super::finding::Finding;

const CHECK: &str = "crds";
/// Run from a checkout of the project.
const INSTALL: &str = "kubectl apply --server-side --force-conflicts -f crds/";

pub(crate) async fn check(session: &Session) -> Vec<Finding> {
    let api: Api<CustomResourceDefinition> = Api::all(session.client.clone());
    let mut findings = Vec::new();
    for (_, own) in crds::all() {
        let name = own.name_any();
        match api.get_opt(&name).await {
            Ok(Some(installed)) => findings.extend(judge(&installed, &own)),
            Ok(None) => findings.push(Finding::bad(CHECK, format!("{name} is not installed"), INSTALL)),
            Err(kube::Error::Api(status)) if status.code == 403 => return vec![discovered(session).await],
            Err(error) => {
                let why = session.fault(&format!("read the CRD {name}"), &error).message;
                return vec![Finding::unchecked(CHECK, &why)];
            }
        }
    }
    if findings.is_empty() {
        let version = env!("CARGO_PKG_VERSION");
        findings.push(Finding::ok(
            CHECK,
            format!("all four CRDs of {GROUP} are installed and match mc {version}"),
        ));
    }
    findings
}

/// For callers who may not read CRDs: discovery still says which kinds are served.
async fn discovered(session: &Session) -> Finding {
    let served = match session.client.list_api_group_resources(&format!("{GROUP}/{VERSION}")).await {
        Ok(list) => list.resources.into_iter().map(|r| r.kind).collect::<BTreeSet<_>>(),
        Err(kube::Error::Api(status)) if status.code == 404 => BTreeSet::new(),
        Err(error) => {
            return Finding::unchecked(CHECK, &session.fault("discover the served kinds", &error).message);
        }
    };
    let missing: Vec<String> = crds::all()
        .into_iter()
        .map(|(_, crd)| crd.spec.names.kind)
        .filter(|kind| !served.contains(kind))
        .collect();
    if missing.is_empty() {
        Finding::ok(
            CHECK,
            format!(
                "all four kinds of {GROUP} are served; you may not read their CRDs, so they were not compared with this mc"
            ),
        )
    } else {
        Finding::bad(CHECK, format!("not installed: {}", missing.join(", ")), INSTALL)
    }
}

/// Empty if the CRD is served and matches.
fn judge(installed: &CustomResourceDefinition, own: &CustomResourceDefinition) -> Vec<Finding> {
    let name = own.name_any();
    if let Some(why) = not_established(installed) {
        let fix = format!("kubectl describe crd {name}");
        return vec![Finding::bad(CHECK, format!("{name} is installed but not served: {why}"), fix)];
    }
    let (Some(there), Some(here)) = (schema(installed), schema(own)) else {
        return vec![Finding::bad(CHECK, format!("{name} has no version {VERSION}"), INSTALL)];
    };
    let (there_fields, here_fields) = (fields(there), fields(here));
    let older: Vec<&String> = here_fields.difference(&there_fields).collect();
    let newer: Vec<&String> = there_fields.difference(&here_fields).collect();
    let version = env!("CARGO_PKG_VERSION");
    let mut findings = Vec::new();
    if !older.is_empty() {
        let message = format!("{name} is older than mc {version}: it lacks {}", some(&older));
        findings.push(Finding::bad(CHECK, message, INSTALL));
    }
    if !newer.is_empty() {
        let message = format!("{name} is newer than mc {version}, which lacks {}", some(&newer));
        let fix = format!("{} version   # then install the mc of the operator's version", program::name());
        findings.push(Finding::warn(CHECK, message, fix));
    }
    if findings.is_empty() && rules(there) != rules(here) {
        let message = format!("{name} has the same fields as mc {version}, but different validation");
        findings.push(Finding::warn(CHECK, message, INSTALL));
    }
    findings
}

/// Why the CRD is not served, if so.
fn not_established(crd: &CustomResourceDefinition) -> Option<String> {
    let conditions = crd.status.iter().flat_map(|s| s.conditions.iter().flatten());
    match conditions.into_iter().find(|c| c.type_ == "Established") {
        Some(c) if c.status == "True" => None,
        Some(c) => Some(c.message.clone().unwrap_or_else(|| "it is not established".into())),
        None => Some("it is not established yet".into()),
    }
}

fn schema(crd: &CustomResourceDefinition) -> Option<&JSONSchemaProps> {
    let version = crd.spec.versions.iter().find(|v| v.name == VERSION && v.served)?;
    version.schema.as_ref()?.open_api_v3_schema.as_ref()
}

/// The paths of all fields, such as `spec.steps[].name`.
fn fields(schema: &JSONSchemaProps) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(schema, "", &mut found);
    found
}

fn collect(schema: &JSONSchemaProps, path: &str, found: &mut BTreeSet<String>) {
    for (name, child) in schema.properties.iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        collect(child, &path, found);
        found.insert(path);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        collect(items, &format!("{path}[]"), found);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        collect(values, &format!("{path}{{}}"), found);
    }
}

/// The schema without descriptions.
fn rules(schema: &JSONSchemaProps) -> Value {
    let mut value = serde_json::to_value(schema).unwrap_or_default();
    forget_texts(&mut value);
    value
}

fn forget_texts(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // A field may have the name `description`, too: its value is an object.
            map.retain(|key, v| !(key == "description" && v.is_string()));
            map.values_mut().for_each(forget_texts);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_texts),
        _ => {}
    }
}

/// The first few, and the number of the others.
fn some(paths: &[&String]) -> String {
    let first: Vec<&str> = paths.iter().take(3).map(|p| p.as_str()).collect();
    let more = paths.len().saturating_sub(first.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    fn established() -> CustomResourceDefinition {
        let (_, crd) = crds::all().remove(0);
        let mut crd = serde_json::to_value(crd).unwrap();
        crd["status"] = serde_json::json!({"conditions": [
            {"type": "Established", "status": "True"}]});
        serde_json::from_value(crd).unwrap()
    }

    fn spec(crd: &mut CustomResourceDefinition) -> &mut JSONSchemaProps {
        let schema = crd.spec.versions[0].schema.as_mut().unwrap().open_api_v3_schema.as_mut().unwrap();
        schema.properties.as_mut().unwrap().get_mut("spec").unwrap()
    }

    fn findings_after(change: impl Fn(&mut CustomResourceDefinition)) -> Vec<(State, String)> {
        let mut installed = established();
        change(&mut installed);
        judge(&installed, &established()).into_iter().map(|f| (f.state, f.message)).collect()
    }

    #[test]
    fn the_same_definition_needs_no_word() {
        assert_eq!(findings_after(|_| ()), []);
        let other_text = |crd: &mut CustomResourceDefinition| spec(crd).description = Some("Other.".into());
        assert_eq!(findings_after(other_text), []);
    }

    #[test]
    fn a_missing_field_is_older_and_an_unknown_one_is_newer() {
        let version = env!("CARGO_PKG_VERSION");
        let older = findings_after(|crd| drop(spec(crd).properties.as_mut().unwrap().remove("suspend")));
        let message =
            format!("workflows.missioncontrol.dev is older than mc {version}: it lacks spec.suspend");
        assert_eq!(older, [(State::Bad, message)]);
        let add = |crd: &mut CustomResourceDefinition| {
            spec(crd).properties.as_mut().unwrap().insert("extra".into(), JSONSchemaProps::default());
        };
        let message =
            format!("workflows.missioncontrol.dev is newer than mc {version}, which lacks spec.extra");
        assert_eq!(findings_after(add), [(State::Warn, message)]);
    }

    #[test]
    fn other_limits_are_noticed() {
        let found = findings_after(|crd| spec(crd).max_properties = Some(3));
        assert_eq!(found.len(), 1);
        assert!(found[0].1.ends_with("but different validation"), "{found:?}");
    }

    #[test]
    fn a_definition_that_is_not_served_is_bad() {
        let found = findings_after(|crd| crd.status = None);
        assert_eq!(found[0].0, State::Bad);
    }
}
