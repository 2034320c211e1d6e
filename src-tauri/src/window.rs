//! The window itself: opened with its policy, brought to the front when Trawl is started again.

use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::{AppHandle, Manager, WebviewWindowBuilder};

use crate::host::Host;
use crate::links::is_own;

/// Label of the only window.
pub(crate) const MAIN: &str = "main";

/// Opens the window. Nothing but our own pages is ever shown in it.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    let Some(config) = app.config().app.windows.iter().find(|window| window.label == MAIN) else {
        return Err(tauri::Error::WindowNotFound);
    };
    WebviewWindowBuilder::from_config(app, config)?
        .on_navigation(is_own)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, load| {
            // A page that is loaded again watches anew; its former channels lead nowhere.
            if load.event() == PageLoadEvent::Started {
                window.state::<Host>().watches.end();
            }
        })
        .build()?;
    Ok(())
}

/// Shows the window that is there already.
pub(crate) fn focus(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        // A window system that refuses is no reason to fail.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}
