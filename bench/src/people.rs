//! The simulator's people and their login codes: made before a measurement, through many connections.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;

use crate::{
    client::request,
    load::{Plan, Scripts, drive},
    script::{Pool, drain},
    stage::{APP_SECRET, APPID, Engine, OFFICIAL_APPID, Stage},
};

/// People who come back.
const REGULARS: usize = 1000;
/// One login in this many is somebody's first.
pub const FIRST_LOGIN_IN: usize = 10;
const CONNECTIONS: usize = 32;
/// The longest that preparing one measurement may take; codes live five minutes.
const PREPARATION: Duration = Duration::from_secs(120);

#[derive(Default)]
pub struct People {
    /// How many there are; they are called `p0`, `p1` and so on, the regulars first.
    count: usize,
}

/// Who a code is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    Regulars,
    /// Regulars, and one in [`FIRST_LOGIN_IN`] somebody who was never seen before.
    Mixed,
}

impl People {
    async fn add(&mut self, stage: &Stage, count: usize) -> Result<()> {
        let requests = (self.count..self.count + count).map(|number| {
            let body = json!({"name": format!("p{number}"), "nickname": format!("Person {number}")});
            request("POST", "/_sim/users", None, Some(&body.to_string()))
        });
        let pool = Pool::new(requests.collect());
        prepare(stage, "people", count, drain(&pool, CONNECTIONS, None)).await?;
        self.count += count;
        Ok(())
    }

    /// Login codes for the mini-program, each good for one login.
    pub async fn codes(&mut self, stage: &Stage, whom: Whom, count: usize) -> Result<Vec<String>> {
        self.issue(stage, "/_sim/login-code", APPID, whom, count).await
    }

    /// Codes as pages of the official account get them, each good for one login.
    pub async fn web_codes(&mut self, stage: &Stage, whom: Whom, count: usize) -> Result<Vec<String>> {
        self.issue(stage, "/_sim/oauth-code", OFFICIAL_APPID, whom, count).await
    }

    async fn issue(
        &mut self,
        stage: &Stage,
        path: &str,
        appid: &str,
        whom: Whom,
        count: usize,
    ) -> Result<Vec<String>> {
        if self.count == 0 {
            self.add(stage, REGULARS).await?;
        }
        let newcomers = if whom == Whom::Mixed { count.div_ceil(FIRST_LOGIN_IN) } else { 0 };
        let first_newcomer = self.count;
        if newcomers > 0 {
            self.add(stage, newcomers).await?;
        }
        let requests = (0..count).map(|index| {
            let person = person(index, whom, first_newcomer);
            let body = json!({"appid": appid, "user": format!("p{person}")});
            request("POST", path, None, Some(&body.to_string()))
        });
        let pool = Pool::new(requests.collect());
        prepare(stage, "login codes", count, drain(&pool, CONNECTIONS, Some("code"))).await?;
        Ok(pool.collected())
    }

    /// Tokens of `count` sessions that are signed in on `engine`'s gateway.
    pub async fn sessions(&mut self, stage: &Stage, engine: Engine, count: usize) -> Result<Vec<String>> {
        let codes = self.codes(stage, Whom::Regulars, count).await?;
        let pool = Pool::new(codes.iter().map(|code| login(code)).collect());
        let server = stage.gateway(engine)?.server.address;
        let plan = Plan { server, duration: PREPARATION, pace: None };
        let scripts = drain(&pool, CONNECTIONS.min(count), Some("access_token"));
        let outcome = drive(plan, scripts).await?;
        complete("sessions", count, outcome.answered(), outcome.first_error)?;
        Ok(pool.collected())
    }
}

/// Which person the `index`th code is for: regulars in turn, newcomers once each.
fn person(index: usize, whom: Whom, first_newcomer: usize) -> usize {
    match whom {
        Whom::Mixed if index.is_multiple_of(FIRST_LOGIN_IN) => first_newcomer + index / FIRST_LOGIN_IN,
        _ => index % REGULARS,
    }
}

/// A mini-program login.
pub fn login(code: &str) -> Vec<u8> {
    request("POST", "/api/v1/auth/wx-login", None, Some(&json!({ "code": code }).to_string()))
}

/// A login on a page of the official account.
pub fn web_login(code: &str) -> Vec<u8> {
    request("POST", "/api/wechat/auth", None, Some(&json!({ "code": code }).to_string()))
}

/// A code exchange with WeChat, as the gateway does it.
pub fn exchange(code: &str) -> Vec<u8> {
    let query = format!("appid={APPID}&secret={APP_SECRET}&js_code={code}&grant_type=authorization_code");
    request("GET", &format!("/sns/jscode2session?{query}"), None, None)
}

async fn prepare(stage: &Stage, what: &str, count: usize, scripts: Scripts) -> Result<()> {
    let plan = Plan { server: stage.simulator.address, duration: PREPARATION, pace: None };
    let outcome = drive(plan, scripts).await?;
    complete(what, count, outcome.answered(), outcome.first_error)
}

fn complete(what: &str, wanted: usize, made: u64, first_error: Option<String>) -> Result<()> {
    if made != wanted as u64 {
        let why = first_error.unwrap_or_else(|| format!("not within {PREPARATION:?}"));
        bail!("only {made} of {wanted} {what} could be made: {why}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn one_code_in_ten_is_for_somebody_new_and_nobody_is_new_twice() {
        let people: Vec<usize> = (0..5000).map(|index| person(index, Whom::Mixed, 1500)).collect();
        let new: Vec<usize> = people.iter().copied().filter(|&person| person >= 1500).collect();
        assert_eq!(new.len(), 500);
        assert_eq!(new.iter().collect::<HashSet<_>>().len(), 500);
        assert!(people.iter().all(|&person| person < REGULARS || (1500..2000).contains(&person)));
    }

    #[test]
    fn regulars_alone_are_all_asked_in_turn() {
        let people: HashSet<usize> = (0..REGULARS).map(|index| person(index, Whom::Regulars, 0)).collect();
        assert_eq!(people.len(), REGULARS);
    }
}
