//! The trail of who did what to whom. It holds ids and numbers only: no personal data, so that an erasure leaves it be.

pub mod flow;
pub mod rows;
pub mod settings;

use weir_base::{Timestamp, text_id};
use weir_store::{Executor, StoreError, text_field};

text_id!(/// One entry of the trail.
    AuditId, "aud");
text_field!(AuditId);

/// What is worth remembering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    AccountCreated,
    AccountErased,
    AccountMerged,
    MergeUndone,
    UnionidAttached,
    UnionidConflict,
    CountersWritten,
    SessionOpened,
    SessionEnded,
    TokenReused,
    PhoneRead,
    KeyCreated,
    KeyRevoked,
    AppTokenRefreshed,
    AppTokenInvalid,
    AppTokenGiven,
    BindingMade,
    BindingEnded,
    PushReplayed,
    PrivacyHonoured,
    MessageRetried,
}

impl Action {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountCreated => "account.created",
            Self::AccountErased => "account.erased",
            Self::AccountMerged => "account.merged",
            Self::MergeUndone => "account.merge_undone",
            Self::UnionidAttached => "identity.unionid_attached",
            Self::UnionidConflict => "identity.unionid_conflict",
            Self::CountersWritten => "account.counters_written",
            Self::SessionOpened => "session.opened",
            Self::SessionEnded => "session.ended",
            Self::TokenReused => "session.token_reused",
            Self::PhoneRead => "session.phone_read",
            Self::KeyCreated => "api_key.created",
            Self::KeyRevoked => "api_key.revoked",
            Self::AppTokenRefreshed => "app_token.refreshed",
            Self::AppTokenInvalid => "app_token.invalid",
            Self::AppTokenGiven => "app_token.given",
            Self::BindingMade => "binding.made",
            Self::BindingEnded => "binding.ended",
            Self::PushReplayed => "push.replayed",
            Self::PrivacyHonoured => "privacy.honoured",
            Self::MessageRetried => "message.retried",
        }
    }
}

/// One entry, made outside the transaction that writes it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor: String,
    pub action: Action,
    pub subject: String,
    pub detail: String,
}

impl Entry {
    /// `actor` and `subject` are of the form `user:7`, `session:ses_…`, `key:key_…`, `system`.
    pub fn new(
        app: &crate::App,
        actor: impl Into<String>,
        action: Action,
        subject: impl Into<String>,
    ) -> Self {
        let at = app.clock.now();
        let id = AuditId::new(&app.dice, at);
        Self { id, at, actor: actor.into(), action, subject: subject.into(), detail: String::new() }
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub async fn write(&self, db: impl Executor) -> Result<(), StoreError> {
        let (action, at) = (self.action.as_str(), self.at);
        rows::insert(db, &self.id, at, &self.actor, action, &self.subject, &self.detail).await?;
        Ok(())
    }
}
