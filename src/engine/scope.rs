//! The context of one piece of work, and the texts that are rendered with it.

use serde_json::Value;

use crate::api::Cause;

use super::context;
use super::definition::{Definition, Task};
use super::draft::Draft;
use super::template::{RenderError, Template};
use super::work_ref::WorkRef;

mod item;
pub(super) use item::{REWORK, is_settled, source};

/// The context of a piece of work.
pub(super) fn context_of(
    draft: &Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
) -> Result<Value, (Cause, String)> {
    let mut context = context::plain_context(draft, definition, work_ref);
    item::add_context(draft, definition, work_ref, &mut context)?;
    Ok(Value::Object(context))
}

/// Renders one text; a problem names the field of the text.
pub(super) fn render(text: &str, context: &Value, place: &str) -> Result<String, (Cause, String)> {
    let template = Template::parse(text).map_err(|e| (Cause::TemplateError, format!("{place}: {e}")))?;
    template.render(context).map_err(|e| match e {
        RenderError::Missing(names) => {
            (Cause::MissingVariable, format!("Missing context variables: {} (in {place})", names.join(", ")))
        }
        RenderError::Other(message) => (Cause::TemplateError, format!("{place}: {message}")),
    })
}

/// The rendered input of a running attempt, to tell an echo of it from an answer.
pub(super) fn rendered_input(
    draft: &Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    task: &Task,
) -> Option<String> {
    let context = context_of(draft, definition, work_ref).ok()?;
    render(&task.input, &context, "input").ok()
}
