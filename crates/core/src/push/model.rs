use weir_base::{Timestamp, text_id};
use weir_store::{row, text_enum, text_field};

text_id!(/// One push.
    PushId, "psh");
text_field!(PushId);

text_enum! {
    /// How far a push has come.
    pub enum PushState {
        /// Acknowledged; its job works on it.
        Stored = "stored",
        Worked = "worked",
        /// Nothing of ours is told by it. It is kept, to be seen.
        Unknown = "unknown",
        /// It does not say what it must.
        Failed = "failed",
    }
}

row! {
    /// A push without what it says.
    pub struct PushRow {
        pub id: PushId,
        pub appid: String,
        pub kind: String,
        pub event: Option<String>,
        pub openid: Option<String>,
        pub state: PushState,
        pub reason: Option<String>,
        /// How often it came.
        pub times: i64,
        pub created_at: Timestamp,
        pub worked_at: Option<Timestamp>,
    }
}

row! {
    /// What a push says, sealed.
    pub struct BodyRow {
        pub appid: String,
        pub body: String,
        pub state: PushState,
    }
}

/// What the query of a push says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Proof<'a> {
    pub signature: Option<&'a str>,
    pub timestamp: Option<&'a str>,
    pub nonce: Option<&'a str>,
    /// In safe and compatible mode.
    pub msg_signature: Option<&'a str>,
}

/// The context that a push's body is sealed in.
pub(super) fn context(id: &PushId) -> String {
    format!("push:{id}")
}
