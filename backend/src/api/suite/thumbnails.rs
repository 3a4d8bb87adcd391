//! Small pictures over plain HTTP: who gets them, what they are, and what hostile files end in.

use super::House;
use bytes::Bytes;
use image::{ImageFormat, RgbImage};
use std::io::Cursor;
use std::time::Instant;

fn picture(seed: u32, width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x ^ seed) as u8, (y.wrapping_mul(seed)) as u8, (x + y) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn store(house: &House, content: Vec<u8>) -> String {
    house.server.store().blobs().put_bytes(Bytes::from(content)).await.unwrap().0
}

#[tokio::test]
async fn a_thumbnail_is_a_small_jpeg_that_browsers_may_keep() {
    let house = House::open().await;
    let hash = store(&house, picture(1, 800, 400, ImageFormat::Png)).await;
    let path = format!("/v1/thumbnails/{hash}");
    let mut first = None;
    for _ in 0..2 {
        let response = house.get(&path, &house.owner()).await;
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        assert_eq!(headers["content-type"], "image/jpeg");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
        assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
        let jpeg = response.bytes().await.unwrap();
        let small = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap();
        assert_eq!((small.width(), small.height()), (256, 128));
        assert_eq!(first.get_or_insert_with(|| jpeg.clone()), &jpeg);
        let known = [("if-none-match", headers["etag"].to_str().unwrap().to_owned())];
        let again = house.get(&path, &[house.owner(), known.to_vec()].concat()).await;
        assert_eq!(again.status(), 304);
    }
    let kept = house.server.store().thumbnails().read(&hash).unwrap().unwrap();
    assert_eq!(first.unwrap(), kept);
    house.server.stop().await;
}

#[tokio::test]
async fn they_are_for_whom_the_files_are_for() {
    let house = House::open().await;
    let hash = store(&house, picture(2, 300, 300, ImageFormat::Jpeg)).await;
    let path = format!("/v1/thumbnails/{hash}");
    assert_eq!(house.get(&path, &[]).await.status(), 401);
    let browser = house.browser().await;
    assert_eq!(house.get(&path, &browser[..1]).await.status(), 200);
    let elsewhere = [browser[0].clone(), ("sec-fetch-site", "cross-site".to_owned())];
    assert_eq!(house.get(&path, &elsewhere).await.status(), 403);
    assert_eq!(house.get(&path, &house.runner().await).await.status(), 200);
    house.server.stop().await;
}

#[tokio::test]
async fn what_is_no_picture_ends_in_a_reason() {
    let house = House::open().await;
    let whole = picture(3, 300, 200, ImageFormat::Jpeg);
    for (content, says) in [
        (b"<svg onload='alert(1)'>".to_vec(), "not an image"),
        (whole[..whole.len() / 2].to_vec(), "truncated"),
        (Vec::from(*b"\x89PNG\r\n\x1a\nand the rest"), "broken"),
    ] {
        let hash = store(&house, content).await;
        let response = house.get(&format!("/v1/thumbnails/{hash}"), &house.owner()).await;
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["content-type"], "application/json");
        let text = response.text().await.unwrap();
        assert!(text.contains(says), "{text}");
    }
    for (path, status) in [
        (format!("/v1/thumbnails/{}", "ab".repeat(32)), 404),
        ("/v1/thumbnails/..%2f..%2flocal.token".to_owned(), 400),
    ] {
        assert_eq!(house.get(&path, &house.owner()).await.status(), status, "{path}");
    }
    house.server.stop().await;
}

#[tokio::test]
#[ignore = "a measurement, see docs/benchmarks.md"]
async fn thumbnails_per_second() {
    const PICTURES: u32 = 200;
    let house = House::open().await;
    let mut hashes = Vec::new();
    for seed in 0..PICTURES {
        hashes.push(store(&house, picture(seed, 640, 480, ImageFormat::Jpeg)).await);
    }
    let owner = house.owner();
    for what in ["first time", "cached"] {
        let started = Instant::now();
        let paths: Vec<String> = hashes.iter().map(|hash| format!("/v1/thumbnails/{hash}")).collect();
        let answers = paths.iter().map(|path| house.get(path, &owner));
        for response in futures::future::join_all(answers).await {
            assert_eq!(response.status(), 200);
            response.bytes().await.unwrap();
        }
        let per_second = f64::from(PICTURES) / started.elapsed().as_secs_f64();
        println!("| thumbnails of 640 x 480 px JPEG, {what} | {per_second:.0} a second |");
    }
    house.server.stop().await;
}
