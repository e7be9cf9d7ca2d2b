use aws_lc_rs::digest;
use weir_base::text_id;
use weir_store::{text_enum, text_field};

text_id!(/// One API key.
    KeyId, "key");
text_field!(KeyId);

text_enum! {
    /// What a key may do.
    pub enum Scope {
        MessagesSend = "messages:send",
        CrmRead = "crm:read",
        CrmWrite = "crm:write",
        TokensRead = "tokens:read",
        UsersRead = "users:read",
        UsersWrite = "users:write",
        Admin = "admin",
    }
}

impl Scope {
    pub const ALL: [Self; 7] = [
        Self::MessagesSend,
        Self::CrmRead,
        Self::CrmWrite,
        Self::TokensRead,
        Self::UsersRead,
        Self::UsersWrite,
        Self::Admin,
    ];

    /// `messages:send,crm:read` → scopes; the error names the word that is none.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        let scopes = words.map(|word| {
            Self::parse(word).ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(Self::as_str).collect();
                format!("{word:?} is no scope; the scopes are {}", known.join(", "))
            })
        });
        scopes.collect()
    }

    pub fn join(scopes: &[Self]) -> String {
        scopes.iter().map(Self::as_str).collect::<Vec<_>>().join(",")
    }
}

/// A key that was presented and is good.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: KeyId,
    pub scopes: Vec<Scope>,
}

impl ApiKey {
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}

/// Whether a bearer credential has the form of a key: `weir_` and 43 characters of base64url.
pub fn looks_like_key(credential: &str) -> bool {
    credential.strip_prefix("weir_").is_some_and(|rest| {
        rest.len() == 43
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

/// SHA-256 in hex. A key has 256 bits of chance, so there is nothing for a slow hash to protect.
pub fn digest_of(key: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_and_a_wrong_one_is_named() {
        assert_eq!(
            Scope::parse_list("messages:send,crm:read"),
            Ok(vec![Scope::MessagesSend, Scope::CrmRead])
        );
        assert!(Scope::parse_list("crm:delete").is_err_and(|error| error.contains("crm:delete")));
    }

    #[test]
    fn only_the_documented_form_is_a_key() {
        let key = format!("weir_{}", "a".repeat(43));
        assert!(looks_like_key(&key));
        for other in
            ["weir_", "eyJhbGciOiJIUzI1NiJ9.e30.x", &key[..47], &format!("{key}a"), &key.replace('a', "+")]
        {
            assert!(!looks_like_key(other), "{other}");
        }
    }
}
