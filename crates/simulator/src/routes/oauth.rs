//! `/sns/oauth2/*`, `/sns/auth`, `/sns/userinfo`: what a page's server does with a person's code (wechat-protocol.md, A4
//! to A8).

use crate::{
    Simulator,
    answer::{Refusal, json_text},
    world::{
        App, AppKind, Person, World,
        authorizations::{Allowed, LIFETIME, Pair},
        codes::{Consent, Purpose, Scope, Spoiled},
    },
};

use super::{Call, credentials};

/// Kinds that people authorise on pages.
const WITH_PAGES: &[AppKind] = &[AppKind::OfficialAccount, AppKind::Website];

/// `/sns/oauth2/access_token?appid&secret&code&grant_type`, as a query, a form, or both → tokens, openid, scope, no
/// errcode.
pub fn access_token(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::app(&world, call.given("appid").as_deref(), WITH_PAGES)?;
    credentials::check_secret(app, call.given("secret").as_deref())?;
    let code = call.given("code").ok_or_else(|| Refusal::of(41008))?;
    if call.given("grant_type").as_deref() != Some("authorization_code") {
        return Err(Refusal::of(40002));
    }
    simulator.quotas().take((key, app), call.path, call.now)?;
    let grant = simulator
        .codes()
        .redeem(&code, Purpose::Web(Consent::default()), key, call.now, |grant| {
            simulator.quotas().take_for((key, app), call.path, grant.person, call.now)
        })
        .map_err(|spoiled| match spoiled {
            Spoiled::Used => Refusal::of(40163),
            Spoiled::Unknown | Spoiled::Foreign => Refusal::of(40029),
            Spoiled::Refused(refusal) => refusal,
        })?;
    let Purpose::Web(consent) = grant.purpose else { return Err(Refusal::of(40029)) };
    let allowed = Allowed { app: key, person: grant.person, consent };
    let pair = simulator.authorizations().issue(allowed, call.now, simulator.dice());
    let who = Who::of(&world, allowed).ok_or_else(|| Refusal::of(40029))?;
    let mut answer = tokens(&pair, &who);
    if consent.snapshot {
        answer.push_str(r#","is_snapshotuser":1"#);
    }
    // Official accounts learn the unionid only with consent, websites always.
    if consent.scope != Scope::Base
        && let Some(unionid) = who.unionid()
    {
        answer.push_str(&format!(r#","unionid":"{unionid}""#));
    }
    answer.push('}');
    Ok(answer)
}

/// `/sns/oauth2/refresh_token?appid&grant_type&refresh_token`, without the secret → as [`access_token`].
pub fn refresh_token(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::app(&world, call.given("appid").as_deref(), WITH_PAGES)?;
    if call.given("grant_type").as_deref() != Some("refresh_token") {
        return Err(Refusal::of(40002));
    }
    let token = call.given("refresh_token").ok_or_else(|| Refusal::of(41003))?;
    simulator.quotas().take((key, app), call.path, call.now)?;
    let pair = simulator.authorizations().refresh(&token, key, call.now, simulator.dice())?;
    let who = Who::of(&world, pair.allowed).ok_or_else(|| Refusal::of(40030))?;
    Ok(tokens(&pair, &who) + "}")
}

/// The fields that both have, without the closing brace. Identifiers need no escaping.
fn tokens(pair: &Pair, who: &Who<'_>) -> String {
    format!(
        r#"{{"access_token":"{}","expires_in":{},"refresh_token":"{}","openid":"{}","scope":"{}""#,
        pair.access,
        LIFETIME.as_secs(),
        pair.refresh,
        who.openid(),
        pair.allowed.consent.scope.name(),
    )
}

/// `GET /sns/auth?access_token&openid` → errcode 0 while the token is good.
pub fn auth(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    bearer(simulator, &simulator.world(), call)?;
    Ok(String::from(r#"{"errcode":0,"errmsg":"ok"}"#))
}

/// `GET /sns/userinfo?access_token&openid&lang` → the profile, of which WeChat tells neither gender nor place any more;
/// 48001 for a token of `snsapi_base`.
pub fn userinfo(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (who, allowed) = bearer(simulator, &world, call)?;
    if allowed.consent.scope == Scope::Base {
        return Err(Refusal::of(48001));
    }
    simulator.quotas().take((allowed.app, who.app), call.path, call.now)?;
    let mut answer = format!(
        r#"{{"openid":"{}","nickname":{},"sex":0,"language":"","city":"","province":"","country":"","headimgurl":{},"privilege":[]"#,
        who.openid(),
        json_text(who.nickname()),
        json_text(&who.avatar()),
    );
    if let Some(unionid) = who.unionid() {
        answer.push_str(&format!(r#","unionid":"{unionid}""#));
    }
    answer.push('}');
    Ok(answer)
}

/// Who gave the token that the call bears.
///
/// # Errors
/// 41001 and 41009 for what is missing; 40001, 42001 and 42007 for a token that is not good; 40003 for another's openid.
fn bearer<'w>(
    simulator: &Simulator,
    world: &'w World,
    call: &Call<'_>,
) -> Result<(Who<'w>, Allowed), Refusal> {
    let token = call.param("access_token").ok_or_else(|| Refusal::of(41001))?;
    let openid = call.param("openid").ok_or_else(|| Refusal::of(41009))?;
    let allowed = simulator.authorizations().check(&token, call.now)?;
    let who = Who::of(world, allowed).ok_or_else(|| Refusal::of(40001))?;
    if who.openid() != openid {
        return Err(Refusal::of(40003));
    }
    Ok((who, allowed))
}

/// A person as an app sees them: a virtual one when the page was opened in a snapshot.
struct Who<'w> {
    app: &'w App,
    person: &'w Person,
    snapshot: bool,
}

impl<'w> Who<'w> {
    fn of(world: &'w World, allowed: Allowed) -> Option<Self> {
        let (app, person) = (world.app_at(allowed.app)?, world.person_at(allowed.person)?);
        Some(Self { app, person, snapshot: allowed.consent.snapshot })
    }

    fn openid(&self) -> String {
        if self.snapshot { self.person.virtual_openid(self.app) } else { self.person.openid(self.app) }
    }

    fn unionid(&self) -> Option<String> {
        if self.snapshot { self.person.virtual_unionid(self.app) } else { self.person.unionid(self.app) }
    }

    fn nickname(&self) -> &'w str {
        if self.snapshot { "微信用户" } else { &self.person.nickname }
    }

    fn avatar(&self) -> String {
        if self.snapshot { Person::virtual_avatar() } else { self.person.avatar() }
    }
}
