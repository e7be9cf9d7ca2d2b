use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use weir_base::page::{MOST, Wanted};
use weir_core::{
    App, Failure,
    apikey::Scope,
    lead::{Filter, Lead, flow},
};

use super::{envelope::Success, lists};
use crate::{
    Shared,
    extract::{Key, Query},
    problem::Refusal,
};

/// A customer who told a phone number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeadData {
    #[serde(rename = "_id")]
    id: String,
    /// `CUS` and eleven digits.
    #[schema(example = "CUS00012345678")]
    customer_id: String,
    name: String,
    /// Null once it was erased.
    phone: Option<String>,
    /// The openid.
    wechat_id: String,
    lead_source: String,
    contract_status: String,
    lead_level: String,
    assigned_to: String,
    created_by: String,
    remarks: String,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Lead> for LeadData {
    fn from(lead: Lead) -> Self {
        Self {
            id: lead.id.to_string(),
            customer_id: lead.customer_number,
            name: lead.name,
            phone: lead.phone,
            wechat_id: lead.openid,
            lead_source: lead.lead_source,
            contract_status: lead.contract_status,
            lead_level: lead.lead_level,
            assigned_to: lead.assigned_to,
            created_by: lead.created_by,
            remarks: lead.remarks,
            created_at: lead.created_at.iso(),
        }
    }
}

/// Which leads.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct LeadsQuery {
    /// However it is written.
    phone: Option<String>,
    /// An advisor's id.
    assigned_to: Option<String>,
    openid: Option<String>,
    /// Made at this instant or later: ISO 8601 or Unix milliseconds.
    from: Option<String>,
    /// Made before this instant.
    to: Option<String>,
}

/// Which page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct PageQuery {
    /// As the page before says it.
    cursor: Option<String>,
    /// 1 to 200; 50 when it is not given.
    limit: Option<u32>,
}

/// Leads, newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeadPage {
    items: Vec<LeadData>,
    /// Where the next page begins; null when this is the last.
    next_cursor: Option<String>,
}

fn filter(query: &Query) -> Result<Filter, Failure> {
    Ok(Filter {
        phone: lists::text(query, "phone")?,
        assigned_to: lists::text(query, "assignedTo")?,
        openid: lists::text(query, "openid")?,
        from: lists::time(query, "from")?,
        to: lists::time(query, "to")?,
    })
}

/// Leads, newest first.
#[utoipa::path(get, path = "/api/leads", tag = "engagement", operation_id = "leads", params(LeadsQuery, PageQuery),
    responses((status = 200, description = "A page of them", body = Success<LeadPage>)))]
pub(super) async fn list(
    State(server): State<Shared>,
    key: Key,
    query: Query,
) -> Result<Success<LeadPage>, Refusal> {
    key.with(Scope::CrmRead)?;
    let app = &server.app;
    let page = flow::list(app, &filter(&query)?, &lists::wanted(&query)?).await?.map(LeadData::from);
    let data = LeadPage { items: page.items, next_cursor: page.next };
    Ok(Success::new(app.clock.now(), "获取客户线索成功", data))
}

/// One lead.
#[utoipa::path(get, path = "/api/leads/{id}", tag = "engagement", operation_id = "leadById",
    params(("id" = String, Path, description = "The lead")),
    responses((status = 200, description = "It", body = Success<LeadData>)))]
pub(super) async fn one(
    State(server): State<Shared>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Success<LeadData>, Refusal> {
    key.with(Scope::CrmRead)?;
    let lead = flow::find(&server.app, &id).await?;
    Ok(Success::new(server.app.clock.now(), "获取客户线索成功", lead.into()))
}

/// All leads as CSV, newest first, for spreadsheets. Sent as it is read: any number of them.
#[utoipa::path(get, path = "/api/leads.csv", tag = "engagement", operation_id = "leadsCsv", params(LeadsQuery),
    responses((status = 200, description = "A line for each lead", body = String, content_type = "text/csv")))]
pub(super) async fn csv(State(server): State<Shared>, key: Key, query: Query) -> Result<Response, Refusal> {
    key.with(Scope::CrmRead)?;
    let export = Export {
        app: Arc::clone(&server.app),
        filter: filter(&query)?,
        wanted: Some(Wanted { after: None, limit: MOST }),
        // Spreadsheets know UTF-8 by its mark.
        head: Some(format!("\u{feff}{HEAD}\r\n")),
    };
    // The first page is read before anything is answered: whoever cannot be answered is told so.
    let (first, export) = export.next().await?;
    let rest = stream::unfold(Some(export), async |export| {
        let export = export.filter(|export| export.wanted.is_some())?;
        match export.next().await {
            Ok((text, export)) => Some((Ok(Bytes::from(text)), Some(export))),
            // The connection is cut: a file that ends early must not look whole.
            Err(failure) => Some((Err(std::io::Error::other(failure.code.as_str())), None)),
        }
    });
    let first = stream::once(async { Ok::<_, std::io::Error>(Bytes::from(first)) });
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"leads.csv\""));
    let kept = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([kind, name, kept], body).into_response())
}

const HEAD: &str = "customerId,name,phone,wechatId,leadSource,contractStatus,leadLevel,assignedTo,createdBy,remarks,createdAt,_id";

/// An export on its way.
struct Export {
    app: Arc<App>,
    filter: Filter,
    /// The next page; nothing after the last.
    wanted: Option<Wanted>,
    head: Option<String>,
}

impl Export {
    async fn next(mut self) -> Result<(String, Self), Failure> {
        let mut text = self.head.take().unwrap_or_default();
        if let Some(wanted) = &self.wanted {
            let page = flow::list(&self.app, &self.filter, wanted).await?;
            for lead in &page.items {
                line(&mut text, lead);
            }
            let next = page.next.as_deref().map(|cursor| Wanted::new(Some(cursor), None));
            self.wanted = next.and_then(Result::ok).map(|wanted| Wanted { limit: MOST, ..wanted });
        }
        Ok((text, self))
    }
}

fn line(text: &mut String, lead: &Lead) {
    let (phone, created_at) = (lead.phone.as_deref().unwrap_or_default(), lead.created_at.iso());
    let cells = [
        lead.customer_number.as_str(),
        &lead.name,
        phone,
        &lead.openid,
        &lead.lead_source,
        &lead.contract_status,
        &lead.lead_level,
        &lead.assigned_to,
        &lead.created_by,
        &lead.remarks,
        &created_at,
        lead.id.as_str(),
    ];
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        push(text, cell);
    }
    text.push_str("\r\n");
}

/// One cell (RFC 4180). What a spreadsheet would take for a formula is told as text by an apostrophe.
fn push(text: &mut String, cell: &str) {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let quoted = formula || cell.contains(['"', ',', '\r', '\n']);
    if !quoted {
        text.push_str(cell);
        return;
    }
    text.push('"');
    if formula {
        text.push('\'');
    }
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_what_it_says_and_never_a_formula() {
        let written = |cell: &str| {
            let mut text = String::new();
            push(&mut text, cell);
            text
        };
        for (cell, meant) in [
            ("张三", "张三"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-2", "\"'-2\""),
            ("\t=1", "\"'\t=1\""),
        ] {
            assert_eq!(written(cell), meant);
        }
    }
}
