//! The published families. Each has its own paths, envelope and wording.

pub(crate) mod miniprogram;

use axum::response::Response;

use crate::{observe::Asked, problem::Refusal};

/// Whose envelope an answer wears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    MiniProgram,
    /// Weir's own paths, and paths that are nobody's.
    Own,
}

impl Family {
    pub(crate) fn of(path: &str) -> Self {
        match path.strip_prefix("/api/v1") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self::MiniProgram,
            _ => Self::Own,
        }
    }

    /// Words a refusal. Status and headers of `response` are kept.
    pub(crate) fn word(self, refusal: &Refusal, asked: &Asked, response: Response) -> Response {
        match self {
            Self::MiniProgram => miniprogram::envelope::refuse(refusal, asked, response),
            Self::Own => crate::own::refuse(refusal, asked, response),
        }
    }
}
