//! Secrets that prove who calls: 256 random bits, shown once, kept only as a hash.
//!
//! Must not know what a token opens.

use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// What a token is for; the kind is the token's readable prefix, so that a mix-up can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// The owner's command line, from the data folder's `local.token`.
    Owner,
    /// A sign-in link, used once.
    SignInLink,
    /// A browser that signed in.
    Session,
    /// A new instance, used once to register.
    Instance,
    /// A registered runner.
    Runner,
}

impl TokenKind {
    const ALL: [Self; 5] = [Self::Owner, Self::SignInLink, Self::Session, Self::Instance, Self::Runner];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Owner => "tyo_",
            Self::SignInLink => "tyl_",
            Self::Session => "tys_",
            Self::Instance => "tyi_",
            Self::Runner => "tyr_",
        }
    }
}

/// The random part, in hexadecimal digits.
const RANDOM_DIGITS: usize = 64;

/// A secret text. It has no `Debug` and no `Display`: it is shown only where it is handed over.
pub struct Token(String);

impl Token {
    /// A new token from the system's random source.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn generate(kind: TokenKind) -> Result<Self, TokenError> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(|_| TokenError::NoRandomness)?;
        Ok(Self(format!("{}{}", kind.prefix(), hex(&random))))
    }

    /// Reads a token that someone presents.
    ///
    /// # Errors
    /// If it cannot be one: of no known kind, too short or too long.
    pub fn parse(text: &str) -> Result<(TokenKind, Self), TokenError> {
        let kind = TokenKind::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
            .ok_or(TokenError::Malformed)?;
        let digits = text.strip_prefix(kind.prefix()).unwrap_or_default();
        let well_formed = digits.len() == RANDOM_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if well_formed { Ok((kind, Self(text.to_owned()))) } else { Err(TokenError::Malformed) }
    }

    /// The secret text, to hand it over.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// SHA-256 of a token. Since a token is 256 random bits, no slow hash is needed.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Lower-case hexadecimal, as it is stored.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl PartialEq for TokenHash {
    /// Takes the same time wherever the two differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The operating system gave none.
    #[error("the system has no random numbers to give, so no token can be made")]
    NoRandomness,
    /// The text is not a token.
    #[error(
        "the token is malformed: expected a prefix such as `tyo_` and {RANDOM_DIGITS} hexadecimal digits"
    )]
    Malformed,
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_parse_back_with_their_kind_and_differ() {
        for kind in TokenKind::ALL {
            let token = Token::generate(kind).unwrap();
            let (parsed_kind, parsed) = Token::parse(token.expose()).unwrap();
            assert_eq!(parsed_kind, kind);
            assert_eq!(parsed.hash(), token.hash());
            assert_ne!(Token::generate(kind).unwrap().hash(), token.hash());
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        let good = Token::generate(TokenKind::Owner).unwrap();
        let cases = [
            String::new(),
            "tyo_".into(),
            "tyx_".to_owned() + &good.expose()[4..],
            good.expose().to_uppercase(),
            good.expose()[..67].to_owned(),
            format!("{}0", good.expose()),
            format!("{}é", &good.expose()[..66]),
        ];
        for text in cases {
            assert!(matches!(Token::parse(&text), Err(TokenError::Malformed)), "{text}");
        }
    }

    #[test]
    fn the_hash_is_the_plain_sha256_and_never_prints_itself() {
        let (_, token) = Token::parse(&format!("tyo_{}", "0".repeat(64))).unwrap();
        assert_eq!(token.hash().hex().len(), 64);
        assert_eq!(format!("{:?}", token.hash()), "TokenHash(..)");
    }
}
