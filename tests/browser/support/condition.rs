//! Under which conditions a page is shown.

use serde_json::{Value, json};

use super::tab::Tab;

/// What a stylesheet can ask about the person and the paper.
#[derive(Default)]
pub(super) struct Media {
    is_dark: bool,
    has_reduced_motion: bool,
    is_print: bool,
}

impl Tab {
    pub fn size(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    pub fn dark(&mut self, is_dark: bool) {
        self.media.is_dark = is_dark;
        self.set_media();
    }

    pub fn reduced_motion(&mut self, is_reduced: bool) {
        self.media.has_reduced_motion = is_reduced;
        self.set_media();
    }

    /// From now on, as on paper.
    pub fn print_media(&mut self) {
        self.media.is_print = true;
        self.set_media();
    }

    fn set_media(&mut self) {
        let feature = |name: &str, value: &str| json!({ "name": name, "value": value });
        let features = [
            feature("prefers-color-scheme", if self.media.is_dark { "dark" } else { "light" }),
            feature("prefers-reduced-motion", if self.media.has_reduced_motion { "reduce" } else { "no-preference" }),
        ];
        let medium = if self.media.is_print { "print" } else { "" };
        self.call("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features }));
    }

    /// A name of the IANA time zone database, such as `America/New_York`.
    pub fn timezone(&mut self, name: &str) {
        self.call("Emulation.setTimezoneOverride", json!({ "timezoneId": name }));
    }

    /// From the next page on, no script of a page runs.
    pub fn without_javascript(&mut self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    /// Whether the page is wider than the window.
    pub fn scrolls_sideways(&mut self) -> bool {
        self.evaluate("document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth") == Value::Bool(true)
    }
}
