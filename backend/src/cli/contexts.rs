//! `trainyard context ...`: servers by name, with the tokens to sign in to them, in one file that only its owner can read.
//!
//! Must not know what is done at a server.

use super::args::Output;
use super::failure::Failure;
use super::print;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The file below the user's own settings.
const FILE: &str = "trainyard/contexts.json";
/// Letters of a name at most.
const MOST_NAME_CHARS: usize = 64;

/// `trainyard context ...`.
#[derive(Debug, Subcommand)]
pub enum ContextCommand {
    /// List the servers that are kept.
    List(ListContexts),
    /// Keep a server by name; the token comes from standard input.
    Add(AddContext),
    /// Speak to this one from now on, unless something else is named.
    Use(OneContext),
    /// Speak to the data folder again, as without any.
    Leave(ListContexts),
    /// Forget one, with its token.
    Remove(OneContext),
}

/// `trainyard context list`.
#[derive(Debug, Args)]
pub struct ListContexts {
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard context add`.
#[derive(Debug, Args)]
pub struct AddContext {
    /// What it is called, for example lab.
    pub name: String,
    /// The address of the server, for example http://127.0.0.1:8080.
    pub url: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A command about one of them.
#[derive(Debug, Args)]
pub struct OneContext {
    /// What it is called.
    pub name: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A server, and how to sign in to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Its address.
    pub url: String,
    /// Never shown.
    pub token: String,
}

/// All that are kept.
#[derive(Default, Serialize, Deserialize)]
pub struct Contexts {
    current: Option<String>,
    servers: BTreeMap<String, Context>,
}

impl Contexts {
    /// Reads those of the user.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn load() -> Result<Self, Failure> {
        path().map_or_else(|| Ok(Self::default()), |path| Self::read(&path))
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                Failure::failed(format!(
                    "{} is no file of contexts ({error}); mend or remove it",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::failed(format!("{} cannot be read: {error}", path.display()))),
        }
    }

    /// Written as a whole, readable by its owner alone from the start.
    fn write(&self, path: &Path) -> Result<(), Failure> {
        let write = || {
            let folder = path.parent().unwrap_or_else(|| Path::new("."));
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o600))?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error: std::io::Error| {
            Failure::failed(format!("{} cannot be written: {error}", path.display()))
        })
    }

    /// The one that is named, or else the one in use.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn chosen(&self, named: Option<&str>) -> Result<Option<&Context>, Failure> {
        match named.or(self.current.as_deref()) {
            None => Ok(None),
            Some(name) => self.servers.get(name).map(Some).ok_or_else(|| self.unknown(name)),
        }
    }

    fn unknown(&self, name: &str) -> Failure {
        let known: Vec<&str> = self.servers.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none is kept".to_owned() } else { known.join(", ") };
        Failure::usage(format!(
            "there is no context `{}` (known: {known}); keep one with `trainyard context add`",
            print::plain(name)
        ))
    }
}

/// Where they are kept; `None` for who has no home.
fn path() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let settings =
        absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(settings.join(FILE))
}

pub(super) fn run(command: ContextCommand) -> Result<(), Failure> {
    let path = path()
        .ok_or_else(|| Failure::failed("no place for contexts: neither HOME nor XDG_CONFIG_HOME is set"))?;
    let contexts = Contexts::read(&path)?;
    match command {
        ContextCommand::List(list) => show(&contexts, list.output.json),
        ContextCommand::Add(add) => {
            let mut token = String::new();
            std::io::stdin().read_to_string(&mut token)?;
            changed(&path, &with(contexts, add.name, &add.url, &token)?, add.output.json)
        }
        ContextCommand::Use(one) => {
            contexts.chosen(Some(&one.name))?;
            changed(&path, &Contexts { current: Some(one.name), ..contexts }, one.output.json)
        }
        ContextCommand::Leave(leave) => {
            changed(&path, &Contexts { current: None, ..contexts }, leave.output.json)
        }
        ContextCommand::Remove(one) => changed(&path, &without(contexts, &one.name)?, one.output.json),
    }
}

fn changed(path: &Path, contexts: &Contexts, json: bool) -> Result<(), Failure> {
    contexts.write(path)?;
    show(contexts, json)
}

/// The first one that is kept is in use.
fn with(mut contexts: Contexts, name: String, url: &str, token: &str) -> Result<Contexts, Failure> {
    let token = token.trim();
    let is_name = !name.trim().is_empty()
        && name.chars().count() <= MOST_NAME_CHARS
        && !name.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    if !is_name {
        return Err(Failure::usage(format!(
            "a context's name has 1 to {MOST_NAME_CHARS} letters and no spaces, for example lab"
        )));
    }
    if !url.starts_with("http://") {
        return Err(Failure::usage(format!(
            "`{}` is not the address of a server; for example http://127.0.0.1:8080",
            print::plain(url)
        )));
    }
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(Failure::usage(
            "the token comes from standard input: `trainyard context add NAME URL < local.token`",
        ));
    }
    let url = url.trim_end_matches('/').to_owned();
    contexts.servers.insert(name.clone(), Context { url, token: token.to_owned() });
    contexts.current.get_or_insert(name);
    Ok(contexts)
}

fn without(mut contexts: Contexts, name: &str) -> Result<Contexts, Failure> {
    if contexts.servers.remove(name).is_none() {
        return Err(contexts.unknown(name));
    }
    contexts.current = contexts.current.filter(|current| current != name);
    Ok(contexts)
}

/// Without tokens.
fn show(contexts: &Contexts, json: bool) -> Result<(), Failure> {
    let is_current = |name: &str| contexts.current.as_deref() == Some(name);
    if json {
        let one = |(name, context): (&String, &Context)| serde_json::json!({"name": name, "url": context.url, "current": is_current(name)});
        return print::json(&contexts.servers.iter().map(one).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 3]> = contexts
        .servers
        .iter()
        .map(|(name, context)| {
            let mark = if is_current(name) { "*" } else { "" };
            [mark.to_owned(), name.clone(), context.url.clone()]
        })
        .collect();
    print::table(["IN USE", "NAME", "SERVER"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(names: &[&str]) -> Contexts {
        names.iter().fold(Contexts::default(), |contexts, name| {
            with(contexts, (*name).to_owned(), &format!("http://{name}:80/"), " t \n").unwrap()
        })
    }

    #[test]
    fn the_named_one_goes_before_the_one_in_use_and_the_first_is_in_use() {
        let contexts = kept(&["lab", "home"]);
        let url = |named| contexts.chosen(named).unwrap().map(|context| context.url.as_str());
        assert_eq!([url(None), url(Some("home"))], [Some("http://lab:80"), Some("http://home:80")]);
        assert!(contexts.chosen(Some("attic")).err().unwrap().to_string().contains("known: home, lab"));
        let left = without(contexts, "lab").unwrap();
        assert!(left.chosen(None).unwrap().is_none());
        assert!(without(left, "lab").is_err());
    }

    #[test]
    fn the_file_is_its_owners_alone_and_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/contexts.json");
        assert!(Contexts::read(&path).unwrap().servers.is_empty());
        kept(&["lab"]).write(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Contexts::read(&path).unwrap().chosen(None).unwrap().unwrap().token, "t");
        std::fs::write(&path, "{").unwrap();
        assert!(Contexts::read(&path).err().unwrap().to_string().contains("mend or remove it"));
    }

    #[test]
    fn what_cannot_be_kept_says_why() {
        for (name, url, token, part) in [
            ("", "http://a", "t", "1 to 64 letters"),
            ("a b", "http://a", "t", "no spaces"),
            ("a", "a:80", "t", "not the address"),
            ("a", "http://a", " ", "standard input"),
        ] {
            let failure = with(Contexts::default(), name.into(), url, token).err().unwrap();
            assert!(failure.to_string().contains(part), "{failure}");
        }
    }
}
