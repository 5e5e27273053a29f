//! A tab in its own browser session.

use std::path::Path;
use std::rc::Rc;

use serde_json::{Value, json};

use super::chromium::Chromium;
use super::condition::Media;
use super::heard::{Dialog, Heard, Leaving};
use super::wire::Wire;

pub struct Tab {
    pub(super) wire: Wire,
    pub(super) session: String,
    /// Cookies and permissions of this tab and no other.
    pub(super) context: String,
    pub(super) origin: String,
    pub(super) heard: Heard,
    pub(super) media: Media,
    /// The scope of searches: roles and names, the innermost last.
    pub(super) scope: Vec<(String, String)>,
    pub(super) leaves: bool,
    pub(super) has_typeface: bool,
    pub(super) chromium: Rc<Chromium>,
}

impl Tab {
    /// Opens a tab in a new Chromium.
    pub fn at(origin: &str) -> Self {
        Self::open_in(Rc::new(Chromium::start()), origin)
    }

    /// Opens a tab in the same Chromium, without its cookies.
    pub fn beside(&self) -> Self {
        Self::open_in(Rc::clone(&self.chromium), &self.origin)
    }

    fn open_in(chromium: Rc<Chromium>, origin: &str) -> Self {
        let mut tab = Self {
            wire: Wire::connect(&chromium.address),
            session: String::new(),
            context: String::new(),
            origin: origin.to_owned(),
            heard: Heard::default(),
            media: Media::default(),
            scope: Vec::new(),
            leaves: true,
            has_typeface: true,
            chromium,
        };
        tab.context = tab.call_for("browserContextId", "Target.createBrowserContext", json!({}));
        let to = json!({ "url": "about:blank", "browserContextId": tab.context });
        tab.heard.frame = tab.call_for("targetId", "Target.createTarget", to);
        let folder = tab.chromium.downloads();
        let keep =
            json!({ "behavior": "allowAndName", "browserContextId": tab.context, "downloadPath": folder, "eventsEnabled": true });
        tab.call("Browser.setDownloadBehavior", keep);
        let to = json!({ "targetId": tab.heard.frame, "flatten": true });
        tab.session = tab.call_for("sessionId", "Target.attachToTarget", to);
        for domain in ["Page", "Runtime", "Network", "Log", "DOM", "Accessibility"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.call("Page.setLifecycleEventsEnabled", json!({ "enabled": true }));
        // The page believes that it is in front, whatever other tabs there are.
        tab.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        tab.size(1280, 800);
        tab
    }

    /// Goes to a path of the site, and waits until it is there.
    #[track_caller]
    pub fn open(&mut self, path: &str) {
        let address = format!("{}{path}", self.origin);
        let answer = self.call("Page.navigate", json!({ "url": address }));
        let is_fine = answer["errorText"].is_null() || answer["errorText"] == "net::ERR_ABORTED";
        assert!(is_fine, "{address}: {answer}");
        self.settle();
    }

    /// The site as the browser reaches it, such as `http://localhost:8080`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Goes to the site by another origin from now on.
    pub fn move_to(&mut self, origin: &str) {
        origin.clone_into(&mut self.origin);
    }

    #[track_caller]
    pub fn reload(&mut self) {
        self.heard.leaving = Leaving::Yes;
        self.call("Page.reload", json!({}));
        self.settle();
    }

    /// The page before this one.
    #[track_caller]
    pub fn back(&mut self) {
        let history = self.call("Page.getNavigationHistory", json!({}));
        let before = history["currentIndex"].as_u64().and_then(|now| now.checked_sub(1)).expect("a page before this one");
        let entry = &history["entries"][usize::try_from(before).expect("an index")]["id"];
        self.heard.leaving = Leaving::Back;
        self.call("Page.navigateToHistoryEntry", json!({ "entryId": entry }));
        self.settle();
    }

    /// The address without the site's own part.
    pub fn url(&mut self) -> String {
        let address = self.evaluate("location.href");
        let address = address.as_str().expect("text");
        address.strip_prefix(&self.origin).unwrap_or(address).to_owned()
    }

    /// The status with which the page came.
    pub fn status(&self) -> u16 {
        self.heard.status().expect("a page of a server")
    }

    /// The visible text of the page.
    #[track_caller]
    pub fn text(&mut self) -> String {
        self.wait("the page has no text", Self::text_now)
    }

    /// The visible text of the page; `None` while the page is replaced, and before it has a body.
    pub(super) fn text_now(&mut self) -> Option<String> {
        let how = json!({ "expression": "document.body?.innerText", "returnByValue": true });
        let answer = self.try_call("Runtime.evaluate", how).ok()?;
        answer["result"]["value"].as_str().map(str::to_owned)
    }

    /// The value of an expression, also where the page runs no scripts.
    #[track_caller]
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let how = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let answer = self.call("Runtime.evaluate", how);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The whole page as a PNG.
    pub fn screenshot(&mut self, file: &Path) {
        self.evaluate("document.fonts.ready.then(() => 0)");
        let size = self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"].take();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let picture = self.call_for("data", "Page.captureScreenshot", json!({ "captureBeyondViewport": true, "clip": clip }));
        let picture = data_encoding::BASE64.decode(picture.as_bytes()).expect("base64");
        std::fs::write(file, picture).expect("a file");
    }

    /// Runs an action that starts a download; returns the name and the text of the file.
    #[track_caller]
    pub fn download(&mut self, act: impl FnOnce(&mut Self)) -> (String, String) {
        let before = self.heard.downloads.len();
        act(self);
        let (id, name) = self.wait("no file came", |tab| tab.heard.downloads.get(before).cloned());
        let text = std::fs::read_to_string(self.chromium.downloads().join(id)).expect("a text file");
        (name, text)
    }

    /// The dialogs so far, oldest first; each was answered as [`Tab::stays`] or [`Tab::leaves`] determined.
    pub fn dialogs(&self) -> &[Dialog] {
        &self.heard.dialogs
    }

    /// Accepts dialogs from now on, which is the default.
    pub fn leaves(&mut self) {
        self.leaves = true;
    }

    /// Dismisses dialogs from now on.
    pub fn stays(&mut self) {
        self.leaves = false;
    }

    /// Console messages, uncaught exceptions and violations of the content security policy.
    pub fn console(&self) -> &[String] {
        &self.heard.console
    }

    /// The address of every request that was made.
    pub fn requests(&self) -> &[String] {
        &self.heard.requests
    }

    /// Asserts that the console is empty and that every request went to the site.
    #[track_caller]
    pub fn is_clean(&self) {
        assert!(self.heard.console.is_empty(), "the page complained:\n{}", self.heard.console.join("\n"));
        let is_elsewhere = |address: &&String| !address.starts_with(&self.origin) && !address.starts_with("data:");
        let elsewhere: Vec<_> = self.heard.requests.iter().filter(is_elsewhere).collect();
        assert!(elsewhere.is_empty(), "the page asked elsewhere: {elsewhere:?}");
    }
}
