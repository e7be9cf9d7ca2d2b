//! QR codes on screens, and the phones that scan them: to bind a WeChat account, or to sign in with one that is bound.
//! The database is the truth of how far each has come; whoever watches is told to look again.

pub mod flow;
mod image;
pub mod login;
pub mod model;
pub mod phone;
pub mod rows;
pub mod watch;

pub use image::{png, svg};
pub use model::{QrKind, QrRow, QrStatus, Shown};
