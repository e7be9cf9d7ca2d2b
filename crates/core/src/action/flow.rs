use std::sync::Arc;

use weir_base::{
    Timestamp,
    page::{Page, WRONG_CURSOR, Wanted},
};
use weir_store::Tx;

use super::{
    ActionId, ActionRow, Filter, Recorded, Report, model::Made, model::kept_json, notice::Notice, rows,
};
use crate::{
    App, Code, Failure, Outcome, advisor,
    engagement::Party,
    idempotency::{self, Claim, Once},
    lead::{self, Lead, LeadId},
    message::{self, Draft, Origin},
};

/// What is tried to find a number that no lead has.
const NUMBERS: usize = 5;

/// Records what a customer did. In one transaction: the action, the lead that its phone number makes, the credit that its
/// message takes, the message and its job. Asked again with the same key, it is the same action.
///
/// # Errors
/// [`Code::Invalid`] with the field; [`Code::Forbidden`] for a person who speaks for another.
pub async fn record(
    app: &Arc<App>,
    party: &Party,
    appid: Option<&str>,
    report: Report,
    once: Option<Once>,
) -> Outcome<Recorded> {
    report.validate()?;
    let mini = app.mini_program(appid)?;
    party.speaks_for(app, "customerId", &report.customer_id).await?;
    let now = app.clock.now();
    let work = Recording {
        action: ActionId::new(&app.dice, now),
        lead: LeadId::new(&app.dice, now),
        data: kept_json("actionData", &report.action_data)?,
        info: report.customer_info.as_ref().map(|info| kept_json("customerInfo", info)).transpose()?,
        mobile: report.mobile(),
        appid: mini.appid.clone(),
        app: Arc::clone(app),
        report,
        once,
        now,
    };
    let for_it = work.clone();
    let (made, lead) =
        app.store.transaction(move |tx| Box::pin(async move { for_it.write(tx).await })).await?;
    if made.notified {
        app.jobs.nudge();
    }
    let lead =
        lead.map(|lead| if may_know(party, &lead, &made, &work.report) { lead } else { lead.masked() });
    Ok(Recorded { report: work.report, made, lead })
}

/// Whoever made a lead knows it, and so do the services of the house. Anybody else learns that there is one.
fn may_know(party: &Party, lead: &Lead, made: &Made, report: &Report) -> bool {
    match party {
        Party::Service(_) => true,
        Party::Person(_) => lead.openid == report.customer_id,
        Party::Anyone => made.lead_number.is_some(),
    }
}

/// An action on its way into the database.
#[derive(Clone)]
struct Recording {
    app: Arc<App>,
    appid: String,
    action: ActionId,
    lead: LeadId,
    report: Report,
    data: String,
    info: Option<String>,
    mobile: Option<String>,
    once: Option<Once>,
    now: Timestamp,
}

impl Recording {
    async fn write(&self, tx: &Tx<'_>) -> Outcome<(Made, Option<Lead>)> {
        if let Some(once) = &self.once
            && let Claim::Answered(kept) = idempotency::claim(tx, once, self.now).await?
        {
            return self.again(tx, &kept).await;
        }
        let report = &self.report;
        let (lead, subscribed) = tokio::try_join!(self.lead(tx), async {
            Ok::<_, Failure>(advisor::rows::wants(tx, &report.advisor_id, &self.appid).await?)
        })?;
        let is_new = lead.as_ref().is_some_and(|lead| lead.id == self.lead);
        let customer = lead.as_ref().map_or(report.customer_id.as_str(), |lead| lead.id.as_str());
        let notice = Notice { report, is_new, customer, at: report.told_at.unwrap_or(self.now) };
        let mut notified = false;
        for wish in &subscribed {
            let template = message::template(&self.app.settings, &self.appid, &wish.template_id);
            if wish.remaining == 0 && template.needs_credit() {
                continue;
            }
            let draft = Draft {
                appid: self.appid.clone(),
                openid: wish.openid.clone(),
                template_id: wish.template_id.clone(),
                data: notice.data(template),
                page: notice.page(template),
                miniprogram_state: None,
                lang: None,
                origin: Origin::Action,
                advisor_id: Some(report.advisor_id.clone()),
                action_id: Some(self.action.to_string()),
            };
            // One message for one action: the first of the advisor's phones that has an accept left.
            if message::flow::queue(tx, &self.app, &draft, true).await?.is_some() {
                notified = true;
                break;
            }
        }
        let made = Made {
            action: self.action.to_string(),
            at: self.now,
            lead: lead.as_ref().map(|lead| lead.id.to_string()),
            lead_number: lead.as_ref().filter(|_| is_new).map(|lead| lead.customer_number.clone()),
            notified,
        };
        tokio::try_join!(self.insert(tx, &made), self.keep(tx, &made))?;
        Ok((made, lead))
    }

    /// The lead of the phone number: made now, or there already.
    async fn lead(&self, tx: &Tx<'_>) -> Outcome<Option<Lead>> {
        let Some(phone) = &self.mobile else { return Ok(None) };
        let Report { customer_id, advisor_id, action_type, .. } = &self.report;
        let name = self.report.name();
        for _ in 0..NUMBERS {
            let lead = Lead {
                id: self.lead.clone(),
                customer_number: lead::model::customer_number(&self.app.dice),
                name: if name.is_empty() { "新客户".to_owned() } else { name.to_owned() },
                phone: Some(phone.clone()),
                openid: customer_id.clone(),
                lead_source: "其他".to_owned(),
                contract_status: "待定".to_owned(),
                lead_level: "B类".to_owned(),
                assigned_to: advisor_id.clone(),
                created_by: advisor_id.clone(),
                remarks: lead::model::remarks(action_type),
                created_at: self.now,
            };
            let (number, name, remarks) = (&lead.customer_number, &lead.name, &lead.remarks);
            let (source, status, level) = (&lead.lead_source, &lead.contract_status, &lead.lead_level);
            let made = lead::rows::insert(
                tx,
                &lead.id,
                number,
                name,
                phone,
                customer_id,
                source,
                status,
                level,
                advisor_id,
                remarks,
                self.now,
            );
            if made.await? > 0 {
                return Ok(Some(lead));
            }
            if let Some(known) = lead::rows::by_phone(tx, phone).await? {
                return Ok(Some(known));
            }
            // Another lead has this number.
        }
        Err(Failure::new(Code::Unavailable).cause("no number for a lead was found"))
    }

    async fn insert(&self, tx: &Tx<'_>, made: &Made) -> Outcome<()> {
        let report = &self.report;
        let phone = report.customer_phone.as_deref().unwrap_or_default();
        let phone = self.mobile.as_deref().unwrap_or(phone);
        rows::insert(
            tx,
            &self.action,
            &report.customer_id,
            &report.advisor_id,
            &report.action_type,
            &self.data,
            report.name(),
            phone,
            report.resume_id.as_deref(),
            self.info.as_deref(),
            made.lead.as_deref(),
            made.notified,
            report.told_at,
            self.now,
        )
        .await?;
        Ok(())
    }

    /// What whoever asks again with the same key is told.
    async fn keep(&self, tx: &Tx<'_>, made: &Made) -> Outcome<()> {
        if let Some(once) = &self.once {
            let kept = serde_json::to_string(made);
            let kept = kept.map_err(|error| Failure::new(Code::Internal).cause(error))?;
            idempotency::answer(tx, once, &kept).await?;
        }
        Ok(())
    }

    async fn again(&self, tx: &Tx<'_>, kept: &str) -> Outcome<(Made, Option<Lead>)> {
        let made: Made =
            serde_json::from_str(kept).map_err(|error| Failure::new(Code::Internal).cause(error))?;
        let lead = match made.lead.as_deref().and_then(LeadId::parse) {
            Some(id) => lead::rows::find(tx, &id).await?,
            None => None,
        };
        Ok((made, lead))
    }
}

/// A page of the actions that are wanted, newest first.
pub async fn list(app: &App, filter: &Filter, wanted: &Wanted) -> Outcome<Page<ActionRow>> {
    let between = ActionId::between(wanted.after.as_deref(), filter.from, filter.to);
    let (first, end) = between.ok_or_else(|| Failure::invalid(WRONG_CURSOR.0, WRONG_CURSOR.1))?;
    let (db, limit) = (&app.store, wanted.rows());
    let (advisor, customer) = (filter.advisor_id.as_deref(), filter.customer_id.as_deref());
    let (kind, lead) = (filter.action_type.as_deref(), filter.lead_id.as_deref());
    let found = match (lead, customer, advisor) {
        (Some(lead), ..) => {
            rows::page_of_lead(db, lead, customer, advisor, kind, &first, &end, limit).await?
        }
        (None, Some(customer), _) => {
            rows::page_of_customer(db, customer, advisor, kind, &first, &end, limit).await?
        }
        (None, None, Some(advisor)) => rows::page_of_advisor(db, advisor, kind, &first, &end, limit).await?,
        (None, None, None) => rows::page(db, kind, &first, &end, limit).await?,
    };
    Ok(wanted.page(found, |action| action.id.as_str()))
}
