use weir_base::page::{Page, WRONG_CURSOR, Wanted};

use super::{Filter, Lead, LeadId, model::mobile, rows};
use crate::{App, Code, Failure, Outcome};

/// A page of the leads that are wanted, newest first.
pub async fn list(app: &App, filter: &Filter, wanted: &Wanted) -> Outcome<Page<Lead>> {
    let between = LeadId::between(wanted.after.as_deref(), filter.from, filter.to);
    let (first, end) = between.ok_or_else(|| Failure::invalid(WRONG_CURSOR.0, WRONG_CURSOR.1))?;
    let (db, limit) = (&app.store, wanted.rows());
    let (advisor, openid) = (filter.assigned_to.as_deref(), filter.openid.as_deref());
    let found = match (&filter.phone, openid, advisor) {
        (Some(phone), ..) => {
            let phone = mobile(phone).unwrap_or_else(|| phone.clone());
            let found = rows::by_phone(db, &phone).await?.into_iter();
            let is_wanted = |lead: &Lead| {
                (&first..&end).contains(&&lead.id)
                    && advisor.is_none_or(|advisor| lead.assigned_to == advisor)
                    && openid.is_none_or(|openid| lead.openid == openid)
            };
            found.filter(is_wanted).collect()
        }
        (None, Some(openid), _) => rows::page_of_openid(db, openid, advisor, &first, &end, limit).await?,
        (None, None, Some(advisor)) => rows::page_of_advisor(db, advisor, &first, &end, limit).await?,
        (None, None, None) => rows::page(db, &first, &end, limit).await?,
    };
    Ok(wanted.page(found, |lead| lead.id.as_str()))
}

pub async fn find(app: &App, id: &str) -> Outcome<Lead> {
    let unknown = || Failure::new(Code::NotFound).detail("there is no such lead");
    let id = LeadId::parse(id).ok_or_else(unknown)?;
    rows::find(&app.store, &id).await?.ok_or_else(unknown)
}
