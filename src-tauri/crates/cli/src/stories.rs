//! `trawl mcp stories`: the sample server over standard input and output.

use anyhow::Context as _;
use trawl_stories::{StoriesServer, serve_stdio};

use crate::arguments::Mcp;
use crate::exit::{Exit, Usage};

pub(crate) fn run(command: Mcp) -> anyhow::Result<Exit> {
    let Mcp::Stories { data } = command;
    let server = match data {
        Some(file) => StoriesServer::from_file(&file).map_err(Usage::of)?,
        None => StoriesServer::sample(),
    };
    let runtime = tokio::runtime::Runtime::new().context("the program cannot start its threads")?;
    let served = runtime.block_on(serve_stdio(server));
    // A read of standard input may never end.
    runtime.shutdown_background();
    served?;
    Ok(Exit::Finished)
}
