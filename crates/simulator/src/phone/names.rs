//! Names of web views. A page of `http://127.0.0.1:8080` in u1's phone is at `http://u1.127-0-0-1-8080.weir.localhost:7070`:
//! an origin of its own, which browsers find on this machine (RFC 6761, 6.3), so that everything relative on the page,
//! its storage and its `fetch` work as they do in WeChat.

use std::net::Ipv4Addr;

use url::{Host, Url};

const SUFFIX: &str = ".weir.localhost";
/// Where WeChat's script is in pages that are made for the real one.
const JWEIXIN: &str = "https://res.wx.qq.com";

/// Whose phone shows which origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// A person's id, in small letters as browsers write hosts.
    pub person: String,
    pub target: Target,
}

/// An origin of this machine: `http`, and a host that leads nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// `None` for whatever is not `http` on this machine.
    pub fn of(url: &Url) -> Option<Self> {
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = match url.host()? {
            Host::Domain("localhost") => "localhost".to_owned(),
            Host::Ipv4(address) if address.is_loopback() => address.to_string(),
            Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => return None,
        };
        Some(Self { host, port: url.port().unwrap_or(80) })
    }

    fn parse(host: &str, port: u16) -> Option<Self> {
        let is_here =
            host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        is_here.then(|| Self { host: host.to_owned(), port })
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:8080`
    pub fn origin(&self) -> String {
        if self.port == 80 {
            return format!("http://{}", self.host);
        }
        format!("http://{}:{}", self.host, self.port)
    }

    fn label(&self) -> String {
        format!("{}-{}", self.host.replace('.', "-"), self.port)
    }

    fn of_label(label: &str) -> Option<Self> {
        let (host, port) = label.rsplit_once('-')?;
        Self::parse(&host.replace('-', "."), port.parse().ok()?)
    }
}

impl View {
    /// The view that a request's `Host` names, and the simulator's port; `None` when it is no view's.
    pub fn of_host(host: &str) -> Option<(Self, u16)> {
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
        let (person, label) = name.strip_suffix(SUFFIX)?.split_once('.')?;
        let target = Target::of_label(label)?;
        (!person.is_empty()).then_some((Self { person: person.to_owned(), target }, port.parse().ok()?))
    }

    /// `http://u1.127-0-0-1-8080.weir.localhost:7070`, `port` being the simulator's.
    pub fn origin(&self, port: u16) -> String {
        format!("http://{}.{}{SUFFIX}:{port}", self.person, self.target.label())
    }
}

/// How an origin is written in a text: plain, in a query or form, in JSON that escapes slashes. Scheme, then the sign
/// before the port.
const PLAIN: (&str, &str) = ("http://", ":");
const ENCODED: (&str, &str) = ("http%3A%2F%2F", "%3A");
const ESCAPED: (&str, &str) = ("http:\\/\\/", ":");

impl View {
    /// What a page in this view may read: every origin of this machine, and the address of WeChat's script, is a view of the
    /// same person. What is encoded stays, so that WeChat is asked for what the page's server asked for.
    ///
    /// `port` is the one under which browsers find the simulator, `own` the one on which it listens.
    pub fn shown(&self, text: &str, port: u16, own: u16) -> String {
        let simulator =
            Self { person: self.person.clone(), target: Target { host: "127.0.0.1".to_owned(), port: own } };
        let text = text.replace(JWEIXIN, &simulator.origin(port));
        changed(&text, &[PLAIN, ESCAPED], |host, target_port| {
            let target = Target::parse(host, target_port)?;
            let view = Self { person: self.person.clone(), target };
            Some((format!("{}.{}{SUFFIX}", view.person, view.target.label()), port))
        })
    }
}

/// What a page of a view says, as the server knows it: every view is the origin that it shows.
pub fn real(text: &str) -> String {
    changed(text, &[PLAIN, ENCODED, ESCAPED], |host, port| {
        let (view, _) = View::of_host(&format!("{host}:{port}"))?;
        Some((view.target.host, view.target.port))
    })
}

/// `text` with other hosts and ports in the addresses for which `change` has some.
fn changed(
    text: &str,
    forms: &[(&str, &str)],
    change: impl Fn(&str, u16) -> Option<(String, u16)>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("http") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let written = forms.iter().find_map(|(scheme, colon)| {
            let (host, port, after) = read(rest, scheme, colon)?;
            let (host, port) = change(host, port)?;
            let port = if port == 80 { String::new() } else { format!("{colon}{port}") };
            Some((format!("{}{host}{port}", &rest[..scheme.len()]), after))
        });
        match written {
            Some((address, after)) => {
                out.push_str(&address);
                rest = after;
            }
            None => {
                out.push_str("http");
                rest = &rest["http".len()..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Host and port of the address that `text` begins with, and what comes after.
fn read<'t>(text: &'t str, scheme: &str, colon: &str) -> Option<(&'t str, u16, &'t str)> {
    let begins =
        |text: &str, with: &str| text.get(..with.len()).is_some_and(|begun| begun.eq_ignore_ascii_case(with));
    if !begins(text, scheme) {
        return None;
    }
    let after = &text[scheme.len()..];
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let end = after.bytes().position(|byte| !is_host(byte)).unwrap_or(after.len());
    let (host, after) = after.split_at(end);
    if !begins(after, colon) {
        return Some((host, 80, after));
    }
    let digits = &after[colon.len()..];
    let end = digits.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    match digits[..end].parse() {
        Ok(port) => Some((host, port, &digits[end..])),
        Err(_) => Some((host, 80, after)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VIEW: &str = "http://u1.127-0-0-1-8080.weir.localhost:7070";

    fn view() -> View {
        View::of_host("u1.127-0-0-1-8080.weir.localhost:7070").expect("a view").0
    }

    #[test]
    fn a_view_has_the_name_that_it_is_found_by() {
        let (found, port) = View::of_host("u1.127-0-0-1-8080.weir.localhost:7070").unwrap();
        assert_eq!(
            (found.person.as_str(), found.target.origin().as_str(), port),
            ("u1", "http://127.0.0.1:8080", 7070)
        );
        assert_eq!(found.origin(7070), VIEW);
        let (found, _) = View::of_host("u2.localhost-80.weir.localhost:7070").unwrap();
        assert_eq!(found.target.origin(), "http://localhost");
        for none in [
            "127.0.0.1:7070",
            "weir.localhost:7070",
            "u1.weir.localhost:7070",
            ".127-0-0-1-8080.weir.localhost:7070",
            "u1.10-0-0-1-8080.weir.localhost:7070",
            "u1.example-com-80.weir.localhost:7070",
            "u1.127-0-0-1-x.weir.localhost:7070",
            "u1.127-0-0-1-8080.weir.localhost.example.com:7070",
            "u1.127-0-0-1-99999.weir.localhost:7070",
        ] {
            assert!(View::of_host(none).is_none(), "{none}");
        }
    }

    #[test]
    fn nothing_outside_this_machine_is_a_target() {
        for elsewhere in [
            "https://127.0.0.1/",
            "http://example.com/",
            "http://10.0.0.1/",
            "http://127.0.0.1@example.com/",
            "http://user@127.0.0.1/",
            "http://[::1]:80/",
            "ftp://localhost/",
            "http://localhost.example.com/",
        ] {
            assert!(Target::of(&Url::parse(elsewhere).unwrap()).is_none(), "{elsewhere}");
        }
        assert_eq!(
            Target::of(&Url::parse("http://localhost:3000/x").unwrap()).unwrap().origin(),
            "http://localhost:3000"
        );
    }

    #[test]
    fn texts_are_of_the_view_for_the_page_and_real_for_the_server() {
        let shown = view().shown(
            "a http://127.0.0.1:8080/x?y=http%3A%2F%2F127.0.0.1%3A8080%2Fz \"http:\\/\\/localhost:3000\\/\" https://127.0.0.1 http://example.com:80/",
            7070,
            7070,
        );
        assert_eq!(
            shown,
            format!(
                "a {VIEW}/x?y=http%3A%2F%2F127.0.0.1%3A8080%2Fz \"http:\\/\\/u1.localhost-3000.weir.localhost:7070\\/\" https://127.0.0.1 http://example.com:80/"
            )
        );
        assert_eq!(
            view().shown("src=\"https://res.wx.qq.com/open/js/x.js\"", 7070, 7070),
            "src=\"http://u1.127-0-0-1-7070.weir.localhost:7070/open/js/x.js\""
        );
        assert_eq!(real(&format!("{VIEW}/a?b=1")), "http://127.0.0.1:8080/a?b=1");
        assert_eq!(
            real(
                "redirect=http%3A%2F%2Fu1.127-0-0-1-8080.weir.localhost%3A7070%2Fp&x=http%3a%2f%2fu1.localhost-80.weir.localhost%3a7070"
            ),
            "redirect=http%3A%2F%2F127.0.0.1%3A8080%2Fp&x=http%3a%2f%2flocalhost"
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_of_a_text_is_really_that_text(text in "([ -~]|http://|127\\.0\\.0\\.1|localhost|:8080|%3A){0,20}") {
            let port_80_is_written_short = text.replace("localhost:80", "localhost").replace("127.0.0.1:80", "127.0.0.1");
            if port_80_is_written_short == text {
                prop_assert_eq!(real(&view().shown(&text, 7070, 7070)), text);
            }
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,64}") {
            real(&text);
            view().shown(&text, 7070, 7070);
        }
    }
}
