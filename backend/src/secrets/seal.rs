//! Sealing: AES-256-GCM-SIV (RFC 8452) with a fresh random nonce for each value, bound to the secret's id and name.
//!
//! Must not know where keys or sealed values lie.

use super::error::SecretError;
use super::value::SecretValue;
use crate::store::{SealedSecret, hex};
use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Key, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use shared::id::SecretId;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;
/// Bytes of a nonce. Should two random ones ever be equal, the mode tells no more than that two values are equal.
const NONCE_BYTES: usize = 12;
/// Bytes of a fingerprint: enough to tell values apart at a glance.
const FINGERPRINT_BYTES: usize = 6;
/// Bytes of a key's name.
const KEY_ID_BYTES: usize = 8;

/// A key, with the name by which sealed values know it. Like a value, it cannot be shown.
pub(super) struct SealKey {
    id: String,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl SealKey {
    /// A new key from the system's random source.
    pub(super) fn generate() -> Result<Self, SecretError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random(bytes.as_mut_slice())?;
        let mut id = [0; KEY_ID_BYTES];
        random(&mut id)?;
        Ok(Self { id: hex(&id), bytes })
    }

    pub(super) fn from_parts(id: String, bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self { id, bytes }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// A second copy, for work on another thread.
    pub(super) fn copy(&self) -> Self {
        Self { id: self.id.clone(), bytes: Zeroizing::new(*self.bytes) }
    }

    pub(super) fn seal(
        &self,
        id: SecretId,
        name: &str,
        value: &SecretValue,
    ) -> Result<SealedSecret, SecretError> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let payload = Payload { msg: value.expose().as_bytes(), aad: &bound_to(id, name) };
        let ciphertext = self
            .cipher()
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| SecretError::Seal("the cipher refuses it"))?;
        let sealed = STANDARD.encode([nonce.as_slice(), &ciphertext].concat());
        Ok(SealedSecret { id, name: name.to_owned(), key_id: self.id.clone(), sealed })
    }

    pub(super) fn open(&self, sealed: &SealedSecret) -> Result<SecretValue, SecretError> {
        let tampered = || SecretError::Tampered { name: sealed.name.clone() };
        let bytes = STANDARD.decode(&sealed.sealed).map_err(|_| tampered())?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(tampered)?;
        let payload = Payload { msg: ciphertext, aad: &bound_to(sealed.id, &sealed.name) };
        let opened = self.cipher().decrypt(&Nonce::from(*nonce), payload).map_err(|_| tampered())?;
        SecretValue::from_opened(opened).ok_or_else(tampered)
    }

    /// Tells one value of a secret from another one. It is short, and depends on the key and on the secret: from
    /// the database alone a value cannot be guessed by trying, nor can two secrets be compared.
    pub(super) fn fingerprint(&self, id: SecretId, value: &SecretValue) -> String {
        let keyed =
            self.keyed(&[b"trainyard secret fingerprint", id.uuid().as_bytes(), value.expose().as_bytes()]);
        hex(keyed.get(..FINGERPRINT_BYTES).unwrap_or(&keyed))
    }

    fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new(&Key::<Aes256GcmSiv>::from(*self.bytes))
    }

    /// HMAC-SHA256 over parts, each with its length before it, by a key of its own purpose.
    fn keyed(&self, parts: &[&[u8]]) -> [u8; 32] {
        let purpose = mac(self.bytes.as_slice(), &[b"trainyard keyed hash"]);
        mac(&purpose, parts)
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of every length, so there is always one.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A sealed value opens in its own row alone: not under another id, nor under another name.
fn bound_to(id: SecretId, name: &str) -> Vec<u8> {
    [b"trainyard secret 1\0".as_slice(), id.uuid().as_bytes(), name.as_bytes()].concat()
}

fn random(bytes: &mut [u8]) -> Result<(), SecretError> {
    getrandom::fill(bytes).map_err(|_| SecretError::Seal("the system has no randomness to give"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::id::uuid_v7;

    fn id(number: u64) -> SecretId {
        SecretId::from_uuid(uuid_v7(number, &[3; 10]))
    }

    fn value(text: &str) -> SecretValue {
        SecretValue::handed_over(text.to_owned())
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_one_flipped_bit_is_noticed(text in ".{4,200}", place in 0_usize..10_000, bit in 0_u8..8) {
            let key = SealKey::generate().unwrap();
            let sealed = key.seal(id(1), "TOKEN", &value(&text)).unwrap();
            prop_assert!(key.open(&sealed).is_ok_and(|opened| opened.expose() == text));
            let mut bytes = STANDARD.decode(&sealed.sealed).unwrap();
            let place = place % bytes.len();
            bytes[place] ^= 1 << bit;
            let flipped = SealedSecret { sealed: STANDARD.encode(bytes), ..sealed };
            let is_noticed = matches!(key.open(&flipped), Err(SecretError::Tampered { .. }));
            prop_assert!(is_noticed);
        }
    }

    #[test]
    fn a_sealed_value_opens_in_its_own_row_and_with_its_own_key_alone() {
        let key = SealKey::generate().unwrap();
        let sealed = key.seal(id(1), "TOKEN", &value("one value")).unwrap();
        let cases = [
            SealedSecret { id: id(2), ..sealed.clone() },
            SealedSecret { name: "OTHER".into(), ..sealed.clone() },
            SealedSecret { sealed: String::new(), ..sealed.clone() },
            SealedSecret { sealed: "not base64!".into(), ..sealed.clone() },
        ];
        for case in cases {
            assert!(matches!(key.open(&case), Err(SecretError::Tampered { .. })), "{case:?}");
        }
        assert!(matches!(SealKey::generate().unwrap().open(&sealed), Err(SecretError::Tampered { .. })));
    }

    #[test]
    fn the_same_value_is_never_sealed_the_same_way_twice() {
        let key = SealKey::generate().unwrap();
        let seal = || key.seal(id(1), "TOKEN", &value("one value")).unwrap().sealed;
        assert_ne!(seal(), seal());
    }

    #[test]
    fn fingerprints_tell_values_of_one_secret_apart_under_one_key() {
        let key = SealKey::generate().unwrap();
        let print = key.fingerprint(id(1), &value("one value"));
        assert_eq!(print.len(), FINGERPRINT_BYTES * 2);
        assert_eq!(print, key.copy().fingerprint(id(1), &value("one value")));
        assert_ne!(print, key.fingerprint(id(1), &value("one valuf")));
        assert_ne!(print, key.fingerprint(id(2), &value("one value")));
        assert_ne!(print, SealKey::generate().unwrap().fingerprint(id(1), &value("one value")));
    }
}
