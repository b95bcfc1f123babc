//! The static files of the pages, compiled into the program. Their addresses change with their content.
//!
//! An address contains the hash of the content, so browsers cache a file forever, and a page of another version names
//! another address. Start reading at [`find`].

use std::fmt::Write;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The folder of the files; each address starts with it.
pub const FOLDER: &str = "/assets/";
/// Browsers cache a file for a year without asking again.
pub const CACHE: &str = "public, max-age=31536000, immutable";

/// A static file.
#[derive(Debug)]
pub struct Asset {
    url: String,
    etag: String,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
}

impl Asset {
    fn of(stem: &str, ending: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let hash = Sha256::digest(bytes).iter().take(8).fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let (url, etag) = (format!("{FOLDER}{stem}-{hash}.{ending}"), format!("\"{hash}\""));
        Self { url, etag, content_type, bytes }
    }

    /// `/assets/style-HASH.css`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A strong ETag, with its quotes.
    pub fn etag(&self) -> &str {
        &self.etag
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::of("style", "css", "text/css; charset=utf-8", include_bytes!("assets/style.css"))
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::of("live", "js", "text/javascript; charset=utf-8", include_bytes!("assets/live.js"))
});
static FAVICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::of("favicon", "svg", "image/svg+xml", include_bytes!("assets/favicon.svg")));

pub fn style() -> &'static Asset {
    &STYLE
}

pub fn script() -> &'static Asset {
    &SCRIPT
}

pub fn favicon() -> &'static Asset {
    &FAVICON
}

/// The file at an address. An address with another hash is not found: it belongs to another version.
pub fn find(path: &str) -> Option<&'static Asset> {
    [style(), script(), favicon()].into_iter().find(|asset| asset.url == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_found_under_its_own_address_only() {
        for asset in [style(), script(), favicon()] {
            assert_eq!(find(asset.url()).map(|a| a.bytes), Some(asset.bytes));
            assert!(asset.url().contains(asset.etag().trim_matches('"')), "{asset:?}");
        }
        assert!(find("/assets/style-0000000000000000.css").is_none());
        assert!(find("/assets/style.css").is_none());
        assert!(find("/assets/../Cargo.toml").is_none());
    }

    #[test]
    fn the_files_are_small() {
        let sizes = [style(), script(), favicon()].map(|a| a.bytes.len());
        assert!(sizes[0] < 20_000 && sizes[1] < 6_500 && sizes[2] < 1_000, "{sizes:?}");
    }

    #[test]
    fn no_file_asks_for_another() {
        for asset in [style(), script()] {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            for word in ["http:", "https:", "@import", "url(", "eval(", "innerHTML", "import "] {
                assert!(!text.contains(word), "{} contains {word}", asset.url());
            }
        }
    }
}
