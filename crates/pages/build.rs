//! Has the crate compiled again when the frontend was built again, and takes from the vendored Swagger UI what `/docs`
//! needs: three files of its seven hundred, packed as the frontend's are.

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, Cursor},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const TAKEN: [&str; 3] = ["dist/swagger-ui-bundle.js", "dist/swagger-ui.css", "dist/favicon-32x32.png"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../../frontend/dist");
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for wanted in TAKEN {
        // Everything in it is in one folder, named after the version.
        let name = archive
            .file_names()
            .filter_map(Result::ok)
            .map(|name| name.into_owned())
            .find(|name| name.split_once('/').is_some_and(|(_, path)| path == wanted))
            .ok_or_else(|| format!("the vendored Swagger UI has no {wanted}"))?;
        let target = Path::new(&out).join(format!("{}.gz", wanted.trim_start_matches("dist/")));
        let mut packed = GzEncoder::new(File::create(target)?, Compression::best());
        io::copy(&mut archive.by_name(&name)?, &mut packed)?;
        packed.finish()?;
    }
    Ok(())
}
