//! Whether WeChat would take a value.

use super::{Kind, is_chinese, when};

/// Why a value is none of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("is empty")]
    Empty,
    #[error("has more than {limit} characters or digits")]
    TooLong { limit: usize },
    /// Characters that the kind does not have, or a form that it does not know.
    #[error("is not what a `{}` may be", .kind.name())]
    Form { kind: Kind },
}

impl Kind {
    /// # Errors
    /// See [`Flaw`]. Of an [`Kind::Enum`] only emptiness is known.
    pub fn check(self, value: &str) -> Result<(), Flaw> {
        if value.is_empty() {
            return Err(Flaw::Empty);
        }
        if !self.has_form(value) {
            return Err(Flaw::Form { kind: self });
        }
        match self.limit(value) {
            Some(limit) if self.length(value) > limit => Err(Flaw::TooLong { limit }),
            _ => Ok(()),
        }
    }

    fn has_form(self, value: &str) -> bool {
        let all = |allowed: fn(char) -> bool| value.chars().all(allowed);
        match self {
            Self::Thing => !value.trim().is_empty() && all(|c| !c.is_control()),
            Self::Number => is_decimal(value),
            Self::Letter => all(|c| c.is_ascii_alphabetic()),
            Self::Symbol => all(is_symbol),
            Self::CharacterString => all(|c| c.is_ascii_alphanumeric() || c == ' ' || is_symbol(c)),
            Self::Time => when::is_time(value),
            Self::Date => when::is_date(value),
            Self::Amount => is_amount(value),
            Self::PhoneNumber => all(|c| c.is_ascii_digit() || c == ' ' || is_symbol(c)),
            Self::CarNumber => is_car_number(value),
            Self::Name => all(|c| c.is_alphabetic() || c == ' ' || is_symbol(c)) && !value.trim().is_empty(),
            Self::Phrase => all(is_chinese),
            Self::Enum => true,
        }
    }

    /// What [`Kind::limit`] is a limit of.
    pub(super) fn length(self, value: &str) -> usize {
        match self {
            Self::Number | Self::Amount => value.chars().filter(char::is_ascii_digit).count(),
            _ => value.chars().count(),
        }
    }
}

/// Neither letter nor digit nor Chinese, and to be seen.
fn is_symbol(character: char) -> bool {
    !character.is_alphanumeric() && !character.is_control() && !character.is_whitespace()
}

/// Digits, with digits after a point if there is one.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

/// `￥100`, `¥12.3元`, `100`.
fn is_amount(text: &str) -> bool {
    let (_, number, _) = amount_parts(text);
    is_decimal(number)
}

/// The currency's sign, the number, and the 元 at the end.
pub(super) fn amount_parts(text: &str) -> (&str, &str, &str) {
    let sign = text.chars().next().filter(|&first| is_currency(first)).map_or(0, char::len_utf8);
    let (sign, rest) = text.split_at(sign);
    match rest.strip_suffix('元') {
        Some(number) => (sign, number, "元"),
        None => (sign, rest, ""),
    }
}

fn is_currency(character: char) -> bool {
    matches!(character, '$' | '¢'..='¥' | '\u{20a0}'..='\u{20cf}' | '＄' | '￠' | '￡' | '￥' | '￦')
}

/// The first and the last may be Chinese, the rest are letters and digits.
fn is_car_number(text: &str) -> bool {
    let last = text.chars().count() - 1;
    let fits =
        |(at, c): (usize, char)| c.is_ascii_alphanumeric() || ((at == 0 || at == last) && is_chinese(c));
    text.chars().enumerate().all(fits)
}
