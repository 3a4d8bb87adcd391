//! The value of a secret, in memory no longer and in no more places than needed.
//!
//! Must not be shown: it has no `Debug`, `Display`, `Serialize` or `Clone`, and overwrites itself when dropped.

use shared::secret::check_value;
use zeroize::{Zeroize, Zeroizing};

/// A value that nobody may read but who it is for.
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// Takes a value as it was brought in. What is refused is overwritten, too.
    ///
    /// # Errors
    /// What is wrong with it, to be said after the word for the field; without the value.
    pub fn parse(name: &str, mut text: String) -> Result<Self, String> {
        match check_value(name, &text) {
            Ok(()) => Ok(Self(Zeroizing::new(text))),
            Err(problem) => {
                text.zeroize();
                Err(problem)
            }
        }
    }

    /// Takes what was sealed by this program; `None` if it is not text.
    pub(super) fn from_opened(bytes: Vec<u8>) -> Option<Self> {
        match String::from_utf8(bytes) {
            Ok(text) => Some(Self(Zeroizing::new(text))),
            Err(error) => {
                error.into_bytes().zeroize();
                None
            }
        }
    }

    /// Takes a value that is checked elsewhere.
    #[must_use]
    pub fn handed_over(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The value itself: for the cipher, the environment of a Train function, and what looks for it in logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}
