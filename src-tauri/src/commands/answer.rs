//! What an answer needs to be shown: its HTML, and its links opened elsewhere.

use tracing::instrument;

use super::Answer;
use crate::error::CommandError;
use crate::links::openable;
use crate::markdown::{Block, render};

#[tauri::command(async)]
pub(crate) fn render_markdown(text: String, tasks: Option<u32>) -> Vec<Block> {
    render(&text, tasks)
}

#[tauri::command(async)]
#[instrument(err(Debug))]
pub(crate) fn open_link(url: String) -> Answer {
    let url = openable(&url)?;
    tauri_plugin_opener::open_url(url, None::<&str>)
        .map_err(|error| CommandError::new("not_opened", error.to_string()))
}
