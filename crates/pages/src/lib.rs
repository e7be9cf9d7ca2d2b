//! The pages of `frontend/apps`, as `scripts/frontend.sh build` leaves them in `frontend/dist/<app>`: compressed once,
//! embedded in a release build, read from there by a debug build. Without them there is a placeholder
//! (decision 0032), so that the server builds and runs without Node.

mod asset;
mod choice;
mod docs;

pub use asset::Asset;
pub use docs::docs;

use rust_embed::RustEmbed;

/// A file at a path is the file's gzip: the build packs every file, and nothing else is embedded.
#[derive(RustEmbed)]
#[folder = "../../frontend/dist"]
#[include = "*.gz"]
struct Built;

/// A page with its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    /// The simulated phone, `/` of the simulator.
    Phone,
    /// A host's site and the phone side by side, `/demo` of a demo's gateway.
    Demo,
}

impl App {
    pub const ALL: [App; 2] = [App::Phone, App::Demo];

    /// Its folder under `frontend/dist`.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Demo => "demo",
        }
    }

    /// Whether this build, or with a debug build this tree, has the page.
    pub fn is_built(self) -> bool {
        self.file("index.html").is_some()
    }

    /// The page itself, or what says how to get it.
    pub fn page(self) -> Asset {
        self.file("index.html").unwrap_or_else(Asset::placeholder)
    }

    /// A file of the page by its path below it, as `assets/index-B1x.js`; `None` for whatever was not built,
    /// and for paths that point elsewhere.
    pub fn file(self, path: &str) -> Option<Asset> {
        file(self.folder(), path)
    }
}

/// The part of weui that `/wechat/frontend-driven` uses; `None` where the frontend was not built.
pub fn weui() -> Option<Asset> {
    file("h5", "weui.css")
}

fn file(folder: &str, path: &str) -> Option<Asset> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte));
    if !is_plain || path.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
        return None;
    }
    let packed = Built::get(&format!("{folder}/{path}.gz"))?;
    Some(Asset::packed(path, packed))
}
