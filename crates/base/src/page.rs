//! Lists are read a page at a time, newest first. Where the next page begins is told by a cursor: the last id of the
//! page before, which nobody but us should read anything into. What is written meanwhile moves no page.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Entries of a page when nobody says how many.
pub const USUAL: usize = 50;
/// Entries of a page at the most.
pub const MOST: usize = 200;
/// No cursor of ours is longer.
const CURSOR_MAX: usize = 128;

/// Which page is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The id that the page before ended with.
    pub after: Option<String>,
    pub limit: usize,
}

/// A page, and the cursor of the next one if there is one.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// A field of a request that asks for no page, and why.
pub type Wrong = (&'static str, &'static str);

impl Wanted {
    /// From the fields `cursor` and `limit` of a request.
    pub fn new(cursor: Option<&str>, limit: Option<&str>) -> Result<Self, Wrong> {
        let limit = match limit.map(str::parse) {
            None => USUAL,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => return Err(("limit", "must be a whole number from 1 to 200")),
        };
        let read = |cursor: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(Some(cursor).filter(|text| text.len() <= CURSOR_MAX)?).ok()?;
            String::from_utf8(bytes).ok()
        };
        let after = match cursor {
            None => None,
            Some(cursor) => Some(read(cursor).ok_or(WRONG_CURSOR)?),
        };
        Ok(Self { after, limit })
    }

    /// How many rows to read: one more than is shown, which tells whether there is a next page.
    pub fn rows(&self) -> i64 {
        i64::try_from(self.limit + 1).unwrap_or(i64::MAX)
    }

    /// The page that `rows` are, [`Self::rows`] of them at the most.
    pub fn page<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> &str) -> Page<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(id(last)));
        Page { items: rows, next }
    }
}

/// The cursor is none, or one of another list.
pub const WRONG_CURSOR: Wrong = ("cursor", "is none of this list's");

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_knows_whether_there_is_another_and_where_it_begins() {
        let wanted = Wanted::new(None, Some("2")).unwrap();
        assert_eq!(wanted.rows(), 3);
        let rows = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let page = wanted.page(rows("c b a"), |row| row);
        assert_eq!(page.items, ["c", "b"]);
        let next = Wanted::new(page.next.as_deref(), None).unwrap();
        assert_eq!(next, Wanted { after: Some("b".to_owned()), limit: USUAL });
        assert_eq!(wanted.page(rows("b a"), |row| row).next, None);
        assert_eq!(wanted.page(Vec::<String>::new(), |row| row).next, None);
    }

    #[test]
    fn a_field_that_is_wrong_is_named() {
        for limit in ["0", "-1", "201", "1.5", "ten", " 1", "99999999999999999999"] {
            assert_eq!(Wanted::new(None, Some(limit)).unwrap_err().0, "limit", "{limit}");
        }
        for cursor in ["=", "a b", "é", "_w", &"a".repeat(129)] {
            assert_eq!(Wanted::new(Some(cursor), None).unwrap_err().0, "cursor", "{cursor}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_request_says_is_read_or_refused(cursor in ".{0,40}", limit in ".{0,5}") {
            let _ = Wanted::new(Some(&cursor), Some(&limit));
        }
    }
}
