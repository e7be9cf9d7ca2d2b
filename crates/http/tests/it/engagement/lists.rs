//! Reading: pages, filters, CSV.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use weir_core::apikey::Scope;
use weir_testkit::{Client, ONCE, TestWeir, scenes::together, weir::Setup};

use super::{ACTION, SUBSCRIBE, accepted, service, told};
use crate::support::raw;

fn without_limits(setup: &mut Setup) {
    setup.core.sandbox = true;
}

fn phone(number: usize) -> String {
    format!("139{number:08}")
}

/// So many leads, each of a customer and a phone number of its own.
async fn make(service: &Client, numbers: std::ops::Range<usize>) {
    let tries = numbers.map(|number| {
        let service = service.clone();
        async move {
            let mut body = told(&format!("customer-{number}"), &phone(number));
            body["advisorId"] = format!("adv-{}", number % 2).into();
            assert_eq!(service.post(ACTION, &body).await.data()["customerCreated"], true);
        }
    });
    together(tries).await;
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["_id"].as_str().unwrap().to_owned()).collect()
}

weir_testkit::engines! {
    async fn pages_tell_each_lead_once_while_others_are_made(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await;
        make(&service, 0..60).await;
        let mut seen = Vec::new();
        let mut path = "/api/leads?limit=7".to_owned();
        let mut next = 60;
        loop {
            let page = service.get(&path).await.data().clone();
            seen.extend(ids(&page));
            // What is made meanwhile is newer than all of it and moves no page.
            weir.clock.advance(Duration::from_millis(5));
            make(&service, next..next + 5).await;
            next += 5;
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            path = format!("/api/leads?limit=7&cursor={cursor}");
        }
        assert_eq!(seen.len(), 60);
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 60);
        assert!(seen.is_sorted_by(|a, b| a > b));
    }

    async fn leads_are_found_by_what_is_known_of_them(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await;
        make(&service, 0..4).await;
        weir.clock.advance(Duration::from_secs(3600));
        make(&service, 4..6).await;
        for (query, count) in [
            ("", 6),
            ("assignedTo=adv-1", 3),
            ("assignedTo=nobody", 0),
            ("openid=customer-3", 1),
            ("openid=customer-3&assignedTo=adv-0", 0),
            ("phone=139%2000000003", 1),
            ("phone=13900000003&assignedTo=adv-0", 0),
            ("phone=nothing", 0),
            ("from=2026-11-20T08:30:00Z", 2),
            ("to=2026-11-20T08:30:00Z", 4),
            ("from=1795161600000&to=1795161600001&assignedTo=adv-0", 2),
        ] {
            let page = service.get(&format!("/api/leads?{query}")).await;
            assert_eq!(ids(page.data()).len(), count, "{query}");
        }
        let all = service.get("/api/leads").await;
        let id = ids(all.data()).remove(0);
        let one = service.get(&format!("/api/leads/{id}")).await;
        assert_eq!(one.data(), &all.data()["items"][0]);
        service.get("/api/leads/lead_00000000000000000000000000000000").await.refused(404);
        service.get("/api/leads/nothing").await.refused(404);
    }

    async fn actions_and_subscriptions_are_found(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await;
        make(&service, 0..4).await;
        let lead = ids(service.get("/api/leads?openid=customer-3").await.data()).remove(0);
        for (query, count) in [
            ("", 4),
            ("advisorId=adv-1", 2),
            ("customerId=customer-3", 1),
            ("customerId=customer-3&advisorId=adv-0", 0),
            ("actionType=view_resume", 4),
            ("actionType=other", 0),
            (&format!("customerRecordId={lead}"), 1),
            (&format!("customerRecordId={lead}&customerId=x"), 0),
            ("from=2026-11-20T08:00:01Z", 0),
        ] {
            let page = service.get(&format!("/api/customer/actions?{query}")).await;
            assert_eq!(ids(page.data()).len(), count, "{query}");
        }
        service.post(SUBSCRIBE, &accepted("bob", ONCE)).await.data();
        let mut off = accepted("carol", ONCE);
        off["subscribed"] = false.into();
        service.post(SUBSCRIBE, &off).await.data();
        for (query, count) in [
            ("", 2),
            ("subscribed=true", 1),
            ("openid=carol", 1),
            ("openid=carol&subscribed=true", 0),
            ("advisorId=adv-1&templateId=other", 0),
            ("advisorId=adv-1", 2),
        ] {
            let page = service.get(&format!("/api/advisor/subscriptions?{query}")).await;
            assert_eq!(ids(page.data()).len(), count, "{query}");
        }
    }

    async fn what_asks_for_no_page_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        service.post(SUBSCRIBE, &accepted("bob", ONCE)).await.data();
        let foreign = "c3ViXzAxOTMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA";
        for (path, field) in [
            ("/api/leads?limit=0", "limit"),
            ("/api/leads?cursor=x%20y", "cursor"),
            (&format!("/api/leads?cursor={foreign}"), "cursor"),
            ("/api/leads?from=yesterday", "from"),
            ("/api/leads?phone=%00", "phone"),
            ("/api/leads?openid=%ff", "openid"),
            ("/api/leads.csv?to=never", "to"),
            ("/api/leads.csv?assignedTo=a%00", "assignedTo"),
            ("/api/customer/actions?limit=201", "limit"),
            ("/api/customer/actions?customerId=%00", "customerId"),
            ("/api/advisor/subscriptions?subscribed=yes", "subscribed"),
            ("/api/messages?openid=%00", "openid"),
        ] {
            let answer = service.get(path).await;
            answer.refused(400);
            assert_eq!(answer.json["error"]["details"]["field"], field, "{path}: {}", answer.text);
        }
    }

    async fn a_file_holds_every_lead_and_no_formula(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await;
        make(&service, 0..450).await;
        let mut evil = told("customer-evil", "13700000000");
        evil["customerName"] = "=HYPERLINK(\"http://evil.example\",\"a\")".into();
        service.post(ACTION, &evil).await.data();
        let file = service.get("/api/leads.csv").await;
        assert_eq!(file.status, 200);
        assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"leads.csv\""));
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
        let lines: Vec<_> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 452);
        assert!(lines[0].starts_with("customerId,name,phone,"), "{}", lines[0]);
        assert!(text.contains("\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"a\"\")\""), "the formula is one");
        for number in 0..450 {
            assert!(text.contains(&phone(number)), "lead {number} is missing");
        }
        // As it comes over the wire: spreadsheets know UTF-8 by its mark.
        let key = weir.api_key(&[Scope::CrmRead]).await;
        let asked = format!(
            "GET /api/leads.csv?openid=customer-7 HTTP/1.1\r\nhost: weir\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n"
        );
        let (_, sent) = raw(&weir.client, asked.as_bytes()).await;
        assert!(sent.contains("\u{feff}customerId,"), "{sent}");
        let few = service.get("/api/leads.csv?openid=customer-7").await;
        assert_eq!(few.text.split_terminator("\r\n").count(), 2);
    }
}
