//! Names in the environment: `WEIR_…` for every setting, and those of the published systems, which fill the same.

/// A published name and the setting that it fills.
pub struct Alias {
    pub name: &'static str,
    pub key: &'static str,
}

const fn alias(name: &'static str, key: &'static str) -> Alias {
    Alias { name, key }
}

pub const ALIASES: [Alias; 7] = [
    alias("JWT_SECRET", "auth.jwt_secret"),
    alias("JWT_EXPIRES_IN", "auth.expires_in"),
    alias("API_PORT", "server.port"),
    alias("API_HOST", "server.address"),
    alias("CORS_ORIGIN", "server.cors_origins"),
    alias("WECHAT_REDIRECT_URI", "web.redirect_uri"),
    alias("WECHAT_QR_TIMEOUT", "binding.qr_timeout"),
];

/// A published name for an app's credentials.
pub struct AppAlias {
    pub name: &'static str,
    /// The app that it makes or changes.
    pub app: &'static str,
    pub kind: &'static str,
    /// `appid` or `secret`.
    pub field: &'static str,
}

const fn mini(name: &'static str, field: &'static str) -> AppAlias {
    AppAlias { name, app: "mini", kind: "mini_program", field }
}

const fn official(name: &'static str, field: &'static str) -> AppAlias {
    AppAlias { name, app: "official", kind: "official_account", field }
}

/// Later ones beat earlier ones.
pub const APP_ALIASES: [AppAlias; 6] = [
    mini("WECHAT_APPID", "appid"),
    mini("WECHAT_SECRET", "secret"),
    mini("WX_APPID", "appid"),
    mini("WX_SECRET", "secret"),
    official("WECHAT_APP_ID", "appid"),
    official("WECHAT_APP_SECRET", "secret"),
];

/// They make `database.url` together, once `DB_HOST` is set.
pub const DATABASE: [&str; 5] = ["DB_HOST", "DB_PORT", "DB_NAME", "DB_USERNAME", "DB_PASSWORD"];

/// Published names that no setting reads yet: they may be there and do nothing.
pub const NOT_READ: [&str; 5] = ["REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "REDIS_DB", "SESSION_SECRET"];

/// `DB_HOST` and its kin as an address. `None` without `DB_HOST`.
pub fn database_url(variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, String> {
    let Some(host) = variable("DB_HOST") else { return Ok(None) };
    let needed = |name: &str| {
        variable(name)
            .ok_or_else(|| format!("DB_HOST is set, but {name} is not: set it, or database.url instead"))
    };
    let (name, user) = (needed("DB_NAME")?, needed("DB_USERNAME")?);
    let port = variable("DB_PORT").unwrap_or_else(|| "5432".to_owned());
    if port.parse::<u16>().is_err() {
        return Err(format!("DB_PORT: {port:?} is no port"));
    }
    let password = variable("DB_PASSWORD").map(|password| format!(":{}", encoded(&password)));
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
    let password = password.unwrap_or_default();
    Ok(Some(format!("postgres://{}{password}@{host}:{port}/{}", encoded(&user), encoded(&name))))
}

/// Percent-encoded: everything but RFC 3986's unreserved characters.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        database_url(&|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_host_makes_an_address_in_which_every_character_is_what_it_was() {
        let variables = [
            ("DB_HOST", "db.internal"),
            ("DB_NAME", "weir"),
            ("DB_USERNAME", "we ir"),
            ("DB_PASSWORD", "p@ss/w:rd%"),
        ];
        let expected = "postgres://we%20ir:p%40ss%2Fw%3Ard%25@db.internal:5432/weir";
        assert_eq!(url(&variables), Ok(Some(expected.to_owned())));
        let v6 = [("DB_HOST", "::1"), ("DB_PORT", "6432"), ("DB_NAME", "n"), ("DB_USERNAME", "u")];
        assert_eq!(url(&v6), Ok(Some("postgres://u@[::1]:6432/n".to_owned())));
    }

    #[test]
    fn without_a_host_there_is_no_address_and_half_of_one_is_refused() {
        assert_eq!(url(&[("DB_NAME", "weir")]), Ok(None));
        assert!(url(&[("DB_HOST", "h"), ("DB_USERNAME", "u")]).is_err_and(|error| error.contains("DB_NAME")));
        let wrong_port = [("DB_HOST", "h"), ("DB_NAME", "n"), ("DB_USERNAME", "u"), ("DB_PORT", "x")];
        assert!(url(&wrong_port).is_err_and(|error| error.contains("DB_PORT")));
    }
}
