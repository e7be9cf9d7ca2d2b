//! What the lists of this family read from a query.

use weir_base::{Timestamp, page::Wanted};
use weir_core::Failure;

use crate::extract::Query;

/// Which page.
pub(super) fn wanted(query: &Query) -> Result<Wanted, Failure> {
    let (cursor, limit) = (query.get("cursor")?, query.get("limit")?);
    Wanted::new(cursor.as_deref(), limit.as_deref()).map_err(|(field, why)| Failure::invalid(field, why))
}

/// A text to look for. No database keeps one with U+0000 in it, and PostgreSQL does not even look for one.
pub(super) fn text(query: &Query, name: &'static str) -> Result<Option<String>, Failure> {
    let given = query.get(name)?;
    if given.as_deref().is_some_and(|text| text.contains('\0')) {
        return Err(Failure::invalid(name, "must not contain the character U+0000"));
    }
    Ok(given.map(std::borrow::Cow::into_owned))
}

pub(super) fn time(query: &Query, name: &'static str) -> Result<Option<Timestamp>, Failure> {
    let given = query.get(name)?;
    let read = |text: &str| {
        let wrong = || Failure::invalid(name, "is no time such as 2026-11-20T08:00:00Z");
        Timestamp::parse(text).ok_or_else(wrong)
    };
    given.as_deref().map(read).transpose()
}

pub(super) fn flag(query: &Query, name: &'static str) -> Result<Option<bool>, Failure> {
    let given = query.get(name)?;
    let read = |text: &str| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Failure::invalid(name, "is neither true nor false")),
    };
    given.as_deref().map(read).transpose()
}
