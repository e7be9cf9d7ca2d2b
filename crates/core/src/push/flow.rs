//! Taking a push in: proof, reading, storing, and only then the acknowledgement (sections F1 to F4, pains 24 and 25).

use weir_base::{
    Timestamp,
    page::{Page, Wanted},
};
use weir_store::StoreError;
use weir_wechat::push::{AesKey, Body, Push, ReadError, verify, verify_message};

use super::{
    PushId, PushRow, PushState,
    model::{Proof, context},
    rows,
};
use crate::{
    App, AppSettings, Code, Failure, Outcome,
    audit::{Action, Entry},
    job::{self, JobKind},
};

/// WeChat's own are shorter than 20 digits.
const ECHO_MAX: usize = 1024;

/// WeChat asks whether the address is ours: the answer is what it sends (section F1).
///
/// # Errors
/// [`Code::NotFound`] for an app that is none, [`Code::NotConfigured`] for one without a token, [`Code::Forbidden`] for a
/// wrong signature and for a time that is not now.
pub fn verify_address(app: &App, named: &str, proof: &Proof<'_>, echo: Option<&str>) -> Outcome<String> {
    let of = find_app(app, named)?;
    let (timestamp, nonce) = in_time(app, proof)?;
    let echo = echo.filter(|echo| !echo.is_empty() && echo.len() <= ECHO_MAX);
    let echo = echo.ok_or_else(|| Failure::invalid("echostr", "is missing or too long"))?;
    let token = of.token.as_ref().ok_or_else(|| without_token(of))?;
    if !verify(token, timestamp, nonce, proof.signature.unwrap_or_default()) {
        return Err(forged());
    }
    Ok(echo.to_owned())
}

/// Proves a push and stores it, once, whatever it is about. When this returns it is there for good.
///
/// # Errors
/// As [`verify_address`]; [`Code::Invalid`] for a body that cannot be read. Then nothing is stored.
pub async fn receive(app: &App, named: &str, proof: &Proof<'_>, body: &[u8]) -> Outcome<()> {
    let of = find_app(app, named)?;
    let (push, nonce) = open(app, of, proof, body)?;
    let now = app.clock.now();
    let id = PushId::new(&app.dice, now);
    let text =
        serde_json::to_string(&push.fields).map_err(|error| Failure::new(Code::Internal).cause(error))?;
    let stored = Stored {
        sealed: app.sealer.seal(&text, &context(&id)),
        duplicate: app.sealer.digest(&format!("push:{}:{}", of.appid, push.repeat_key())),
        openid: person(&push),
        lane: format!("push:{}:{}", of.appid, person(&push).unwrap_or_default()),
        job: job::JobId::new(&app.dice, now),
        appid: of.appid.clone(),
        id,
        nonce,
        push,
        now,
    };
    let mut is_new = store(app, &stored).await;
    // Its repeat may have been stored by another replica in between: then it is one, and the nonce is its own.
    if matches!(&is_new, Err(error) if is_nonce(error)) {
        is_new = store(app, &stored).await;
    }
    match is_new {
        Ok(true) => {
            app.jobs.nudge();
            Ok(())
        }
        Ok(false) => Ok(()),
        // In plain mode nothing else ties the proof to the body.
        Err(error) if is_nonce(&error) => {
            Err(Failure::new(Code::Forbidden).detail("this signature came with another push already"))
        }
        Err(error) => Err(error.into()),
    }
}

async fn store(app: &App, stored: &Stored) -> Result<bool, StoreError> {
    let stored = stored.clone();
    app.store.transaction(move |tx| Box::pin(async move { stored.write(tx).await })).await
}

fn is_nonce(error: &StoreError) -> bool {
    matches!(error, StoreError::Unique { index } if index == "pushes__appid__nonce")
}

/// A push on its way into the database.
#[derive(Clone)]
struct Stored {
    id: PushId,
    job: job::JobId,
    appid: String,
    duplicate: String,
    nonce: Option<String>,
    openid: Option<String>,
    sealed: String,
    lane: String,
    push: Push,
    now: Timestamp,
}

impl Stored {
    /// Whether it is new.
    async fn write(&self, tx: &weir_store::Tx<'_>) -> Result<bool, StoreError> {
        let Self { id, appid, duplicate, nonce, openid, sealed, push, now, .. } = self;
        let (kind, event) = (push.kind.as_str(), push.event.as_deref());
        let (nonce, openid) = (nonce.as_deref(), openid.as_deref());
        let row = rows::store(tx, id, appid, duplicate, nonce, kind, event, openid, sealed, *now).await?;
        if row.times > 1 {
            return Ok(false);
        }
        let (kind, lane) = (JobKind::WorkPush, &self.lane);
        job::rows::insert(tx, &self.job, kind, id.as_str(), kind.queue(lane), lane, *now, *now).await?;
        Ok(true)
    }
}

fn find_app<'a>(app: &'a App, named: &str) -> Outcome<&'a AppSettings> {
    let found = app.settings.apps.iter().find(|app| app.name == named || app.appid == named);
    found.ok_or_else(|| Failure::new(Code::NotFound).detail("no app of this server has this name or appid"))
}

fn without_token(of: &AppSettings) -> Failure {
    Failure::new(Code::NotConfigured).detail(format!(
        "pushes of {} cannot be proven: set apps.{}.token to the Token of WeChat's console",
        of.name, of.name
    ))
}

fn forged() -> Failure {
    Failure::new(Code::Forbidden).detail("the signature is wrong")
}

/// Timestamp and nonce, when the time is now.
fn in_time<'a>(app: &App, proof: &Proof<'a>) -> Outcome<(&'a str, &'a str)> {
    let (Some(text), Some(nonce)) = (proof.timestamp, proof.nonce) else { return Err(forged()) };
    let at = text.parse().ok().filter(|seconds| (0..=1 << 40).contains(seconds));
    let at = Timestamp::from_seconds(at.ok_or_else(forged)?);
    let (now, window) = (app.clock.now(), app.settings.push.window.0);
    if now.since(at).max(at.since(now)) > window {
        return Err(Failure::new(Code::Forbidden)
            .detail("the timestamp is too far from now: a replay, or one of the two clocks is wrong"));
    }
    Ok((text, nonce))
}

/// The push that a body holds, proven, and in plain mode a digest of what proves it.
fn open(app: &App, of: &AppSettings, proof: &Proof<'_>, body: &[u8]) -> Outcome<(Push, Option<String>)> {
    let (timestamp, nonce) = in_time(app, proof)?;
    let token = of.token.as_ref().ok_or_else(|| without_token(of))?;
    let Some(key) = &of.aes_key else {
        if !verify(token, timestamp, nonce, proof.signature.unwrap_or_default()) {
            return Err(forged());
        }
        let body = Body::read(body).map_err(unreadable)?;
        if body.encrypted().is_some() && !body.fields().contains_key("MsgType") {
            return Err(Failure::new(Code::NotConfigured).detail(format!(
                "the push is encrypted: set apps.{}.aes_key to the EncodingAESKey of WeChat's console",
                of.name
            )));
        }
        // The signature itself: a time and a nonce may be cut at another place and give the same.
        let proof = proof.signature.unwrap_or_default().to_ascii_lowercase();
        let nonce = app.sealer.digest(&format!("push proof:{}:{proof}", of.appid));
        return Ok((body.push().map_err(unreadable)?, Some(nonce)));
    };
    let key = AesKey::parse(key).ok_or_else(|| {
        Failure::new(Code::NotConfigured).detail(format!("apps.{}.aes_key is no EncodingAESKey", of.name))
    })?;
    // What is not under the signature is not looked at: clear fields of compatible mode may say anything.
    let body = Body::read(body).map_err(|_| forged())?;
    let encrypted = body.encrypted().ok_or_else(|| {
        Failure::new(Code::Forbidden).detail("the push is not encrypted, and this app has an EncodingAESKey")
    })?;
    if !verify_message(token, timestamp, nonce, encrypted, proof.msg_signature.unwrap_or_default()) {
        return Err(forged());
    }
    let opened = key.decrypt(encrypted, &of.appid).map_err(|error| forged().cause(error))?;
    let push = Body::read(&opened).and_then(Body::push).map_err(unreadable)?;
    Ok((push, None))
}

fn unreadable(error: ReadError) -> Failure {
    Failure::invalid("body", error.to_string())
}

/// Whom a push is of: the one whom a privacy event names, else its sender.
fn person(push: &Push) -> Option<String> {
    push.id("OpenID").or_else(|| Some(push.from_user.clone()))
}

/// Which pushes are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: Option<PushState>,
    pub event: Option<String>,
    pub openid: Option<String>,
    /// By name or appid.
    pub app: Option<String>,
}

/// Newest first. The filter that leaves least is looked up, the others are held against what it gives.
pub async fn page(app: &App, wanted: &Wanted, filter: &Filter) -> Outcome<Page<PushRow>> {
    // Sorts after every id.
    let before = wanted.after.clone().unwrap_or_else(|| "psh`".to_owned());
    let (store, rows) = (&app.store, wanted.rows());
    // An empty text lets everything through.
    let state = filter.state.map_or("", |state| state.as_str());
    let event = filter.event.as_deref().unwrap_or_default();
    let openid = filter.openid.as_deref().unwrap_or_default();
    // An app that is not configured any more is found by its appid.
    let app = filter.app.as_deref().map_or("", |named| find_app(app, named).map_or(named, |app| &app.appid));
    let found = match (openid, event, state) {
        ("", "", "") => rows::page(store, app, &before, rows).await?,
        ("", "", state) => rows::page_of_state(store, state, app, &before, rows).await?,
        ("", event, state) => rows::page_of_event(store, event, state, app, &before, rows).await?,
        (openid, event, state) => {
            rows::page_of_openid(store, openid, event, state, app, &before, rows).await?
        }
    };
    Ok(wanted.page(found, |row| row.id.as_str()))
}

/// One push, and what it says unless that was erased.
pub async fn find(app: &App, id: &PushId) -> Outcome<(PushRow, Option<String>)> {
    let row = rows::find(&app.store, id).await?.ok_or_else(no_such)?;
    let body = rows::body(&app.store, id).await?.filter(|row| !row.body.is_empty());
    // What does not open was sealed with a key that is gone.
    let text = body.and_then(|row| app.sealer.open(&row.body, &context(id)).ok());
    Ok((row, text.map(|text| text.expose().to_owned())))
}

fn no_such() -> Failure {
    Failure::new(Code::NotFound).detail("there is no such push")
}

/// Works on a push once more, by hand.
pub async fn replay(app: &App, by: &str, id: &PushId) -> Outcome<()> {
    let row = rows::find(&app.store, id).await?.ok_or_else(no_such)?;
    let now = app.clock.now();
    let entry = Entry::new(app, by, Action::PushReplayed, id.as_str());
    let lane = format!("push:{}:{}", row.appid, row.openid.unwrap_or_default());
    let (job, id) = (job::JobId::new(&app.dice, now), id.clone());
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                if rows::again(tx, &id).await? == 0 {
                    return Err(Failure::new(Code::Underway)
                        .detail("it waits for its work, was worked on, or was erased"));
                }
                let kind = JobKind::WorkPush;
                job::rows::insert(tx, &job, kind, id.as_str(), kind.queue(&lane), &lane, now, now).await?;
                entry.write(tx).await?;
                Ok(())
            })
        })
        .await?;
    app.jobs.nudge();
    Ok(())
}

/// Deletes pushes that are old, a few at once. Answers how many.
pub async fn sweep(app: &App) -> Outcome<u64> {
    const AT_ONCE: i64 = 500;
    let keep = app.settings.push.keep.0;
    if keep.is_zero() {
        return Ok(0);
    }
    let before = app.clock.now().minus(keep);
    let mut all = 0;
    loop {
        let deleted = rows::delete_old(&app.store, before, AT_ONCE).await?;
        all += deleted;
        if deleted == 0 {
            return Ok(all);
        }
    }
}
