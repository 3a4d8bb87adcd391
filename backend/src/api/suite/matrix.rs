//! Every method of the compiled descriptors, tried with every kind of credentials.

use super::{House, Pair, bearer, framed, status_of_headers};
use crate::auth::policy::{Access, access_of_path};
use crate::auth::{Token, TokenKind};
use prost::Message;
use tonic::Code;

struct Method {
    path: String,
    streams: bool,
}

fn methods() -> Vec<Method> {
    let descriptors = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let mut methods = Vec::new();
    for file in &descriptors.file {
        for service in &file.service {
            for method in &service.method {
                methods.push(Method {
                    path: format!("{}.{}/{}", file.package(), service.name(), method.name()),
                    streams: method.server_streaming(),
                });
            }
        }
    }
    assert!(methods.len() > 30);
    methods
}

/// The code of an empty request; what streams and begins well counts as `Ok`.
async fn code_of(house: &House, method: &Method, headers: &[Pair]) -> Code {
    let empty = framed(&());
    let response = house.send(&method.path, empty, "application/grpc-web+proto", headers).await;
    match status_of_headers(&response) {
        Some(code) => code,
        None if method.streams => Code::Ok,
        None => super::read(response).await.code,
    }
}

/// Whether a code says that the caller was let in.
fn is_let_in(code: Code) -> bool {
    !matches!(code, Code::Unauthenticated | Code::PermissionDenied)
}

#[tokio::test]
async fn without_good_credentials_only_the_front_door_opens() {
    let house = House::open().await;
    let generated = |kind| bearer(&Token::generate(kind).unwrap());
    let credentials: [(&str, Vec<Pair>); 8] = [
        ("nothing", Vec::new()),
        ("a malformed token", vec![("authorization", "Bearer nonsense".into())]),
        ("another scheme", vec![("authorization", "Basic dTpw".into())]),
        ("another server's token", generated(TokenKind::Owner)),
        ("an unknown runner's token", generated(TokenKind::Runner)),
        ("an unknown session", generated(TokenKind::Session)),
        ("a sign-in link as a token", generated(TokenKind::SignInLink)),
        ("an unknown session's cookie", {
            let token = Token::generate(TokenKind::Session).unwrap();
            let port = house.server.url().rsplit(':').next().unwrap();
            vec![("cookie", format!("trainyard_{port}={}", token.expose()))]
        }),
    ];
    for method in methods() {
        let is_public = access_of_path(&method.path) == Access::Public;
        for (what, headers) in &credentials {
            let code = code_of(&house, &method, headers).await;
            // The front door lets everyone try; an empty sign-in token is refused as one.
            assert_eq!(code, Code::Unauthenticated, "{} with {what}, public: {is_public}", method.path);
        }
    }
    house.server.stop().await;
}

#[tokio::test]
async fn each_kind_of_caller_gets_its_own_methods_and_no_others() {
    let house = House::open().await;
    let runner = house.runner().await;
    let instance = bearer(&Token::generate(TokenKind::Instance).unwrap());
    for method in methods() {
        let access = access_of_path(&method.path);
        if access == Access::Public {
            continue;
        }
        let is_for_owner = matches!(access, Access::Owner | Access::OwnerWith(_));
        let browser = house.browser().await;
        let mut strange_page = browser.clone();
        strange_page[1].1 = "http://127.0.0.1:1".to_owned();
        let cases: [(&str, &[Pair], bool); 4] = [
            ("the owner", &house.owner(), is_for_owner),
            ("a browser", &browser, is_for_owner),
            ("a runner", &runner, access == Access::Runner),
            ("another site's page", &strange_page, false),
        ];
        // Another site's page comes before the browser, because signing out ends its session.
        for (what, headers, expected) in [&cases[3], &cases[0], &cases[1], &cases[2]] {
            let code = code_of(&house, &method, headers).await;
            assert_eq!(is_let_in(code), *expected, "{} as {what}: {code:?}", method.path);
            assert!(*expected || code == Code::PermissionDenied, "{} as {what}: {code:?}", method.path);
        }
        if access != Access::NewInstance {
            let code = code_of(&house, &method, &instance).await;
            assert_eq!(code, Code::PermissionDenied, "{} as an unregistered instance", method.path);
        }
    }
    house.server.stop().await;
}

#[tokio::test]
async fn what_a_form_of_another_site_can_send_does_nothing() {
    let house = House::open().await;
    let browser = house.browser().await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        for method in methods() {
            let response = house.send(&method.path, framed(&()), content_type, &browser).await;
            assert!(!response.status().is_success(), "{} as {content_type}: {response:?}", method.path);
        }
    }
    let still_there = house.call("trainyard.v1.AccessService/GetSession", &(), &browser).await;
    assert_eq!(still_there.code, Code::Ok, "{}", still_there.message);
    house.server.stop().await;
}
