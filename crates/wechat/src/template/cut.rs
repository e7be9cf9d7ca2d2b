//! Making a value short enough.

use std::borrow::Cow;

use super::{Kind, check::amount_parts};

impl Kind {
    /// The beginning of a value that is too long, and a `thing` on one line, without blanks around it. Numbers and amounts lose
    /// decimals only: whole digits that do not fit stay, because a number cut short is another number. What is wrong in
    /// other ways stays wrong.
    pub fn cut(self, value: &str) -> Cow<'_, str> {
        let value = match self {
            Self::Thing => on_one_line(value.trim()),
            _ => Cow::Borrowed(value),
        };
        match self.limit(&value) {
            Some(limit) if self.length(&value) > limit => match self {
                Self::Number => Cow::Owned(with_fewer_decimals(&value, limit).to_owned()),
                Self::Amount => {
                    let (sign, number, unit) = amount_parts(&value);
                    Cow::Owned(format!("{sign}{}{unit}", with_fewer_decimals(number, limit)))
                }
                Self::Thing => Cow::Owned(beginning(&value, limit).trim_end().to_owned()),
                _ => Cow::Owned(beginning(&value, limit).to_owned()),
            },
            _ => value,
        }
    }
}

/// Without line breaks and the like.
fn on_one_line(value: &str) -> Cow<'_, str> {
    if !value.contains(char::is_control) {
        return Cow::Borrowed(value);
    }
    let parts = value.split(char::is_control).map(str::trim).filter(|part| !part.is_empty());
    Cow::Owned(parts.collect::<Vec<_>>().join(" "))
}

fn beginning(value: &str, characters: usize) -> &str {
    value.char_indices().nth(characters).map_or(value, |(end, _)| &value[..end])
}

/// A decimal number of so many digits, as far as dropping decimals can make it one.
fn with_fewer_decimals(number: &str, digits: usize) -> &str {
    let Some((whole, fraction)) = number.split_once('.') else { return number };
    let room = digits.saturating_sub(whole.chars().count());
    match room {
        0 => whole,
        _ => &number[..whole.len() + 1 + beginning(fraction, room).len()],
    }
}
