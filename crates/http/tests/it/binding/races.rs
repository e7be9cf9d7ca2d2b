//! Many at once, on one gateway and on two: at most one wins, and all are told the truth.

use serde_json::json;
use weir_testkit::{OFFICIAL, Phone, TestWeir, phone::read_qr, scenes::together};

use super::{BIND, generate, status, text};

const MANY: usize = 50;

/// Phones of so many people, whom WeChat knows from now on.
async fn phones(weir: &TestWeir, count: usize) -> Vec<Phone> {
    let mut phones = Vec::new();
    for number in 0..count {
        let name = format!("somebody{number}");
        weir.control("/_sim/users", &json!({"name": name, "nickname": name})).await;
        phones.push(weir.phone(&name));
    }
    phones
}

weir_testkit::engines! {
    async fn of_many_phones_one_scans(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(106);
        let session = generate(&user).await;
        let url = read_qr(text(&session["qr_code_data"]));
        let pages = together((0..MANY).map(|_| {
            let (phone, url) = (weir.phone("alice"), url.clone());
            async move { phone.step(&url).await.status }
        }))
        .await;
        assert_eq!(pages.iter().filter(|status| **status == 302).count(), 1, "{pages:?}");
        assert_eq!(pages.iter().filter(|status| **status == 403).count(), MANY - 1, "{pages:?}");
        assert_eq!(status(&user, &session).await, "scanned");
    }

    async fn many_taps_make_one_binding_and_each_is_told_that_it_is_done(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        let phone = weir.phone("alice");
        let asked = phone.consent(text(&session["qr_code_data"])).await;
        let pages = together((0..MANY).map(|_| {
            let (phone, asked) = (phone.clone(), asked.clone());
            async move { phone.tap(&asked, "confirm").await }
        }))
        .await;
        for page in pages {
            page.says(200, "WeChat is bound");
        }
        assert_eq!(weir.number("SELECT COUNT(*) FROM wechat_bindings").await, 1);
        assert_eq!(weir.done("host:106", "binding.made").await, 1);
    }

    async fn a_tap_and_its_opposite_agree_on_one(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        let phone = weir.phone("alice");
        let asked = phone.consent(text(&session["qr_code_data"])).await;
        let pages = together((0..MANY).map(|number| {
            let (phone, asked) = (phone.clone(), asked.clone());
            let button = if number % 2 == 0 { "confirm" } else { "refuse" };
            async move { phone.tap(&asked, button).await.html }
        }))
        .await;
        let bound = weir.number("SELECT COUNT(*) FROM wechat_bindings").await;
        let said = if bound == 1 { "WeChat is bound" } else { "Refused" };
        assert!(pages.iter().all(|page| page.contains(said)), "{bound}");
    }

    async fn of_many_users_one_binds_a_wechat_account(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, second) = weir.replica().await;
        let gateways = [weir.client.address().to_owned(), second.address().to_owned()];
        let mut ready = Vec::new();
        for user in 0..MANY {
            let session = generate(&weir.host(user)).await;
            let phone = weir.phone("alice");
            ready.push((phone.clone(), phone.consent(text(&session["qr_code_data"])).await, gateways[user % 2].clone()));
        }
        let pages = together(ready.into_iter().map(|(phone, asked, gateway)| async move {
            let (url, fields) = phone.filled(&asked, "confirm");
            let path = url.split_once("/s/").unwrap().1.to_owned();
            phone.at(&gateway).post(&format!("http://{gateway}/s/{path}"), fields).await
        }))
        .await;
        let won = pages.iter().filter(|page| page.status == 200).count();
        let lost = pages.iter().filter(|page| page.status == 400 && page.html.contains("bound to another user")).count();
        assert_eq!((won, lost), (1, MANY - 1));
        assert_eq!(weir.number("SELECT COUNT(*) FROM wechat_bindings").await, 1);
    }

    async fn of_many_wechat_accounts_one_is_bound_to_a_user(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut ready = Vec::new();
        for phone in phones(&weir, MANY).await {
            let session = generate(&weir.host(106)).await;
            ready.push((phone.clone(), phone.consent(text(&session["qr_code_data"])).await));
        }
        let pages =
            together(ready.into_iter().map(|(phone, asked)| async move { phone.tap(&asked, "confirm").await })).await;
        let won = pages.iter().filter(|page| page.status == 200).count();
        let lost = pages.iter().filter(|page| page.status == 400 && page.html.contains("already has a WeChat account")).count();
        assert_eq!((won, lost), (1, MANY - 1));
        assert_eq!(weir.number("SELECT COUNT(*) FROM wechat_bindings").await, 1);
    }

    async fn many_calls_bind_once_and_unbind_once(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(106);
        let session = generate(&user).await;
        weir.phone("alice").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let count = |statuses: &[u16], wanted| statuses.iter().filter(|status| **status == wanted).count();
        let unbound = together((0..MANY).map(|_| {
            let user = user.clone();
            async move { user.delete(super::UNBIND).await.status }
        }))
        .await;
        assert_eq!((count(&unbound, 200), count(&unbound, 404)), (1, MANY - 1));
        let body = json!({"openid": weir.openid("alice", OFFICIAL).await});
        let bound = together((0..MANY).map(|_| {
            let (user, body) = (user.clone(), body.clone());
            async move { user.post(BIND, &body).await.status }
        }))
        .await;
        assert_eq!((count(&bound, 200), count(&bound, 400)), (1, MANY - 1));
    }

    async fn a_callback_twice_at_once_is_two_good_pages(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        let phone = weir.phone("alice");
        let consent = phone.scan(text(&session["qr_code_data"])).await;
        let (url, fields) = phone.filled(&consent, "allow");
        let back = phone.post_once(&url, fields).await.location().unwrap();
        let pages = together((0..MANY).map(|_| {
            let (phone, back) = (phone.clone(), back.clone());
            async move { phone.open(&back).await }
        }))
        .await;
        for page in &pages {
            page.says(200, "Bind this WeChat account?");
            assert_eq!(page.hidden(), pages[0].hidden());
        }
        assert_eq!(weir.calls("/sns/oauth2/access_token").await, 1, "the code was exchanged once");
        phone.tap(&pages[0], "confirm").await.says(200, "WeChat is bound");
    }

    async fn another_replica_goes_on_where_one_has_ended(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, second) = weir.replica().await;
        let user = weir.host(106);
        let session = generate(&user).await;
        let phone = weir.phone("alice");
        let asked = phone.consent(text(&session["qr_code_data"])).await;
        let (_, fields) = phone.filled(&asked, "confirm");
        let gateway = second.address().to_owned();
        phone.at(&gateway).post(&format!("http://{gateway}/s/decision"), fields).await.says(200, "WeChat is bound");
        assert_eq!(status(&user, &session).await, "confirmed");
    }
}
