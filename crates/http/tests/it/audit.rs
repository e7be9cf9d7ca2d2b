//! How long the trail is kept.

use std::time::Duration;

use weir_base::settings::Span;
use weir_core::audit::flow::sweep;
use weir_testkit::{TestWeir, weir::MINI};

const KEEP: Duration = Duration::from_secs(86_400);
const ALL: &str = "SELECT COUNT(*) FROM audit";

async fn log_in(weir: &TestWeir, times: usize) {
    for code in weir.person("alice").codes(MINI, times).await {
        let login = serde_json::json!({ "code": code });
        assert_eq!(weir.client.post("/api/v1/auth/wx-login", &login).await.status, 200);
    }
}

weir_testkit::engines! {
    async fn entries_go_when_they_are_older_than_they_are_to_be_kept(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.audit.keep = Span(KEEP)).await else { return };
        // More than one batch; the first login leaves another entry for the new account.
        log_in(&weir, 204).await;
        weir.clock.advance(Duration::from_secs(1));
        log_in(&weir, 5).await;
        weir.clock.advance(KEEP - Duration::from_secs(1));
        assert_eq!(sweep(&weir.app).await.unwrap(), 0, "as old as it may become");
        assert_eq!(weir.number(ALL).await, 210);
        weir.clock.advance(Duration::from_millis(1));
        sweep(&weir.app).await.unwrap();
        // The server sweeps by itself too, and may have taken some from us.
        while weir.number(ALL).await > 5 {
            tokio::task::yield_now().await;
        }
        weir.clock.advance(Duration::from_millis(999));
        assert_eq!(sweep(&weir.app).await.unwrap(), 0);
        assert_eq!(weir.number(ALL).await, 5);
        assert_eq!(weir.number("SELECT COUNT(*) FROM sessions").await, 209, "nothing else goes");
    }

    async fn keeping_for_no_time_means_for_ever(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.audit.keep = Span::seconds(0)).await else { return };
        log_in(&weir, 2).await;
        weir.clock.advance(KEEP * 3650);
        assert_eq!(sweep(&weir.app).await.unwrap(), 0);
        assert_eq!(weir.number(ALL).await, 3);
    }
}
