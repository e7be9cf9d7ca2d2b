//! What the fields of a message may say, and WeChat's words for what they may not (wechat-protocol.md, sections E2 and
//! E3).

use std::borrow::Cow;

use serde_json::{Map, Value};
use weir_wechat::template::Kind;

use crate::{
    answer::Refusal,
    world::{App, AppKind, Template},
};

/// WeChat cuts the text of 47003 here, whatever it was about to say.
const LONGEST_TEXT: usize = 48;

/// The data of a message, every field of the template in it. Other fields are passed over.
///
/// # Errors
/// 47003 naming the first field of the template that is absent or breaks its kind's rule, 45168 for a blocked word.
pub fn check<'d>(
    app: &App,
    template: &Template,
    data: Option<&'d Value>,
) -> Result<&'d Map<String, Value>, Refusal> {
    let data = match data {
        Some(Value::Object(data)) => data,
        // A JSON text in place of an object is a common mistake: no field is found in it.
        _ => return Err(refused(template.fields.first().map_or("", String::as_str), "is empty")),
    };
    for field in &template.fields {
        let value = match data.get(field).and_then(|field| field.get("value")) {
            None | Some(Value::Null) => Cow::Borrowed(""),
            Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
            Some(Value::Number(number)) => Cow::Owned(number.to_string()),
            Some(_) => return Err(refused(field, "invalid")),
        };
        check_value(app, template, field, &value)?;
        if app.blocked_words.iter().any(|word| value.contains(word.as_str())) {
            return Err(Refusal::of(45168));
        }
    }
    Ok(data)
}

fn check_value(app: &App, template: &Template, field: &str, value: &str) -> Result<(), Refusal> {
    let Some(kind) = Kind::of(field) else {
        // The keyword1 and remark of an account's old templates may be left out.
        return match app.kind {
            AppKind::OfficialAccount => Ok(()),
            _ if value.is_empty() => Err(refused(field, "is empty")),
            _ => Ok(()),
        };
    };
    if value.is_empty() {
        return Err(refused(field, "is empty"));
    }
    let listed = template.enums.get(field).is_none_or(|values| values.iter().any(|known| known == value));
    if kind.check(value).is_err() || !listed {
        return Err(refused(field, "invalid"));
    }
    Ok(())
}

fn refused(field: &str, why: &str) -> Refusal {
    let text = format!("argument invalid! data.{field}.value {why}");
    let end = text.floor_char_boundary(LONGEST_TEXT);
    Refusal::worded(47003, text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_cut_where_wechat_cuts_it() {
        let seen = [
            ("thing1", "invalid", "argument invalid! data.thing1.value invalid"),
            ("character_string1", "invalid", "argument invalid! data.character_string1.value i"),
            ("car_number12", "is empty", "argument invalid! data.car_number12.value is emp"),
            ("character_string13", "is empty", "argument invalid! data.character_string13.value"),
        ];
        for (field, why, text) in seen {
            assert_eq!(refused(field, why).text.as_deref(), Some(text));
        }
    }
}
