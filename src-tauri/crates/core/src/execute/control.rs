//! A host's handle on a running run: end it, stop its tasks or one of them, decide on approvals.
//!
//! What is said before the step that listens has begun is kept for it; what is said after the end is
//! of no effect.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// Stops a run or parts of it, and answers its questions. Clones are handles on the same run.
#[derive(Clone, Default)]
pub struct Control {
    shared: Arc<Shared>,
}

/// What concerns single tasks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Stop(usize),
    Resolve { approved: Vec<usize>, denied: Vec<usize> },
}

struct Shared {
    cancelled: CancellationToken,
    stopped: CancellationToken,
    orders: UnboundedSender<Order>,
    listener: Mutex<Option<UnboundedReceiver<Order>>>,
}

impl Default for Shared {
    fn default() -> Self {
        let (orders, listener) = unbounded_channel();
        Self {
            cancelled: CancellationToken::new(),
            stopped: CancellationToken::new(),
            orders,
            listener: Mutex::new(Some(listener)),
        }
    }
}

impl Control {
    /// Ends the run; what finished is kept.
    pub fn cancel(&self) {
        self.shared.cancelled.cancel();
    }

    /// Cancels the open tasks and goes on to the answer with what is there.
    pub fn stop_tasks(&self) {
        self.shared.stopped.cancel();
    }

    /// Cancels one task; tasks that depend on it are skipped. A task not planned yet is cancelled
    /// the moment it is.
    pub fn stop_task(&self, index: usize) {
        self.order(Order::Stop(index));
    }

    /// Says which tasks may run and which may not. Tasks that nobody asked about are left alone.
    pub fn resolve(&self, approved: &[usize], denied: &[usize]) {
        self.order(Order::Resolve { approved: approved.to_vec(), denied: denied.to_vec() });
    }

    /// Whether [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.is_cancelled()
    }

    /// Waits for [`Self::cancel`].
    pub async fn cancelled(&self) {
        self.shared.cancelled.cancelled().await;
    }

    /// Waits for [`Self::stop_tasks`].
    pub async fn tasks_stopped(&self) {
        self.shared.stopped.cancelled().await;
    }

    fn order(&self, order: Order) {
        // Nobody listens any longer: the run's tasks have ended.
        let _ = self.shared.orders.send(order);
    }

    /// The orders given so far and from now on; there is one listener a run.
    pub(super) fn listen(&self) -> UnboundedReceiver<Order> {
        let mut listener = self.shared.listener.lock().unwrap_or_else(PoisonError::into_inner);
        listener.take().unwrap_or_else(|| unbounded_channel().1)
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Control")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
