//! `trainyard verify`: whether a data folder is whole.
//!
//! Must not know what is looked at.

use super::args::{Place, Verify};
use super::failure::Failure;
use super::print;
use crate::config::DataFolder;
use crate::store;

pub(super) async fn run(place: &Place, arguments: Verify) -> Result<(), Failure> {
    let data =
        DataFolder::find(place.data.as_deref(), false).map_err(|error| Failure::usage(error.to_string()))?;
    let problems = store::verify(data.path(), arguments.files).await.map_err(|error| {
        Failure::failed(format!("{} cannot be looked at: {error}", data.path().display()))
    })?;
    if arguments.output.json {
        print::json(&serde_json::json!({ "is_whole": problems.is_empty(), "problems": problems }))?;
    } else if problems.is_empty() {
        print::line(&format!("{} is whole", data.path().display()))?;
    } else {
        problems.iter().try_for_each(|problem| print::line(&print::plain(problem)))?;
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{} problems in {}; restore a backup, or report this with the lines above",
        problems.len(),
        data.path().display()
    )))
}
