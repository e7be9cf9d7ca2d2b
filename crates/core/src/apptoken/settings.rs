use std::time::Duration;

use weir_base::{settings, settings::Span};

settings! {
    /// The shared access_token of each app.
    pub struct AppTokenSettings in "app_token" {
        /// How long before its end a token is replaced, while the old one still serves. Less than five minutes.
        refresh_ahead: Span = Span::seconds(240),
        /// How long one process may take to fetch the next token before another tries.
        lease: Span = Span::seconds(15),
        /// Tokens fetched an hour at the most, whatever happens. Keeps a storm of "invalid token" from using up the day's
        /// quota. Then the last one serves on.
        refreshes_per_hour: u32 = 30,
        /// The first wait after WeChat refused a token. It doubles up to five minutes.
        backoff: Span = Span::seconds(2),
    }
}

/// Until so long before its end, `stable_token` answers with the same token again (wechat-protocol.md C2).
const SAME_UNTIL: Duration = Duration::from_secs(300);

impl AppTokenSettings {
    pub fn validate(&self) -> Result<(), String> {
        if self.refresh_ahead.0 >= SAME_UNTIL {
            return Err(
                "app_token.refresh_ahead must be less than 5m: before that WeChat gives the same token again"
                    .to_owned(),
            );
        }
        if self.lease.0.is_zero() || self.refreshes_per_hour == 0 {
            return Err("app_token.lease and app_token.refreshes_per_hour must not be 0".to_owned());
        }
        Ok(())
    }
}
