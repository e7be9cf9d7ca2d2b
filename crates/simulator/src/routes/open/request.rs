//! What a link or a form asks of a page: parsed, and held against WeChat's rules.

use std::borrow::Cow;

use url::Url;

use crate::{
    answer::Refusal,
    words,
    world::{App, codes::Scope},
};

/// The parameters of the authorize link, in the order that WeChat insists on.
const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

/// What may follow them: WeChat's own extras, and the simulator's shortcuts.
const EXTRAS: [&str; 5] = ["connect_redirect", "forcePopup", "forceSnapShot", "_sim_user", "_sim_consent"];

const LONGEST_STATE: usize = 128;

/// Every parameter as it came, decoded.
pub struct Asked<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Deny,
}

/// A request that keeps the rules.
pub struct Request<'a> {
    /// On one of the app's callback domains.
    pub redirect_uri: Url,
    scope: &'a str,
    pub state: &'a str,
    pub force_popup: bool,
    /// The person that the simulator's shortcut names.
    pub user: Option<&'a str>,
    asked: &'a Asked<'a>,
}

impl<'a> Asked<'a> {
    pub fn parse(pairs: &'a [u8]) -> Self {
        Self(url::form_urlencoded::parse(pairs).collect())
    }

    /// A parameter; an empty one counts as missing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_ref())
    }

    /// What the form's button or the shortcut has decided, if anything.
    ///
    /// # Errors
    /// When it is neither of the two.
    pub fn decision(&self) -> Result<Option<Decision>, Refusal> {
        match self.get("decision").or_else(|| self.get("_sim_consent")) {
            None => Ok(None),
            Some("allow") => Ok(Some(Decision::Allow)),
            Some("deny") => Ok(Some(Decision::Deny)),
            Some(_) => Err(Refusal::worded(-1, "_sim_consent: must be allow or deny")),
        }
    }

    /// What a page's form must carry along so that it asks the same.
    pub fn carried(&self) -> impl Iterator<Item = (&'static str, &str)> {
        ORDER.into_iter().filter_map(|name| Some((name, self.get(name)?)))
    }

    /// Holds a request of the authorize page against the rules; `ordered` tells whether their order counts.
    ///
    /// # Errors
    /// 10010 to 10013 for what is empty, 10003 for a foreign redirect_uri; without a code of WeChat's for a wrong order
    /// or form.
    pub fn check(&self, app: &App, ordered: bool) -> Result<Request<'_>, Refusal> {
        let redirect_uri = self.get("redirect_uri").ok_or_else(|| Refusal::of(10011))?;
        let scope = self.get("scope").ok_or_else(|| Refusal::of(10010))?;
        let state = match self.get("state") {
            None if app.strict => return Err(Refusal::of(10013)),
            state => state.unwrap_or(""),
        };
        if self.get("response_type") != Some("code") {
            return Err(Refusal::shown(-1, words::RESPONSE_TYPE));
        }
        if ordered && !self.in_order() {
            return Err(Refusal::shown(-1, words::ORDER));
        }
        if app.strict && !is_plain(state) {
            return Err(Refusal::shown(-1, words::STATE));
        }
        Ok(self.request(target(app, redirect_uri).ok_or_else(|| Refusal::of(10003))?, scope, state))
    }

    /// Holds a request of the QR page against the rules: less is asked, and everything is refused alike.
    ///
    /// # Errors
    /// "该链接无法访问", with the code that the authorize page would show.
    pub fn check_website(&self, app: &App) -> Result<Request<'_>, Refusal> {
        let redirect_uri = self.get("redirect_uri").ok_or_else(|| closed(10011))?;
        let scope = self.get("scope").ok_or_else(|| closed(10010))?;
        if self.get("response_type").is_some_and(|kind| kind != "code") {
            return Err(closed(-1));
        }
        // A list is allowed, but there is only one scope to stand in it.
        if scope.split(',').any(|scope| scope != Scope::Login.name()) || !app.certified {
            return Err(closed(10005));
        }
        let url = target(app, redirect_uri).ok_or_else(|| closed(10003))?;
        Ok(self.request(url, scope, self.get("state").unwrap_or("")))
    }

    fn request<'s>(&'s self, redirect_uri: Url, scope: &'s str, state: &'s str) -> Request<'s> {
        Request {
            redirect_uri,
            scope,
            state,
            force_popup: self.get("forcePopup") == Some("true"),
            user: self.get("_sim_user"),
            asked: self,
        }
    }

    fn in_order(&self) -> bool {
        let known = self.0.iter().zip(ORDER).all(|((name, _), expected)| name == expected);
        let mut extras = self.0.iter().skip(ORDER.len()).map(|(name, _)| name.as_ref());
        self.0.len() >= ORDER.len() && known && extras.all(|name| EXTRAS.contains(&name))
    }
}

impl Request<'_> {
    /// # Errors
    /// 10005 for a scope that is not among these.
    pub fn scope(&self, allowed: &[Scope]) -> Result<Scope, Refusal> {
        Scope::named(self.scope).filter(|scope| allowed.contains(scope)).ok_or_else(|| Refusal::of(10005))
    }

    /// What the form's button or the shortcut has decided, if anything.
    ///
    /// # Errors
    /// When it is neither of the two.
    pub fn decision(&self) -> Result<Option<Decision>, Refusal> {
        self.asked.decision()
    }
}

/// What the QR page says whatever is wrong with its link.
pub fn closed(code: i32) -> Refusal {
    Refusal::shown(code, words::CLOSED)
}

fn is_plain(state: &str) -> bool {
    state.len() <= LONGEST_STATE && state.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Where to go back to, when that is on one of the app's domains.
pub fn target(app: &App, redirect_uri: &str) -> Option<Url> {
    Url::parse(redirect_uri).ok().filter(|url| app.may_redirect_to(url))
}

/// The way back with a code. A query that is there stays.
pub fn with_code(redirect_uri: &Url, code: &str, state: &str) -> String {
    let state: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
    let answer = format!("code={code}&state={state}");
    let mut url = redirect_uri.clone();
    let query = match url.query() {
        None | Some("") => answer,
        Some(present) => format!("{present}&{answer}"),
    };
    url.set_query(Some(&query));
    url.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::world::AppKind;

    fn app(strict: bool) -> App {
        let domains = vec![String::from("127.0.0.1"), String::from("www.qq.com")];
        App { callback_domains: domains, strict, ..App::new("a", AppKind::OfficialAccount, "wx1", "s") }
    }

    fn written(pairs: &[(String, String)]) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn link(state: &str) -> Vec<(String, String)> {
        vec![
            pair("appid", "wx1"),
            pair("redirect_uri", "http://127.0.0.1/"),
            pair("response_type", "code"),
            pair("scope", "snsapi_base"),
            pair("state", state),
        ]
    }

    /// Pieces of which hostile addresses are made.
    fn address() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "http://",
            "https://",
            "//",
            "/",
            "\\",
            "@",
            ":",
            "127.0.0.1",
            "www.qq.com",
            "evil.example",
            "80",
            "?",
            "#",
            "%2e",
            "%40",
            ".",
            "\n",
            "\t",
            " ",
            "[",
            "]",
            "::1",
            "javascript:",
            "你",
        ]);
        prop_oneof![prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()), any::<String>()]
    }

    proptest! {
        #[test]
        fn no_query_breaks_the_parser(query in prop::collection::vec(any::<u8>(), 0..400), strict: bool) {
            let asked = Asked::parse(&query);
            let _ = asked.check(&app(strict), strict);
            let _ = asked.check_website(&app(strict));
        }

        #[test]
        fn whatever_is_taken_leads_to_a_domain_of_the_app(address in address(), state in "[a-zA-Z0-9]{1,128}") {
            let mut pairs = link(&state);
            pairs[1].1 = address;
            let text = written(&pairs);
            let asked = Asked::parse(text.as_bytes());
            if let Ok(request) = asked.check(&app(true), true) {
                let back = with_code(&request.redirect_uri, "c0de", request.state);
                prop_assert!(back.bytes().all(|byte| byte.is_ascii_graphic()), "{back}");
                let host = back.strip_prefix("http").unwrap().trim_start_matches('s').strip_prefix("://").unwrap();
                let host = host.split(['/', '?', '#', ':', '\\']).next().unwrap();
                prop_assert!(["127.0.0.1", "www.qq.com"].contains(&host), "{back}");
            }
        }

        #[test]
        fn only_one_order_is_taken(order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle()) {
            let sorted = link("a1");
            let pairs: Vec<_> = order.iter().map(|&at| sorted[at].clone()).collect();
            let text = written(&pairs);
            let asked = Asked::parse(text.as_bytes());
            prop_assert_eq!(asked.check(&app(true), true).is_ok(), pairs == sorted);
            prop_assert!(asked.check(&app(false), false).is_ok());
        }

        #[test]
        fn code_and_state_come_back_as_they_went_in(state: String, query in "[a-z=&%0-9]{0,20}") {
            let url = Url::parse(&format!("http://127.0.0.1/?{query}")).unwrap();
            let before: Vec<_> = url.query_pairs().into_owned().collect();
            let back = Url::parse(&with_code(&url, "c0de", &state)).unwrap();
            let mut after: Vec<_> = back.query_pairs().into_owned().collect();
            prop_assert_eq!(after.pop(), Some(pair("state", &state)));
            prop_assert_eq!(after.pop(), Some(pair("code", "c0de")));
            prop_assert_eq!(after, before);
        }

        #[test]
        fn a_state_counts_in_bytes_of_plain_letters(state: String) {
            let text = written(&link(&state));
            let plain = (1..=128).contains(&state.len()) && state.bytes().all(|byte| byte.is_ascii_alphanumeric());
            prop_assert_eq!(Asked::parse(text.as_bytes()).check(&app(true), true).is_ok(), plain);
        }
    }
}
