//! Nothing remote loads, the window goes nowhere, and the page can call our own commands only.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use crate::profile::Profile;

/// A web page elsewhere, which would be shown if the window went there, and what was asked of it.
struct Elsewhere {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Elsewhere {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let known = asked.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let known = known.clone();
                thread::spawn(move || {
                    let mut request = [0; 2000];
                    let length = stream.read(&mut request).unwrap_or_default();
                    // A click on a link makes WebKit connect ahead, and say nothing.
                    if length > 0 {
                        let request = String::from_utf8_lossy(&request[..length]).into_owned();
                        known.lock().unwrap().push(request);
                        let _ = stream.write_all(
                            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9\r\n\r\nelsewhere",
                        );
                    }
                });
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_stays_and_loads_nothing() {
    let profile = Profile::new();
    let window = profile.open().await;
    let page = &window.page;
    let here = page.address().await;
    let elsewhere = Elsewhere::new();
    let address = &elsewhere.address;

    // Each of these is refused by the policy, which says so.
    let attempts = "
        const [address] = arguments;
        window.refused = [];
        document.addEventListener('securitypolicyviolation', (event) => window.refused.push(event.effectiveDirective));
        const put = (tag, set) => document.body.append(Object.assign(document.createElement(tag), set));
        put('img', { src: address + '/a.png' });
        put('script', { src: address + '/a.js' });
        put('link', { rel: 'stylesheet', href: address + '/a.css' });
        put('iframe', { src: address + '/a.html' });
        put('object', { data: address + '/a.swf' });
        put('script', { textContent: 'window.ranInline = true' });
        fetch(address + '/a.json').catch(() => {});
        document.body.setAttribute('style', 'background: url(' + address + '/b.png)');";
    page.run(attempts, vec![json!(address)]).await;
    for directive in ["img-src", "script-src-elem", "style-src-elem", "connect-src"] {
        page.until(&format!("window.refused.includes('{directive}')")).await;
    }
    assert_eq!(page.run("return window.ranInline === true;", vec![]).await, json!(false));

    // Navigation, new windows and downloads lead nowhere.
    page.run("window.isTheSame = true;", vec![]).await;
    for leave in [
        "location.href = arguments[0]",
        "window.open(arguments[0])",
        "const a = Object.assign(document.createElement('a'), { href: arguments[0], target: '_blank' }); document.body.append(a); a.click()",
        "const a = Object.assign(document.createElement('a'), { href: arguments[0], download: 'x' }); document.body.append(a); a.click()",
        "const f = Object.assign(document.createElement('form'), { action: arguments[0] }); document.body.append(f); f.submit()",
    ] {
        page.run(leave, vec![json!(address)]).await;
        // Were it allowed, the page elsewhere would have time to come.
        page.resolve("new Promise((done) => setTimeout(done, 400))").await;
        assert_eq!(page.address().await, here, "{leave}");
        assert_eq!(page.run("return window.isTheSame;", vec![]).await, json!(true), "{leave}");
        assert_eq!(elsewhere.asked(), Vec::<String>::new(), "{leave}");
    }
    page.find("[data-testid=question]").await;

    // Commands: ours, with their own checks, and no plugin's.
    let invoke = |command: &str| format!("window.__TAURI__.core.invoke({command})");
    let ours = page.resolve(&invoke("'get_settings'")).await;
    assert!(ours["version"].is_string(), "{ours}");
    for refused in [
        "'open_link', { url: 'file:///etc/passwd' }",
        "'open_link', { url: 'javascript:alert(1)' }",
        "'plugin:store|load', { path: 'settings.json' }",
        "'plugin:window|close'",
        "'plugin:event|emit', { event: 'x', payload: null }",
        "'plugin:path|resolve_directory', { directory: 1 }",
    ] {
        let answer = page.resolve(&invoke(refused)).await;
        assert!(answer["error"].is_string(), "{refused}: {answer}");
    }
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
    window.close().await;
}
