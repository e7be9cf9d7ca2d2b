//! Settings live with their noun: a section is declared once with its types, defaults and words, and the reference
//! and `weir config` are made from that.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de};

pub use serde;

/// One documented setting.
#[derive(Clone, Copy, Debug)]
pub struct SettingDoc {
    /// `auth.expires_in`
    pub key: &'static str,
    /// The Rust type, for the reference.
    pub kind: &'static str,
    /// The default as written in the code.
    pub default: &'static str,
    pub doc: &'static str,
}

/// A length of time as people write it: `7d`, `24h`, `90m`, `30s`, `250ms`, or a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Span {
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let refused = || {
            format!("{text:?} is no length of time: write 7d, 24h, 90m, 30s, 250ms or a number of seconds")
        };
        let number: u64 = number.parse().map_err(|_| refused())?;
        let millis = match unit.trim() {
            "ms" => 1,
            "" | "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return Err(refused()),
        };
        number.checked_mul(millis).map(|millis| Self(Duration::from_millis(millis))).ok_or_else(refused)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            0 => f.write_str("0s"),
            _ if millis.is_multiple_of(86_400_000) => write!(f, "{}d", millis / 86_400_000),
            _ if millis.is_multiple_of(3_600_000) => write!(f, "{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            _ if millis.is_multiple_of(1000) => write!(f, "{}s", millis / 1000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time such as 7d, 24h, 30s or a number of seconds")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Span, E> {
                Ok(Span::seconds(seconds))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Span, E> {
                u64::try_from(seconds)
                    .map(Span::seconds)
                    .map_err(|_| E::custom("a length of time is not negative"))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Declares a section of the settings: a struct that is read from the file and the environment, its defaults, and
/// `DOCS`, from which the reference is made.
#[macro_export]
macro_rules! settings {
    ($(#[$doc:meta])* pub struct $name:ident in $section:literal {
        $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty = $default:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, $crate::settings::serde::Deserialize)]
        #[serde(crate = "weir_base::settings::serde", default, deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }

        impl $name {
            pub const DOCS: &'static [$crate::settings::SettingDoc] = &[$(
                $crate::settings::SettingDoc {
                    key: concat!($section, ".", stringify!($field)),
                    kind: stringify!($type),
                    default: stringify!($default),
                    doc: concat!($($field_doc),+),
                },
            )*];
        }
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in
            [("7d", 604_800), ("24h", 86_400), ("604800", 604_800), ("90m", 5400), ("30s", 30)]
        {
            assert_eq!(text.parse(), Ok(Span::seconds(seconds)), "{text}");
        }
        assert_eq!("250ms".parse(), Ok(Span::millis(250)));
        for wrong in ["", "d", "-1s", "7 days", "1.5h", "99999999999999999999", "18446744073709551615w"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_span_prints_as_it_is_read(millis in 0u64..10_000_000_000) {
            let span = Span::millis(millis);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,40}") {
            let _ = text.parse::<Span>();
        }
    }
}
