//! The page in the window: found by `data-testid`, waited for with a limit.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

/// For what a person would wait for.
const LIMIT: Duration = Duration::from_mins(1);

/// How often is looked.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// Whether an element is at the same place two frames later. From then on is listened for clicks.
const STANDS_STILL: &str = "
    const [element, done] = arguments;
    const place = () => JSON.stringify(element.getBoundingClientRect());
    const before = place();
    const frames = (count) => {
        if (count > 0) return requestAnimationFrame(() => frames(count - 1));
        const clicked = { element, met: false };
        window.clicked = clicked;
        element.addEventListener('click', () => (clicked.met = true), { capture: true, once: true });
        done(element.isConnected && place() === before);
    };
    frames(2);";

/// What became of the click that was listened for.
const WHAT_WAS_CLICKED: &str = "
    const { clicked } = window;
    if (clicked === undefined || clicked.met) return 'met';
    return clicked.element.isConnected ? 'missed' : 'replaced';";

/// What became of a click.
enum Click {
    Met,
    Missed,
}

/// The window's page.
pub(crate) struct Page {
    client: Client,
}

impl Page {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The first element that fits, once there is one.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        let began = Instant::now();
        loop {
            let wait = self.client.wait().at_most(LIMIT).every(LOOK_AGAIN);
            match wait.for_element(Locator::Css(selector)).await {
                Ok(element) => return element,
                // Drawn anew while the driver made its handle of it: it looks again.
                Err(error) if error.is_stale_element_reference() && began.elapsed() < LIMIT => {}
                Err(error) => panic!("no {selector}: {error}\n{}", self.all_text().await),
            }
        }
    }

    /// Clicks the first element that fits, once it stands still and nothing lies over it.
    pub(crate) async fn click(&self, selector: &str) {
        let began = Instant::now();
        loop {
            let element = self.find(selector).await;
            let missed = match self.click_element(&element).await {
                Ok(Click::Met) => return,
                Ok(Click::Missed) => "it moved away".to_owned(),
                Err(error) => error.to_string(),
            };
            let in_time = began.elapsed() <= LIMIT;
            assert!(in_time, "{selector} cannot be clicked: {missed}\n{}", self.all_text().await);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The driver clicks where the element was a moment ago: a person sees what moves, a driver tries
    /// again. What is made anew under the pointer loses a person's click too, and fails the test.
    async fn click_element(&self, element: &Element) -> Result<Click, CmdError> {
        let argument = serde_json::to_value(element)?;
        let still = self.client.execute_async(STANDS_STILL, vec![argument.clone()]).await?;
        if still != json!(true) {
            return Ok(Click::Missed);
        }
        element.clone().click().await?;
        // The page may be another one by now.
        let met = self.client.execute(WHAT_WAS_CLICKED, vec![]).await.unwrap_or(json!("met"));
        assert_ne!(met, json!("replaced"), "{argument} was made anew under the pointer");
        Ok(if met == json!("missed") { Click::Missed } else { Click::Met })
    }

    /// Presses the pointer's button on an element, and holds it.
    pub(crate) async fn hold(&self, selector: &str) {
        let element = self.find(selector).await;
        let to = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        let down = PointerAction::Down { button: MOUSE_BUTTON_LEFT };
        let press = MouseActions::new("mouse".to_owned()).then(to).then(down);
        self.client.perform_actions(press).await.unwrap();
    }

    /// Lets go of what is held, wherever it is by now.
    pub(crate) async fn let_go(&self) {
        let up = PointerAction::Up { button: MOUSE_BUTTON_LEFT };
        let release = MouseActions::new("mouse".to_owned()).then(up);
        self.client.perform_actions(release).await.unwrap();
    }

    /// Writes into a field, over what is in it.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys on an element that has the focus.
    pub(crate) async fn press(&self, selector: &str, keys: &str) {
        self.find(selector).await.send_keys(keys).await.unwrap();
    }

    /// Asks a question as a person does.
    pub(crate) async fn ask(&self, question: &str) {
        self.write("[data-testid=question]", question).await;
        self.click("[data-testid=ask]").await;
    }

    /// What a script returns.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// What a script's promise resolves to, or `{error}`.
    pub(crate) async fn resolve(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             Promise.resolve().then(() => {expression}) \
             .then((value) => done(value ?? null), (error) => done({{ error: error?.message ?? String(error) }}));"
        );
        self.client.execute_async(&script, vec![]).await.unwrap()
    }

    /// Waits until an expression is true, and returns what it is.
    pub(crate) async fn until(&self, expression: &str) -> Value {
        let began = Instant::now();
        loop {
            let value = self.run(&format!("return {expression};"), vec![]).await;
            if !matches!(value, Value::Null | Value::Bool(false)) && value != json!("") {
                return value;
            }
            let in_time = began.elapsed() <= LIMIT;
            assert!(in_time, "never true: {expression}\n{}", self.all_text().await);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until something outside of the page is so.
    pub(crate) async fn eventually(&self, what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() <= LIMIT, "not so: {what}\n{}", self.all_text().await);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The text of the first element that fits, also where it is cut for want of room.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let text = self.find(selector).await.prop("textContent").await.unwrap();
        text.unwrap_or_default()
    }

    /// Waits until the first element that fits says so.
    pub(crate) async fn says(&self, selector: &str, words: &str) {
        let text = format!("document.querySelector('{selector}')?.textContent");
        self.until(&format!("{text}?.includes({words:?})")).await;
    }

    /// How many elements fit now.
    pub(crate) async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.unwrap().len()
    }

    /// What the timeline is folded under once a run has ended; it is in the page, unseen, before.
    pub(crate) async fn summary(&self) -> String {
        let shown = "(summary => summary?.offsetParent && summary.textContent)";
        let words = format!("{shown}(document.querySelector('[data-testid=summary]'))");
        self.until(&words).await.as_str().unwrap_or_default().to_owned()
    }

    /// Unfolds the timeline.
    pub(crate) async fn unfold(&self) {
        self.summary().await;
        let folded = "document.querySelector('[data-testid=summary]').getAttribute('aria-expanded') === 'false'";
        if self.run(&format!("return {folded};"), vec![]).await == json!(true) {
            self.click("[data-testid=summary]").await;
        }
        let shown =
            "document.querySelector('[data-testid=task]')?.getBoundingClientRect().height > 0";
        self.until(shown).await;
    }

    /// Loads the page again.
    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
        self.find("[data-testid=question]").await;
    }

    /// Where the window is.
    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Leaves a picture for people, where a folder for them is named.
    pub(crate) async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("TRAWL_TEST_SCREENSHOTS").map(PathBuf::from) else {
            return;
        };
        // Motion has come to rest.
        self.resolve("new Promise((done) => setTimeout(done, 600))").await;
        let picture = self.client.screenshot().await.unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    async fn all_text(&self) -> String {
        match self.client.execute("return document.body.innerText;", vec![]).await {
            Ok(text) => format!("the page says:\n{}", text.as_str().unwrap_or_default()),
            Err(error) => format!("the page says nothing: {error}"),
        }
    }
}
