//! A list in pages -> its objects. It reads page after page, and ends with the first page that fails.

use kube::api::ListParams;
use kube::core::ObjectList;

use super::request::{Failure, request};

/// Objects per request.
const PAGE: u32 = 500;

/// Requests page after page and passes each object to `take`.
pub(crate) async fn each_page<T, E, F>(
    mut params: ListParams,
    page: impl Fn(ListParams) -> F,
    mut take: impl FnMut(T),
) -> Result<(), E>
where
    T: Clone,
    F: Future<Output = Result<ObjectList<T>, E>>,
{
    params.limit = Some(PAGE);
    loop {
        let list = page(params.clone()).await?;
        params.continue_token = list.metadata.continue_.filter(|token| !token.is_empty());
        list.items.into_iter().for_each(&mut take);
        if params.continue_token.is_none() {
            return Ok(());
        }
    }
}

/// All objects of a list; each page within a bounded time.
pub(crate) async fn list_all<T, F>(
    params: ListParams,
    page: impl Fn(ListParams) -> F,
) -> Result<Vec<T>, Failure>
where
    T: Clone,
    F: Future<Output = kube::Result<ObjectList<T>>>,
{
    let mut all = Vec::new();
    each_page(params, |params| request(page(params)), |object| all.push(object)).await?;
    Ok(all)
}
