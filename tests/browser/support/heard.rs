//! The events of a tab: navigation, requests, console messages, dialogs and downloads.

use std::collections::HashMap;

use serde_json::Value;

/// A blocking dialog: `alert`, `confirm`, `prompt` or `beforeunload`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    pub kind: String,
    pub message: String,
}

/// A navigation that has begun.
#[derive(Default, PartialEq, Eq)]
pub enum Leaving {
    #[default]
    No,
    Yes,
    /// Back in the history of the tab.
    Back,
}

#[derive(Default)]
pub struct Heard {
    /// The tab's main frame; others are not listened to.
    pub frame: String,
    /// Complaints: the console, uncaught exceptions, the content security policy.
    pub console: Vec<String>,
    /// The address of every request.
    pub requests: Vec<String>,
    pub dialogs: Vec<Dialog>,
    /// Files that arrived: the id Chromium keeps each under, and the name it was sent with.
    pub downloads: Vec<(String, String)>,
    /// The document that is shown.
    pub document: String,
    pub address: String,
    is_loaded: bool,
    pub leaving: Leaving,
    /// Set while a subresource is loading.
    is_loading: bool,
    statuses: HashMap<String, u16>,
    names: HashMap<String, String>,
}

impl Heard {
    /// The status of the document that is shown.
    pub fn status(&self) -> Option<u16> {
        self.statuses.get(&self.document).copied()
    }

    /// Returns whether the page is loaded and no navigation has begun.
    pub fn is_settled(&self) -> bool {
        self.is_loaded && !self.is_loading && self.leaving == Leaving::No
    }

    pub fn note(&mut self, method: &str, params: &Value) {
        let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_main = text("/frameId") == self.frame;
        match method {
            "Page.frameStartedNavigating" if is_main => {
                self.leaving = if text("/navigationType").starts_with("history") { Leaving::Back } else { Leaving::Yes };
            }
            // A link that opens in another tab does not change this page.
            "Page.frameRequestedNavigation" if is_main && text("/disposition") == "currentTab" => self.leaving = Leaving::Yes,
            "Page.frameNavigated" if text("/frame/id") == self.frame => {
                self.document = text("/frame/loaderId");
                self.address = text("/frame/url");
                // A page that was kept comes back whole.
                self.is_loaded = text("/type") == "BackForwardCacheRestore";
                self.leaving = Leaving::No;
            }
            "Page.lifecycleEvent" if is_main && text("/name") == "load" && text("/loaderId") == self.document => {
                self.is_loaded = true;
            }
            "Page.frameStartedLoading" if is_main => self.is_loading = true,
            "Page.frameStoppedLoading" if is_main => {
                self.is_loading = false;
                // A page that was kept loads nothing, and comes only after this.
                if self.leaving == Leaving::Yes {
                    self.leaving = Leaving::No;
                }
            }
            "Page.navigatedWithinDocument" if is_main => self.leaving = Leaving::No,
            "Page.javascriptDialogClosed" if params["result"] == false => self.leaving = Leaving::No,
            "Page.javascriptDialogOpening" => self.dialogs.push(Dialog { kind: text("/type"), message: text("/message") }),
            "Network.requestWillBeSent" => self.requests.push(text("/request/url")),
            "Network.responseReceived" if is_main && text("/type") == "Document" => {
                let status = params["response"]["status"].as_u64().and_then(|status| status.try_into().ok());
                self.statuses.extend(status.map(|status| (text("/loaderId"), status)));
            }
            _ => self.note_elsewhere(method, params, text),
        }
    }

    fn note_elsewhere(&mut self, method: &str, params: &Value, text: impl Fn(&str) -> String) {
        match method {
            "Runtime.consoleAPICalled" => self.console.push(format!("console.{}: {}", text("/type"), params["args"])),
            "Runtime.exceptionThrown" => self.console.push(format!("uncaught: {}", params["exceptionDetails"])),
            // That the page itself was refused is its status, and no complaint.
            "Log.entryAdded" if self.statuses.get(&text("/entry/networkRequestId")).is_none_or(|status| *status < 400) => {
                self.console.push(format!("{}: {} {}", text("/entry/source"), text("/entry/text"), text("/entry/url")));
            }
            "Network.webSocketCreated" => self.requests.push(text("/url")),
            "Browser.downloadWillBegin" => {
                self.names.insert(text("/guid"), text("/suggestedFilename"));
            }
            "Browser.downloadProgress" if params["state"] == "completed" => {
                let id = text("/guid");
                let name = self.names.remove(&id).unwrap_or_default();
                self.downloads.push((id, name));
            }
            _ => {}
        }
    }
}
