//! Has the crate compiled again when the frontend was built again.

fn main() {
    println!("cargo::rerun-if-changed=../../frontend/dist");
}
