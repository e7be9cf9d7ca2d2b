//! Exchanging a code once, whoever asks how often.

use std::{sync::Arc, time::Duration};

use weir_base::{Secret, Stopwatch, Timestamp, clock::pause};
use weir_wechat::{OAuthToken, oauth::tells_profile};

use super::{
    WebPerson,
    model::{Asker, Consent, ExchangeState, FailedBecause, Kept, used},
    rows::{self, ExchangeRow},
};
use crate::{App, AppSettings, Code, Failure, Outcome, account::model::text};

const CODE_MAX: usize = 128;
/// How long the answer is kept: as long as WeChat lets a code live.
const KEPT: Duration = Duration::from_secs(300);
/// Longer than the two calls to WeChat may take. Whoever holds the lease longer has died.
const LEASE: Duration = Duration::from_secs(20);
/// How long a caller waits for whoever is exchanging the same code, for real.
const WAIT: Duration = Duration::from_secs(12);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Who consented, for the code that WeChat gave their browser (wechat-protocol.md A4 and A7).
///
/// # Errors
/// [`Code::LoginRefused`] when WeChat refuses the code; [`Code::SnapshotUser`] when nobody stands behind it; what is wrong
/// with WeChat otherwise. Everybody who comes with the code is told the same, but where `asker` is told, somebody else than
/// the first is told that it was used.
pub async fn exchange(
    app: &Arc<App>,
    of: &AppSettings,
    code: &str,
    asker: Option<&Asker>,
) -> Outcome<WebPerson> {
    if code.is_empty() {
        return Err(Failure::invalid("code", "must not be empty"));
    }
    text("code", Some(code), CODE_MAX)?;
    let job = Arc::new(Job {
        digest: app.sealer.digest(&format!("oauth_code:{}:{code}", of.appid)),
        code: code.to_owned(),
        of: of.clone(),
        lease: app.dice.token::<16>(),
        asker: asker.map(Asker::text),
        app: Arc::clone(app),
    });
    let waited = Stopwatch::start();
    let mut has_waited = false;
    // How often the profile could not be read before we came.
    let mut attempts = None;
    loop {
        let now = app.clock.now();
        let found = rows::find(&app.store, &job.digest, now).await?;
        if let (Some(asker), Some(first)) = (asker, found.as_ref().and_then(|row| row.asker.as_deref()))
            && !asker.may_be(first)
        {
            return Err(used());
        }
        if let Some(row) = &found
            && row.state == ExchangeState::Exchanged
            && attempts.is_some_and(|before| before < row.attempts)
        {
            return Err(row.why.unwrap_or(FailedBecause::Broken).failure());
        }
        attempts = attempts.or(Some(found.as_ref().map_or(0, |row| row.attempts)));
        match found {
            None if job.claim(now).await? => return run(&job, None).await,
            None => {}
            Some(row) if row.state == ExchangeState::Done => return job.open(&row)?.answer(),
            // Whoever waited for this attempt shares its fate; whoever comes later may try again.
            Some(row) if row.state == ExchangeState::Failed && has_waited => return job.open(&row)?.answer(),
            Some(row) if row.lease_until <= now && job.take_over(now).await? => {
                return run(&job, Some(row)).await;
            }
            Some(_) => {}
        }
        if waited.elapsed() >= WAIT {
            return Err(Failure::new(Code::WeChatTimeout).detail("somebody is still exchanging this code"));
        }
        has_waited = true;
        pause(app.dice.jitter(LOOK_EVERY)).await;
    }
}

/// Whose an answer is, so that it can go with them and yet names nobody.
pub(crate) fn person_digest(app: &App, appid: &str, openid: &str) -> String {
    app.sealer.digest(&format!("exchanged:{appid}:{openid}"))
}

/// In a task of its own: a caller who goes away must not leave the code half exchanged.
async fn run(job: &Arc<Job>, found: Option<ExchangeRow>) -> Outcome<WebPerson> {
    let job = Arc::clone(job);
    let work = tokio::spawn(async move { job.go_on(found).await });
    work.await.map_err(|error| Failure::new(Code::Internal).cause(error))?
}

/// One caller's way with one code.
struct Job {
    app: Arc<App>,
    of: AppSettings,
    code: String,
    digest: String,
    lease: String,
    asker: Option<String>,
}

impl Job {
    async fn claim(&self, now: Timestamp) -> Outcome<bool> {
        let (until, expires_at) = (now.plus(LEASE), now.plus(KEPT));
        let (digest, lease, asker) = (&self.digest, &self.lease, self.asker.as_deref());
        Ok(rows::claim(&self.app.store, digest, lease, until, expires_at, asker, now).await? == 1)
    }

    async fn take_over(&self, now: Timestamp) -> Outcome<bool> {
        let until = now.plus(LEASE);
        Ok(rows::take_over(&self.app.store, &self.digest, &self.lease, until, now).await? == 1)
    }

    fn context(&self) -> String {
        format!("exchange:{}", self.digest)
    }

    /// What a row keeps. What does not open was sealed with a key that is gone.
    fn open(&self, row: &ExchangeRow) -> Outcome<Kept> {
        let sealed = row.result.as_deref().unwrap_or_default();
        let text = self.app.sealer.open(sealed, &self.context());
        let text = text.map_err(|error| Failure::new(Code::Internal).cause(error))?;
        serde_json::from_str(text.expose()).map_err(|error| Failure::new(Code::Internal).cause(error))
    }

    /// Writes how far we are. Halfway the lease goes on, so that nobody takes over from the living.
    async fn keep(&self, state: ExchangeState, kept: &Kept) -> Outcome<()> {
        let text = serde_json::to_string(kept).map_err(|error| Failure::new(Code::Internal).cause(error))?;
        let sealed = self.app.sealer.seal(&text, &self.context());
        let until = match state {
            ExchangeState::Exchanged => self.app.clock.now().plus(LEASE),
            _ => Timestamp::from_millis(0),
        };
        let person = kept.openid().map(|openid| person_digest(&self.app, &self.of.appid, openid));
        let (digest, lease) = (&self.digest, &self.lease);
        rows::advance(&self.app.store, digest, lease, state, &sealed, person.as_deref(), until).await?;
        Ok(())
    }

    /// From where the row was found to the end.
    async fn go_on(&self, found: Option<ExchangeRow>) -> Outcome<WebPerson> {
        let exchanged = found.filter(|row| row.state == ExchangeState::Exchanged);
        let kept = exchanged.and_then(|row| self.open(&row).ok());
        match kept {
            Some(Kept::Token { access_token, openid, unionid, scope }) => {
                let access_token = Secret::new(access_token);
                self.profile(Consent { access_token, openid, unionid, scope }, false).await
            }
            _ => match self.consent().await? {
                Ok(consent) => self.profile(consent, true).await,
                Err(end) => end.answer(),
            },
        }
    }

    /// Spends the code. The inner error is the end of it, already kept.
    async fn consent(&self) -> Outcome<Result<Consent, Kept>> {
        let answer = self.app.wechat.oauth2_access_token(&self.of.credentials(), &self.code).await;
        let token = match answer {
            Ok(token) => token,
            Err(error) => {
                let (state, kept) = Kept::failed(&error);
                tracing::debug!(%error, "an OAuth code was not exchanged");
                self.keep(state, &kept).await?;
                return Ok(Err(kept));
            }
        };
        if token.is_snapshot {
            self.keep(ExchangeState::Done, &Kept::Snapshot).await?;
            return Ok(Err(Kept::Snapshot));
        }
        let OAuthToken { access_token, openid, unionid, scope, .. } = token;
        Ok(Ok(Consent { access_token, openid, unionid, scope }))
    }

    /// Reads the profile, if it is to be had. Of a code that was spent just now the consent is kept meanwhile: should we die,
    /// whoever comes next reads the profile with it.
    async fn profile(&self, consent: Consent, is_fresh: bool) -> Outcome<WebPerson> {
        let info = if !tells_profile(&consent.scope) {
            None
        } else {
            let keeping = async {
                if !is_fresh {
                    return Ok(());
                }
                self.keep(ExchangeState::Exchanged, &Kept::token(&consent)).await
            };
            let asking = self.app.wechat.sns_userinfo(&consent.access_token, &consent.openid);
            let (asked, kept) = tokio::join!(asking, keeping);
            kept?;
            match asked {
                Ok(info) => Some(info),
                Err(error @ weir_wechat::Error::Refused { .. }) => {
                    // The code is spent, and the profile is not to be had.
                    let (_, kept) = Kept::failed(&error);
                    self.keep(ExchangeState::Done, &kept).await?;
                    return kept.answer();
                }
                // The code is spent, the consent is not: whoever comes next asks for the profile again.
                Err(error) => {
                    let why = FailedBecause::of(&error);
                    rows::let_go(&self.app.store, &self.digest, &self.lease, why).await?;
                    return Err(error.into());
                }
            }
        };
        let Some(person) = consent.person(&self.of, info) else {
            rows::let_go(&self.app.store, &self.digest, &self.lease, FailedBecause::Broken).await?;
            return Err(Failure::new(Code::WeChatBroken).cause("the profile is somebody else's"));
        };
        self.keep(ExchangeState::Done, &Kept::Person(Box::new(person.clone()))).await?;
        Ok(person)
    }
}

/// Deletes answers that nobody is given any more, a few at once. Tells how many.
pub async fn sweep(app: &App) -> Outcome<u64> {
    const AT_ONCE: i64 = 500;
    let before = app.clock.now();
    let mut all = 0;
    loop {
        let deleted = rows::delete_expired(&app.store, before, AT_ONCE).await?;
        all += deleted;
        if deleted == 0 {
            return Ok(all);
        }
    }
}
