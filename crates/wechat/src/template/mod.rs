//! What the fields of a message may say (section E3), and the templates of an app (section E4).
//!
//! A field's key is its kind and a number, as `thing1`. Characters are counted as code points. [`Kind::check`] tells
//! what WeChat would answer 47003 to; [`Kind::cut`] makes a value short enough.

mod check;
mod cut;
mod manage;
mod when;

use std::borrow::Cow;

pub use check::Flaw;
pub use manage::{Category, EnumValues, PublicKeyword, PublicTitle, PublicTitles, Template, TemplateType};

/// The kinds of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Thing,
    Number,
    Letter,
    Symbol,
    CharacterString,
    Time,
    Date,
    Amount,
    PhoneNumber,
    CarNumber,
    Name,
    Phrase,
    /// One of the template's own list ([`Template::enums`]), which this kind alone does not know.
    Enum,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Thing,
        Self::Number,
        Self::Letter,
        Self::Symbol,
        Self::CharacterString,
        Self::Time,
        Self::Date,
        Self::Amount,
        Self::PhoneNumber,
        Self::CarNumber,
        Self::Name,
        Self::Phrase,
        Self::Enum,
    ];

    /// The kind of a field: `Thing` of `thing2`. `None` for keys of other forms, such as the `keyword1` of old templates.
    pub fn of(key: &str) -> Option<Self> {
        let name = key.trim_end_matches(|last: char| last.is_ascii_digit());
        if name.len() == key.len() {
            return None;
        }
        match name {
            "enum_string" => Some(Self::Enum),
            _ => Self::named(name),
        }
    }

    /// The kind of a name, as `thing`: a template library's `rule`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// As it stands in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Thing => "thing",
            Self::Number => "number",
            Self::Letter => "letter",
            Self::Symbol => "symbol",
            Self::CharacterString => "character_string",
            Self::Time => "time",
            Self::Date => "date",
            Self::Amount => "amount",
            Self::PhoneNumber => "phone_number",
            Self::CarNumber => "car_number",
            Self::Name => "name",
            Self::Phrase => "phrase",
            Self::Enum => "enum",
        }
    }

    /// The most characters that this value may have, if there is a limit. A name of nothing but letters and symbols may
    /// be twice as long as one with Chinese in it. Numbers and amounts count digits, not characters.
    pub fn limit(self, value: &str) -> Option<usize> {
        match self {
            Self::Thing => Some(20),
            Self::Number | Self::Letter | Self::CharacterString => Some(32),
            Self::Symbol | Self::Phrase => Some(5),
            Self::Amount => Some(10),
            Self::PhoneNumber => Some(17),
            Self::CarNumber => Some(8),
            Self::Name => Some(if value.is_ascii() { 20 } else { 10 }),
            Self::Time | Self::Date | Self::Enum => None,
        }
    }
}

/// A value made short enough for its key ([`Kind::cut`]); of keys without a kind, the value as it is.
pub fn fit<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    Kind::of(key).map_or(Cow::Borrowed(value), |kind| kind.cut(value))
}

/// Whether it is one of the characters that WeChat calls Chinese: the unified ideographs and the iteration mark.
fn is_chinese(character: char) -> bool {
    matches!(character,
        '々' | '〇' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}
