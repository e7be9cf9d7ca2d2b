//! Who accepted messages of which template, and how many of them are left (wechat-protocol.md, section E1).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{TemplateKind, shards::Shards};
use crate::answer::Refusal;

/// A person's answer to the prompt, as `wx.requestSubscribeMessage` reports it, or `withdraw` in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Reject,
    /// The template is banned by WeChat.
    Ban,
    /// Left out of the prompt because of another template's title.
    Filter,
    /// Turned off in the settings or on a message: what was accepted is gone.
    Withdraw,
}

impl Answer {
    pub const ALL: [Self; 5] = [Self::Accept, Self::Reject, Self::Ban, Self::Filter, Self::Withdraw];

    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Ban => "ban",
            Self::Filter => "filter",
            Self::Withdraw => "withdraw",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.name() == name)
    }
}

/// How one person stands to one template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Messages of a one-time template that may still be sent.
    pub credits: u64,
    /// Whether a long-term template may be sent.
    pub allowed: bool,
    /// 43107 until the next accept.
    pub banned: bool,
}

/// By openid, which is of one app, and template.
#[derive(Default)]
pub struct Subscriptions(Shards<HashMap<String, HashMap<String, Standing>>>);

impl Subscriptions {
    /// Gives how many messages may be sent now; `None` for a long-term template, which has no count.
    pub fn answer(&self, openid: &str, template: &str, kind: TemplateKind, answer: Answer) -> Option<u64> {
        let mut piece = self.0.of(openid);
        let standing = piece.entry(openid.to_owned()).or_default().entry(template.to_owned()).or_default();
        match answer {
            Answer::Accept => {
                *standing = Standing { credits: standing.credits + 1, allowed: true, banned: false };
            }
            // One refusal takes nothing away that was accepted before.
            Answer::Reject | Answer::Filter => {}
            Answer::Ban => standing.banned = true,
            Answer::Withdraw => (standing.credits, standing.allowed) = (0, false),
        }
        (kind == TemplateKind::OneTime).then_some(standing.credits)
    }

    /// Uses one accept up, where there is a count of them.
    ///
    /// # Errors
    /// 43107 when the template is banned, 43101 when nothing is accepted.
    pub fn take(&self, openid: &str, template: &str, kind: TemplateKind) -> Result<(), Refusal> {
        let mut piece = self.0.of(openid);
        let standing = piece.get_mut(openid).and_then(|templates| templates.get_mut(template));
        let standing = standing.ok_or_else(|| Refusal::of(43101))?;
        match kind {
            _ if standing.banned => Err(Refusal::of(43107)),
            TemplateKind::LongTerm if standing.allowed => Ok(()),
            TemplateKind::OneTime if standing.credits > 0 => {
                standing.credits -= 1;
                Ok(())
            }
            TemplateKind::OneTime | TemplateKind::LongTerm => Err(Refusal::of(43101)),
        }
    }

    /// Undoes [`Subscriptions::take`].
    pub fn give_back(&self, openid: &str, template: &str, kind: TemplateKind) {
        let mut piece = self.0.of(openid);
        let standing = piece.get_mut(openid).and_then(|templates| templates.get_mut(template));
        if let (Some(standing), TemplateKind::OneTime) = (standing, kind) {
            standing.credits += 1;
        }
    }

    /// How a person stands to the templates that they were ever asked about.
    pub fn of(&self, openid: &str) -> Vec<(String, Standing)> {
        let piece = self.0.of(openid);
        let templates = piece.get(openid).into_iter().flatten();
        templates.map(|(template, standing)| (template.clone(), *standing)).collect()
    }

    pub fn clear(&self) {
        self.0.clear();
    }

    pub fn snapshot(&self) -> Vec<(String, String, Standing)> {
        let mut all = Vec::new();
        for piece in self.0.each() {
            for (openid, templates) in piece.iter() {
                all.extend(
                    templates
                        .iter()
                        .map(|(template, standing)| (openid.clone(), template.clone(), *standing)),
                );
            }
        }
        all
    }

    pub fn restore(&self, openid: &str, template: String, standing: Standing) {
        self.0.of(openid).entry(openid.to_owned()).or_default().insert(template, standing);
    }
}
