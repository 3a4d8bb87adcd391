//! Signing browsers in and out.
//!
//! Must not know how tokens are kept.

use super::caller;
use super::error::{OrProblem, Problem};
use super::layers::CookieName;
use crate::auth::authenticator::OWNER;
use crate::auth::{Authenticator, SESSION_LIFE};
use proto::v1;
use proto::v1::access_service_server::AccessService;
use shared::permission::{Permission, Permissions};
use tonic::{Request, Response, Status};

pub(super) struct Access {
    pub(super) authenticator: Authenticator,
    /// Where this server is reached, for links.
    pub(super) url: String,
}

#[tonic::async_trait]
impl AccessService for Access {
    async fn sign_in(
        &self,
        request: Request<v1::SignInRequest>,
    ) -> Result<Response<v1::SignInResponse>, Status> {
        let name = cookie_name(&request);
        let signed_in = self.authenticator.sign_in(&request.get_ref().token).await.or_problem()?;
        let mut response = Response::new(v1::SignInResponse { expires_at_ms: signed_in.expires_at_ms });
        set_cookie(&mut response, &name, signed_in.session.expose(), SESSION_LIFE.as_secs());
        Ok(response)
    }

    async fn get_session(
        &self,
        request: Request<v1::GetSessionRequest>,
    ) -> Result<Response<v1::GetSessionResponse>, Status> {
        let permissions = caller(&request).permissions();
        Ok(Response::new(v1::GetSessionResponse {
            user: OWNER.to_owned(),
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
            permissions: permissions.iter().map(|permission| permission.name().to_owned()).collect(),
        }))
    }

    async fn sign_out(
        &self,
        request: Request<v1::SignOutRequest>,
    ) -> Result<Response<v1::SignOutResponse>, Status> {
        self.authenticator.sign_out(&caller(&request)).await.or_problem()?;
        let mut response = Response::new(v1::SignOutResponse {});
        set_cookie(&mut response, &cookie_name(&request), "", 0);
        Ok(response)
    }

    async fn create_sign_in_link(
        &self,
        request: Request<v1::CreateSignInLinkRequest>,
    ) -> Result<Response<v1::CreateSignInLinkResponse>, Status> {
        let withheld = permissions_from_wire(&request.get_ref().withheld_permissions).or_problem()?;
        let permissions = caller(&request).permissions().without(withheld.iter());
        let (token, expires_at_ms) = self.authenticator.create_link(&permissions).await.or_problem()?;
        let url = sign_in_url(&self.url, token.expose());
        Ok(Response::new(v1::CreateSignInLinkResponse { url, expires_at_ms }))
    }
}

fn permissions_from_wire(names: &[String]) -> Result<Permissions, Problem> {
    let known = || Permissions::all().iter().map(Permission::name).collect::<Vec<_>>().join(" or ");
    let parse = |name: &String| {
        Permission::from_name(name).ok_or_else(|| {
            Problem::field("withheld_permissions", format!("`{name}` is no permission; expected {}", known()))
        })
    };
    names.iter().map(parse).collect()
}

/// The link that signs a browser in. What follows `#` never leaves the browser by itself.
pub(crate) fn sign_in_url(server_url: &str, token: &str) -> String {
    format!("{server_url}/sign-in#token={token}")
}

fn cookie_name<T>(request: &Request<T>) -> String {
    request.extensions().get::<CookieName>().map_or_else(|| "trainyard".to_owned(), |name| name.0.clone())
}

/// Scripts cannot read it, and no other site can make the browser send it. `Secure` is left out
/// because the server itself speaks plain HTTP; browsers treat loopback as trustworthy.
fn set_cookie<T>(response: &mut Response<T>, name: &str, value: &str, max_age_secs: u64) {
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age_secs}");
    if let Ok(value) = cookie.parse() {
        response.metadata_mut().insert("set-cookie", value);
    }
}
