use weir_base::Timestamp;
use weir_store::{text_enum, text_field};

use crate::{Code, Failure, Outcome, session::SessionId};

text_enum! {
    /// Whose users an id counts: Weir's user 7 is not the host application's user 7.
    pub enum Realm {
        Host = "host",
        Weir = "weir",
    }
}

const ID_MAX: usize = 100;
const LABEL_MAX: usize = 60;

/// The id of a user of the host application: a number or a text there, a text here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostId(String);
text_field!(HostId);

impl HostId {
    /// `None` when it is empty, too long or holds what no id holds.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=ID_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id that is all digits, as its number. `007` is a text: the number would be another id.
    pub fn number(&self) -> Option<u64> {
        self.0.parse().ok().filter(|number: &u64| number.to_string() == self.0)
    }
}

/// Somebody who is signed in to the host application, or to Weir itself.
#[derive(Clone, Debug)]
pub struct HostUser {
    pub realm: Realm,
    pub id: HostId,
    /// What people are shown as the name of the account.
    pub label: String,
    /// The WeChat account that the token stands for, when WeChat has proven it.
    pub session: Option<Proven>,
}

/// The WeChat account behind a user token.
#[derive(Clone, Debug)]
pub struct Proven {
    pub id: SessionId,
    pub appid: String,
    pub openid: String,
    /// When the session was opened.
    pub at: Timestamp,
}

impl HostUser {
    /// `host:106` or `user:7`, for the trail.
    pub fn subject(&self) -> String {
        subject(self.realm, &self.id)
    }
}

pub fn subject(realm: Realm, id: &HostId) -> String {
    match realm {
        Realm::Host => format!("host:{}", id.as_str()),
        Realm::Weir => format!("user:{}", id.as_str()),
    }
}

/// A name that can be shown in one line: without line breaks and what turns the direction of writing, cut to length.
pub fn label(text: &str) -> String {
    let shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(shown).take(LABEL_MAX).collect::<String>().trim().to_owned()
}

pub(super) fn id_of(text: &str) -> Outcome<HostId> {
    HostId::parse(text).ok_or_else(|| {
        Failure::new(Code::TokenInvalid).detail("its user id is empty, too long or holds control characters")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_canonical_number_is_a_number() {
        let number = |text| HostId::parse(text).and_then(|id| id.number());
        assert_eq!(number("106"), Some(106));
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        for text in ["007", "-1", "+1", "1.0", "a1", "18446744073709551616", "١"] {
            assert_eq!(number(text), None, "{text}");
        }
        for none in ["", "a\nb", &"x".repeat(101)] {
            assert_eq!(HostId::parse(none), None);
        }
    }

    #[test]
    fn a_label_cannot_turn_the_line_around() {
        assert_eq!(label(" a\u{202e}b\nc "), "abc");
        assert_eq!(label(&"汉".repeat(100)).chars().count(), LABEL_MAX);
    }
}
