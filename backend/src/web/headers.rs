//! The security headers of every answer, and the content security policy of the UI.
//!
//! Must not know what is served.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use sha2::{Digest, Sha256};

/// What is not a page may load nothing, run nothing and be framed by nobody.
const CLOSED_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// Adds the headers that every answer carries; an answer's own policy wins.
pub async fn add_security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set_unless_present(headers, CONTENT_SECURITY_POLICY, CLOSED_POLICY);
    set_unless_present(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_unless_present(headers, X_FRAME_OPTIONS, "DENY");
    set_unless_present(headers, REFERRER_POLICY, "no-referrer");
    set_unless_present(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set_unless_present(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    response
}

fn set_unless_present(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert_with(|| HeaderValue::from_static(value));
}

/// The policy of the page: its own files, WebAssembly, and the inline scripts that the build put
/// into it, each by its hash. No other inline script runs.
#[must_use]
pub fn page_policy(html: &str) -> String {
    let hashes: String = inline_scripts(html)
        .map(|script| {
            let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script.as_bytes()));
            format!(" 'sha256-{hash}'")
        })
        .collect();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
         img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The texts of the `<script>` elements without a `src`.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find("<script")?;
            let tag = rest.get(start..)?;
            let tag_end = tag.find('>')?;
            let body = tag.get(tag_end + 1..)?;
            let body_end = body.find("</script")?;
            rest = body.get(body_end..)?;
            if !tag.get(..tag_end)?.contains(" src=") {
                return body.get(..body_end);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inline_scripts_are_hashed() {
        let html = "<html><script src=\"/a.js\"></script><script type=\"module\">import init from '/b.js';\n</script>\
                    <p>text</p><script>2</script></html>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["import init from '/b.js';\n", "2"]);
        let policy = page_policy(html);
        // printf 2 | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("'sha256-1HNeOiZeFu7gP1lxi5tdAwGcB9i2xR+Q2jpmbuwTqzU='"), "{policy}");
        assert_eq!(policy.matches("sha256-").count(), 2);
    }

    #[test]
    fn a_broken_page_gives_a_policy_without_hashes() {
        for html in ["", "<script", "<script>", "<script>1", "<script src=x></script>"] {
            assert!(!page_policy(html).contains("sha256-"), "{html}");
        }
    }

    #[test]
    fn the_policy_closes_what_it_does_not_name() {
        let policy = page_policy("<html></html>");
        insta::assert_snapshot!(policy, @"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    }
}
