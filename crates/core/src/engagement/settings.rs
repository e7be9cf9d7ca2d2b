use std::time::Duration;

use weir_base::{settings, settings::Span};

use crate::message::QuietHours;

settings! {
    /// What customers do, and what advisors are told of it.
    pub struct EngagementSettings in "engagement" {
        /// Let anybody record actions, save subscriptions and send messages, as published clients do that send no
        /// credentials: whoever finds the address may then write, and message whom they like. Each start warns of it.
        open: bool = false,
        /// Messages that one process sends at once at the most. Those to one person go one after another in any case.
        workers: usize = 32,
        /// Messages that one process begins a second for each app at the most; 0: as many as it can.
        messages_per_second: u32 = 0,
        /// How long a message may wait. One that is older is not sent any more. A template may have its own.
        expires_after: Span = Span::seconds(86_400),
        /// How often a message is tried before it is given up.
        max_attempts: u32 = 20,
        /// Hours in which no queued message is sent, in China's time, as in `22:00-08:00`. Empty: none.
        quiet_hours: QuietHours = QuietHours::NONE,
        /// How long a process may take over one message before another process goes on in its place. More than a call to
        /// WeChat takes with all its tries.
        lease: Span = Span::seconds(60),
        /// How long messages that are over, their attempts, actions and the ledgers' entries are kept. Leads and what remains
        /// of accepts stay. 0 keeps all of it for good.
        keep: Span = Span::seconds(180 * 86_400),
    }
}

/// Keys of repeated requests are known for a day, and an answer to WeChat's prompt is told twice within minutes.
const LEAST: Duration = Duration::from_secs(2 * 86_400);

impl EngagementSettings {
    pub fn validate(&self) -> Result<(), String> {
        if self.workers == 0 || self.max_attempts == 0 || self.expires_after.0.is_zero() {
            return Err(
                "engagement.workers, engagement.max_attempts and engagement.expires_after must not be 0"
                    .to_owned(),
            );
        }
        if self.lease.0 < Duration::from_secs(1) {
            return Err("engagement.lease must be 1s at the least: within it a message is sent".to_owned());
        }
        if !self.keep.0.is_zero() && self.keep.0 < LEAST {
            return Err("engagement.keep must be 2 days at the least (or 0, for good): until then answers to repeated \
                 requests and WeChat's events tell of what is kept"
                .to_owned());
        }
        Ok(())
    }
}
