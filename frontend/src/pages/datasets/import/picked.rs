//! Files that a person chose or dropped, whole folders among them.
//!
//! Must not know what becomes of them.

use crate::arrange::sort_by;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry, HtmlInputElement,
};

/// A file and the name that it gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    /// With `/` between folders.
    pub name: String,
    pub file: File,
}

impl Picked {
    pub fn size_bytes(&self) -> u64 {
        self.file.size() as u64
    }
}

/// What was chosen in a field for files or for a folder.
pub fn from_input(input: &HtmlInputElement) -> Vec<Picked> {
    let Some(files) = input.files() else { return Vec::new() };
    let picked = (0..files.length()).filter_map(|index| {
        let file = files.get(index)?;
        // A folder's files come with their path, which has no name in the bindings.
        let path = js_sys::Reflect::get(&file, &JsValue::from_str("webkitRelativePath"))
            .ok()
            .and_then(|path| path.as_string())
            .filter(|path| !path.is_empty());
        Some(Picked { name: path.unwrap_or_else(|| file.name()), file })
    });
    picked.filter(|picked| super::names::is_wanted(&picked.name)).collect()
}

/// The entries of a drop. They must be taken within the event: the browser empties them after it.
pub fn entries_of(data: &DataTransfer) -> Vec<FileSystemEntry> {
    let items = data.items();
    (0..items.length())
        .filter_map(|index| items.get(index))
        .filter_map(|item| item.webkit_get_as_entry().ok().flatten())
        .collect()
}

/// Whether a drag holds files, and not a text or a link.
pub fn holds_files(data: &DataTransfer) -> bool {
    data.types().iter().any(|kind| kind == "Files")
}

/// All files below entries, in the order of their names.
///
/// # Errors
/// The name of what cannot be read.
pub async fn files_of(entries: Vec<FileSystemEntry>) -> Result<Vec<Picked>, String> {
    let mut waiting = entries;
    let mut found = Vec::new();
    while let Some(entry) = waiting.pop() {
        let name = entry.full_path().trim_start_matches('/').to_owned();
        if !super::names::is_wanted(&name) {
            continue;
        }
        if entry.is_directory() {
            waiting.extend(children(entry.unchecked_ref()).await.map_err(|_| name)?);
        } else if let Ok(file) = file(entry.unchecked_ref()).await {
            found.push(Picked { name, file });
        } else {
            return Err(name);
        }
    }
    sort_by(&mut found, |one, other| one.name.cmp(&other.name));
    Ok(found)
}

async fn file(entry: &FileSystemFileEntry) -> Result<File, JsValue> {
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        entry.file_with_callback_and_callback(&resolve, &reject);
    });
    JsFuture::from(promise).await?.dyn_into()
}

/// A reader gives a hundred at a time, and nothing at the end.
async fn children(folder: &FileSystemDirectoryEntry) -> Result<Vec<FileSystemEntry>, JsValue> {
    let reader = folder.create_reader();
    let mut all = Vec::new();
    loop {
        let mut refused = None;
        let promise = js_sys::Promise::new(&mut |resolve, reject| {
            refused = reader.read_entries_with_callback_and_callback(&resolve, &reject).err();
        });
        if let Some(error) = refused {
            return Err(error);
        }
        let some: js_sys::Array = JsFuture::from(promise).await?.dyn_into()?;
        if some.length() == 0 {
            return Ok(all);
        }
        all.extend(some.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
}
