//! Step 4: every task at the same time, each on its own tokio task.
//!
//! Comes in: [`Planned`] tasks over a channel, while the plan is still being written. Goes out:
//! [`Executed`], in plan order whatever order they finished in, and every event of a task after
//! `taskPlanned`. Results go to the recorder the moment they are there; none is held here. A failed
//! call is data. Calls no model, knows no protocol.
//!
//! One loop owns the state of all tasks (`board`); each task that may run gets a `job`, which waits
//! at its server's `gate`, calls, and calls again. Jobs share nothing but the gates.

mod allowed;
mod ask;
mod attempt;
mod attempts;
mod board;
mod consent;
mod control;
mod cycle;
mod failure;
mod finish;
mod gate;
mod job;
mod launch;
mod limits;
mod preview;
mod rate;
mod retry;
mod reuse;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::catalog::Catalog;
use crate::event::{Failure, TaskStatus};
use crate::history::Recorder;
use crate::mcp::{Connections, Server};
use crate::plan::Planned;

use self::board::Board;
use self::control::Order;
use self::finish::Stop;

pub use self::allowed::{Allowed, Standing};
pub use self::control::Control;
pub use self::failure::FailureCode;
pub use self::limits::CallLimits;
pub use self::reuse::Reuse;

/// Most tasks that are taken from the channel at once.
const BATCH: usize = 256;

/// What a run's tasks need.
#[derive(Clone)]
pub struct Context {
    /// Every tool that the plan may name.
    pub catalog: Arc<Catalog>,
    /// The servers of this run, by name.
    pub servers: HashMap<String, Server>,
    /// Where a broken server is connected anew.
    pub connections: Connections,
    /// Gets every event and every result.
    pub recorder: Recorder,
    /// Shared by all runs of the process.
    pub limits: CallLimits,
    /// What happens to calls that need approval.
    pub approval: Approval,
    /// What a person is not asked about any more.
    pub allowed: Allowed,
    /// Whether results of earlier runs are used again.
    pub reuse: Option<Reuse>,
    /// The host's handle.
    pub control: Control,
    /// The run's limit of time.
    pub deadline: Instant,
}

/// What happens to calls that need a person's approval: those of tools that are not marked
/// read-only, and those that would carry one server's results to another one's open world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// They fail with `needs_approval`, and say how to allow them.
    ReadOnly,
    /// They are approved.
    All,
    /// A person is asked, and [`Control::resolve`] answers.
    Ask,
}

/// All tasks of a run, ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed {
    /// In plan order.
    pub tasks: Vec<Outcome>,
    /// The run's limit of time ended them.
    pub timed_out: bool,
    /// First start to last end, in milliseconds.
    pub wall_ms: f64,
    /// The time that calls were in flight, one after the other, in milliseconds.
    pub sequential_ms: f64,
}

/// How one task ended. Its result is with the recorder.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Position in the plan, from 0.
    pub index: usize,
    /// The plan's own name for it.
    pub id: String,
    /// Server of its tool; `None` for an unknown tool.
    pub server: Option<String>,
    /// The tool's name on its server, or what the plan wrote.
    pub tool: String,
    /// Why it was planned, in a person's words; may be empty.
    pub description: String,
    /// As they were sent; as planned where nothing was sent.
    pub arguments: Value,
    /// How it ended.
    pub status: TaskStatus,
    /// Why it did not complete.
    pub failure: Option<Failure>,
    /// First start to end, in milliseconds; 0 if never started.
    pub elapsed_ms: f64,
    /// Calls made.
    pub attempts: u32,
}

/// Runs tasks as they arrive, until all have ended and the channel is closed.
///
/// The channel is to be closed after `planned` was emitted, also when planning is cut short.
pub async fn execute(mut planned: mpsc::UnboundedReceiver<Planned>, context: Context) -> Executed {
    let control = context.control.clone();
    let mut orders = control.listen();
    let deadline = sleep_until(context.deadline);
    let (cancelled, tasks_stopped) = (control.cancelled(), control.tasks_stopped());
    tokio::pin!(deadline, cancelled, tasks_stopped);

    let mut board = Board::new(context);
    let mut batch = Vec::with_capacity(BATCH);
    let mut whole = false;
    while !whole || board.open > 0 {
        let may_stop = board.stopped.is_none();
        tokio::select! {
            biased;
            () = &mut cancelled, if may_stop => board.stop_all(Stop::Run),
            () = &mut tasks_stopped, if may_stop => board.stop_all(Stop::Tasks),
            Some(order) = orders.recv() => match order {
                Order::Stop(index) => board.stop_one(index),
                Order::Resolve { approved, denied } => board.resolved(&approved, &denied),
            },
            count = planned.recv_many(&mut batch, BATCH), if !whole => {
                batch.drain(..).for_each(|planned| board.arrived(planned));
                if count == 0 {
                    whole = true;
                    board.plan_is_whole();
                }
            }
            Some(joined) = board.running.join_next_with_id() => {
                board.joined(joined);
                // Those that ended at the same moment cost no further turn of the loop.
                while let Some(joined) = board.running.try_join_next_with_id() {
                    board.joined(joined);
                }
            }
            () = &mut deadline, if may_stop => board.stop_all(Stop::TimedOut),
        }
        board.launch();
        board.ask();
    }
    board.close()
}

impl Outcome {
    /// Whether it was not called since a person did not allow it.
    pub fn was_denied(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.code == FailureCode::Denied.as_str())
    }

    /// Of a task that has not ended.
    fn open(index: usize, id: String, tool: String, description: String) -> Self {
        Self {
            index,
            id,
            server: None,
            tool,
            description,
            arguments: Value::Null,
            status: TaskStatus::Cancelled,
            failure: None,
            elapsed_ms: 0.0,
            attempts: 0,
        }
    }
}
