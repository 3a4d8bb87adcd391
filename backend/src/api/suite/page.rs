//! What a browser gets that is not an answer of a method.

use super::House;

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let house = House::open().await;
    for path in ["/", "/models/training", "/missing.js", "/v1/blobs/00", "/v1/nothing"] {
        let response = house.get(path, &[]).await;
        let headers = response.headers();
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(
            !policy.contains("script-src 'unsafe-inline'") && !policy.contains("'unsafe-eval'"),
            "{path}: {policy}"
        );
        assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
    }
    house.server.stop().await;
}

#[tokio::test]
async fn unknown_methods_are_unimplemented_and_unknown_files_missing() {
    let house = House::open().await;
    for content_type in ["application/grpc", "application/grpc-web+proto"] {
        let response = house.send("trainyard.v1.NoService/NoMethod", Vec::new(), content_type, &[]).await;
        assert_eq!(response.headers()["grpc-status"], "12", "{content_type}");
    }
    assert_eq!(house.get("/no/such/file.js", &[]).await.status(), 404);
    let home = house.get("/", &[]).await.status();
    assert_eq!(house.get("/models/some-id/explore", &[]).await.status(), home);
    house.server.stop().await;
}
