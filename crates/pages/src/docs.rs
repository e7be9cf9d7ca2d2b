//! The page at `/docs`: Swagger UI over `/openapi.json`. It comes with the crates, so it is there without Node too.

use std::sync::LazyLock;

use crate::Asset;

const FILES: &[(&str, &[u8])] = &[
    ("swagger-ui-bundle.js", include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"))),
    ("swagger-ui.css", include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"))),
    ("favicon-32x32.png", include_bytes!(concat!(env!("OUT_DIR"), "/favicon-32x32.png.gz"))),
];

const OWN: &[(&str, &str)] =
    &[("index.html", include_str!("docs/index.html")), ("start.js", include_str!("docs/start.js"))];

/// Made once: the digest of each is its etag.
static ASSETS: LazyLock<Vec<(&str, Asset)>> = LazyLock::new(|| {
    let own = OWN.iter().map(|(name, text)| (*name, Asset::plain(name, text)));
    let packed = FILES.iter().map(|(name, packed)| (*name, Asset::embedded(name, packed)));
    own.chain(packed).collect()
});

/// A file of the page by its path below `/docs/`; the page itself is at the empty path.
pub fn docs(path: &str) -> Option<&'static Asset> {
    let path = if path.is_empty() { "index.html" } else { path };
    ASSETS.iter().find(|(name, _)| *name == path).map(|(_, asset)| asset)
}
