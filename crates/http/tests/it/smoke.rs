use weir_testkit::TestWeir;

weir_testkit::engines! {
    async fn a_person_logs_in_and_is_recognised(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let me = alice.get("/api/v1/users/me").await;
        println!("{}", me.text);
        assert_eq!(me.data()["id"], 1);
        let refreshed = alice.post_empty("/api/v1/auth/refresh").await;
        println!("{}", refreshed.text);
        assert_eq!(alice.get("/api/v1/users/me").await.status, 401);
        let session = weir.person("alice").signed_in().await;
        println!("{}", session.get("/api/v1/auth/session").await.text);
        println!("{}", session.post_empty("/api/v1/auth/nonsense").await.text);
        println!("{:?}", session.get("/api/v1/auth/logout").await);
        println!("{}", weir.client.get("/api/health").await.text);
    }
}
