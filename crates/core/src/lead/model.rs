use weir_base::{Dice, Timestamp, text_id};
use weir_store::{row, text_field};

text_id!(/// One lead.
    LeadId, "lead");
text_field!(LeadId);

row! {
    /// A lead as it is kept.
    pub struct Lead {
        pub id: LeadId,
        /// `CUS` and eleven digits, for people to name it by.
        pub customer_number: String,
        pub name: String,
        /// Nothing once it is erased.
        pub phone: Option<String>,
        pub openid: String,
        pub lead_source: String,
        pub contract_status: String,
        pub lead_level: String,
        pub assigned_to: String,
        pub created_by: String,
        pub remarks: String,
        pub created_at: Timestamp,
    }
}

impl Lead {
    /// What whoever names a phone number may know of the lead that it has already: that there is one.
    pub fn masked(self) -> Self {
        let blank = String::new;
        Self {
            name: blank(),
            openid: blank(),
            assigned_to: blank(),
            created_by: blank(),
            remarks: blank(),
            ..self
        }
    }
}

/// Which leads of all are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub phone: Option<String>,
    pub assigned_to: Option<String>,
    pub openid: Option<String>,
    /// Made at this instant or later.
    pub from: Option<Timestamp>,
    /// Made before this instant.
    pub to: Option<Timestamp>,
}

/// A mainland mobile number as we keep it: eleven digits. People write it with spaces and dashes, with the digits of a
/// Chinese keyboard, and with the country in front. `None` for whatever else.
pub fn mobile(text: &str) -> Option<String> {
    let plain = text.chars().filter_map(|char| match char {
        '-' | '‐'..='―' | '−' | '－' => None,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => None,
        char if char.is_whitespace() => None,
        '０'..='９' => char::from_u32(u32::from(char) - u32::from('０') + u32::from('0')),
        '＋' => Some('+'),
        char => Some(char),
    });
    let plain: String = plain.take(32).collect();
    let digits = plain.strip_prefix("+86").or_else(|| plain.strip_prefix("0086")).unwrap_or(&plain);
    let is_mobile = digits.len() == 11
        && digits.starts_with('1')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.as_bytes()[1] >= b'3';
    is_mobile.then(|| digits.to_owned())
}

/// A number that people may name a lead by.
pub fn customer_number(dice: &Dice) -> String {
    format!("CUS{:011}", dice.number() % 100_000_000_000)
}

/// How a lead came about.
pub fn remarks(action_type: &str) -> String {
    let what = match action_type {
        "view_resume" => "查看简历",
        "contact_advisor" => "联系顾问",
        "book_service" => "预约服务",
        _ => "进行操作",
    };
    format!("通过微信小程序{what}自动创建")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mobile_number_is_known_in_every_spelling() {
        for text in [
            "13800138000",
            " 138 0013 8000 ",
            "138-0013-8000",
            "+8613800138000",
            "+86 138-0013-8000",
            "＋86 138 0013 8000",
            "008613800138000",
            "１３８００１３８０００",
            "138\u{a0}0013\u{3000}8000",
            "138–0013—8000",
            "\u{202d}13800138000\u{202c}",
            "\t13800138000\r\n",
        ] {
            assert_eq!(mobile(text).as_deref(), Some("13800138000"), "{text:?}");
        }
        for first in ["130", "145", "159", "166", "177", "188", "199"] {
            assert!(mobile(&format!("{first}00138000")).is_some(), "{first}");
        }
    }

    #[test]
    fn whatever_else_is_no_mobile_number() {
        for text in [
            "",
            "1380013800",
            "138001380000",
            "12800138000",
            "10000138000",
            "23800138000",
            "+8523800138000",
            "+1 3800138000",
            "8613800138000",
            "(138)00138000",
            "1380013800x",
            "١٣٨٠٠١٣٨٠٠٠",
            "010-12345678",
            "+86+8613800138000",
        ] {
            assert_eq!(mobile(text), None, "{text:?}");
        }
        assert_eq!(mobile(&"1".repeat(1_000_000)), None);
    }

    #[test]
    fn a_customer_number_has_eleven_digits() {
        let dice = Dice::seeded(1);
        for _ in 0..100 {
            let number = customer_number(&dice);
            let digits = number.strip_prefix("CUS").unwrap();
            assert!(digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{number}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_as_itself(text in "\\PC{0,20}", number in "1[3-9][0-9]{9}") {
            prop_assert_eq!(mobile(&number), Some(number));
            if let Some(kept) = mobile(&text) {
                prop_assert_eq!(mobile(&kept), Some(kept));
            }
        }
    }
}
