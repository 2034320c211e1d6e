//! Ctrl-C and SIGTERM: the first one cancels the run, which is then saved; the second one ends at once.

use std::io;

use trawl_core::execute::Control;

use crate::exit::Exit;
use crate::output;

/// Listens from now on. Must be called inside a tokio runtime.
pub(super) fn cancel_on_signal(control: Control) -> io::Result<()> {
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        signals.next().await;
        output::note("Cancelling and saving the run; once more ends at once");
        control.cancel();
        signals.next().await;
        std::process::exit(Exit::Cancelled.code().into());
    });
    Ok(())
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let on = |kind| signal(kind);
        // A terminal that is closed says so with SIGHUP.
        Ok(Self([
            on(SignalKind::interrupt())?,
            on(SignalKind::terminate())?,
            on(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "listening can fail elsewhere")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
