//! Why a caller is turned away.
//!
//! Must not know codes of any protocol.

use super::token::{TokenError, TokenKind};
use crate::store::StoreError;
use shared::permission::Permission;

/// Why a caller is turned away.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Nothing was presented.
    #[error(
        "sign in first: open the link that `trainyard link` prints, or send the header \
         `authorization: Bearer <token>`"
    )]
    Missing,
    /// What was presented is no token.
    #[error(
        "the token is malformed; take it as it stands in the data folder's local.token, without quotes or spaces inside"
    )]
    Malformed,
    /// A well-formed token that opens nothing here.
    #[error(
        "the {0} is not known here: it was used up, has expired, or belongs to another server; \
             get a new one with `trainyard link`, or check TRAINYARD_TOKEN and --data"
    )]
    Unknown(&'static str),
    /// A good token for something else.
    #[error("{presented} may not call this method; use the owner's token or a browser session")]
    WrongKind {
        /// Who calls.
        presented: &'static str,
    },
    /// The session lacks a permission.
    #[error("{}", .0.lack())]
    Withheld(Permission),
    /// A browser was sent here by a page of another site.
    #[error("a page of another origin may not use this browser's session; open this server's own page")]
    OtherOrigin,
    /// No token could be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TokenKind {
    /// What a person calls it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Owner => "owner's token",
            Self::SignInLink => "sign-in link",
            Self::Session => "session",
            Self::Instance => "instance's token",
            Self::Runner => "runner's token",
        }
    }
}
