//! One phone number is one lead, however it is written.

use weir_testkit::TestWeir;

use super::{ACTION, PHONE, service, told};

const SPELLINGS: &[&str] = &[
    "13800138000",
    " 138 0013 8000 ",
    "138-0013-8000",
    "+8613800138000",
    "+86 138-0013-8000",
    "＋86 138 0013 8000",
    "008613800138000",
    "１３８００１３８０００",
    "138\u{a0}0013\u{3000}8000",
    "\u{202d}13800138000\u{202c}",
    "\t13800138000\r\n",
];

weir_testkit::engines! {
    async fn every_spelling_is_the_same_lead(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let mut ids = Vec::new();
        for (at, spelling) in SPELLINGS.iter().enumerate() {
            let answer = service.post(ACTION, &told("somebody", spelling)).await;
            assert_eq!(answer.data()["customerCreated"], at == 0, "{spelling:?}");
            assert_eq!(answer.data()["action"]["customerPhone"], PHONE);
            ids.push(answer.data()["customerId"].as_str().unwrap().to_owned());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
        assert_eq!(weir.rows("SELECT phone FROM leads").await, [[PHONE]]);
        let found = service.get("/api/leads?phone=%2B86%20138-0013-8000").await;
        assert_eq!(found.data()["items"].as_array().unwrap().len(), 1);
    }

    async fn what_is_no_mobile_number_is_recorded_and_makes_no_lead(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let others = ["", "138000138000", "1380013800", "12800138000", "+8523800138000", "010-12345678", "请联系我"];
        for phone in others {
            let answer = service.post(ACTION, &told("somebody", phone)).await;
            assert_eq!(answer.data()["customerCreated"], false, "{phone}");
            assert_eq!(answer.data()["action"]["customerPhone"], phone);
        }
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions").await, 7);
        assert_eq!(weir.number("SELECT COUNT(*) FROM leads").await, 0);
    }
}
