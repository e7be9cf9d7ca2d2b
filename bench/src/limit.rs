//! The limit: what the machine can do at best. A bare axum server that answers one constant JSON to everything, on the
//! runtime and the allocator that Weir runs on. Every target is a ratio to it.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use axum::{Router, http::header::CONTENT_TYPE, serve::ListenerExt};
use tokio::net::TcpListener;

pub const BODY: &str = r#"{"code":200,"message":"success","data":null}"#;

/// Serves on 127.0.0.1 until the process is ended.
///
/// # Errors
/// When the port is taken.
pub async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("cannot listen on port {port}"))?;
    run(listener).await
}

async fn run(listener: TcpListener) -> Result<()> {
    let routes = Router::new().fallback(async || ([(CONTENT_TYPE, "application/json")], BODY));
    // A stream that refuses TCP_NODELAY is about to fail anyway; its next read says why.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, routes).await.context("the limit server ended")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Connection, request};

    #[tokio::test]
    async fn everything_gets_the_same_answer_on_one_connection() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(run(listener));
        let mut connection = Connection::open(address).await.unwrap();
        for request in [
            request("GET", "/", None, None),
            request("POST", "/api/v1/auth/wx-login", Some("t"), Some(r#"{"code":"c"}"#)),
            request("DELETE", "/anything?x=1", None, None),
        ] {
            let response = connection.call(&request).await.unwrap();
            assert_eq!((response.status, response.body, response.closing), (200, BODY.as_bytes(), false));
        }
        server.abort();
    }
}
