//! The file that holds the keys: outside the data folder, readable by its owner alone, and never half-written.
//!
//! A text of lines: what it is, whose it is, then one key a line, the one in use first. Must not know ciphers.

use super::error::SecretError;
use super::seal::{KEY_BYTES, SealKey};
use super::value::SecretValue;
use crate::store::{SealedSecret, hex};
use shared::id::ProjectId;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const HEADER: &str = "trainyard secrets key 1";
/// Others may do nothing with the file.
const OPEN_BITS: u32 = 0o077;

/// The keys that may be in use: the current one, and during a rotation those before it.
pub(super) struct Keyring {
    current: SealKey,
    older: Vec<SealKey>,
}

impl Keyring {
    pub(super) const fn of(current: SealKey, older: Vec<SealKey>) -> Self {
        Self { current, older }
    }

    pub(super) const fn current(&self) -> &SealKey {
        &self.current
    }

    fn all(&self) -> impl Iterator<Item = &SealKey> {
        std::iter::once(&self.current).chain(&self.older)
    }

    pub(super) fn has(&self, key_id: &str) -> bool {
        self.all().any(|key| key.id() == key_id)
    }

    /// Opens a value with the key that it names.
    pub(super) fn open(&self, sealed: &SealedSecret, file: &Path) -> Result<SecretValue, SecretError> {
        let key = self.all().find(|key| key.id() == sealed.key_id).ok_or_else(|| {
            SecretError::KeyDoesNotOpen { path: file.to_owned(), key_id: sealed.key_id.clone() }
        })?;
        key.open(sealed)
    }

    pub(super) fn with_new_key(self) -> Result<Self, SecretError> {
        let mut older = self.older;
        older.insert(0, self.current);
        Ok(Self::of(SealKey::generate()?, older))
    }

    pub(super) fn clone_keys(&self) -> Self {
        Self::of(self.current.copy(), self.older.iter().map(SealKey::copy).collect())
    }

    pub(super) fn only_current(self) -> Self {
        Self::of(self.current, Vec::new())
    }

    /// Whether a key before the current one is named by no stored value.
    pub(super) fn has_unused(&self, used: &[String]) -> bool {
        self.older.iter().any(|key| !used.iter().any(|id| id == key.id()))
    }

    pub(super) fn only_needed(mut self, used: &[String]) -> Self {
        self.older.retain(|key| used.iter().any(|id| id == key.id()));
        self
    }
}

/// Where the keys of one data folder lie.
pub(super) struct KeyFile {
    path: Option<PathBuf>,
    data_dir: PathBuf,
    owner: ProjectId,
}

impl KeyFile {
    /// The named file; else one for this data folder among the user's own settings.
    pub(super) fn new(named: Option<PathBuf>, data_dir: PathBuf, owner: ProjectId) -> Self {
        let path = named.or_else(|| {
            let absolute =
                |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
            absolute("XDG_CONFIG_HOME")
                .or_else(|| absolute("HOME").map(|home| home.join(".config")))
                .map(|base| base.join("trainyard").join("keys").join(format!("{owner}.key")))
        });
        Self { path, data_dir, owner }
    }

    /// Its path, for messages.
    pub(super) fn shown(&self) -> &Path {
        self.path.as_deref().unwrap_or_else(|| Path::new("(none)"))
    }

    pub(super) fn exists(&self) -> bool {
        self.path.as_deref().is_some_and(|path| path.symlink_metadata().is_ok())
    }

    pub(super) fn missing(&self) -> SecretError {
        SecretError::KeyMissing(self.shown().to_owned())
    }

    pub(super) fn does_not_open(&self, key_id: &str) -> SecretError {
        SecretError::KeyDoesNotOpen { path: self.shown().to_owned(), key_id: key_id.to_owned() }
    }

    fn place(&self) -> Result<&Path, SecretError> {
        let path = self.path.as_deref().ok_or(SecretError::NoKeyPlace)?;
        let folder = path.parent().unwrap_or(path);
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if real(folder).starts_with(real(&self.data_dir)) {
            return Err(SecretError::KeyInDataFolder(path.to_owned()));
        }
        Ok(path)
    }

    pub(super) fn read(&self) -> Result<Keyring, SecretError> {
        let path = self.place()?;
        let io = |source| SecretError::KeyFile { path: path.to_owned(), action: "read", source };
        let mode = std::fs::metadata(path).map_err(io)?.mode();
        if mode & OPEN_BITS != 0 {
            return Err(SecretError::KeyIsOpen { path: path.to_owned(), mode: mode & 0o777 });
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(io)?);
        let (owner, keys) =
            parse(&text).map_err(|detail| SecretError::NotAKeyFile { path: path.to_owned(), detail })?;
        if owner != self.owner.to_string() {
            return Err(SecretError::KeyOfAnother(path.to_owned()));
        }
        Ok(keys)
    }

    /// Makes the file with a first key; if another process was faster, its key counts.
    pub(super) fn make(&self) -> Result<Keyring, SecretError> {
        let path = self.place()?;
        let keys = Keyring::of(SealKey::generate()?, Vec::new());
        self.write_by(&keys, |unfinished| match std::fs::hard_link(unfinished, path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        })?;
        self.read()
    }

    /// Replaces the file: whoever reads, now or after a crash, sees the old keys or the new ones.
    pub(super) fn write(&self, keys: &Keyring) -> Result<(), SecretError> {
        let path = self.place()?;
        self.write_by(keys, |unfinished| std::fs::rename(unfinished, path))
    }

    fn write_by(
        &self,
        keys: &Keyring,
        publish: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> Result<(), SecretError> {
        let path = self.place()?;
        let folder = path.parent().unwrap_or(path);
        let text = self.text_of(keys);
        let unfinished = path.with_extension(format!("new-{}-{}", std::process::id(), keys.current.id()));
        let write = || -> std::io::Result<()> {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            let mut file =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            publish(&unfinished)?;
            // A link leaves the unfinished name behind, a renaming does not.
            let _ = std::fs::remove_file(&unfinished);
            std::fs::File::open(folder)?.sync_all()
        };
        write().map_err(|source| {
            let _ = std::fs::remove_file(&unfinished);
            SecretError::KeyFile { path: path.to_owned(), action: "written", source }
        })
    }

    fn text_of(&self, keys: &Keyring) -> Zeroizing<String> {
        // Long enough at once, so that growing leaves no copies behind.
        let mut text = Zeroizing::new(String::with_capacity(256 + 128 * (keys.older.len() + 1)));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{HEADER}\ndata-folder {}", self.owner);
        for key in keys.all() {
            let digits = Zeroizing::new(hex(key.bytes()));
            let _ = writeln!(text, "key {} {}", key.id(), digits.as_str());
        }
        text
    }
}

/// Whose keys they are, and the keys. Errors say what is wrong without quoting.
fn parse(text: &str) -> Result<(&str, Keyring), &'static str> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err("it does not begin as one");
    }
    let owner = lines
        .next()
        .and_then(|line| line.strip_prefix("data-folder "))
        .ok_or("it does not say whose it is")?;
    let mut keys = lines.filter(|line| !line.is_empty()).map(parse_key);
    let current = keys.next().ok_or("it holds no key")??;
    let older = keys.collect::<Result<_, _>>()?;
    Ok((owner, Keyring::of(current, older)))
}

fn parse_key(line: &str) -> Result<SealKey, &'static str> {
    const BROKEN: &str = "a line is not a key";
    let (id, digits) = line.strip_prefix("key ").and_then(|rest| rest.split_once(' ')).ok_or(BROKEN)?;
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    if digits.len() != KEY_BYTES * 2 || !digits.is_ascii() || id.is_empty() {
        return Err(BROKEN);
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(place * 2..place * 2 + 2).ok_or(BROKEN)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| BROKEN)?;
    }
    Ok(SealKey::from_parts(id.to_owned(), bytes))
}
