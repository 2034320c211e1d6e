//! The files that a command works with: settings, history, log.

use std::path::PathBuf;

use trawl_core::history::History;
use trawl_core::logging::{self, Log, Results};
use trawl_core::paths::data_folder;
use trawl_core::settings::load::{Loaded, load, load_file};

use crate::arguments::Place;
use crate::exit::Usage;
use crate::output;

impl Place {
    /// The data folder; it need not exist yet.
    pub(crate) fn data_folder(&self) -> Result<PathBuf, Usage> {
        data_folder(self.data_dir.as_deref()).map_err(Usage::of)
    }

    /// The settings, with what is wrong in them told.
    pub(crate) fn settings(&self) -> Result<Loaded, Usage> {
        let loaded = match &self.settings {
            Some(file) => load_file(file),
            None => load(&self.data_folder()?),
        };
        let loaded = loaded.map_err(Usage::of)?;
        for warning in &loaded.settings.warnings {
            output::note(&format!("trawl: settings: {warning}"));
        }
        Ok(loaded)
    }

    /// The history of past runs, for a command that cannot do without.
    pub(crate) fn history(&self) -> anyhow::Result<History> {
        Ok(History::open(&self.data_folder()?)?)
    }

    /// The history for a run that goes on without one.
    pub(crate) fn history_if_possible(&self) -> Option<History> {
        match self.history() {
            Ok(history) => Some(history),
            Err(error) => {
                output::note(&format!("trawl: this run is not kept: {error:#}"));
                None
            }
        }
    }

    /// The log, where it can be written.
    pub(crate) fn log(&self, results: Results) -> Option<Log> {
        logging::start(&self.data_folder().ok()?, results).ok()
    }
}
