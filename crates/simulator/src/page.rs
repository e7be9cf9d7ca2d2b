//! The pages that WeChat shows: plain HTML for a phone, which works without script. Whatever comes from outside is
//! escaped here.

use std::fmt::Write;

use crate::{
    words::{self, Language, Three},
    world::{App, Person, World},
};

/// How many people a page offers to choose from.
const MOST_PEOPLE: usize = 200;

const STYLE: &str = "
:root { color-scheme: light dark; --ground: #ededed; --card: #fff; --text: #191919; --faint: #636363; --line: #e5e5e5; --green: #07793d; --link: #07793d }
@media (prefers-color-scheme: dark) { :root { --ground: #111; --card: #1e1e1e; --text: #d5d5d5; --faint: #9c9c9c; --line: #333; --link: #3fcf83 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--text);
  font: 16px/1.6 -apple-system, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', system-ui, sans-serif }
main { max-width: 26rem; margin: 0 auto; min-height: 100vh; background: var(--card); padding: 2.5rem 1.5rem 2rem; overflow-wrap: anywhere }
h1 { font-size: 1.25rem; font-weight: 500; margin: 0 0 .5rem } p { margin: 0 0 1rem } small { color: var(--faint) }
.middle { text-align: center } .screen { padding: .25rem } a { color: inherit }
img { display: block; margin: 0 auto .75rem; background: #fff }
main:has(> .sheet) { display: flex; flex-direction: column; justify-content: flex-end; padding: 0; background: none }
.sheet { background: var(--card); border-radius: 1rem 1rem 0 0; padding: 1.5rem 1.5rem 2rem; box-shadow: 0 -1px 24px rgb(0 0 0 / 12%) }
.app { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.25rem } .app h1 { margin: 0; font-size: 1rem } .app p { margin: 0; color: var(--faint) }
.mark { flex: none; width: 2rem; height: 2rem; border-radius: .4rem; background: var(--green); color: #fff; line-height: 1;
  display: flex; align-items: center; justify-content: center }
.holder { display: flex; align-items: center; gap: .75rem; border: solid var(--line); border-width: 1px 0; padding: .8rem 0; min-width: 0 }
.holder .mark { width: 2.75rem; height: 2.75rem }
.wants { font-size: 1.2rem; font-weight: 600; margin: 0 0 1rem }
label { display: block; border: solid var(--line); border-width: 1px 0; padding: .8rem 0; color: var(--faint); font-size: .875rem }
select { display: block; width: 100%; font: inherit; font-size: 1rem; padding: .6rem; margin-top: .4rem; border: 1px solid var(--faint); border-radius: .4rem;
  background: var(--card); color: var(--text) }
.answers { display: flex; flex-direction: row-reverse; justify-content: center; gap: 1rem; margin-top: 1.75rem }
button { flex: 0 1 9rem; padding: .6rem; border: 0; border-radius: .5rem; font: inherit; font-weight: 600; cursor: pointer;
  background: var(--green); color: #fff } button[value=deny] { background: var(--ground); color: var(--link) }
@media (min-width: 30rem) { main:has(> .sheet) { justify-content: center } .sheet { border-radius: 1rem } }
@media (max-width: 320px) { main:not(:has(> .sheet)) { padding: .75rem .5rem; min-height: 0 } .answers { gap: .5rem } }
";

/// Text as it may stand between tags and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A whole page around `body`, which is HTML.
pub fn whole(title: &str, body: &str, language: Language) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <style>{STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n",
        language.tag(),
        escape(title)
    )
}

/// A page that only says something.
pub fn notice(title: Three, text: Three, language: Language) -> String {
    told(language.of_three(title), language.of_three(text), language)
}

/// The same with texts that are not ours.
pub fn told(title: &str, text: &str, language: Language) -> String {
    let (heading, text) = (escape(title), escape(text));
    whole(title, &format!("<div class=\"middle\"><h1>{heading}</h1>\n<p>{text}</p></div>"), language)
}

/// What WeChat shows instead of a page that it does not open. Codes of its own are shown, ours are not.
pub fn error(text: &str, code: i32, language: Language) -> String {
    let shown =
        if code > 0 { format!("{}{code}", language.of_three(words::ERROR_CODE)) } else { String::new() };
    told(text, &shown, language)
}

/// What a page asks a person to agree to.
pub struct Question<'a> {
    pub app: &'a App,
    /// Where the form goes.
    pub action: &'a str,
    /// Hidden inputs that carry the request.
    pub hidden: &'a [(&'a str, &'a str)],
    pub world: &'a World,
    /// Whose phone it is, unless chosen otherwise.
    pub chosen: &'a Person,
    pub wants: Three,
    pub language: Language,
    /// On the phone it is known who agrees; elsewhere it is chosen.
    pub is_phone: bool,
}

/// WeChat's consent sheet: one form, whose two buttons answer it.
pub fn consent(question: &Question<'_>) -> String {
    let Question { app, action, hidden, chosen, language, .. } = question;
    let say = |texts| language.of_three(texts);
    let (name, initial) = (escape(&app.name), first_letter(&app.name));
    let mut body = format!(
        "<div class=\"sheet\"><div class=\"app\"><div class=\"mark\" style=\"background:{}\" aria-hidden=\"true\">{initial}</div>\n<h1><bdi>{name}</bdi></h1>\n\
         <p>{}</p></div>\n<p class=\"wants\">{}</p>\n<form method=\"post\" action=\"{action}\">\n",
        ground(&app.appid),
        say(words::ASKS),
        say(question.wants),
    );
    // Writing to a string cannot fail, here and below.
    for (name, value) in *hidden {
        let _ = writeln!(body, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    }
    if question.is_phone {
        body.push_str(&holder(chosen));
    } else {
        body.push_str(&choice(question));
    }
    let _ = write!(
        body,
        "<div class=\"answers\">\n\
         <button type=\"submit\" name=\"decision\" value=\"allow\">{}</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\">{}</button>\n</div></form></div>",
        say(words::ALLOW),
        say(words::REFUSE),
    );
    whole(&app.name, &body, *language)
}

/// Whose phone it is.
fn holder(person: &Person) -> String {
    let (id, nickname, initial) =
        (escape(&person.id), escape(&person.nickname), first_letter(&person.nickname));
    format!(
        "<input type=\"hidden\" name=\"_sim_user\" value=\"{id}\">\n\
         <div class=\"holder\"><div class=\"mark\" style=\"background:{}\" aria-hidden=\"true\">{initial}</div><bdi>{nickname}</bdi></div>\n",
        ground(&person.id),
    )
}

/// As whom to answer, where no phone says it.
fn choice(question: &Question<'_>) -> String {
    let Question { world, chosen, language, .. } = question;
    let mut choice = format!("<label>{} <select name=\"_sim_user\">\n", language.of_three(words::AS_WHOM));
    let _ = writeln!(choice, "{}", option(chosen, true));
    for person in world.people().filter(|person| person.id != chosen.id).take(MOST_PEOPLE) {
        let _ = writeln!(choice, "{}", option(person, false));
    }
    choice + "</select></label>\n"
}

fn option(person: &Person, selected: bool) -> String {
    let (id, name, nickname) = (escape(&person.id), escape(&person.name), escape(&person.nickname));
    let selected = if selected { " selected" } else { "" };
    format!("<option value=\"{id}\"{selected}>{nickname} ({name})</option>")
}

/// The colour behind a first letter: the one that the phone's page gives the same person or app.
fn ground(seed: &str) -> &'static str {
    const GROUNDS: [&str; 7] = ["#07793d", "#1f5fa8", "#8a4b08", "#7a3e9d", "#a3344f", "#0b6e75", "#5a5f12"];
    let sum = seed.chars().fold(7u32, |sum, letter| sum.wrapping_mul(31).wrapping_add(u32::from(letter)));
    GROUNDS[sum as usize % GROUNDS.len()]
}

fn first_letter(name: &str) -> String {
    escape(&name.chars().take(1).flat_map(char::to_uppercase).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        assert_eq!(escape("<a href='x' id=\"y\">&"), "&lt;a href=&#39;x&#39; id=&quot;y&quot;&gt;&amp;");
        assert!(!error("<script>", 10003, Language::Zh).contains("<script>"));
    }

    #[test]
    fn only_wechats_own_codes_are_shown() {
        assert!(error("x", 10003, Language::Zh).contains("错误码：10003"));
        assert!(error("x", 10003, Language::En).contains("Error code: 10003"));
        assert!(!error("x", -1, Language::Zh).contains("错误码"));
    }
}
