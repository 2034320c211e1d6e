//! What can be written on the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use trawl_core::history::ExportFormat;

/// Ask a question; Trawl calls the tools of every connected MCP server at the same time and writes
/// one answer that cites what it rests on.
#[derive(Debug, Parser)]
#[command(name = "trawl", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  trawl ask \"How many stories have upstream keyword?\"
  trawl ask --json - < question.txt | jq -r 'select(.type == \"finished\").answer'
  trawl history search upstream
  trawl history show 1f0c --task 2 --raw
  trawl servers test

Exit codes: 0 finished, 1 failed or nothing found, 2 wrong usage or unusable settings, 130 cancelled.";

/// Where Trawl keeps its files.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Folder of settings, history and logs [default: the one of the window]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Settings to use instead of the data folder's; never written
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask a question and print the answer
    Ask(Ask),
    /// Look at past runs
    #[command(arg_required_else_help = true)]
    History {
        #[command(subcommand)]
        command: History,
    },
    /// Look at the MCP servers in the settings
    #[command(arg_required_else_help = true)]
    Servers {
        #[command(subcommand)]
        command: Servers,
    },
    /// List the tools of every connected server
    #[command(after_help = "Example:\n  trawl tools --json | jq -r '.[].qualifiedName'")]
    Tools {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Be an MCP server
    #[command(arg_required_else_help = true)]
    Mcp {
        #[command(subcommand)]
        command: Mcp,
    },
}

const ASK_EXAMPLES: &str = "\
Examples:
  trawl ask \"How many stories have upstream keyword?\"
  trawl ask --continue 1f0c \"And who wrote the best one?\"
  trawl ask --json \"…\" | jq -r 'select(.type == \"taskFinished\") | .status'
  echo \"…\" | trawl ask --no-history -

The answer goes to standard output, the steps to standard error. Ctrl-C cancels the run and saves it;
a second one ends at once.";

#[derive(Debug, Args)]
#[command(after_help = ASK_EXAMPLES)]
pub(crate) struct Ask {
    /// What you want to know; - reads it from standard input
    #[arg(value_name = "QUESTION|-")]
    pub(crate) question: String,
    /// Print every event as one line of JSON instead of the answer
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep nothing of this run, in the log neither
    #[arg(long)]
    pub(crate) no_history: bool,
    /// Which tools may be called without asking a person
    #[arg(long, value_enum, default_value_t = Approve::ReadOnly)]
    pub(crate) approve: Approve,
    /// The run that this question follows up
    #[arg(long = "continue", value_name = "RUN", conflicts_with = "no_history")]
    pub(crate) continues: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approve {
    /// Those marked as read-only; a call of any other one fails
    ReadOnly,
    /// All of them
    All,
}

const HISTORY_EXAMPLES: &str = "\
Examples:
  trawl history list
  trawl history search \"c++\" --json
  trawl history export 1f0c --format md > run.md

RUN is a run's id, or its beginning where no other run begins so (4 characters at least).";

#[derive(Debug, Subcommand)]
#[command(after_help = HISTORY_EXAMPLES)]
pub(crate) enum History {
    /// The latest runs
    List {
        /// At most so many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Runs in whose question, answer or results all the words occur, best first
    Search {
        /// Words; the last one may be only a beginning
        #[arg(required = true, num_args = 1..)]
        words: Vec<String>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// One run: its question, its tasks, its answer
    #[command(
        after_help = "Examples:\n  trawl history show 1f0c\n  trawl history show 1f0c --task 2 --raw | jq .structuredContent"
    )]
    Show {
        run: String,
        /// Only this task (from 1), with its arguments and its whole result
        #[arg(long, value_name = "N")]
        task: Option<NonZeroUsize>,
        /// Only the task's result, as the JSON that the tool returned
        #[arg(long, requires = "task", conflicts_with = "json")]
        raw: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// One run as a document
    Export {
        run: String,
        /// md to read, json with every event and result
        #[arg(long, default_value = "md", value_name = "md|json")]
        format: ExportFormat,
    },
    /// Remove runs for good
    Delete {
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  trawl servers list\n  trawl servers test stories files")]
pub(crate) enum Servers {
    /// The servers in the settings; connects to none
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Connect to servers and say what they offer, or why not
    Test {
        /// Which ones [default: all that are not disabled]
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mcp {
    /// The sample server over standard input and output, for any MCP client
    #[command(after_help = "Example:\n  trawl mcp stories --data my-stories.jsonl")]
    Stories {
        /// Your own stories, JSON Lines
        #[arg(long, value_name = "FILE")]
        data: Option<PathBuf>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_places_work_on_every_command() {
        for line in ["ask -", "history list", "servers test", "tools", "mcp stories"] {
            let line = format!("trawl {line} --data-dir d --settings s.json");
            let parsed = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert!(parsed.place.data_dir.is_some() && parsed.place.settings.is_some());
        }
    }
}
