use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;
use weir_base::{Clock, Secret, Timestamp};

use super::{place, say};
use crate::cli::TokenArgs;

/// What a host application's token says.
#[derive(Serialize)]
struct HostClaims<'a> {
    sub: &'a str,
    iss: &'a str,
    iat: i64,
    exp: i64,
}

pub(super) fn run(args: &TokenArgs) -> Result<()> {
    let config = place::config(&args.place)?;
    if !config.core.sandbox {
        bail!(
            "tokens are made by hand in a sandbox only: use `weir token --data DIR` with a demo's directory, or set sandbox = true"
        );
    }
    if args.sub.is_empty() {
        bail!("--sub: the host user's id must not be empty");
    }
    config.core.validate().map_err(|sentence| anyhow!(sentence))?;
    let secret = &config.core.auth.jwt_secret;
    say(&host_token(secret, &args.sub, Clock::system().now(), args.ttl.0)?);
    Ok(())
}

/// A token as the host application gives its user `sub`, good for `ttl` from `now` on.
pub(super) fn host_token(secret: &Secret, sub: &str, now: Timestamp, ttl: Duration) -> Result<String> {
    let claims = HostClaims { sub, iss: "host", iat: now.seconds(), exp: now.plus(ttl).seconds() };
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.expose().as_bytes()))?)
}
