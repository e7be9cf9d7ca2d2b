//! Fetching the next token: by whoever holds the lease, within a budget, and not again at once after a refusal.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::sync::OwnedMutexGuard;
use weir_base::{Secret, Stopwatch, Timestamp, clock::pause};

use super::{
    AppToken, Kind,
    flow::{detail, holder, with_token},
    rows::{self, AppTokenRow},
};
use crate::{
    App, Code, Failure, Outcome,
    audit::{Action, Entry},
};

/// How long a caller waits for another process to bring the token, for real.
const WAIT: Duration = Duration::from_secs(8);
const LOOK_EVERY: Duration = Duration::from_millis(25);
const BACKOFF_MAX: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(3600);
/// How far the clocks of two replicas may be apart. What lies further ahead than anybody could have set it by now was
/// written by a clock that has been set back since, and binds nobody.
const SKEW: Duration = Duration::from_secs(5);
/// WeChat keeps the token before the last good for so long (wechat-protocol.md C1, C2).
const OVERLAP: Duration = Duration::from_secs(300);

/// What one look at the row came to.
enum Look {
    Found(AppToken),
    /// Another task or process is fetching, or was faster: look again.
    Busy,
    /// Nobody may ask WeChat for so long.
    Barred(Duration),
}

/// There is no good token: find one, or wait for whoever is fetching it.
pub(super) async fn needed(app: &Arc<App>, appid: &str, kind: Kind) -> Outcome<AppToken> {
    let holder = holder(app, appid, kind)?;
    let _one_at_a_time = holder.refreshing.lock().await;
    let waited = Stopwatch::start();
    loop {
        if let Some(token) = holder.good(app.clock.now()) {
            return Ok(token);
        }
        match look(app, appid, kind, Duration::ZERO).await? {
            Look::Found(token) => return Ok(token),
            Look::Barred(wait) => return Err(Failure::new(Code::WeChatBusy).retry_after(wait)),
            Look::Busy if waited.elapsed() >= WAIT => {
                return Err(
                    Failure::new(Code::WeChatTimeout).detail("somebody is still fetching the app's token")
                );
            }
            Look::Busy => pause(app.dice.jitter(LOOK_EVERY)).await,
        }
    }
}

/// The token is good but near its end: one process fetches the next, the others go on. `_turn` is the right to be the
/// one task of this process.
pub(super) async fn ahead(
    app: &Arc<App>,
    appid: &str,
    kind: Kind,
    _turn: OwnedMutexGuard<()>,
) -> Outcome<()> {
    look(app, appid, kind, app.settings.app_token.refresh_ahead.0).await.map(|_| ())
}

/// Looks at the row and, when its token does not last longer than `margin`, fetches the next under the lease.
async fn look(app: &Arc<App>, appid: &str, kind: Kind, margin: Duration) -> Outcome<Look> {
    let now = app.clock.now();
    let row = match rows::find(&app.store, appid, kind).await? {
        Some(row) => row,
        None => {
            rows::ensure(&app.store, appid, kind, now).await?;
            let row = rows::find(&app.store, appid, kind).await?;
            row.ok_or_else(|| Failure::new(Code::Unavailable))?
        }
    };
    let good = readable(app, appid, kind, &row, now.plus(margin));
    if let Some(token) = good.filter(|token| token.version > row.invalid_version) {
        holder(app, appid, kind)?.learn(token.clone());
        return Ok(Look::Found(token));
    }
    // Ahead of its end the token is good still, and WeChat has no other yet.
    if row.same_until > now
        && let Some(token) = good_now(app, appid, kind, &row, now)
    {
        holder(app, appid, kind)?.keep(token.clone());
        return Ok(Look::Found(token));
    }
    if let Some(wait) = over_budget(app, &row, now) {
        tracing::warn!(
            appid,
            kind = kind.as_str(),
            "the hour's budget of app tokens is used up: is something else fetching tokens for this app?"
        );
        // There is none better, and WeChat may take it again.
        let Some(token) = readable(app, appid, kind, &row, now) else { return Ok(Look::Barred(wait)) };
        holder(app, appid, kind)?.learn(token.clone());
        return Ok(Look::Found(token));
    }
    let barred = row.retry_at.since(now);
    if !barred.is_zero() && row.retry_at <= longest_bar(app, row.failures, now) {
        // The one before may have some minutes left; nobody has called it invalid, or it would not be kept.
        let Some(token) = previous(app, appid, kind, &row, now) else { return Ok(Look::Barred(barred)) };
        holder(app, appid, kind)?.learn(token.clone());
        return Ok(Look::Found(token));
    }
    // A task of its own: a caller who goes away must not leave everybody waiting for the lease to run out.
    let fetching = tokio::spawn({
        let (app, appid) = (Arc::clone(app), appid.to_owned());
        async move { lease_and_fetch(&app, &appid, kind, row.version, row.failures).await }
    });
    fetching.await.map_err(|error| Failure::new(Code::Internal).cause(error))?
}

async fn lease_and_fetch(
    app: &Arc<App>,
    appid: &str,
    kind: Kind,
    version: i64,
    failures: i64,
) -> Outcome<Look> {
    let now = app.clock.now();
    let lease = app.dice.token::<16>();
    let until = now.plus(app.settings.app_token.lease.0);
    let (longest_lease, longest_bar) = (until.plus(SKEW), longest_bar(app, failures, now));
    let leased = rows::lease(
        &app.store,
        appid,
        kind,
        version,
        failures,
        &lease,
        until,
        longest_lease,
        longest_bar,
        now,
    );
    match leased.await? {
        Some(row) => fetch(app, appid, kind, &row, &lease).await,
        None => Ok(Look::Busy),
    }
}

/// The row's token, if it is there and lasts beyond `until`.
fn readable(app: &App, appid: &str, kind: Kind, row: &AppTokenRow, until: Timestamp) -> Option<AppToken> {
    if row.expires_at <= until {
        return None;
    }
    // A token that does not open was sealed with a key that is gone: as good as none.
    let token = app.sealer.open(row.token.as_deref()?, &kind.context(appid)).ok()?;
    Some(AppToken { token, version: row.version, expires_at: row.expires_at })
}

/// The row's token, if it is good and nobody called it invalid.
fn good_now(app: &App, appid: &str, kind: Kind, row: &AppTokenRow, now: Timestamp) -> Option<AppToken> {
    readable(app, appid, kind, row, now).filter(|token| token.version > row.invalid_version)
}

/// The token before the row's, while WeChat still takes it.
fn previous(app: &App, appid: &str, kind: Kind, row: &AppTokenRow, now: Timestamp) -> Option<AppToken> {
    if row.previous_until <= now {
        return None;
    }
    let token = app.sealer.open(row.previous_token.as_deref()?, &kind.context(appid)).ok()?;
    Some(AppToken { token, version: row.version - 1, expires_at: row.previous_until })
}

/// Whether WeChat takes `token` for this app's access_token: the row's, or the one before it.
pub(super) async fn is_known(app: &App, appid: &str, token: &Secret) -> Outcome<bool> {
    let (kind, now) = (Kind::AccessToken, app.clock.now());
    if holder(app, appid, kind)?.good(now).is_some_and(|known| known.token == *token) {
        return Ok(true);
    }
    let Some(row) = rows::find(&app.store, appid, kind).await? else { return Ok(false) };
    let good = good_now(app, appid, kind, &row, now);
    let known = [good, previous(app, appid, kind, &row, now)];
    Ok(known.into_iter().flatten().any(|known| known.token == *token))
}

/// How long to wait when the hour's budget is used up.
fn over_budget(app: &App, row: &AppTokenRow, now: Timestamp) -> Option<Duration> {
    let budget = i64::from(app.settings.app_token.refreshes_per_hour);
    (same_hour(row, now) && row.hour_refreshes >= budget).then(|| row.hour_started_at.plus(HOUR).since(now))
}

/// Whether the hour that the row counts in is still going on.
fn same_hour(row: &AppTokenRow, now: Timestamp) -> bool {
    row.hour_started_at <= now.plus(SKEW) && now < row.hour_started_at.plus(HOUR)
}

/// The wait after so many refusals in a row.
fn backoff(app: &App, failures: i64) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(16);
    app.settings.app_token.backoff.0.saturating_mul(2u32.pow(doublings)).min(BACKOFF_MAX)
}

/// The latest that a bar after so many refusals can have been set to.
fn longest_bar(app: &App, failures: i64, now: Timestamp) -> Timestamp {
    now.plus(backoff(app, failures)).plus(SKEW)
}

/// What WeChat gave, and how long it lives.
type Given = (Secret, Duration);

/// Asks WeChat. Boxed, because a ticket needs a token, which may have to be fetched in its turn.
fn ask<'a>(
    app: &'a Arc<App>,
    appid: &'a str,
    kind: Kind,
    force: bool,
) -> Pin<Box<dyn Future<Output = Outcome<Given>> + Send + 'a>> {
    Box::pin(async move {
        match kind {
            Kind::AccessToken => {
                let credentials = app.app(appid)?.credentials();
                let answer = app.wechat.stable_token(&credentials, force).await?;
                Ok((answer.token, answer.expires_in))
            }
            Kind::JsapiTicket => {
                let given = with_token(app, appid, |token| async move { app.wechat.getticket(&token).await });
                let answer = given.await?;
                Ok((answer.ticket, answer.expires_in))
            }
        }
    })
}

/// Asks WeChat, under the lease, for the version after `row`.
async fn fetch(app: &Arc<App>, appid: &str, kind: Kind, row: &AppTokenRow, lease: &str) -> Outcome<Look> {
    // The same token would come back: WeChat does not know that it is invalid.
    let force = row.invalid_version > 0 && row.invalid_version == row.version;
    let answer = ask(app, appid, kind, force).await;
    let now = app.clock.now();
    let (token, expires_in) = match answer {
        Ok(answer) => answer,
        Err(failure) => {
            let failures = row.failures.saturating_add(1);
            let retry_at = now.plus(backoff(app, failures));
            rows::fail(&app.store, appid, kind, row.version, lease, retry_at, failures, now).await?;
            return Err(failure);
        }
    };
    let expires_at = now.plus(expires_in);
    // Asked ahead of the end, WeChat may have no other yet: then this one lasts to its end.
    if let Some(known) = good_now(app, appid, kind, row, now).filter(|known| known.token == token) {
        let same_until = known.expires_at;
        rows::keep(&app.store, appid, kind, row.version, lease, same_until, now).await?;
        holder(app, appid, kind)?.keep(known.clone());
        return Ok(Look::Found(known));
    }
    let sealed = app.sealer.seal(token.expose(), &kind.context(appid));
    let (started, count) =
        if same_hour(row, now) { (row.hour_started_at, row.hour_refreshes + 1) } else { (now, 1) };
    // What WeChat called invalid serves nobody any more.
    let previous_until = if force { now } else { row.expires_at.min(now.plus(OVERLAP)) };
    let written = rows::replace(
        &app.store,
        appid,
        kind,
        row.version,
        lease,
        &sealed,
        expires_at,
        started,
        count,
        previous_until,
        now,
    );
    if written.await? == 0 {
        // We were so slow that another process took over; what it has written is newer than what we have.
        return Ok(Look::Busy);
    }
    let token = AppToken { token, version: row.version + 1, expires_at };
    holder(app, appid, kind)?.learn(token.clone());
    Entry::new(app, "system", Action::AppTokenRefreshed, format!("app:{appid}"))
        .detail(detail(kind, token.version))
        .write(&app.store)
        .await?;
    Ok(Look::Found(token))
}
