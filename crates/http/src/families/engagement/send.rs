use axum::{
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use weir_core::{
    Failure,
    apikey::Scope,
    idempotency::Once,
    message::{self, Origin, asked::Asked},
};

use super::envelope::Success;
use crate::{
    Shared,
    extract::{Calling, IdempotencyKey, Sent},
    problem::Refusal,
};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// A subscription message.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct SendBody {
    /// The openid of whoever gets it.
    #[schema(required = true, max_length = 128)]
    touser: Option<String>,
    #[schema(required = true, max_length = 128, example = "TMPL_DEMO_ACTION")]
    template_id: Option<String>,
    /// The template's fields, each `{"value": "…"}`. What is too long for its kind is cut.
    #[schema(required = true, value_type = Object, example = json!({"thing1": {"value": "hello"}}))]
    data: Option<Map<String, Value>>,
    /// The page that a tap opens, with its query.
    #[schema(max_length = 1024)]
    page: Option<String>,
    /// `developer`, `trial` or `formal`.
    miniprogram_state: Option<String>,
    /// `zh_CN`, `en_US`, `zh_HK` or `zh_TW`.
    lang: Option<String>,
    /// Which mini-program, when this server serves several: its appid or its name. The first configured by default.
    appid: Option<String>,
}

/// WeChat took the message.
#[derive(Serialize, ToSchema)]
pub(super) struct SentData {
    #[schema(example = 0)]
    errcode: i64,
    #[schema(value_type = String, example = "ok")]
    errmsg: &'static str,
    /// WeChat's name for it. Beyond what JavaScript counts exactly.
    msgid: Option<i64>,
    /// Ours.
    #[serde(rename = "messageId")]
    message_id: String,
}

/// The message is queued.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueuedData {
    message_id: String,
    #[schema(value_type = String, example = "queued")]
    state: &'static str,
}

/// Send a subscription message, whatever our ledger says: WeChat decides, and its answer corrects the ledger. With the
/// header `Prefer: respond-async` it is queued instead and sent as soon as it can be.
#[utoipa::path(post, path = "/api/message/send", tag = "engagement", operation_id = "sendMessage",
    params(("Idempotency-Key" = Option<String>, Header, description = "Asked again with the same key within a day, it is the same message"),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: queue it")),
    request_body = SendBody,
    responses((status = 200, description = "Sent", body = Success<SentData>),
        (status = 202, description = "Queued", body = Success<QueuedData>)))]
pub(super) async fn send(
    calling: Calling,
    key: IdempotencyKey,
    State(server): State<Shared>,
    headers: HeaderMap,
    Sent(body): Sent<SendBody>,
) -> Result<Response, Refusal> {
    let party = calling.without_persons(Scope::MessagesSend)?;
    let app = &server.app;
    let later = prefers_async(&headers);
    let operation = if later { "message.queue" } else { "message.send" };
    let once = Once::new(app, key.as_deref(), &party, operation, &body)?;
    let asked = asked(body)?;
    if later {
        let id = message::flow::submit(app, asked.draft(app, Origin::Queued)?, once).await?;
        let data = QueuedData { message_id: id.to_string(), state: "queued" };
        return Ok(Success::new(app.clock.now(), "订阅消息已加入发送队列", data).accepted().into_response());
    }
    let sent = message::now::send(app, asked.draft(app, Origin::Now)?, once).await?;
    let data = SentData { errcode: 0, errmsg: "ok", msgid: sent.msgid, message_id: sent.id.to_string() };
    Ok(Success::new(app.clock.now(), "发送订阅消息成功", data).into_response())
}

fn asked(body: SendBody) -> Result<Asked, Failure> {
    let missing = |field: &'static str| Failure::invalid(field, "is missing");
    Ok(Asked {
        appid: body.appid,
        touser: body.touser.ok_or_else(|| missing("touser"))?,
        template_id: body.template_id.ok_or_else(|| missing("template_id"))?,
        data: body.data.ok_or_else(|| missing("data"))?,
        page: body.page,
        miniprogram_state: body.miniprogram_state,
        lang: body.lang,
    })
}

/// `Prefer: respond-async, wait=5` (RFC 7240).
fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("respond-async"))
}
