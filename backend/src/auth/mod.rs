//! Who calls: tokens, browser sessions, sign-in links, and what each kind of caller may do.
//!
//! Must not know what a method does.

pub mod caller;
pub mod local_token;
pub mod policy;
pub mod token;

pub mod authenticator;
mod error;

pub use authenticator::{Authenticator, SESSION_LIFE, SignedIn};
pub use caller::Caller;
pub use error::AuthError;
pub use token::{Token, TokenHash, TokenKind};
