//! The built UI: files out of the program, precompressed where the browser takes it, and the page
//! itself for every path that names a place in the UI.
//!
//! Must not know any page of the UI.

use super::content::asset_type;
use super::headers::page_policy;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap,
    IF_NONE_MATCH, VARY,
};
use http::{Method, StatusCode, Uri};
use rust_embed::{Embed, EmbeddedFile};

/// What Trunk built. The server also builds without it. A development build reads the folder.
#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../dist"]
#[allow_missing = true]
struct Dist;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>Trainyard</title>\
<h1>The server runs, but its user interface was not built</h1>\
<p>In the project's folder, run <code>cargo xtask ui</code>, then reload this page. \
The command line and the API work without it.</p></html>";

/// Answers whatever no other route took.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc")) {
        let message = format!("this server has no method {}; see its reflection service", uri.path());
        return tonic::Status::unimplemented(message).into_http::<Body>().into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("v1/") {
        return (StatusCode::NOT_FOUND, "there is nothing at this address").into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here").into_response();
    }
    if path.is_empty() || path == "index.html" {
        return page();
    }
    match (Dist::get(path), asset_type(path)) {
        (Some(file), Some(content_type)) => asset(path, file, content_type, &headers),
        // A missing file is missing; anything else is a place inside the UI.
        (_, Some(_)) => (StatusCode::NOT_FOUND, "there is no such file").into_response(),
        (_, None) => page(),
    }
}

/// The page; never kept by the browser, since it names the files of this build.
fn page() -> Response {
    let Some(index) = Dist::get("index.html") else {
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
        return (StatusCode::SERVICE_UNAVAILABLE, headers, NOT_BUILT).into_response();
    };
    let policy = page_policy(&String::from_utf8_lossy(&index.data));
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CACHE_CONTROL, "no-cache".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, index.data.into_owned()).into_response()
}

fn asset(path: &str, file: EmbeddedFile, content_type: &'static str, request: &HeaderMap) -> Response {
    let compressed = accepts_brotli(request).then(|| Dist::get(&format!("{path}.br"))).flatten();
    let is_compressed = compressed.is_some();
    let file = compressed.unwrap_or(file);
    let tag = format!("\"{}\"", &hex(&file.metadata.sha256_hash())[..32]);
    if request.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CACHE_CONTROL, cache_rule(path).to_owned()),
        (ETAG, tag),
        (VARY, "accept-encoding".to_owned()),
    ];
    let mut response = (headers, file.data.into_owned()).into_response();
    if is_compressed {
        response.headers_mut().insert(CONTENT_ENCODING, http::HeaderValue::from_static("br"));
    }
    response
}

/// Names that carry a hash of their content never change their content.
fn cache_rule(path: &str) -> &'static str {
    let stem = path.rsplit('/').next().unwrap_or(path);
    let is_hashed = stem
        .split(['-', '.', '_'])
        .any(|part| part.len() >= 15 && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| {
            let mut words = part.split(';').map(str::trim);
            words.next() == Some("br") && !words.any(|word| matches!(word, "q=0" | "q=0.0" | "q=0.00"))
        })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    async fn get(path: &str, content_type: Option<&'static str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
        }
        serve(Method::GET, path.parse().unwrap(), headers).await
    }

    #[tokio::test]
    async fn unknown_grpc_methods_answer_in_grpc() {
        for content_type in ["application/grpc", "application/grpc-web+proto"] {
            let response = get("/trainyard.v1.NoService/NoMethod", Some(content_type)).await;
            assert_eq!(response.headers().get("grpc-status").unwrap(), "12");
        }
    }

    #[tokio::test]
    async fn missing_files_are_missing_and_places_are_the_page() {
        for path in ["/missing.js", "/a/b/missing.wasm", "/v1/nothing", "/../secret.txt"] {
            assert_eq!(get(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let home = get("/", None).await.status();
        for path in ["/models", "/models/training", "/models/some.name-v1.2", "/sign-in"] {
            assert_eq!(get(path, None).await.status(), home, "{path}");
        }
    }

    #[test]
    fn brotli_is_sent_only_to_those_who_ask() {
        let cases = [
            ("gzip, deflate, br", true),
            ("br;q=0.5", true),
            ("br;q=0, gzip", false),
            ("gzip", false),
            ("brx", false),
        ];
        for (value, expected) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(accepts_brotli(&headers), expected, "{value}");
        }
        assert!(!accepts_brotli(&HeaderMap::new()));
    }

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
        assert!(cache_rule("frontend-1a2b3c4d5e6f7a8b_bg.wasm").contains("immutable"));
        assert!(cache_rule("styles-0123456789abcdef.css").contains("immutable"));
        for path in ["favicon.svg", "index.html", "logo-large.png"] {
            assert_eq!(cache_rule(path), "no-cache");
        }
    }
}
