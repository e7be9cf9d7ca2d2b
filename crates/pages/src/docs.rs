//! The page at `/docs`: Swagger UI over `/openapi.json`. It comes with the crates, so it is there without Node too.

use crate::Asset;

const FILES: &[(&str, &[u8])] = &[
    ("swagger-ui-bundle.js", include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"))),
    ("swagger-ui.css", include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"))),
    ("favicon-32x32.png", include_bytes!(concat!(env!("OUT_DIR"), "/favicon-32x32.png.gz"))),
];

const OWN: &[(&str, &str)] =
    &[("index.html", include_str!("docs/index.html")), ("start.js", include_str!("docs/start.js"))];

/// A file of the page by its path below `/docs/`; the page itself is at the empty path.
pub fn docs(path: &str) -> Option<Asset> {
    let path = if path.is_empty() { "index.html" } else { path };
    if let Some((_, text)) = OWN.iter().find(|(name, _)| *name == path) {
        return Some(Asset::plain(path, text));
    }
    let (_, packed) = FILES.iter().find(|(name, _)| *name == path)?;
    Some(Asset::embedded(path, packed))
}
