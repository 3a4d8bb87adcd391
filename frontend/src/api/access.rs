//! Signing in and out.
//!
//! Must not know what is shown.

use super::{ApiError, call::calls};
use proto::v1::{GetSessionRequest, GetSessionResponse, SignInRequest, SignOutRequest};

calls! {
    sign_in(SignInRequest) -> SignInResponse = "AccessService/SignIn";
    get_session(GetSessionRequest) -> GetSessionResponse = "AccessService/GetSession";
    sign_out(SignOutRequest) -> SignOutResponse = "AccessService/SignOut";
}

/// Exchanges a sign-in link's token for a session; the browser keeps it as a cookie.
pub async fn sign_in(token: String) -> Result<(), ApiError> {
    rpc::sign_in(SignInRequest { token }).await?;
    Ok(())
}

/// Who is signed in, and to which version of the server.
pub async fn session() -> Result<GetSessionResponse, ApiError> {
    rpc::get_session(GetSessionRequest {}).await
}

/// Ends the session.
pub async fn sign_out() -> Result<(), ApiError> {
    rpc::sign_out(SignOutRequest {}).await?;
    Ok(())
}
