use weir_base::text_id;
use weir_store::{text_enum, text_field};

text_id!(/// One entry of the ledger.
    EntryId, "crd");
text_field!(EntryId);

text_enum! {
    /// Why the ledger has an entry.
    pub enum Cause {
        /// The person accepted one message.
        Accept = "accept",
        /// The person refused the prompt. What was accepted before stays.
        Reject = "reject",
        /// WeChat has banned the template.
        Ban = "ban",
        /// WeChat left the template out of the prompt, because another has its title.
        Filter = "filter",
        /// A message was queued or is being sent.
        Taken = "taken",
        /// WeChat took the message.
        Sent = "sent",
        /// The message was not sent.
        Returned = "returned",
        /// WeChat says that nothing is left (43101).
        Corrected = "corrected",
        /// The person turned the template off in WeChat.
        Cleared = "cleared",
    }
}

text_enum! {
    /// Who told.
    pub enum Source {
        /// The mini-program, which anybody can imitate.
        Client = "client",
        /// WeChat, by an event.
        Event = "event",
        /// What became of a message.
        Message = "message",
    }
}

impl Source {
    /// Who tells the same when it is true.
    pub(super) fn other(self) -> Self {
        if self == Self::Client { Self::Event } else { Self::Client }
    }
}

/// What a person answered to the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Reject,
    Ban,
    Filter,
}

impl Answer {
    /// As `wx.requestSubscribeMessage` and the events write it. Accepting with a sound or an alert is accepting.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "accept" | "acceptWithAudio" | "acceptWithAlert" => Some(Self::Accept),
            "reject" => Some(Self::Reject),
            "ban" => Some(Self::Ban),
            "filter" => Some(Self::Filter),
            _ => None,
        }
    }

    pub(super) fn cause(self) -> Cause {
        match self {
            Self::Accept => Cause::Accept,
            Self::Reject => Cause::Reject,
            Self::Ban => Cause::Ban,
            Self::Filter => Cause::Filter,
        }
    }
}

/// Whose ledger, and of which template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub appid: String,
    pub openid: String,
    pub template_id: String,
}
