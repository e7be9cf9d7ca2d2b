use weir_base::{settings, settings::Span};

settings! {
    /// The shared access_token of each app.
    pub struct AppTokenSettings in "app_token" {
        /// How long before its end a token is replaced, while the old one still serves.
        refresh_ahead: Span = Span::seconds(240),
        /// How long one process may take to fetch the next token before another tries.
        lease: Span = Span::seconds(15),
        /// Tokens fetched an hour at the most, whatever happens. Keeps a storm of "invalid token" from using up the day's
        /// quota.
        refreshes_per_hour: u32 = 30,
        /// The first wait after WeChat refused a token. It doubles up to five minutes.
        backoff: Span = Span::seconds(2),
    }
}
