//! The schema of a kind -> an object with every field, and with a marker of its own in each text that the API server
//! accepts from a client. A new field is filled as soon as the API has it.

use serde_json::{Map, Value, json};

/// The fields of an object, and the position of each marker.
pub(crate) struct Filled {
    pub value: Value,
    pub paths: Vec<String>,
}

/// A tag, a control character that reorders text, a terminal color, and a quote that ends an attribute. The number is
/// that of its field.
pub(crate) fn marker(n: usize) -> String {
    format!("<x-marker-{n}>\u{1b}[31m\u{202e}\"'onmouseover='x'")
}

/// The field whose marker occurs unescaped in a text, if any.
pub(crate) fn raw(text: &str) -> Option<(usize, String)> {
    let at = text.find("<x-marker-")?;
    let found: String = text[at..].chars().take(120).collect();
    let digits: String = found.chars().skip(10).take_while(char::is_ascii_digit).collect();
    Some((digits.parse().unwrap(), found))
}

pub(crate) fn fill(crd: &impl serde::Serialize) -> Filled {
    let crd = serde_json::to_value(crd).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    let mut filled = Filled { value: json!({}), paths: Vec::new() };
    for part in ["spec", "status"] {
        if schema[part].is_object() {
            filled.value[part] = filled.of(&schema[part], part);
        }
    }
    filled
}

impl Filled {
    pub(crate) fn number(&self, path: &str) -> usize {
        self.paths.iter().position(|p| p == path).unwrap_or_else(|| panic!("{path} is not filled"))
    }

    fn of(&mut self, schema: &Value, path: &str) -> Value {
        if let Some(first) = schema["enum"].as_array().and_then(|all| all.iter().find(|v| !v.is_null())) {
            return first.clone();
        }
        if let Some(fields) = schema["properties"].as_object() {
            let each = fields.iter().map(|(name, of)| (name.clone(), self.of(of, &format!("{path}.{name}"))));
            return Value::Object(each.collect());
        }
        if schema["additionalProperties"].is_object() {
            let value = self.of(&schema["additionalProperties"], &format!("{path}{{}}"));
            return Value::Object(Map::from_iter([(self.text(&format!("{path}{{}}:name")), value)]));
        }
        match schema["type"].as_str() {
            Some("array") => json!([self.of(&schema["items"], &format!("{path}[]"))]),
            Some("string") => json!(self.string(schema, path)),
            Some("integer" | "number") => {
                schema["minimum"].as_f64().map_or(json!(1), |n| json!(n.max(1.0) as i64))
            }
            Some("boolean") => json!(true),
            // A quantity or a port.
            _ if schema["x-kubernetes-int-or-string"] == true => json!("1"),
            _ => json!({}),
        }
    }

    fn string(&mut self, schema: &Value, path: &str) -> String {
        let (pattern, format) = (schema["pattern"].as_str(), schema["format"].as_str());
        match (pattern, format) {
            (_, Some("date-time")) => "2026-03-01T11:00:00Z".into(),
            (Some(p), _) if p.contains("ms|s|m|h") => "5m".into(),
            // A name that the API server accepts.
            (Some(_), _) => path.rsplit(['.', '[']).find(|w| !w.starts_with(']')).unwrap().to_lowercase(),
            (None, _) => self.text(path),
        }
    }

    fn text(&mut self, path: &str) -> String {
        self.paths.push(path.into());
        marker(self.paths.len() - 1)
    }
}
