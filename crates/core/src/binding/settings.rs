use weir_base::{settings, settings::Span};

settings! {
    /// Binding WeChat accounts, and signing in with them, by QR code.
    pub struct BindingSettings in "binding" {
        /// How long a QR code is good. Also `WECHAT_QR_TIMEOUT`.
        qr_timeout: Span = Span::seconds(300),
        /// Ask on the phone before a WeChat account is bound. It protects from somebody else's QR code slipped to a victim.
        confirm: bool = true,
        /// Believe the openid that a page sends to POST /api/wechat/bind, without proof. For demonstrations in a sandbox
        /// only: whoever can call it binds whomever they like.
        trust_client_openid: bool = false,
        /// Browsers that may wait for news of a QR code (server-sent events) at once, in one process.
        max_watchers: usize = 20_000,
        /// Of those, how many may be of one user, or of one address that signs in. The others ask for the status instead.
        max_watchers_each: usize = 500,
    }
}

impl BindingSettings {
    pub fn validate(&self, sandbox: bool) -> Result<(), String> {
        if self.qr_timeout.0.as_secs() == 0 || self.qr_timeout.0.as_secs() > 3600 {
            return Err(
                "binding.qr_timeout (WECHAT_QR_TIMEOUT) must be between 1s and 1h, as in 5m".to_owned()
            );
        }
        if self.trust_client_openid && !sandbox {
            return Err(
                "binding.trust_client_openid lets anybody bind anybody: it needs sandbox = true, and has no place in \
                 production"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
