//! Who is taken for whom.

use super::*;
use crate::clock::ManualClock;
use http::HeaderValue;
use http::header::HeaderName;
use std::sync::Arc;

struct House {
    _folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    authenticator: Authenticator,
    owner: Token,
}

async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(1_000_000));
    let store = Store::open(folder.path(), clock.clone()).await.unwrap();
    let owner = Token::generate(TokenKind::Owner).unwrap();
    House { _folder: folder, clock, authenticator: Authenticator::new(store, owner.hash()), owner }
}

fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect()
}

impl House {
    async fn identify(&self, pairs: &[(&'static str, String)]) -> Result<Caller, AuthError> {
        self.authenticator.identify(&headers(pairs), Some("127.0.0.1:8080")).await
    }

    async fn sign_in(&self) -> Token {
        let (link, _) = self.authenticator.create_link(&Permissions::all()).await.unwrap();
        self.authenticator.sign_in(link.expose()).await.unwrap().session
    }
}

#[tokio::test]
async fn bearer_tokens_are_taken_for_what_they_are() {
    let house = house().await;
    let bearer = |token: &str| [("authorization", format!("Bearer {token}"))];
    let generated = |kind| Token::generate(kind).unwrap();
    assert_eq!(house.identify(&bearer(house.owner.expose())).await.unwrap(), Caller::Owner);
    let instance = generated(TokenKind::Instance);
    let caller = house.identify(&bearer(instance.expose())).await.unwrap();
    assert_eq!(caller, Caller::NewInstance(instance.hash()));
    for kind in [TokenKind::Owner, TokenKind::Runner, TokenKind::Session, TokenKind::SignInLink] {
        let error = house.identify(&bearer(generated(kind).expose())).await.unwrap_err();
        assert!(matches!(error, AuthError::Unknown(_)), "{kind:?}: {error}");
    }
    for text in ["Bearer ", "Bearer nonsense", "Basic dTpw", "nonsense", ""] {
        let error = house.identify(&[("authorization", text.to_owned())]).await.unwrap_err();
        assert!(matches!(error, AuthError::Malformed), "{text}: {error}");
    }
    assert_eq!(house.identify(&[]).await.unwrap(), Caller::Anonymous);
}

#[tokio::test]
async fn a_link_signs_one_browser_in_until_it_signs_out() {
    let house = house().await;
    let (link, _) = house.authenticator.create_link(&Permissions::all()).await.unwrap();
    let session = house.authenticator.sign_in(link.expose()).await.unwrap().session;
    assert!(matches!(house.authenticator.sign_in(link.expose()).await, Err(AuthError::Unknown(_))));
    let cookie = [("cookie", format!("other=1; trainyard_8080={}", session.expose()))];
    let caller = house.identify(&cookie).await.unwrap();
    assert_eq!(caller, Caller::Browser(session.hash(), Permissions::all()));
    assert!(house.authenticator.is_still_welcome(&caller).await);
    house.authenticator.sign_out(&caller).await.unwrap();
    assert!(matches!(house.identify(&cookie).await, Err(AuthError::Unknown(_))));
    assert!(!house.authenticator.is_still_welcome(&caller).await);
}

#[tokio::test]
async fn links_and_sessions_expire() {
    let house = house().await;
    let (link, _) = house.authenticator.create_link(&Permissions::all()).await.unwrap();
    let session = house.sign_in().await;
    house.clock.advance(LINK_LIFE + Duration::from_millis(1));
    assert!(matches!(house.authenticator.sign_in(link.expose()).await, Err(AuthError::Unknown(_))));
    let cookie = [("cookie", format!("trainyard_8080={}", session.expose()))];
    assert!(house.identify(&cookie).await.is_ok());
    house.clock.advance(SESSION_LIFE);
    assert!(matches!(house.identify(&cookie).await, Err(AuthError::Unknown(_))));
}

#[tokio::test]
async fn other_sites_cannot_use_a_session() {
    let house = house().await;
    let session = house.sign_in().await;
    let cookie = ("cookie", format!("trainyard_8080={}", session.expose()));
    let cases: [(&str, &str, bool); 10] = [
        ("origin", "http://127.0.0.1:8080", true),
        ("origin", "https://127.0.0.1:8080", true),
        ("origin", "http://127.0.0.1:8081", false),
        ("origin", "http://127.0.0.1:8080.evil.example", false),
        ("origin", "http://evil.example", false),
        ("origin", "null", false),
        ("sec-fetch-site", "same-origin", true),
        ("sec-fetch-site", "none", true),
        ("sec-fetch-site", "same-site", false),
        ("sec-fetch-site", "cross-site", false),
    ];
    for (name, value, expected) in cases {
        let got = house.identify(&[cookie.clone(), (name, value.to_owned())]).await;
        assert_eq!(got.is_ok(), expected, "{name}: {value}: {got:?}");
    }
    // A server on another port has a cookie of another name.
    let other = house.authenticator.identify(&headers(&[cookie]), Some("127.0.0.1:9090")).await;
    assert_eq!(other.unwrap(), Caller::Anonymous);
}

#[test]
fn cookies_tell_ports_apart() {
    let cases = [
        (Some("127.0.0.1:8080"), "trainyard_8080"),
        (Some("[::1]:90"), "trainyard_90"),
        (Some("example.org"), "trainyard"),
        (Some("example.org:"), "trainyard"),
        (Some("[::1]"), "trainyard"),
        (None, "trainyard"),
    ];
    for (authority, expected) in cases {
        assert_eq!(cookie_name(authority), expected, "{authority:?}");
    }
}
