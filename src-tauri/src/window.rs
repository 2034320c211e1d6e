//! The window itself: opened with its policy, brought to the front when Trawl is started again.

use tauri::webview::{Color, NewWindowResponse, PageLoadEvent};
use tauri::{AppHandle, Manager, WebviewWindow, WebviewWindowBuilder};

use crate::host::Host;
use crate::links::is_own;
use crate::start::{self, Theme};

/// Label of the only window.
pub(crate) const MAIN: &str = "main";

/// Opens the window. Nothing but our own pages is ever shown in it.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    let Some(config) = app.config().app.windows.iter().find(|window| window.label == MAIN) else {
        return Err(tauri::Error::WindowNotFound);
    };
    let host = app.state::<Host>();
    let window = WebviewWindowBuilder::from_config(app, config)?
        .initialization_script(start::script(app, &host))
        // Shown once it has the colour of its page: a dark one never begins white.
        .visible(false)
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
    window.set_background_color(Some(background(start::theme(&host), &window)))?;
    window.show()
}

/// The token `bg` of the page's theme.
fn background(theme: Theme, window: &WebviewWindow) -> Color {
    const LIGHT: Color = Color(0xff, 0xff, 0xff, 0xff);
    const DARK: Color = Color(0x17, 0x1a, 0x1c, 0xff);
    let system_is_dark = || window.theme().is_ok_and(|theme| theme == tauri::Theme::Dark);
    match theme {
        Theme::Dark => DARK,
        Theme::System if system_is_dark() => DARK,
        Theme::Light | Theme::System => LIGHT,
    }
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
