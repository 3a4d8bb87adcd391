//! Signing in and out.
//!
//! Must not know what is shown.

use super::{ApiError, transport};
use proto::v1::access_service_client::AccessServiceClient;
use proto::v1::{GetSessionRequest, GetSessionResponse, SignInRequest, SignOutRequest};

/// Exchanges a sign-in link's token for a session; the browser keeps it as a cookie.
pub async fn sign_in(token: String) -> Result<(), ApiError> {
    AccessServiceClient::new(transport()).sign_in(SignInRequest { token }).await?;
    Ok(())
}

/// Who is signed in, and to which version of the server.
pub async fn session() -> Result<GetSessionResponse, ApiError> {
    Ok(AccessServiceClient::new(transport()).get_session(GetSessionRequest {}).await?.into_inner())
}

/// Ends the session.
pub async fn sign_out() -> Result<(), ApiError> {
    AccessServiceClient::new(transport()).sign_out(SignOutRequest {}).await?;
    Ok(())
}
