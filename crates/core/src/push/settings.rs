use weir_base::{settings, settings::Span};

settings! {
    /// What WeChat pushes to `/wechat/push/{app}`.
    pub struct PushSettings in "push" {
        /// How far WeChat's clock and ours may be apart: what is older or younger is taken for a replay.
        window: Span = Span::seconds(600),
        /// The largest push in bytes.
        body_limit: usize = 65_536,
        /// How long pushes are kept that have been worked on. 0 keeps them for good.
        keep: Span = Span::seconds(30 * 86_400),
    }
}

/// WeChat sends a push three times within fifteen seconds.
const LEAST: u64 = 30;

impl PushSettings {
    pub fn validate(&self) -> Result<(), String> {
        if self.window.0.as_secs() < LEAST {
            return Err(
                "push.window must be 30s at the least: WeChat repeats a push for 15 seconds".to_owned()
            );
        }
        if self.body_limit < 1024 {
            return Err("push.body_limit must be 1024 at the least".to_owned());
        }
        if !self.keep.0.is_zero() && self.keep.0 < self.window.0 * 2 {
            return Err(
                "push.keep must be twice push.window at the least, or repeats are not known again".to_owned()
            );
        }
        Ok(())
    }
}
