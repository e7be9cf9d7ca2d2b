//! The values that fields may have, one by one and by chance.

use proptest::prelude::*;
use serde::Deserialize;
use weir_wechat::template::{Flaw, Kind, fit};

#[derive(Deserialize)]
struct Values {
    kind: String,
    good: Vec<String>,
    empty: Vec<String>,
    wrong: Vec<String>,
    long: Vec<String>,
}

#[test]
fn values_are_taken_and_refused_as_wechat_does() {
    let samples: Vec<Values> =
        serde_json::from_str(include_str!("../../fixtures/template_values.json")).unwrap();
    assert_eq!(samples.len(), Kind::ALL.len());
    for Values { kind, good, empty, wrong, long } in samples {
        let kind = Kind::named(&kind).unwrap();
        for value in good {
            assert_eq!(kind.check(&value), Ok(()), "{kind:?} {value}");
            if !value.contains('\n') {
                assert_eq!(kind.cut(&value), value, "{kind:?}: nothing to cut");
            }
        }
        for value in empty {
            assert_eq!(kind.check(&value), Err(Flaw::Empty), "{kind:?}");
        }
        for value in wrong {
            assert_eq!(kind.check(&value), Err(Flaw::Form { kind }), "{kind:?} {value}");
        }
        for value in long {
            let limit = kind.limit(&value).unwrap();
            assert_eq!(kind.check(&value), Err(Flaw::TooLong { limit }), "{kind:?} {value}");
        }
    }
}

#[test]
fn a_key_is_its_kind_and_a_number() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of(&format!("{}12", kind.name())), Some(kind));
        assert_eq!(Kind::of(kind.name()), None, "no number");
    }
    assert_eq!(Kind::of("enum_string2"), Some(Kind::Enum));
    for other in ["", "1", "keyword1", "first", "Thing1", "thing1a", "thing-1", "things1", "thing１"] {
        assert_eq!(Kind::of(other), None, "{other}");
    }
}

#[test]
fn what_is_too_long_keeps_its_beginning() {
    let cut = |key: &str, value: &str| fit(key, value).into_owned();
    assert_eq!(cut("thing1", &"新".repeat(21)), "新".repeat(20));
    assert_eq!(cut("thing1", &"🌸".repeat(30)), "🌸".repeat(20));
    assert_eq!(cut("thing1", "  two\r\n lines\u{7} "), "two lines");
    assert_eq!(cut("name1", &"张".repeat(11)), "张".repeat(10));
    assert_eq!(cut("name1", &"a".repeat(21)), "a".repeat(20));
    assert_eq!(cut("name1", &format!("{}张", "a".repeat(15))), "a".repeat(10));
    assert_eq!(cut("phrase1", "已经到达了吗"), "已经到达了");
    assert_eq!(cut("character_string1", &"x".repeat(40)), "x".repeat(32));
    assert_eq!(cut("keyword1", &"x".repeat(400)), "x".repeat(400), "no kind, no limit");
    assert_eq!(cut("time1", "2026-11-26 19:33:43"), "2026-11-26 19:33:43");
}

#[test]
fn a_number_cut_short_is_never_another_number() {
    let cut = |key: &str, value: &str| fit(key, value).into_owned();
    assert_eq!(cut("number1", &format!("{}.2599", "1".repeat(30))), format!("{}.25", "1".repeat(30)));
    assert_eq!(cut("number1", &format!("{}.25", "1".repeat(32))), "1".repeat(32));
    assert_eq!(cut("number1", &"1".repeat(33)), "1".repeat(33));
    assert_eq!(cut("amount1", "￥123456789.129元"), "￥123456789.1元");
    assert_eq!(cut("amount1", "￥12345678901.5"), "￥12345678901");
}

/// One sample of each kind with a limit, of exactly so many characters or digits.
fn of_length(kind: Kind, characters: usize, chinese: bool) -> String {
    let one = match kind {
        Kind::Thing | Kind::Phrase => "汉",
        Kind::Name if chinese => "汉",
        Kind::Symbol => "+",
        Kind::Number | Kind::Amount | Kind::PhoneNumber => "7",
        _ => "x",
    };
    one.repeat(characters)
}

#[test]
fn every_limit_holds_to_the_character() {
    let cases = Kind::ALL.map(|kind| (kind, false)).into_iter().chain([(Kind::Name, true)]);
    for (kind, chinese) in cases {
        let Some(limit) = kind.limit(&of_length(kind, 1, chinese)) else { continue };
        assert_eq!(kind.check(&of_length(kind, limit, chinese)), Ok(()), "{kind:?} at {limit}");
        let over = of_length(kind, limit + 1, chinese);
        assert_eq!(kind.check(&over), Err(Flaw::TooLong { limit }), "{kind:?} one over");
        if kind != Kind::Number && kind != Kind::Amount {
            assert_eq!(kind.check(&kind.cut(&over)), Ok(()), "{kind:?} cut");
        }
    }
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

proptest! {
    #[test]
    fn whatever_is_cut_is_never_too_long(kind in any_kind(), value in any::<String>(), text in "[a-z0-9汉字 .~:\n-]{0,60}") {
        for value in [value, text] {
            let cut = kind.cut(&value);
            let decimal = matches!(kind, Kind::Number | Kind::Amount);
            prop_assert!(decimal || !matches!(kind.check(&cut), Err(Flaw::TooLong { .. })), "{:?} {}", kind, cut);
            prop_assert_eq!(kind.cut(&cut), cut.as_ref(), "cutting again changes nothing");
        }
    }

    #[test]
    fn a_good_value_is_left_as_it_is(kind in any_kind(), value in any::<String>(), text in "[a-z0-9汉￥元+.~:/-]{1,40}") {
        for value in [value, text] {
            if kind.check(&value).is_ok() && value.trim() == value {
                prop_assert_eq!(kind.cut(&value), value.as_str());
            }
        }
    }

    #[test]
    fn a_thing_of_any_characters_is_good_once_it_is_cut(value in any::<String>()) {
        let cut = Kind::Thing.cut(&value);
        let good = Kind::Thing.check(&cut).is_ok();
        prop_assert!(good || cut.trim().is_empty(), "{:?}", cut);
    }
}
