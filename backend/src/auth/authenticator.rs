//! Finds out who calls, and signs browsers in and out.
//!
//! Must not know what a method does, nor any protocol but HTTP headers.

use super::caller::Caller;
use super::error::AuthError;
use super::policy::Access;
use super::token::{Token, TokenHash, TokenKind};
use crate::store::Store;
use http::header::{AUTHORIZATION, COOKIE, HeaderMap, ORIGIN};
use shared::permission::Permissions;
use std::time::Duration;

/// How long a sign-in link can be used.
const LINK_LIFE: Duration = Duration::from_hours(24);
/// How long a browser stays signed in.
pub const SESSION_LIFE: Duration = Duration::from_hours(30 * 24);
/// The one user until there are several.
pub const OWNER: &str = "owner";

/// Finds out who calls. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Authenticator {
    store: Store,
    owner: TokenHash,
}

/// A browser that has just signed in.
pub struct SignedIn {
    /// What goes into its cookie.
    pub session: Token,
    /// UTC milliseconds since 1970.
    pub expires_at_ms: i64,
}

impl Authenticator {
    /// Knows the owner by the hash of the local token, and everyone else through the store.
    #[must_use]
    pub const fn new(store: Store, owner: TokenHash) -> Self {
        Self { store, owner }
    }

    /// Who sends these headers. A bearer token wins over a cookie, and a wrong one is an error even
    /// where none is needed, so that a mistake shows at once.
    ///
    /// # Errors
    /// If what is presented is malformed or unknown, or a cookie comes with another site's request.
    pub async fn identify(&self, headers: &HeaderMap, authority: Option<&str>) -> Result<Caller, AuthError> {
        if let Some(value) = headers.get(AUTHORIZATION) {
            let text = value.to_str().ok().and_then(bearer).ok_or(AuthError::Malformed)?;
            return self.identify_bearer(text).await;
        }
        let Some(text) = cookie(headers, &cookie_name(authority)) else { return Ok(Caller::Anonymous) };
        if !is_same_origin(headers, authority) {
            return Err(AuthError::OtherOrigin);
        }
        match Token::parse(text) {
            Ok((TokenKind::Session, token)) => self.identify_session(token.hash()).await,
            Ok(_) | Err(_) => Err(AuthError::Malformed),
        }
    }

    async fn identify_bearer(&self, text: &str) -> Result<Caller, AuthError> {
        let (kind, token) = Token::parse(text).map_err(|_| AuthError::Malformed)?;
        let hash = token.hash();
        match kind {
            TokenKind::Owner if hash == self.owner => Ok(Caller::Owner),
            TokenKind::Session => self.identify_session(hash).await,
            TokenKind::Instance => Ok(Caller::NewInstance(hash)),
            TokenKind::Runner => match self.store.instance_by_session(&hash.hex()).await? {
                Some(instance_id) => Ok(Caller::Runner(instance_id)),
                None => Err(AuthError::Unknown(kind.words())),
            },
            TokenKind::Owner | TokenKind::SignInLink => Err(AuthError::Unknown(kind.words())),
        }
    }

    async fn identify_session(&self, hash: TokenHash) -> Result<Caller, AuthError> {
        match self.store.session(&hash.hex()).await? {
            Some(permissions) => Ok(Caller::Browser(hash, permissions)),
            None => Err(AuthError::Unknown(TokenKind::Session.words())),
        }
    }

    /// Whether a caller that was identified earlier would still be: streams ask now and then.
    pub async fn is_still_welcome(&self, caller: &Caller) -> bool {
        match caller {
            // A store that does not answer is no reason to end a stream.
            Caller::Browser(hash, _) => !matches!(self.store.session(&hash.hex()).await, Ok(None)),
            Caller::Owner => true,
            Caller::Anonymous | Caller::NewInstance(_) | Caller::Runner(_) => false,
        }
    }

    /// A token for a sign-in link to a session with these permissions, and when it expires.
    ///
    /// # Errors
    /// If the store cannot keep it.
    pub async fn create_link(&self, permissions: &Permissions) -> Result<(Token, i64), AuthError> {
        let token = Token::generate(TokenKind::SignInLink)?;
        let expires_at_ms = self.after(LINK_LIFE);
        self.store.create_sign_in_link(&token.hash().hex(), OWNER, permissions, expires_at_ms).await?;
        Ok((token, expires_at_ms))
    }

    /// Uses up the token of a sign-in link and starts a session.
    ///
    /// # Errors
    /// If the token is malformed, of another kind, used up or expired.
    pub async fn sign_in(&self, text: &str) -> Result<SignedIn, AuthError> {
        let link = match Token::parse(text.trim()) {
            Ok((TokenKind::SignInLink, token)) => token,
            Ok((kind, _)) => return Err(AuthError::Unknown(kind.words())),
            Err(_) => return Err(AuthError::Malformed),
        };
        let session = Token::generate(TokenKind::Session)?;
        let expires_at_ms = self.after(SESSION_LIFE);
        let user =
            self.store.redeem_sign_in_link(&link.hash().hex(), &session.hash().hex(), expires_at_ms).await?;
        match user {
            Some(_) => Ok(SignedIn { session, expires_at_ms }),
            None => Err(AuthError::Unknown(TokenKind::SignInLink.words())),
        }
    }

    /// Ends a browser's session; for every other caller there is nothing to end.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), AuthError> {
        if let Caller::Browser(hash, _) = caller {
            self.store.end_session(&hash.hex()).await?;
        }
        Ok(())
    }

    fn after(&self, life: Duration) -> i64 {
        self.store.clock().now_ms().saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Whether this caller may use this kind of method.
///
/// # Errors
/// Why not.
pub fn authorize(caller: &Caller, access: Access) -> Result<(), AuthError> {
    if caller.may(access) {
        return Ok(());
    }
    Err(match (caller, access) {
        (Caller::Anonymous, _) => AuthError::Missing,
        (Caller::Owner | Caller::Browser(..), Access::OwnerWith(permission)) => {
            AuthError::Withheld(permission)
        }
        (Caller::Owner | Caller::Browser(..), _) => AuthError::WrongKind { presented: "the owner" },
        (Caller::NewInstance(_), _) => {
            AuthError::WrongKind { presented: "an instance that has not registered" }
        }
        (Caller::Runner(_), _) => AuthError::WrongKind { presented: "a runner" },
    })
}

/// The session cookie's name. Cookies do not tell ports apart, so the name does: two servers on one
/// machine must not sign each other's browsers out.
#[must_use]
pub fn cookie_name(authority: Option<&str>) -> String {
    match authority.and_then(|authority| authority.rsplit_once(':')) {
        Some((_, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("trainyard_{port}")
        }
        _ => "trainyard".to_owned(),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Whether the request comes from this server's own page. Browsers name the origin of every unsafe
/// request, and say for all others where they stem from.
fn is_same_origin(headers: &HeaderMap, authority: Option<&str>) -> bool {
    if let Some(origin) = headers.get(ORIGIN) {
        let named = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
        return named.is_some() && named == authority;
    }
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none",
        None => true,
    }
}

#[cfg(test)]
#[path = "authenticator_tests.rs"]
mod tests;
