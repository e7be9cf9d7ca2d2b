//! The pages themselves: small, without script, with everything in them that they need.

use std::fmt::Write;

use weir_base::Timestamp;
use weir_core::qr::{QrKind, phone};

use super::words::{self, Language};
use crate::problem::Reason;

const STYLE: &str = "\
:root{color-scheme:light dark}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;background:#f2f3f5;color:#1a1a1a;\
font:17px/1.5 -apple-system,BlinkMacSystemFont,'PingFang SC','Noto Sans SC','Segoe UI',Roboto,sans-serif}\
main{width:100%;max-width:430px;padding:32px 20px calc(24px + env(safe-area-inset-bottom))}\
.mark{width:72px;height:72px;margin:8px auto 20px;border-radius:50%;display:flex;align-items:center;justify-content:center;\
font-size:36px;color:#fff;background:#07c160}\
.mark.warn{background:#fa9d3b}.mark.stop{background:#8b8f96}\
h1{margin:0 0 8px;font-size:22px;line-height:1.35;text-align:center;overflow-wrap:anywhere}\
p{margin:0 0 20px;text-align:center;color:#5a5e66}\
dl{margin:0 0 20px;padding:4px 16px;border-radius:12px;background:#fff}\
dl div{display:flex;gap:16px;padding:12px 0;border-bottom:1px solid #eceef0}\
dl div:last-child{border-bottom:0}\
dt{flex:0 0 auto;color:#70757d}\
dd{margin:0 0 0 auto;text-align:right;overflow-wrap:anywhere;min-width:0}\
dd.strong{font-weight:600}\
button{display:block;width:100%;min-height:50px;margin:0 0 12px;border:0;border-radius:10px;font:inherit;font-weight:600;\
color:#fff;background:#07753c}\
button:active{opacity:.8}\
button.quiet{color:#c8372d;background:#fff}\
footer{font-size:13px;color:#70757d;text-align:center;overflow-wrap:anywhere}\
@media (prefers-color-scheme:dark){body{background:#111;color:#eaeaea}dl,button.quiet{background:#1e1f21}\
p,dt,footer{color:#a3a7ad}dl div{border-color:#2c2e31}button.quiet{color:#ff7a70}}";

/// What the pages may load and show: the style above, known by its digest, and nothing else of their own. Scripts are none; one
/// of the phone's may stand before them (decision 0033). No `form-action`: a form's answer may lead to a page of the host's.
pub(super) const POLICY: &str = "default-src 'self'; \
    style-src 'sha256-n7l0gRkCEmK7S6YDUZ18WQ2zis3DtY0831o0dxSPN1E='; \
    object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Text that cannot be markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `body` is markup, `title` is text.
fn page(language: Language, title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1,viewport-fit=cover\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body><main>\n{body}\n</main></body></html>\n",
        lang = language.tag(),
        title = escape(title),
    )
}

fn heading(mark: &str, class: &str, title: &str, text: &str) -> String {
    format!(
        "<div class=\"mark{class}\" aria-hidden=\"true\">{mark}</div>\n<h1>{}</h1>\n<p>{}</p>",
        escape(title),
        escape(text)
    )
}

/// The page that asks before anything is bound, or anybody signed in.
pub(super) fn asking(site: &str, ask: &phone::Asking, language: Language) -> String {
    let say = |texts| language.of_three(texts);
    let row = &ask.row;
    let (title, lead, confirm) = match row.kind {
        QrKind::Bind => (words::BIND, words::BIND_LEAD, words::CONFIRM_BIND),
        QrKind::Login => (words::LOGIN, words::LOGIN_LEAD, words::CONFIRM_LOGIN),
    };
    let mut body = heading("?", " warn", say(title), say(lead));
    body.push_str("\n<dl>");
    let known = |text: &str| if text.is_empty() { say(words::UNKNOWN).to_owned() } else { text.to_owned() };
    let mut line = |name: [&'static str; 3], value: &str, class: &str| {
        let _ = write!(body, "<div><dt>{}</dt><dd{class}>{}</dd></div>", escape(say(name)), escape(value));
    };
    line(words::SITE, site, " class=\"strong\"");
    line(words::ACCOUNT, &account(row), " class=\"strong\"");
    if let Some(nickname) = &row.nickname {
        line(words::WECHAT, nickname, "");
    }
    line(words::BROWSER, &known(&row.asked_browser), "");
    line(words::ADDRESS, &known(&row.asked_address), "");
    line(words::TIME, &time(row.created_at, language), "");
    let _ = write!(
        body,
        "</dl>\n<form method=\"post\" action=\"/s/decision\">\
         <input type=\"hidden\" name=\"session\" value=\"{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">\n\
         <button type=\"submit\" name=\"decision\" value=\"confirm\">{}</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"refuse\" class=\"quiet\">{}</button></form>",
        escape(&row.session_id),
        escape(&ask.form_token),
        escape(say(confirm)),
        escape(say(words::REFUSE)),
    );
    page(language, say(title), &body)
}

/// The page that asks whether a browser that lost its cookie goes on as whoever has just consented.
pub(super) fn continuing(site: &str, nickname: &str, token: &str, language: Language) -> String {
    let say = |texts| language.of_three(texts);
    let mut body = heading("?", " warn", say(words::CONTINUE), say(words::CONTINUE_LEAD));
    let _ = write!(
        body,
        "\n<dl><div><dt>{}</dt><dd class=\"strong\">{}</dd></div><div><dt>{}</dt><dd class=\"strong\">{}</dd></div></dl>\n\
         <form method=\"post\" action=\"/s/continue\"><input type=\"hidden\" name=\"token\" value=\"{}\">\n\
         <button type=\"submit\" name=\"decision\" value=\"confirm\">{}</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"refuse\" class=\"quiet\">{}</button></form>",
        escape(say(words::SITE)),
        escape(site),
        escape(say(words::WECHAT)),
        escape(nickname),
        escape(token),
        escape(say(words::CONFIRM_LOGIN)),
        escape(say(words::REFUSE)),
    );
    page(language, say(words::CONTINUE), &body)
}

/// The account's name, and its id where that is another.
fn account(row: &weir_core::qr::model::PhoneRow) -> String {
    let id = row.user_id.as_ref().map_or("", |id| id.as_str());
    match row.account_label.as_str() {
        "" => id.to_owned(),
        label if label == id || id.is_empty() => label.to_owned(),
        label => format!("{label} ({id})"),
    }
}

/// To the minute; for readers of Chinese the time of China.
fn time(at: Timestamp, language: Language) -> String {
    let (at, zone) = match language {
        Language::Zh => (at.plus(std::time::Duration::from_secs(8 * 3600)), "北京时间"),
        Language::En | Language::Ru => (at, "UTC"),
    };
    let text = at.iso();
    let (day, clock) = (text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default());
    format!("{day} {clock} {zone}")
}

/// What was done.
pub(super) fn done(site: &str, what: phone::Done, language: Language) -> String {
    let (title, text) = words::done(what);
    let (title, text) = (language.of_three(title), language.of_three(text));
    let (mark, class) = if what == phone::Done::Refused { ("×", " stop") } else { ("✓", "") };
    let body = format!("{}\n<footer>{}</footer>", heading(mark, class, title, text), escape(site));
    page(language, title, &body)
}

/// What went wrong, and what to do now.
pub(super) fn problem(reason: &Reason, reference: &str, language: Language) -> String {
    let (title, text) = words::problem(reason);
    let (title, text) = (language.of_three(title), language.of_three(text));
    let body = format!(
        "{}\n<footer>{} {}</footer>",
        heading("!", " warn", title, text),
        escape(language.of_three(words::REFERENCE)),
        escape(reference)
    );
    page(language, title, &body)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn names_cannot_be_markup() {
        assert_eq!(escape("<b>\"A&B's\"</b>"), "&lt;b&gt;&quot;A&amp;B&#39;s&quot;&lt;/b&gt;");
    }

    #[test]
    fn the_policy_knows_the_style() {
        let digest = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        assert!(POLICY.contains(&format!("'sha256-{digest}'")), "{digest}");
    }

    #[test]
    fn times_are_to_the_minute() {
        let at = Timestamp::from_seconds(1_795_161_600);
        assert_eq!(time(at, Language::En), "2026-11-20 08:00 UTC");
        assert_eq!(time(at, Language::Zh), "2026-11-20 16:00 北京时间");
    }
}
