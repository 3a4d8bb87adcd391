//! What an image names where instances are processes: a program that is the Train function.
//!
//! Must not know how it is started.

use shared::machine::BUILT_IN;
use shared::service::{InstanceError, Reason};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name of the function that ends at once, after [`BUILT_IN`].
const INSTANT: &str = "instant";

/// A Train function, as an image names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// The one that this program brings.
    BuiltIn,
    /// One that ends at once and well, to measure the platform alone.
    Instant,
    /// A program of somebody else.
    Program(PathBuf),
}

impl Image {
    /// Reads the name of an image.
    ///
    /// # Errors
    /// `InvalidImageName` where it names nothing that can be a process.
    pub fn parse(name: &str) -> Result<Self, InstanceError> {
        let invalid = |detail: String| Err(InstanceError { reason: Reason::InvalidImageName, detail });
        if name.is_empty() {
            return Ok(Self::BuiltIn);
        }
        if let Some(built_in) = name.strip_prefix(BUILT_IN) {
            if built_in == INSTANT {
                return Ok(Self::Instant);
            }
            return invalid(format!(
                "there is no built-in Train function `{name}`: the only one with a name is `{BUILT_IN}{INSTANT}`"
            ));
        }
        if !name.starts_with('/') {
            return invalid(format!(
                "`{name}` is no image for a process: name a program by its whole path, or leave it empty for the built-in one"
            ));
        }
        if name.ends_with('/') || Path::new(name).is_dir() {
            return invalid(format!("`{name}` is a folder: name the program in it"));
        }
        Ok(Self::Program(PathBuf::from(name)))
    }

    /// Looks whether everything that an instance starts is there. `named` is what a private architecture has in the place
    /// of the built-in function: a whole path, or a name that is looked up on the `PATH`.
    ///
    /// # Errors
    /// `ErrImagePull` with the path and what is wrong with it.
    pub fn check(&self, own_program: &Path, named: Option<&str>) -> Result<(), InstanceError> {
        check_program(own_program)?;
        match (self, named) {
            (Self::BuiltIn, Some(named)) if !named.contains('/') => look_up(named),
            (Self::BuiltIn, Some(named)) => check_program(Path::new(named)),
            (Self::BuiltIn, None) | (Self::Instant, _) => Ok(()),
            (Self::Program(path), _) => check_program(path),
        }
    }
}

/// Looks for a program on the `PATH`, which its process gets from the server.
fn look_up(name: &str) -> Result<(), InstanceError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| check_program(&folder.join(name)).is_ok()) {
        return Ok(());
    }
    let detail = format!("the program `{name}` is on no folder of the server's PATH, {}", path.display());
    Err(InstanceError { reason: Reason::ErrImagePull, detail })
}

fn check_program(path: &Path) -> Result<(), InstanceError> {
    let missing = |what: String| {
        let detail = format!("the program {} {what}", path.display());
        Err(InstanceError { reason: Reason::ErrImagePull, detail })
    };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing("is not there".into()),
        Err(error) => missing(format!("cannot be looked at: {error}")),
        Ok(metadata) if !metadata.is_file() => missing("is no file".into()),
        Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => {
            missing("may not be executed: its permissions lack `x`".into())
        }
        Ok(_) => match rustix::fs::access(path, rustix::fs::Access::EXEC_OK) {
            Ok(()) => Ok(()),
            Err(error) => missing(format!("may not be executed by the server's user: {error}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_run() {
        for (name, expected) in [
            ("", Ok(Image::BuiltIn)),
            ("builtin:instant", Ok(Image::Instant)),
            ("/opt/train", Ok(Image::Program("/opt/train".into()))),
            ("builtin:other", Err("only one with a name is `builtin:instant`")),
            ("train.sh", Err("whole path")),
            ("registry/name:1", Err("whole path")),
            ("/usr", Err("is a folder")),
            ("/opt/train/", Err("is a folder")),
        ] {
            match (Image::parse(name), expected) {
                (Ok(image), Ok(expected)) => assert_eq!(image, expected),
                (Err(error), Err(part)) => {
                    assert_eq!(error.reason, Reason::InvalidImageName, "{name}");
                    assert!(error.detail.contains(part), "{error:?}");
                }
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_program_that_cannot_be_run_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "#!/bin/sh\n").unwrap();
        let shell = Path::new("/bin/sh");
        let absent = folder.path().join("absent");
        for (program, own, part) in [
            (&absent, shell, "is not there"),
            (&plain, shell, "lack `x`"),
            (&plain, absent.as_path(), "absent is not there"),
        ] {
            let path = program.to_str();
            for check in [Image::Program(program.clone()).check(own, None), Image::BuiltIn.check(own, path)] {
                let error = check.unwrap_err();
                assert_eq!(error.reason, Reason::ErrImagePull);
                assert!(error.detail.contains(part), "{error:?}");
            }
        }
        std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(Image::Program(plain).check(shell, None), Ok(()));
        assert_eq!(Image::BuiltIn.check(shell, Some("sh")), Ok(()));
        let error = Image::BuiltIn.check(shell, Some("no-such-trainer")).unwrap_err();
        assert!(error.detail.contains("`no-such-trainer` is on no folder"), "{error:?}");
    }
}
