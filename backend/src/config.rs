//! Where the data folder is, what lies in it, and what the server was told.
//!
//! Must not know what the files hold.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The port that is taken when none is named.
pub const DEFAULT_PORT: u16 = 8080;

/// Where the demo keeps its data, in the current folder.
const DEMO_FOLDER: &str = ".trainyard/demo";
/// Data folders in the current folder that a command finds by itself, if a server ever used them.
const LOCAL_FOLDERS: [&str; 2] = [".trainyard", DEMO_FOLDER];
/// Marks a folder that a server used.
const DATABASE: &str = "trainyard.db";

/// Everything that one server keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The named folder; else the demo's, for the demo; else one in the current folder that a server
    /// used before; else the user's own data folder.
    ///
    /// # Errors
    /// If the current folder is gone, or no folder was named and the user has no home.
    pub fn find(named: Option<&Path>, is_demo: bool) -> Result<Self, ConfigError> {
        let current = std::env::current_dir().map_err(ConfigError::CurrentFolder)?;
        if let Some(named) = named {
            return Ok(Self(current.join(named)));
        }
        if is_demo {
            return Ok(Self(current.join(DEMO_FOLDER)));
        }
        let mut local = LOCAL_FOLDERS.iter().map(|folder| current.join(folder));
        if let Some(used) = local.find(|folder| folder.join(DATABASE).is_file()) {
            return Ok(Self(used));
        }
        let absolute =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        absolute("XDG_DATA_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
            .map(|base| Self(base.join("trainyard")))
            .ok_or(ConfigError::NoHome)
    }

    /// A folder that is known already.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a running server says its address and process.
    #[must_use]
    pub fn server_file(&self) -> PathBuf {
        self.0.join("server.json")
    }

    /// The owner's token for commands on the same machine.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.0.join("local.token")
    }

    /// Locked by the one server of this folder.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.0.join("lock")
    }
}

/// What `serve` was told.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Its data folder.
    pub data: DataFolder,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// It may listen beyond this machine.
    pub allow_remote: bool,
    /// The file with the key that seals secrets; without one, it lies among the user's settings.
    pub secrets_key_file: Option<PathBuf>,
}

impl ServeConfig {
    /// Checks that nothing listens beyond this machine unless a person said so.
    ///
    /// # Errors
    /// If the address is not of this machine and `--allow-remote` is missing.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.listen.ip().is_loopback() || self.allow_remote {
            Ok(())
        } else {
            Err(ConfigError::RemoteNotAllowed(self.listen))
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The current folder cannot be read.
    #[error("the current folder cannot be read ({0}); change into one that exists")]
    CurrentFolder(std::io::Error),
    /// Neither a folder was named nor is there a home.
    #[error("no place for data: neither HOME nor XDG_DATA_HOME is set; name a folder with --data")]
    NoHome,
    /// Listening beyond this machine must be asked for.
    #[error(
        "{0} can be reached from other machines, and Trainyard itself does not encrypt; \
         put a TLS proxy in front and add --allow-remote, or listen on 127.0.0.1"
    )]
    RemoteNotAllowed(SocketAddr),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reachable_unless_asked_for() {
        let cases = [
            ("127.0.0.1:8080", false, true),
            ("[::1]:8080", false, true),
            ("0.0.0.0:8080", false, false),
            ("192.168.1.2:8080", false, false),
            ("0.0.0.0:8080", true, true),
        ];
        for (listen, allow_remote, accepted) in cases {
            let config = ServeConfig {
                data: DataFolder::at("/tmp/x"),
                listen: listen.parse().unwrap(),
                allow_remote,
                secrets_key_file: None,
            };
            assert_eq!(config.check().is_ok(), accepted, "{listen} {allow_remote}");
        }
    }

    #[test]
    fn a_named_folder_wins_and_becomes_absolute() {
        let folder = DataFolder::find(Some(Path::new("somewhere")), true).unwrap();
        assert!(folder.path().is_absolute() && folder.path().ends_with("somewhere"));
        assert!(DataFolder::find(None, true).unwrap().path().ends_with(DEMO_FOLDER));
    }
}
