//! Commands to a tab, and waiting for what it says: never for a time to pass.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::DEADLINE;

use super::tab::Tab;
use super::wire::Said;

/// Time without an event after which the page is looked at again: a script can change it without one.
const SILENCE: Duration = Duration::from_millis(20);

/// Commands that the page itself answers, and not the browser around it.
const ASKED_OF_A_PAGE: [&str; 3] = ["Accessibility.", "DOM.", "Runtime."];

impl Tab {
    /// The answer to a command.
    #[track_caller]
    pub(super) fn call(&mut self, method: &str, params: Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The text that a command answers with under this name.
    #[track_caller]
    pub(super) fn call_for(&mut self, name: &str, method: &str, params: Value) -> String {
        let answer = self.call(method, params);
        answer[name].as_str().unwrap_or_else(|| panic!("{method} gave no {name}")).to_owned()
    }

    /// The answer of a page that may be going while it is asked, or why there is none.
    #[track_caller]
    pub(super) fn try_call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let session = match method.split_once('.') {
            Some(("Browser" | "Target", _)) => "",
            _ => &self.session,
        };
        let sent = self.wire.send(session, method, &params);
        let (document, mut probe) = (self.heard.document.clone(), None);
        let until = Instant::now() + DEADLINE;
        loop {
            assert!(Instant::now() < until, "{method} was not answered: {params}");
            match self.listen(DEADLINE) {
                Some((number, result)) if number == sent => return result,
                Some((number, _)) if Some(number) == probe => return Err("the page has gone".to_owned()),
                _ => {}
            }
            // A command may stay unanswered if its page is replaced. The next page answers this probe instead.
            if probe.is_none()
                && self.heard.document != document
                && ASKED_OF_A_PAGE.iter().any(|domain| method.starts_with(domain))
            {
                probe = Some(self.wire.send(&self.session, "Runtime.evaluate", &json!({ "expression": "0" })));
            }
        }
    }

    /// Hears one thing, and notes it if it is an event.
    fn listen(&mut self, patience: Duration) -> Option<(u64, Result<Value, String>)> {
        match self.wire.hear(patience)? {
            Said::Reply { number, result } => Some((number, result)),
            Said::Event { method, params } => {
                self.heard.note(&method, &params);
                assert_ne!(method, "Inspector.targetCrashed", "the page has crashed");
                if method == "Page.javascriptDialogOpening" {
                    // The page is blocked until the dialog is answered.
                    self.wire.send(&self.session, "Page.handleJavaScriptDialog", &json!({ "accept": self.leaves }));
                }
                None
            }
        }
    }

    /// Looks again whenever the browser has said something, until there is what is looked for.
    #[track_caller]
    pub(super) fn wait<T>(&mut self, why: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            if Instant::now() > until {
                let outline = self.outline();
                panic!("{why}, on {}:\n{outline}", self.heard.address);
            }
            self.listen(SILENCE);
        }
    }

    /// Waits until a script has led to this path, by what the browser says alone. Chromium crashes if a page is replaced while its
    /// accessibility tree is searched.
    #[track_caller]
    pub fn arrives_at(&mut self, path: &str) {
        let address = format!("{}{path}", self.origin);
        self.wait(&format!("no script led to {path}"), |tab| {
            let address_of_page = tab.heard.address.split('?').next();
            (address_of_page == Some(&address) && tab.heard.is_settled()).then_some(())
        });
    }

    /// Waits until what was just done has led wherever it leads.
    #[track_caller]
    pub(super) fn settle(&mut self) {
        // A round trip to the page: events of a navigation arrive before its response. The page may be replaced meanwhile.
        let _gone = self.try_call("Runtime.evaluate", json!({ "expression": "0" }));
        self.wait("the page did not load", |tab| tab.heard.is_settled().then_some(()));
    }
}
