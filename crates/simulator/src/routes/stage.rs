//! What happens around every endpoint: the body is read, faults strike, the call is recorded, the answer is worded.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request},
    http::{Method, Response, StatusCode, request::Parts},
};
use futures_util::stream;
use tokio_util::sync::CancellationToken;

use super::{Call, Endpoint, Run, Wants, garble, message};
use crate::{
    Simulator,
    answer::{Answer, Family, Refusal},
    calls::CallRecord,
    faults::FaultKind,
    push::After,
    world::ErrmsgStyle,
};

/// The longest body that is read.
const LONGEST_BODY: usize = 1 << 20;

/// The longest query that is taken, as by most proxies: what is remembered of a page stays small.
const LONGEST_QUERY: usize = 8 << 10;

/// How long a call without an answer is held, when its client has more patience than that.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest part of an unknown path that is recorded.
const LONGEST_PATH: usize = 128;

/// Says that the server is closing: whoever is held by a fault is let go.
#[derive(Clone)]
pub struct Closing(pub CancellationToken);

/// One call of a path that is served.
pub async fn serve(simulator: Simulator, endpoint: &'static Endpoint, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = if parts.method == Method::POST {
        match to_bytes(body, LONGEST_BODY).await {
            Ok(body) => body,
            Err(_) => return garble::proxy_page(StatusCode::PAYLOAD_TOO_LARGE).into_response(),
        }
    } else {
        Bytes::new()
    };
    if parts.uri.query().is_some_and(|query| query.len() > LONGEST_QUERY) {
        return garble::proxy_page(StatusCode::URI_TOO_LONG).into_response();
    }
    let taken = endpoint.one_at_a_time && simulator.turns().is_taken(|| message::touser(&body));
    if taken {
        return refused(&simulator, endpoint, &parts, &body, None, &Refusal::of(43108)).into_response();
    }
    let strike = strike(&simulator, endpoint, &parts, &body);
    let held_up = matches!(strike, Some((FaultKind::Delay(_) | FaultKind::Timeout, _)));
    let to = if endpoint.one_at_a_time && held_up { message::touser(&body) } else { None };
    let _turn = match to.map(|openid| simulator.turns().begin(openid)) {
        Some(None) => {
            return refused(&simulator, endpoint, &parts, &body, None, &Refusal::of(43108)).into_response();
        }
        turn => turn,
    };
    match strike {
        None => effect(&simulator, endpoint, &parts, &body, None).await.into_response(),
        Some((fault, before)) => struck(&simulator, endpoint, &parts, &body, fault, before).await,
    }
}

/// One call of a path that nobody serves.
pub async fn unknown(simulator: Simulator, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    let answer = Answer::unknown_path(path, simulator.clock().now(), simulator.dice());
    let recorded = path.char_indices().nth(LONGEST_PATH).map_or(path, |(end, _)| &path[..end]);
    simulator.calls_log().add(CallRecord {
        path: recorded.into(),
        appid: None,
        at: simulator.clock().now(),
        errcode: Some(answer.errcode),
        client: client_of(&parts),
        ms: 0,
        fault: None,
    });
    answer.into_response()
}

fn client_of(parts: &Parts) -> IpAddr {
    let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    connected.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip().to_canonical())
}

fn call_of<'a>(simulator: &Simulator, endpoint: &Endpoint, parts: &'a Parts, body: &'a [u8]) -> Call<'a> {
    Call::new(endpoint.path, parts, body, client_of(parts), simulator.clock().now())
}

fn strike(
    simulator: &Simulator,
    endpoint: &Endpoint,
    parts: &Parts,
    body: &[u8],
) -> Option<(FaultKind, bool)> {
    let call = call_of(simulator, endpoint, parts, body);
    simulator.faults().strike(endpoint.path, || call.appid(simulator), call.now, simulator.dice())
}

/// Lets the endpoint do its work and records the call.
async fn effect(
    simulator: &Simulator,
    endpoint: &Endpoint,
    parts: &Parts,
    body: &[u8],
    fault: Option<&FaultKind>,
) -> Answer {
    if let Some(wait) = endpoint.wait {
        wait(simulator, parts).await;
    }
    let mut call = call_of(simulator, endpoint, parts, body);
    let outcome = match (endpoint.wants, &parts.method) {
        (Wants::Get, method) if !reads(endpoint, method) => Err(Refusal::of(43001)),
        (Wants::Post, method) if method != Method::POST => Err(Refusal::of(43002)),
        (Wants::Both, method) if method != Method::POST && !reads(endpoint, method) => {
            Err(Refusal::of(43001))
        }
        _ => match endpoint.run {
            Run::Text(run) => {
                run(simulator, &call).map(|body| Answer::success(Family::of(endpoint.path), body))
            }
            Run::Page(run) => run(simulator, &call),
        },
    };
    let appid = call.appid(simulator);
    let push = call.take_push();
    let answer = match outcome {
        Ok(answer) => Answer { after: push.map(|push| After::new(simulator, push)), ..answer },
        Err(refusal) => worded(simulator, endpoint, &call, appid.as_deref(), &refusal),
    };
    record(simulator, endpoint, &call, appid, Some(answer.errcode), fault);
    answer
}

/// A browser may ask for the head of a page; WeChat's own clients never do.
fn reads(endpoint: &Endpoint, method: &Method) -> bool {
    method == Method::GET || (method == Method::HEAD && Family::of(endpoint.path) == Family::Page)
}

fn worded(
    simulator: &Simulator,
    endpoint: &Endpoint,
    call: &Call<'_>,
    appid: Option<&str>,
    refusal: &Refusal,
) -> Answer {
    let family = Family::of(endpoint.path);
    if family == Family::Page {
        return Answer::not_opened(refusal, call.language());
    }
    let style = appid
        .and_then(|appid| simulator.world().app_by_appid(appid).map(|(_, app)| app.errmsg_style))
        .unwrap_or(ErrmsgStyle::Rid);
    Answer::refused(family, style, refusal, call.now, simulator.dice())
}

fn record(
    simulator: &Simulator,
    endpoint: &Endpoint,
    call: &Call<'_>,
    appid: Option<String>,
    errcode: Option<i32>,
    fault: Option<&FaultKind>,
) {
    let held = match fault {
        Some(FaultKind::Delay(delay)) => u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        _ => 0,
    };
    simulator.calls_log().add(CallRecord {
        path: endpoint.path.into(),
        appid: appid.map(String::into_boxed_str),
        at: call.now,
        errcode,
        client: call.client,
        ms: held,
        fault: fault.map(FaultKind::name),
    });
}

/// Records a call that never reached its endpoint.
fn record_lost(simulator: &Simulator, endpoint: &Endpoint, parts: &Parts, body: &[u8], fault: &FaultKind) {
    let call = call_of(simulator, endpoint, parts, body);
    record(simulator, endpoint, &call, call.appid(simulator), None, Some(fault));
}

async fn struck(
    simulator: &Simulator,
    endpoint: &Endpoint,
    parts: &Parts,
    body: &[u8],
    fault: FaultKind,
    before: bool,
) -> Response<Body> {
    let refusal = match &fault {
        FaultKind::Errcode { code, errmsg } => Some(Refusal { text: errmsg.clone(), ..Refusal::of(*code) }),
        FaultKind::Quota { .. } => Some(Refusal::of(45009)),
        _ => None,
    };
    if let Some(refusal) = refusal {
        return refused(simulator, endpoint, parts, body, Some(&fault), &refusal).into_response();
    }
    match fault {
        FaultKind::HttpStatus(status) => {
            record_lost(simulator, endpoint, parts, body, &fault);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return garble::proxy_page(status).into_response();
        }
        FaultKind::InvalidateTokens => {
            invalidate_tokens(simulator, endpoint, parts, body);
            return effect(simulator, endpoint, parts, body, Some(&fault)).await.into_response();
        }
        FaultKind::Delay(delay) if before => {
            if hold(simulator, parts, delay).await.is_none() {
                return cut();
            }
            return effect(simulator, endpoint, parts, body, Some(&fault)).await.into_response();
        }
        _ => {}
    }
    let answer = if before {
        record_lost(simulator, endpoint, parts, body, &fault);
        Answer::success(Family::of(endpoint.path), String::from("{}"))
    } else {
        effect(simulator, endpoint, parts, body, Some(&fault)).await
    };
    on_the_wire(simulator, parts, &fault, answer).await
}

/// What becomes of an answer on its way.
async fn on_the_wire(
    simulator: &Simulator,
    parts: &Parts,
    fault: &FaultKind,
    answer: Answer,
) -> Response<Body> {
    match fault {
        FaultKind::Garbage(form) => garble::garbled(*form, answer).into_response(),
        FaultKind::Delay(delay) => match hold(simulator, parts, *delay).await {
            Some(()) => answer.into_response(),
            None => cut(),
        },
        FaultKind::Timeout => {
            hold(simulator, parts, PATIENCE).await;
            cut()
        }
        _ => cut(),
    }
}

fn refused(
    simulator: &Simulator,
    endpoint: &Endpoint,
    parts: &Parts,
    body: &[u8],
    fault: Option<&FaultKind>,
    refusal: &Refusal,
) -> Answer {
    let call = call_of(simulator, endpoint, parts, body);
    let appid = call.appid(simulator);
    let answer = worded(simulator, endpoint, &call, appid.as_deref(), refusal);
    record(simulator, endpoint, &call, appid, Some(refusal.code), fault);
    answer
}

fn invalidate_tokens(simulator: &Simulator, endpoint: &Endpoint, parts: &Parts, body: &[u8]) {
    let call = call_of(simulator, endpoint, parts, body);
    let app =
        call.appid(simulator).and_then(|appid| simulator.world().app_by_appid(&appid).map(|(key, _)| key));
    match (app, Family::of(endpoint.path)) {
        (Some(app), Family::Sns) => simulator.authorizations().invalidate(app, call.now),
        (Some(app), _) => {
            simulator.tokens().invalidate(app, call.now);
            simulator.tickets().invalidate(app, call.now);
        }
        (None, _) => {}
    }
}

/// Waits for `time` of the simulator's clock. `None` when the server closes first.
pub async fn hold(simulator: &Simulator, parts: &Parts, time: Duration) -> Option<()> {
    let sleep = simulator.clock().sleep(time);
    match parts.extensions.get::<Closing>() {
        Some(Closing(closing)) => closing.run_until_cancelled(sleep).await,
        None => {
            sleep.await;
            Some(())
        }
    }
}

/// A response that cannot be sent: its body fails before its first byte, so that the connection is closed with nothing
/// written to it.
fn cut() -> Response<Body> {
    let failure = io::Error::new(io::ErrorKind::ConnectionAborted, "cut by a fault");
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, io::Error>(failure)])))
}
