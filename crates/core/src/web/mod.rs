//! Where people reach this server, and where they may be sent from it.

pub mod settings;

pub use settings::WebSettings;

use url::Url;

/// The path of the callback that WeChat sends people back to.
pub const CALLBACK_PATH: &str = "/api/wechat/callback";

/// The addresses of this server, as the settings say them.
#[derive(Clone, Debug)]
pub struct Web {
    /// Without a path: `https://id.example.com/`.
    pub public_url: Url,
    /// Where WeChat sends people back to, to the letter as it goes into WeChat's authorize address.
    pub redirect_uri: String,
    /// What people are shown as the name of the site.
    pub site_name: String,
}

impl Web {
    /// # Errors
    /// A sentence that says which setting is wrong and how to mend it.
    pub fn new(settings: &WebSettings) -> Result<Self, String> {
        let redirect = match settings.redirect_uri.as_str() {
            "" => None,
            text => Some(address("web.redirect_uri (WECHAT_REDIRECT_URI)", text)?),
        };
        let mut public_url = match (settings.public_url.as_str(), &redirect) {
            ("", Some(redirect)) => redirect.clone(),
            ("", None) => address("web.public_url", "http://127.0.0.1:8080")?,
            (text, _) => address("web.public_url", text)?,
        };
        for page in &settings.redirects {
            address("web.redirects", page)?;
        }
        for relay in &settings.relays {
            let named = relay.split_once('=').filter(|(name, _)| !name.trim().is_empty());
            let (_, page) = named.ok_or_else(|| {
                format!(
                    "web.relays: {relay:?} must be NAME=ADDRESS, as in shop=https://shop.example.com/login"
                )
            })?;
            address("web.relays", page)?;
        }
        public_url.set_path("/");
        public_url.set_query(None);
        let redirect_uri = match redirect {
            Some(_) => settings.redirect_uri.clone(),
            None => format!("{}{CALLBACK_PATH}", origin(&public_url)),
        };
        let site_name = match settings.site_name.as_str() {
            "" => public_url.host_str().unwrap_or_default().to_owned(),
            name => name.to_owned(),
        };
        Ok(Self { public_url, redirect_uri, site_name })
    }

    /// `https://id.example.com` with the path appended, which begins with `/`.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", origin(&self.public_url))
    }

    /// Whether cookies can be kept to HTTPS.
    pub fn is_secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Scheme, host and port, without a slash at the end.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn address(setting: &str, text: &str) -> Result<Url, String> {
    let refused = || {
        format!(
            "{setting}: {text:?} is no address such as https://id.example.com (http or https, without user or fragment)"
        )
    };
    let url = Url::parse(text).map_err(|_| refused())?;
    let usable = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    if usable { Ok(url) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(public_url: &str, redirect_uri: &str) -> Result<Web, String> {
        Web::new(&WebSettings {
            public_url: public_url.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            ..WebSettings::default()
        })
    }

    #[test]
    fn each_address_is_made_of_the_other_when_it_is_missing() {
        let by_public = web("https://id.example.com/", "").unwrap();
        assert_eq!(by_public.redirect_uri, "https://id.example.com/api/wechat/callback");
        assert_eq!(by_public.address("/s/x"), "https://id.example.com/s/x");
        let by_redirect = web("", "https://id.example.com:8443/api/wechat/callback").unwrap();
        assert_eq!(by_redirect.address("/s/x"), "https://id.example.com:8443/s/x");
        assert!(by_redirect.is_secure() && !web("", "").unwrap().is_secure());
        assert_eq!(by_redirect.site_name, "id.example.com");
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_setting_that_says_it() {
        for wrong in ["id.example.com", "ftp://x", "https://user@x", "https://x/#y", "javascript:alert(1)"] {
            assert!(web(wrong, "").is_err_and(|error| error.contains("web.public_url")), "{wrong}");
            assert!(web("", wrong).is_err_and(|error| error.contains("WECHAT_REDIRECT_URI")), "{wrong}");
        }
    }
}
