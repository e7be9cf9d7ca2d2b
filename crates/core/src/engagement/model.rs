use crate::{App, Code, Failure, Outcome, apikey::ApiKey, authorization, session::Caller};

/// Who calls.
#[derive(Clone, Debug)]
pub enum Party {
    /// Another service with its key.
    Service(ApiKey),
    /// Somebody with WeChat, for themselves.
    Person(Box<Caller>),
    /// Nobody knows: the operator lets published clients call that send no credentials (`engagement.open`).
    Anyone,
}

impl Party {
    /// `key:key_…`, `user:7`, `anyone`.
    pub fn name(&self) -> String {
        match self {
            Self::Service(key) => format!("key:{}", key.id),
            Self::Person(caller) => format!("user:{}", caller.profile.id),
            Self::Anyone => "anyone".to_owned(),
        }
    }

    /// Refuses a person who speaks for another; `field` is where the request names the openid.
    pub async fn speaks_for(&self, app: &App, field: &'static str, openid: &str) -> Outcome<()> {
        match self {
            Self::Person(caller) if !authorization::flow::is_of(app, openid, caller).await? => {
                Err(Failure::new(Code::Forbidden).detail(format!("{field} is not the openid of this user")))
            }
            _ => Ok(()),
        }
    }
}
