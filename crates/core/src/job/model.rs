use weir_base::{Timestamp, text_id};
use weir_store::{row, text_enum, text_field};

text_id!(/// One job.
    JobId, "job");
text_field!(JobId);

text_enum! {
    /// What is to be done. The subject of each is the id of what it is about.
    pub enum JobKind {
        SendMessage = "send_message",
        /// What WeChat pushed.
        WorkPush = "work_push",
    }
}

/// The queue that all pushes wait in.
pub(super) const PUSHES: &str = "pushes";

impl JobKind {
    /// The queue that the jobs of a lane wait in: an app's messages wait together.
    pub(crate) fn queue(self, lane: &str) -> &str {
        match self {
            Self::SendMessage => lane.split(':').next().unwrap_or_default(),
            Self::WorkPush => PUSHES,
        }
    }
}

row! {
    /// A job that is ours to do, until the lease ends.
    pub struct Leased {
        pub id: JobId,
        pub kind: JobKind,
        pub subject: String,
        pub queue: String,
        pub lane: String,
        /// The token of the lease: whatever is written on behalf of the job is guarded by it.
        pub lease: String,
        /// How often it was leased, this time included.
        pub runs: i64,
    }
}

row! {
    /// A place in the order of a queue.
    pub struct Place {
        pub due_at: Timestamp,
        pub id: String,
    }
}

/// What became of a job. Its own transaction has finished it or given its lease back.
#[derive(Debug)]
pub enum Done {
    Finished,
    /// It is due again.
    Later,
    /// The lease went to somebody else meanwhile, who knows better.
    Lost,
}
