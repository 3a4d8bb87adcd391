//! Stored files over plain HTTP: who may read and write them, and how they are handed out.

use super::House;
use bytes::Bytes;
use sha2::{Digest, Sha256};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand the rest";

fn hash_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn put(house: &House, hash: &str, content: &'static [u8], headers: &[super::Pair]) -> u16 {
    let request =
        house.client.put(house.url(&format!("/v1/uploads/{hash}"))).headers(super::header_map(headers));
    request.body(content).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn images_are_shown_and_everything_else_is_only_downloaded() {
    let house = House::open().await;
    let cases: [(&'static [u8], &str, bool); 4] = [
        (PNG, "image/png", true),
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg", true),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "application/octet-stream",
            false,
        ),
        (b"<!doctype html><script>alert(1)</script>", "application/octet-stream", false),
    ];
    for (content, content_type, is_shown) in cases {
        let (hash, _) = house.server.store().blobs().put_bytes(Bytes::from_static(content)).await.unwrap();
        let response = house.get(&format!("/v1/blobs/{hash}"), &house.owner()).await;
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
        assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
        assert_eq!(headers.contains_key("content-disposition"), !is_shown, "{content_type}");
        assert_eq!(response.bytes().await.unwrap(), content);
        let known = [("if-none-match", headers["etag"].to_str().unwrap().to_owned())];
        let again = house.get(&format!("/v1/blobs/{hash}"), &[house.owner(), known.to_vec()].concat()).await;
        assert_eq!(again.status(), 304);
    }
    house.server.stop().await;
}

#[tokio::test]
async fn runners_and_the_owner_store_files_and_only_under_their_true_names() {
    let house = House::open().await;
    let runner = house.runner().await;
    let hash = hash_of(b"weights");
    assert_eq!(put(&house, &hash, b"weights", &[]).await, 401);
    assert_eq!(put(&house, &hash, b"other content", &runner).await, 400);
    assert!(!house.server.store().blobs().exists(&hash));
    assert_eq!(put(&house, "..%2f..%2fetc%2fpasswd", b"weights", &runner).await, 400);
    assert_eq!(put(&house, &hash[..40], b"weights", &runner).await, 400);
    assert_eq!(put(&house, &hash, b"weights", &runner).await, 201);
    assert_eq!(put(&house, &hash, b"weights", &runner).await, 200);
    let back = house.get(&format!("/v1/blobs/{hash}"), &runner).await;
    assert_eq!(back.bytes().await.unwrap(), b"weights".as_slice());
    let owners: [(&'static [u8], Vec<super::Pair>); 2] =
        [(b"of the command line", house.owner()), (b"of the page", house.browser().await)];
    for (content, caller) in owners {
        let hash = hash_of(content);
        assert_eq!(put(&house, &hash, b"other content", &caller).await, 400);
        assert_eq!(put(&house, &hash, content, &caller).await, 201);
        assert_eq!(put(&house, &hash, content, &caller).await, 200);
        assert!(house.server.store().blobs().exists(&hash));
    }
    house.server.stop().await;
}

#[tokio::test]
async fn no_other_site_stores_a_file_through_the_owners_browser() {
    let house = House::open().await;
    let hash = hash_of(b"weights");
    let cookie = house.browser().await.remove(0);
    for (header, value) in [
        ("origin", "https://elsewhere.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let headers = [cookie.clone(), (header, value.to_owned())];
        assert_eq!(put(&house, &hash, b"weights", &headers).await, 403, "{header}: {value}");
    }
    // What a page of another site asks before it may send: nothing allows it to.
    let asked = house
        .client
        .request(reqwest::Method::OPTIONS, house.url(&format!("/v1/uploads/{hash}")))
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "PUT")
        .send()
        .await
        .unwrap();
    assert!(!asked.status().is_success() && !asked.headers().contains_key("access-control-allow-origin"));
    assert!(!house.server.store().blobs().exists(&hash));
    house.server.stop().await;
}

#[tokio::test]
async fn a_large_file_that_is_there_already_is_taken_without_breaking_the_line() {
    static CONTENT: &[u8] = &[7; 24 << 20];
    let house = House::open().await;
    let hash = hash_of(CONTENT);
    let codes: Vec<u16> =
        futures::future::join_all((0..3).map(async |_| put(&house, &hash, CONTENT, &house.owner()).await))
            .await;
    assert!(codes.iter().all(|code| [200, 201].contains(code)), "{codes:?}");
    for _ in 0..8 {
        assert_eq!(put(&house, &hash, CONTENT, &house.owner()).await, 200);
    }
    house.server.stop().await;
}

#[tokio::test]
async fn nothing_is_read_without_credentials_or_beyond_the_store() {
    let house = House::open().await;
    let (hash, _) = house.server.store().blobs().put_bytes(Bytes::from_static(PNG)).await.unwrap();
    let path = format!("/v1/blobs/{hash}");
    assert_eq!(house.get(&path, &[]).await.status(), 401);
    let browser = house.browser().await;
    assert_eq!(house.get(&path, &browser[..1]).await.status(), 200);
    let elsewhere = [browser[0].clone(), ("sec-fetch-site", "cross-site".to_owned())];
    assert_eq!(house.get(&path, &elsewhere).await.status(), 403);
    for path in ["/v1/blobs/00", "/v1/blobs/..%2f..%2flocal.token", "/v1/artifacts/x", "/v1/nothing"] {
        let status = house.get(path, &house.owner()).await.status().as_u16();
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    house.server.stop().await;
}
