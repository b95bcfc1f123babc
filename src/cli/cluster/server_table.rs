//! A list as a `Table` of the API server: columns and metadata without the objects. Ten thousand runs take a few
//! megabytes in this form.

use hyper::http::HeaderValue;
use hyper::http::header::ACCEPT;
use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use kube::api::{ListParams, ObjectMeta, Request};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::terminal::exit::Fault;
use crate::cli::terminal::out;

use super::session::Session;

const AS_TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";

/// The fields of a `meta.k8s.io/v1` Table that are read here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    column_definitions: Vec<Column>,
    #[serde(default)]
    rows: Vec<RawRow>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
}

#[derive(Debug, Deserialize)]
struct RawRow {
    cells: Vec<Value>,
    object: Partial,
}

#[derive(Debug, Deserialize)]
struct Partial {
    metadata: ObjectMeta,
}

/// An object's metadata and its columns, by the names in `kubectl get`.
#[derive(Debug)]
pub(crate) struct Row {
    pub metadata: ObjectMeta,
    cells: Vec<(String, Value)>,
}

impl Row {
    /// The text of a column; empty if there is no such column.
    pub(crate) fn text(&self, column: &str) -> String {
        match self.cells.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, v)| v) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// `kind.group/name`, as `-o name` prints objects.
    pub(crate) fn path<K: Resource<DynamicType = ()>>(&self) -> String {
        out::path(&K::kind(&()), &K::group(&()), self.name())
    }
}

/// All rows that `selected` selects.
pub(crate) async fn list<K>(session: &Session, selected: &ListParams) -> Result<Vec<Row>, Fault>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
{
    let what = format!("list {}", K::plural(&()));
    let path = K::url_path(&(), (!session.everywhere).then_some(session.namespace.as_str()));
    let mut request = Request::new(&path).list(selected).map_err(|e| Fault::input(e.to_string()))?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(AS_TABLE));
    let table: Table = session.client.request(request).await.map_err(|e| session.fault(&what, &e))?;
    let names: Vec<String> = table.column_definitions.into_iter().map(|c| c.name).collect();
    let rows = table
        .rows
        .into_iter()
        .map(|row| Row {
            metadata: row.object.metadata,
            cells: names.iter().cloned().zip(row.cells).collect(),
        })
        .collect();
    Ok(rows)
}
