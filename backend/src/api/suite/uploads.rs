//! Uploads of data sets over plain HTTP, and the imports that follow them.

use super::{House, Pair};
use proto::v1;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Cursor, Write as _};

const JSON: &str = "application/json";
const PIECE: &str = "application/offset+octet-stream";

async fn send(
    house: &House,
    method: Method,
    path: &str,
    content_type: &str,
    body: impl Into<reqwest::Body>,
    headers: &[Pair],
) -> reqwest::Response {
    let request = house.client.request(method, house.url(path)).headers(super::header_map(headers));
    request.header("content-type", content_type).body(body).send().await.unwrap()
}

async fn create(house: &House, files: &[(&str, usize)], headers: &[Pair]) -> reqwest::Response {
    let files: Vec<Value> =
        files.iter().map(|(name, size)| json!({ "name": name, "size_bytes": size })).collect();
    send(house, Method::POST, "/v1/dataset-uploads", JSON, json!({ "files": files }).to_string(), headers)
        .await
}

async fn id_of(response: reqwest::Response) -> String {
    assert_eq!(response.status(), 201);
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    body["id"].as_str().unwrap().to_owned()
}

async fn patch(
    house: &House,
    path: &str,
    offset: usize,
    body: &[u8],
    headers: &[Pair],
) -> (u16, Option<String>) {
    let headers = [headers, &[("upload-offset", offset.to_string())]].concat();
    let response = send(house, Method::PATCH, path, PIECE, body.to_vec(), &headers).await;
    let offset = response.headers().get("upload-offset").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), offset)
}

fn picture(seed: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(20, 10, image::Rgb([seed, 2, 3]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Two classes in a folder, as archives are usually packed.
fn zip() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, seed) in [("set/cat/a.png", 1), ("set/cat/b.png", 2), ("set/dog/c.png", 3)] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&picture(seed)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Imports and gives the report, or the message of the refusal.
async fn import(house: &House, upload_id: &str, name: &str) -> Result<v1::ImportReport, String> {
    let request =
        v1::ImportDatasetRequest { upload_id: upload_id.into(), name: name.into(), ..Default::default() };
    let channel = tonic::transport::Endpoint::from_shared(house.server.url().to_owned()).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut client = v1::dataset_service_client::DatasetServiceClient::new(channel);
    let mut request = tonic::Request::new(request);
    let token = format!("Bearer {}", house.server.owner_token().expose());
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    let mut events = client.import_dataset(request).await.map_err(|s| s.message().to_owned())?.into_inner();
    while let Some(event) = events.message().await.map_err(|status| status.message().to_owned())? {
        if let Some(v1::import_dataset_event::Event::Report(report)) = event.event {
            return Ok(report);
        }
    }
    Err("no report".into())
}

#[tokio::test]
async fn an_archive_comes_in_pieces_and_is_imported_once() {
    let house = House::open().await;
    let (zip, browser) = (zip(), house.browser().await);
    let id = id_of(create(&house, &[("set.zip", zip.len())], &browser).await).await;
    let path = format!("/v1/dataset-uploads/{id}/files/0");
    assert!(import(&house, &id, "set").await.unwrap_err().contains("not complete"));
    assert_eq!(patch(&house, &path, 0, &zip[..100], &browser).await, (204, Some("100".into())));
    // A piece that is sent again, or too far ahead, changes nothing and is told where to go on.
    assert_eq!(patch(&house, &path, 0, &zip[..100], &browser).await, (409, Some("100".into())));
    assert_eq!(patch(&house, &path, 200, &zip[200..], &browser).await, (409, Some("100".into())));
    let head =
        house.client.head(house.url(&path)).headers(super::header_map(&house.owner())).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["upload-offset"].to_str().unwrap()), (204, "100"));
    assert_eq!(patch(&house, &path, 100, &zip[100..], &browser).await.0, 204);
    let status = house.get(&format!("/v1/dataset-uploads/{id}"), &browser).await;
    let status: Value = serde_json::from_str(&status.text().await.unwrap()).unwrap();
    assert_eq!((&status["is_complete"], &status["files"][0]["offset"]), (&json!(true), &json!(zip.len())));

    let report = import(&house, &id, "set").await.unwrap();
    let dataset = report.dataset.unwrap();
    assert_eq!((report.items_added, dataset.task()), (3, v1::Task::Classification));
    let labels: Vec<&str> = dataset.labels.iter().map(|label| label.name.as_str()).collect();
    assert_eq!(labels, ["cat", "dog"]);
    assert!(import(&house, &id, "set").await.unwrap_err().contains("no upload"), "it is used up");
    house.server.stop().await;
}

#[tokio::test]
async fn images_alone_are_taken_under_their_names() {
    let house = House::open().await;
    let (first, second) = (picture(1), picture(2));
    let id =
        id_of(create(&house, &[("a.png", first.len()), ("sub/b.png", second.len())], &house.owner()).await)
            .await;
    for (index, content) in [first, second].iter().enumerate() {
        let path = format!("/v1/dataset-uploads/{id}/files/{index}");
        assert_eq!(patch(&house, &path, 0, content, &house.owner()).await.0, 204);
    }
    let report = import(&house, &id, "plain").await.unwrap();
    assert_eq!((report.items_added, report.annotations_added), (2, 0));
    house.server.stop().await;
}

#[tokio::test]
async fn what_is_announced_is_the_limit_and_names_are_no_paths() {
    let house = House::open().await;
    let owner = house.owner();
    let id = id_of(create(&house, &[("../../evil.png", 4)], &owner).await).await;
    let path = format!("/v1/dataset-uploads/{id}/files/0");
    assert_eq!(patch(&house, &path, 0, b"123456", &owner).await, (400, Some("4".into())));
    assert!(import(&house, &id, "x").await.unwrap_err().contains("evil.png"));
    for path in [
        format!("/v1/dataset-uploads/{id}/files/1"),
        "/v1/dataset-uploads/nonsense/files/0".into(),
        "/v1/dataset-uploads/..%2f..%2fx/files/0".into(),
        format!("/v1/dataset-uploads/{}/files/0", uuid::Uuid::nil()),
    ] {
        let (status, _) = patch(&house, &path, 0, b"1", &owner).await;
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    for files in [&[][..], &[("", 1)], &[("a\nb", 1)], &[("a", usize::MAX / 2)]] {
        assert_eq!(create(&house, files, &owner).await.status(), 400, "{files:?}");
    }
    let deleted = send(&house, Method::DELETE, &format!("/v1/dataset-uploads/{id}"), JSON, "", &owner).await;
    assert_eq!(deleted.status(), 204);
    house.server.stop().await;
}

#[tokio::test]
async fn only_the_owner_uploads_and_no_other_page_makes_a_browser_do_it() {
    let house = House::open().await;
    let (browser, runner) = (house.browser().await, house.runner().await);
    let id = id_of(create(&house, &[("a.png", 4)], &browser).await).await;
    let path = format!("/v1/dataset-uploads/{id}/files/0");
    let mut elsewhere = browser.clone();
    elsewhere[1].1 = "http://127.0.0.1:1".to_owned();
    for (headers, status) in [(&[][..], 401), (&runner[..], 403), (&elsewhere[..], 403)] {
        assert_eq!(create(&house, &[("a.png", 4)], headers).await.status(), status);
        assert_eq!(patch(&house, &path, 0, b"1234", headers).await.0, status);
        assert_eq!(house.get(&format!("/v1/dataset-uploads/{id}"), headers).await.status(), status);
    }
    // What a form can send is refused whoever sends it.
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let body = json!({ "files": [{ "name": "a", "size_bytes": 1 }] }).to_string();
        let response = send(&house, Method::POST, "/v1/dataset-uploads", content_type, body, &browser).await;
        assert_eq!(response.status(), 400, "{content_type}");
    }
    assert_eq!(patch(&house, &path, 0, b"1234", &browser).await.0, 204);
    house.server.stop().await;
}
