//! Who may write and who may read.

use serde_json::Value;
use weir_core::apikey::Scope;
use weir_testkit::{LONG, TestWeir, weir::Setup};

use super::{ACTION, PHONE, SUBSCRIBE, accepted, action, told};
use crate::support::changing_nothing;

const LISTS: &[&str] =
    &["/api/leads", "/api/leads.csv", "/api/leads/1", "/api/customer/actions", "/api/advisor/subscriptions"];

fn open(setup: &mut Setup) {
    setup.core.engagement.open = true;
}

weir_testkit::engines! {
    async fn a_person_speaks_for_themselves_only(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let (own, bobs) =
            (weir.simulator.openid("mini", "alice").unwrap(), weir.simulator.openid("mini", "bob").unwrap());
        for openid in [&*bobs, "", "nobody"] {
            let answer = changing_nothing(&weir, alice.post(ACTION, &told(openid, PHONE))).await;
            let status = if openid.is_empty() { 400 } else { 403 };
            assert!(answer.refused(status).starts_with("记录客户行为失败"), "{}", answer.text);
            assert_eq!(answer.json["error"]["code"], "RECORD_ACTION_FAILED");
            let answer = changing_nothing(&weir, alice.post(SUBSCRIBE, &accepted(openid, LONG))).await;
            assert!(answer.refused(status).starts_with("保存订阅状态失败"), "{}", answer.text);
        }
        alice.post(SUBSCRIBE, &accepted(&own, LONG)).await.data();
        assert_eq!(alice.post(ACTION, &told(&own, PHONE)).await.data()["customer"]["wechatId"], own);
        // Their own lead they see again; another's they do not.
        assert_eq!(alice.post(ACTION, &told(&own, PHONE)).await.data()["customer"]["wechatId"], own);
        let bob = weir.person("bob").signed_in().await;
        let masked = bob.post(ACTION, &told(&bobs, PHONE)).await;
        for field in ["wechatId", "name", "assignedTo", "createdBy", "remarks"] {
            assert_eq!(masked.data()["customer"][field], "", "{field}");
        }
        for path in LISTS {
            assert_eq!(alice.get(path).await.status, 403, "{path}");
        }
    }

    async fn a_key_needs_the_scope(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let reads = weir.client.with_bearer(weir.api_key(&[Scope::CrmRead]).await);
        let writes = weir.client.with_bearer(weir.api_key(&[Scope::CrmWrite]).await);
        changing_nothing(&weir, reads.post(ACTION, &action("x"))).await.refused(403);
        changing_nothing(&weir, reads.post(SUBSCRIBE, &accepted("x", LONG))).await.refused(403);
        writes.post(ACTION, &action("x")).await.data();
        writes.post(SUBSCRIBE, &accepted("x", LONG)).await.data();
        for path in LISTS {
            assert_eq!(writes.get(path).await.status, 403, "{path}");
            let read = reads.get(path).await;
            assert_eq!(read.status, if path.ends_with("/1") { 404 } else { 200 }, "{path}");
        }
    }

    async fn nobody_reads_even_where_anybody_may_write(engine) {
        let Some(weir) = TestWeir::start_with(engine, open).await else { return };
        weir.client.post(ACTION, &action("x")).await.data();
        for path in LISTS {
            assert_eq!(weir.client.get(path).await.status, 401, "{path}");
        }
        // A credential that is none is not nobody.
        let wrong = weir.client.with_bearer("nonsense");
        let answer = changing_nothing(&weir, wrong.post(ACTION, &action("x"))).await;
        answer.refused(401);
        assert_eq!(answer.json["error"]["code"], "RECORD_ACTION_FAILED");
    }

    async fn without_credentials_nothing_is_written_where_it_may_not(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (path, body) in [(ACTION, action("x")), (SUBSCRIBE, accepted("x", LONG))] {
            let answer = changing_nothing(&weir, weir.client.post(path, &body)).await;
            answer.refused(401);
            assert_eq!(answer.json["success"], Value::Bool(false));
        }
    }
}
