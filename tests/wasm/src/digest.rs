//! A fingerprint of results: every bit of every number counts.
//!
//! Must not know what the numbers mean.

/// The FNV-1a hash (Fowler, Noll and Vo, 1991) of everything added.
#[derive(Debug, Clone, Copy)]
pub struct Digest(u64);

impl Digest {
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub const fn value(self) -> u64 {
        self.0
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.whole(bytes.len() as u64);
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub fn whole(&mut self, number: u64) -> &mut Self {
        for byte in number.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self
    }

    /// NaN counts as one value: WebAssembly leaves the sign and payload of a computed NaN open.
    pub fn number(&mut self, number: f64) -> &mut Self {
        self.whole(if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() })
    }

    pub fn numbers<'a>(&mut self, numbers: impl IntoIterator<Item = &'a f64>) -> &mut Self {
        numbers.into_iter().fold(self, |digest, number| digest.number(*number))
    }

    pub fn flag(&mut self, flag: bool) -> &mut Self {
        self.whole(u64::from(flag))
    }
}
