use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use weir_base::Timestamp;
use weir_core::{
    Failure,
    action::{ActionRow, Filter, Recorded, Report, flow},
    apikey::Scope,
    idempotency::Once,
};

use super::{envelope::Success, leads::LeadData, lists};
use crate::{
    Shared,
    extract::{Calling, IdempotencyKey, Key, Query, Sent},
    problem::Refusal,
};

/// What a customer did.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionBody {
    /// The customer's openid.
    #[schema(required = true, max_length = 128)]
    customer_id: Option<String>,
    #[schema(required = true, max_length = 128)]
    advisor_id: Option<String>,
    /// `view_resume`, `contact_advisor`, `book_service`, or another.
    #[schema(required = true, max_length = 64, example = "view_resume")]
    action_type: Option<String>,
    /// Kept as it is, up to 64 KiB.
    #[schema(required = true, value_type = Object)]
    action_data: Option<Map<String, Value>>,
    #[schema(max_length = 100)]
    customer_name: Option<String>,
    /// A mainland mobile number makes a lead, however it is written.
    #[schema(max_length = 64, example = "138 0013 8000")]
    customer_phone: Option<String>,
    #[schema(max_length = 128)]
    resume_id: Option<String>,
    /// Kept as it is, up to 64 KiB.
    #[schema(value_type = Option<Object>)]
    customer_info: Option<Value>,
    /// When it happened: Unix milliseconds, or ISO 8601.
    #[schema(value_type = Option<Object>)]
    timestamp: Option<Value>,
    /// Which mini-program, when this server serves several: its appid or its name. The first configured by default.
    appid: Option<String>,
}

/// An action.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionData {
    #[serde(rename = "_id")]
    id: String,
    customer_id: String,
    advisor_id: String,
    action_type: String,
    #[schema(value_type = Object)]
    action_data: Value,
    customer_name: String,
    customer_phone: String,
    /// The lead, when there is one.
    customer_record_id: Option<String>,
    resume_id: Option<String>,
    /// Whether a message to the advisor was queued with it.
    notified: bool,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What came of an action.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordedData {
    action_id: String,
    /// Whether a lead was made.
    customer_created: bool,
    /// The lead's id, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    action: ActionData,
    /// The lead, when there is one. Of a lead that is somebody else's only its id and its kind are told.
    customer: Option<LeadData>,
}

impl From<Recorded> for RecordedData {
    fn from(recorded: Recorded) -> Self {
        let customer_created = recorded.customer_created();
        let mobile = recorded.report.mobile();
        let name = recorded.report.name().to_owned();
        let Recorded { report, made, lead } = recorded;
        Self {
            action_id: made.action.clone(),
            customer_created,
            customer_id: made.lead.clone(),
            action: ActionData {
                id: made.action,
                customer_id: report.customer_id,
                advisor_id: report.advisor_id,
                action_type: report.action_type,
                action_data: Value::Object(report.action_data),
                customer_name: name,
                customer_phone: mobile.or(report.customer_phone).unwrap_or_default(),
                customer_record_id: made.lead,
                resume_id: report.resume_id,
                notified: made.notified,
                created_at: made.at.iso(),
            },
            customer: lead.map(LeadData::from),
        }
    }
}

impl From<ActionRow> for ActionData {
    fn from(row: ActionRow) -> Self {
        Self {
            id: row.id.to_string(),
            customer_id: row.customer_id,
            advisor_id: row.advisor_id,
            action_type: row.action_type,
            action_data: serde_json::from_str(&row.action_data).unwrap_or_default(),
            customer_name: row.customer_name,
            customer_phone: row.customer_phone,
            customer_record_id: row.lead_id,
            resume_id: row.resume_id,
            notified: row.notified,
            created_at: row.created_at.iso(),
        }
    }
}

fn report(body: ActionBody) -> Result<(Report, Option<String>), Failure> {
    let missing = |field: &'static str| Failure::invalid(field, "is missing");
    let told_at = match body.timestamp {
        None | Some(Value::Null) => None,
        Some(given) => {
            let wrong = || Failure::invalid("timestamp", "is neither Unix milliseconds nor ISO 8601");
            let read = match &given {
                Value::Number(number) => number.as_i64().filter(|at| *at >= 0).map(Timestamp::from_millis),
                Value::String(text) => Timestamp::parse(text),
                _ => None,
            };
            Some(read.ok_or_else(wrong)?)
        }
    };
    let report = Report {
        customer_id: body.customer_id.ok_or_else(|| missing("customerId"))?,
        advisor_id: body.advisor_id.ok_or_else(|| missing("advisorId"))?,
        action_type: body.action_type.ok_or_else(|| missing("actionType"))?,
        action_data: body.action_data.ok_or_else(|| missing("actionData"))?,
        customer_name: body.customer_name,
        customer_phone: body.customer_phone,
        resume_id: body.resume_id,
        customer_info: body.customer_info.filter(|info| !info.is_null()),
        told_at,
    };
    Ok((report, body.appid))
}

/// Record what a customer did. A mobile number makes a lead, once; the advisor is told where they want it.
#[utoipa::path(post, path = "/api/customer/action", tag = "engagement", operation_id = "recordAction",
    params(("Idempotency-Key" = Option<String>, Header, description = "Asked again with the same key within a day, it is the same action")),
    request_body = ActionBody, responses((status = 200, description = "Recorded", body = Success<RecordedData>)))]
pub(super) async fn record(
    calling: Calling,
    key: IdempotencyKey,
    State(server): State<Shared>,
    Sent(body): Sent<ActionBody>,
) -> Result<Success<RecordedData>, Refusal> {
    let party = calling.with(Scope::CrmWrite)?;
    let app = &server.app;
    let (report, appid) = report(body)?;
    let once = Once::new(app, key.as_deref(), &party, "customer.action", &report)?;
    let recorded = flow::record(app, &party, appid.as_deref(), report, once).await?;
    let words = if recorded.customer_created() {
        "记录客户行为成功，已创建新客户线索"
    } else {
        "记录客户行为成功"
    };
    Ok(Success::new(app.clock.now(), words, recorded.into()))
}

/// Which actions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct ActionsQuery {
    advisor_id: Option<String>,
    customer_id: Option<String>,
    action_type: Option<String>,
    /// A lead's id.
    customer_record_id: Option<String>,
    /// Recorded at this instant or later: ISO 8601 or Unix milliseconds.
    from: Option<String>,
    /// Recorded before this instant.
    to: Option<String>,
    /// As the page before says it.
    cursor: Option<String>,
    /// 1 to 200; 50 when it is not given.
    limit: Option<u32>,
}

/// Actions, newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionPage {
    items: Vec<ActionData>,
    /// Where the next page begins; null when this is the last.
    next_cursor: Option<String>,
}

/// What customers did, newest first.
#[utoipa::path(get, path = "/api/customer/actions", tag = "engagement", operation_id = "actions",
    params(ActionsQuery), responses((status = 200, description = "A page of them", body = Success<ActionPage>)))]
pub(super) async fn list(
    State(server): State<Shared>,
    key: Key,
    query: Query,
) -> Result<Success<ActionPage>, Refusal> {
    key.with(Scope::CrmRead)?;
    let app = &server.app;
    let filter = Filter {
        advisor_id: lists::text(&query, "advisorId")?,
        customer_id: lists::text(&query, "customerId")?,
        action_type: lists::text(&query, "actionType")?,
        lead_id: lists::text(&query, "customerRecordId")?,
        from: lists::time(&query, "from")?,
        to: lists::time(&query, "to")?,
    };
    let page = flow::list(app, &filter, &lists::wanted(&query)?).await?.map(ActionData::from);
    let data = ActionPage { items: page.items, next_cursor: page.next };
    Ok(Success::new(app.clock.now(), "获取客户行为成功", data))
}
