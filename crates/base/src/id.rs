//! Ids that say what they name: typed, so that one cannot be passed for another, and prefixed, so that a log line can
//! be read. They sort by the time they were made at.

/// Declares an id type: text of the form `<prefix>_<32 hex digits of a UUIDv7>`.
///
/// ```
/// weir_base::text_id!(/// One session.
///     SessionId, "ses");
/// let dice = weir_base::Dice::seeded(1);
/// let id = SessionId::new(&dice, weir_base::Timestamp::from_seconds(1_800_000_000));
/// assert!(id.as_str().starts_with("ses_01"));
/// ```
#[macro_export]
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn new(dice: &$crate::Dice, now: $crate::Timestamp) -> Self {
                Self(format!(concat!($prefix, "_{}"), dice.uuid(now).simple()))
            }

            /// Not above any id that was made at `at`, and above all that were made before.
            pub fn least_of(at: $crate::Timestamp) -> Self {
                // A UUIDv7 begins with 48 bits of milliseconds.
                let millis = at.millis().clamp(0, (1 << 48) - 1);
                Self(format!(concat!($prefix, "_{:012x}{:020}"), millis, 0))
            }

            /// The ids that were made from `from` on and before `to`, and that stand before `after` in a list whose newest
            /// come first: not below the one, below the other. `None` when `after` is no id of this kind.
            pub fn between(
                after: Option<&str>,
                from: Option<$crate::Timestamp>,
                to: Option<$crate::Timestamp>,
            ) -> Option<(Self, Self)> {
                let first = Self::least_of(from.unwrap_or($crate::Timestamp::from_millis(0)));
                let last = || Self(concat!($prefix, "_ffffffffffffffffffffffffffffffff").to_owned());
                let end = to.map_or_else(last, Self::least_of);
                let end = match after {
                    Some(after) => Self::parse(after)?.min(end),
                    None => end,
                };
                Some((first, end))
            }

            /// Takes an id that came from outside, when it has the right form.
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix(concat!($prefix, "_"))?;
                let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                (digits.len() == 32 && digits.bytes().all(lower_hex)).then(|| Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Declares an id type that is a number, as the database counts.
#[macro_export]
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::{Dice, Timestamp};

    text_id!(ThingId, "thing");

    #[test]
    fn the_least_id_of_an_instant_parts_before_from_after() {
        let instant = |millis: i64| Timestamp::from_millis(1_800_000_000_000 + millis);
        let least = ThingId::least_of(instant(0));
        assert_eq!(ThingId::parse(least.as_str()), Some(least.clone()));
        let dice = Dice::seeded(1);
        for _ in 0..1000 {
            assert!(ThingId::new(&dice, instant(-1)) < least);
            assert!(ThingId::new(&dice, instant(0)) >= least);
        }
        assert!(ThingId::least_of(Timestamp::from_millis(i64::MIN)) < least);
    }

    #[test]
    fn ids_lie_between_instants_and_after_a_cursor() {
        let instant = |millis: i64| Timestamp::from_millis(1_800_000_000_000 + millis);
        let dice = Dice::seeded(1);
        let [early, middle, late] = [0, 5, 10].map(|millis| ThingId::new(&dice, instant(millis)));
        let held = |after: Option<&ThingId>, from, to| {
            let (first, end) = ThingId::between(after.map(ThingId::as_str), from, to).unwrap();
            [&early, &middle, &late].map(|id| (&first..&end).contains(&id))
        };
        assert_eq!(held(None, None, None), [true, true, true]);
        assert_eq!(held(None, Some(instant(5)), None), [false, true, true]);
        assert_eq!(held(None, None, Some(instant(5))), [true, false, false]);
        assert_eq!(held(Some(&middle), None, None), [true, false, false]);
        assert_eq!(held(Some(&late), Some(instant(1)), Some(instant(6))), [false, true, false]);
        assert_eq!(ThingId::between(Some("other_1"), None, None), None);
    }

    #[test]
    fn an_id_parses_back_and_foreign_text_does_not() {
        let id = ThingId::new(&Dice::seeded(1), Timestamp::from_seconds(1_800_000_000));
        assert_eq!(ThingId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(ThingId::parse(&id.as_str().to_uppercase()), None);
        for foreign in ["", "thing_", "other_0190a6e0000070008000000000000000", "thing_0190a6e0"] {
            assert_eq!(ThingId::parse(foreign), None, "{foreign}");
        }
    }
}
