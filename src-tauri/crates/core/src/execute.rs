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
mod attempt;
mod attempts;
mod board;
mod call;
mod control;
mod gate;
mod job;
mod kept;
mod limits;
mod meter;
mod preview;
mod rate;
mod retry;
mod reuse;
mod task_value;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::catalog::Catalog;
use crate::history::Recorder;
use crate::mcp::{Connections, Server};
use crate::request::Approval;
use crate::task::{Executed, Planned, Stop};

use self::board::Board;
use self::control::Order;

pub use self::allowed::{Allowed, Standing};
pub use self::control::Control;
pub use self::limits::CallLimits;
pub use self::retry::ATTEMPTS;
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
    while !whole || board.has_open_tasks() {
        let may_stop = board.stopped().is_none();
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
            Some(joined) = board.next_joined() => board.joined(joined),
            () = &mut deadline, if may_stop => board.stop_all(Stop::TimedOut),
        }
        board.launch();
        board.ask();
    }
    board.close()
}
