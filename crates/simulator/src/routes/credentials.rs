//! Who is calling: an appid with its secret, or an access_token.

use crate::{
    Simulator,
    answer::Refusal,
    world::{App, AppKey, AppKind, World},
};

use super::Call;

/// The app of an appid, if it is of one of these kinds. The first check of every endpoint that takes one.
///
/// # Errors
/// 41002 without an appid, 40013 for one that is unknown or of another kind.
pub fn app<'w>(
    world: &'w World,
    appid: Option<&str>,
    kinds: &[AppKind],
) -> Result<(AppKey, &'w App), Refusal> {
    let appid = appid.ok_or_else(|| Refusal::of(41002))?;
    world.app_by_appid(appid).filter(|(_, app)| kinds.contains(&app.kind)).ok_or_else(|| Refusal::of(40013))
}

/// # Errors
/// 41004 without a secret, 40125 for a wrong one, 40243 when it is frozen.
pub fn check_secret(app: &App, secret: Option<&str>) -> Result<(), Refusal> {
    let secret = secret.ok_or_else(|| Refusal::of(41004))?;
    if !weir_base::secret::same(secret.as_bytes(), app.secret.as_bytes()) {
        return Err(Refusal::of(40125));
    }
    if app.secret_frozen {
        return Err(Refusal::of(40243));
    }
    Ok(())
}

/// # Errors
/// 40164, naming the address, when it is not in the app's whitelist.
pub fn check_address(app: &App, call: &Call<'_>) -> Result<(), Refusal> {
    if app.lets_in(call.client) {
        return Ok(());
    }
    let client = call.client.to_canonical();
    let text = if client.is_ipv4() {
        format!("invalid ip {client} ipv6 ::ffff:{client}, not in whitelist")
    } else {
        format!("invalid ip {client} ipv6 {client}, not in whitelist")
    };
    Err(Refusal::worded(40164, text))
}

/// The app whose access_token the call bears.
///
/// # Errors
/// 41001 without one; 40001, 40014 and 42001 for one that is not good.
pub fn bearer<'w>(
    simulator: &Simulator,
    world: &'w World,
    call: &Call<'_>,
) -> Result<(AppKey, &'w App), Refusal> {
    let token = call.param("access_token").ok_or_else(|| Refusal::of(41001))?;
    let key = simulator.tokens().check(&token, call.now)?;
    Ok((key, world.app_at(key).ok_or_else(|| Refusal::of(40001))?))
}

/// The mini-program whose access_token the call bears.
///
/// # Errors
/// As [`bearer`], and 48001 for an app of another kind.
pub fn mini_program_bearer<'w>(
    simulator: &Simulator,
    world: &'w World,
    call: &Call<'_>,
) -> Result<(AppKey, &'w App), Refusal> {
    let (key, app) = bearer(simulator, world, call)?;
    if app.kind != AppKind::MiniProgram {
        return Err(Refusal::of(48001));
    }
    Ok((key, app))
}

/// The official account whose access_token the call bears.
///
/// # Errors
/// As [`bearer`], and 48001 for an app of another kind.
pub fn official_account_bearer<'w>(
    simulator: &Simulator,
    world: &'w World,
    call: &Call<'_>,
) -> Result<(AppKey, &'w App), Refusal> {
    let (key, app) = bearer(simulator, world, call)?;
    if app.kind != AppKind::OfficialAccount {
        return Err(Refusal::of(48001));
    }
    Ok((key, app))
}

/// The certified official account whose access_token the call bears.
///
/// # Errors
/// As [`official_account_bearer`], and 48001 for one that is not certified.
pub fn certified_bearer<'w>(
    simulator: &Simulator,
    world: &'w World,
    call: &Call<'_>,
) -> Result<(AppKey, &'w App), Refusal> {
    let (key, app) = official_account_bearer(simulator, world, call)?;
    if !app.certified {
        return Err(Refusal::of(48001));
    }
    Ok((key, app))
}
