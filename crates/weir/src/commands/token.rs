use anyhow::{Result, anyhow, bail};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;
use weir_base::Clock;

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
    let now = Clock::system().now();
    let claims =
        HostClaims { sub: &args.sub, iss: "host", iat: now.seconds(), exp: now.plus(args.ttl.0).seconds() };
    let secret = config.core.auth.jwt_secret.expose().as_bytes();
    say(&encode(&Header::default(), &claims, &EncodingKey::from_secret(secret))?);
    Ok(())
}
