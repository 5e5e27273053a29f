//! The clipboard, and whether the site may write to it.

use serde_json::json;

use super::tab::Tab;

impl Tab {
    /// The person lets the site use the clipboard.
    pub fn grant_clipboard(&mut self) {
        let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
        let to = json!({ "permissions": permissions, "origin": self.origin, "browserContextId": self.context });
        self.call("Browser.grantPermissions", to);
    }

    /// The person does not let the site use the clipboard.
    pub fn deny_clipboard(&mut self) {
        let write = json!({ "name": "clipboard-write" });
        let write_anything = json!({ "name": "clipboard-write", "allowWithoutSanitization": true });
        for permission in [json!({ "name": "clipboard-read" }), write, write_anything] {
            let to =
                json!({ "setting": "denied", "origin": self.origin, "browserContextId": self.context, "permission": permission });
            self.call("Browser.setPermission", to);
        }
    }

    /// The text in the clipboard, whose permission has to be granted.
    pub fn clipboard(&mut self) -> String {
        self.evaluate("navigator.clipboard.readText()").as_str().expect("text").to_owned()
    }
}
