use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_base::Timestamp;
use weir_core::{
    Failure,
    advisor::{
        Filter, Subscription,
        flow::{self, Saved},
        model::Told,
    },
    apikey::Scope,
    credit::Answer,
    idempotency::Once,
};

use super::{envelope::Success, lists};
use crate::{
    Shared,
    extract::{Calling, IdempotencyKey, Key, Query, Sent},
    problem::Refusal,
};

/// Whether an advisor wants messages.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscribeBody {
    #[schema(required = true, max_length = 128)]
    advisor_id: Option<String>,
    /// The advisor's openid in the mini-program.
    #[schema(required = true, max_length = 128)]
    openid: Option<String>,
    #[schema(required = true, max_length = 128, example = "TMPL_DEMO_ACTION")]
    template_id: Option<String>,
    #[schema(required = true)]
    subscribed: Option<bool>,
    subscribe_data: Option<SubscribeInfo>,
    /// Which mini-program, when this server serves several: its appid or its name. The first configured by default.
    appid: Option<String>,
}

/// What the page knows of the prompt.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscribeInfo {
    /// What `wx.requestSubscribeMessage` answered for the template: `accept`, `reject`, `ban` or `filter`. Each accept of a
    /// one-time template is one message.
    #[schema(example = "accept")]
    subscription_status: Option<String>,
}

/// A subscription.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscriptionData {
    #[serde(rename = "_id")]
    id: String,
    advisor_id: String,
    openid: String,
    template_id: String,
    subscribed: bool,
    #[schema(format = DateTime)]
    subscribe_time: Option<String>,
    #[schema(format = DateTime)]
    unsubscribe_time: Option<String>,
    /// Messages that may still be sent; null for a long-term template, which has no ledger.
    remaining: Option<i64>,
}

impl SubscriptionData {
    fn new(subscription: Subscription, remaining: Option<i64>) -> Self {
        Self {
            id: subscription.id.to_string(),
            advisor_id: subscription.advisor_id,
            openid: subscription.openid,
            template_id: subscription.template_id,
            subscribed: subscription.subscribed,
            subscribe_time: subscription.subscribed_at.map(Timestamp::iso),
            unsubscribe_time: subscription.unsubscribed_at.map(Timestamp::iso),
            remaining,
        }
    }
}

fn told(body: SubscribeBody) -> Result<(Told, Option<String>), Failure> {
    let missing = |field: &'static str| Failure::invalid(field, "is missing");
    let status = body.subscribe_data.and_then(|info| info.subscription_status);
    let answer = status.as_deref().map(|status| {
        let unknown =
            || Failure::invalid("subscribeData.subscriptionStatus", "is none of accept, reject, ban, filter");
        Answer::parse(status).ok_or_else(unknown)
    });
    let told = Told {
        advisor_id: body.advisor_id.ok_or_else(|| missing("advisorId"))?,
        openid: body.openid.ok_or_else(|| missing("openid"))?,
        template_id: body.template_id.ok_or_else(|| missing("templateId"))?,
        subscribed: body.subscribed.ok_or_else(|| missing("subscribed"))?,
        answer: answer.transpose()?,
        status,
    };
    Ok((told, body.appid))
}

/// Save whether an advisor wants messages, and what they answered to WeChat's prompt.
#[utoipa::path(post, path = "/api/advisor/subscribe", tag = "engagement", operation_id = "saveSubscription",
    params(("Idempotency-Key" = Option<String>, Header, description = "Asked again with the same key within a day, it counts once")),
    request_body = SubscribeBody, responses((status = 200, description = "Saved", body = Success<SubscriptionData>)))]
pub(super) async fn subscribe(
    calling: Calling,
    key: IdempotencyKey,
    State(server): State<Shared>,
    Sent(body): Sent<SubscribeBody>,
) -> Result<Success<SubscriptionData>, Refusal> {
    let party = calling.with(Scope::CrmWrite)?;
    let app = &server.app;
    let (told, appid) = told(body)?;
    let once = Once::new(app, key.as_deref(), &party, "advisor.subscribe", &told)?;
    let Saved { subscription, remaining } = flow::save(app, &party, appid.as_deref(), told, once).await?;
    let data = SubscriptionData::new(subscription, remaining);
    Ok(Success::new(app.clock.now(), "保存订阅状态成功", data))
}

/// Which subscriptions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct SubscriptionsQuery {
    advisor_id: Option<String>,
    openid: Option<String>,
    template_id: Option<String>,
    subscribed: Option<bool>,
    /// As the page before says it.
    cursor: Option<String>,
    /// 1 to 200; 50 when it is not given.
    limit: Option<u32>,
}

/// Subscriptions, newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscriptionPage {
    items: Vec<SubscriptionData>,
    /// Where the next page begins; null when this is the last.
    next_cursor: Option<String>,
}

/// Who wants messages, newest first.
#[utoipa::path(get, path = "/api/advisor/subscriptions", tag = "engagement", operation_id = "subscriptions",
    params(SubscriptionsQuery), responses((status = 200, description = "A page of them", body = Success<SubscriptionPage>)))]
pub(super) async fn list(
    State(server): State<Shared>,
    key: Key,
    query: Query,
) -> Result<Success<SubscriptionPage>, Refusal> {
    key.with(Scope::CrmRead)?;
    let app = &server.app;
    let filter = Filter {
        advisor_id: lists::text(&query, "advisorId")?,
        openid: lists::text(&query, "openid")?,
        template_id: lists::text(&query, "templateId")?,
        subscribed: lists::flag(&query, "subscribed")?,
    };
    let page = flow::list(app, &filter, &lists::wanted(&query)?).await?.map(|row| {
        let remaining = flow::remaining(app, &row);
        SubscriptionData::new(row.subscription, remaining)
    });
    let data = SubscriptionPage { items: page.items, next_cursor: page.next };
    Ok(Success::new(app.clock.now(), "获取订阅列表成功", data))
}
