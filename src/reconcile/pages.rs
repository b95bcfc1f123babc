//! A list in pages -> all that is in it. One page after the other, each within a bounded time; it ends with the first that fails.

use kube::api::ListParams;
use kube::core::ObjectList;

use super::Error;
use super::call::ask;

/// Objects per request.
const PAGE: u32 = 500;

/// Everything that `page` gives for these params; `what` is said where it fails.
pub async fn all<T, F>(
    what: &'static str,
    params: ListParams,
    page: impl Fn(ListParams) -> F,
) -> Result<Vec<T>, Error>
where
    T: Clone,
    F: Future<Output = kube::Result<ObjectList<T>>>,
{
    let mut all = Vec::new();
    let mut params = params.limit(PAGE);
    loop {
        let list = ask(page(params.clone())).await.map_err(|f| Error::Sweep(what, f))?;
        let more = list.metadata.continue_.filter(|token| !token.is_empty());
        all.extend(list.items);
        match more {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(all),
        }
    }
}
