//! Subscription prompts, the messages on people's phones, and pushes.

use serde_json::{Map, Value, json};

use super::{Asked, ControlError, Later};
use crate::{
    Simulator,
    push::{self, Pushed, WriteError},
    world::{Answer, AppKey, Message},
};

/// How often one call may push the same.
const MOST_PUSHES: u64 = 100_000;

pub fn subscribe(simulator: &Simulator, mut asked: Asked) -> Later<'_> {
    Box::pin(async move {
        let fields = &mut asked.fields;
        let (app, user) = (fields.text("appid")?, fields.text("user")?);
        let template = fields.text("template_id")?;
        let answer = fields.text("result")?;
        let answer = Answer::named(&answer).ok_or_else(|| {
            ControlError::wrong("result", "must be accept, reject, ban, filter or withdraw")
        })?;
        let push = fields.flag("push")?;
        asked.fields.end()?;
        if push {
            // Refused before anything is answered.
            simulator.push_target(&app)?;
        }
        let remaining = simulator.subscribe(&app, &user, &template, answer)?;
        let mut told = json!({ "remaining": remaining });
        if push {
            let openid = simulator.openid(&app, &user)?;
            let event = match answer {
                Answer::Withdraw => push::change_event(&openid, &template),
                answer => push::popup_event(&openid, &template, answer.name()),
            };
            told["push"] = json!(simulator.push(&app, event).await?);
        }
        Ok(told)
    })
}

pub fn subscriptions(simulator: &Simulator, asked: Asked) -> Result<Value, ControlError> {
    let user = asked.param("user").ok_or_else(|| ControlError::wrong("user", "missing"))?;
    asked.fields.end()?;
    let world = simulator.world();
    let (_, person) = world.person(&user).ok_or_else(|| ControlError::absent("user", "user", &user))?;
    let mut standings = Vec::new();
    for app in world.apps() {
        let mut known = simulator.subscriptions().of(&person.openid(app));
        known.sort_by(|(one, _), (other, _)| one.cmp(other));
        standings.extend(known.into_iter().map(|(template, standing)| {
            let mut told = json!(standing);
            (told["appid"], told["template_id"]) = (json!(app.appid), json!(template));
            told
        }));
    }
    Ok(json!({ "subscriptions": standings }))
}

pub fn inbox(simulator: &Simulator, asked: Asked) -> Result<Value, ControlError> {
    let user = asked.param("user").ok_or_else(|| ControlError::wrong("user", "missing"))?;
    asked.fields.end()?;
    Ok(json!({ "messages": simulator.messages(&user)? }))
}

pub fn push(simulator: &Simulator, mut asked: Asked) -> Later<'_> {
    Box::pin(async move {
        let app = asked.fields.text("appid")?;
        let user = asked.fields.text_if_given("user")?;
        let times = asked.fields.number_if_given("times", 1, MOST_PUSHES)?.unwrap_or(1);
        let mut event = match asked.fields.take("event") {
            None => return Err(ControlError::wrong("event", "missing")),
            Some(Value::Object(event)) => event,
            Some(_) => return Err(ControlError::wrong("event", "must be an object")),
        };
        asked.fields.end()?;
        if let Some(user) = user {
            let openid = simulator.openid(&app, &user)?;
            event.entry("FromUserName").or_insert(openid.into());
        }
        // The same push again has the same time and number.
        let event = simulator.completed(simulator.push_target(&app)?, event);
        let mut pushed = Pushed { attempts: Vec::new(), accepted: false };
        for _ in 0..times {
            let one = simulator.push(&app, event.clone()).await?;
            pushed.accepted = one.accepted;
            pushed.attempts.extend(one.attempts);
        }
        Ok(json!(pushed))
    })
}

impl From<WriteError> for ControlError {
    fn from(error: WriteError) -> Self {
        Self::wrong("event", error)
    }
}

impl Simulator {
    /// The person's answer to the prompt of a template. Gives how many messages of it may be sent now; `None` for a
    /// long-term template. `app` is an appid or a name, `user` an id or a name, here and below.
    ///
    /// # Errors
    /// When there is no such app, person or template.
    pub fn subscribe(
        &self,
        app: &str,
        user: &str,
        template: &str,
        answer: Answer,
    ) -> Result<Option<u64>, ControlError> {
        let world = self.world();
        let (_, found) = world.app(app).ok_or_else(|| ControlError::absent("appid", "app", app))?;
        let (_, person) = world.person(user).ok_or_else(|| ControlError::absent("user", "user", user))?;
        let template = found
            .template(template)
            .ok_or_else(|| ControlError::absent("template_id", "template", template))?;
        Ok(self.subscriptions().answer(&person.openid(found), &template.id, template.kind, answer))
    }

    /// The messages that a person got, the oldest first. Of everybody's together the last 100,000 are kept.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn messages(&self, user: &str) -> Result<Vec<Message>, ControlError> {
        let world = self.world();
        let (person, _) = world.person(user).ok_or_else(|| ControlError::absent("user", "user", user))?;
        Ok(self.inbox().of(person))
    }

    /// Pushes an event or a message to the app's address as WeChat does: `ToUserName`, `FromUserName`, `CreateTime`,
    /// `MsgType` and a message's `MsgId` are added unless they are given.
    ///
    /// # Errors
    /// When there is no such app, it has no push address, or the fields cannot be written.
    pub async fn push(&self, app: &str, event: Map<String, Value>) -> Result<Pushed, ControlError> {
        let key = self.push_target(app)?;
        self.deliver(key, event).await?.ok_or_else(no_address)
    }

    fn push_target(&self, app: &str) -> Result<AppKey, ControlError> {
        let world = self.world();
        let (key, found) = world.app(app).ok_or_else(|| ControlError::absent("appid", "app", app))?;
        if found.push.is_some() { Ok(key) } else { Err(no_address()) }
    }
}

fn no_address() -> ControlError {
    ControlError::wrong("appid", "the app has no push address: set `push` of POST /_sim/apps")
}
