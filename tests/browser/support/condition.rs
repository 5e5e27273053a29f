//! Emulated conditions of a page: window, media features, time zone, scripts, fonts.

use serde_json::{Value, json};

use super::tab::Tab;

/// Elements that are there to be seen and that reach past the inside of their card, their page or the window; what is cut on
/// purpose (an ellipsis, text for screen readers alone) is left out.
const CUT: &str = "document.fonts.ready.then(() => {
    const isUnseen = element => element.closest('.unseen, .skip, thead') || getComputedStyle(element).clipPath !== 'none';
    const hasEllipsis = element => getComputedStyle(element).textOverflow === 'ellipsis';
    const isShown = element => element.getClientRects().length && element.checkVisibility() && !isUnseen(element) && !hasEllipsis(element);
    const room = element => {
        const holder = element.parentElement.closest('.card, .notice, main, body');
        return Math.min(document.documentElement.clientWidth, holder.getBoundingClientRect().right);
    };
    const isCut = element => Math.max(...[...element.getClientRects()].map(box => box.right)) > room(element) + 1;
    return [...document.body.querySelectorAll('*')].filter(element => isShown(element) && isCut(element))
        .map(element => element.outerHTML.slice(0, 160));
})";

/// Media features that a stylesheet can query.
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

    /// From the next page on, the embedded typeface does not arrive.
    pub fn without_typeface(&mut self) {
        self.has_typeface = false;
        self.call("Network.setBlockedURLs", json!({ "urls": ["*.woff2*"] }));
    }

    /// The family in which the page's headings are set: none if the page has none.
    pub fn typeface(&mut self) -> Option<String> {
        self.call("CSS.enable", json!({}));
        let document = self.call("DOM.getDocument", json!({ "depth": 0 }));
        let search = json!({ "nodeId": document["root"]["nodeId"], "selector": "h1" });
        let heading = self.call("DOM.querySelector", search);
        let fonts = self.call("CSS.getPlatformFontsForNode", json!({ "nodeId": heading["nodeId"] }));
        fonts["fonts"][0]["familyName"].as_str().map(str::to_owned)
    }

    /// Elements of which a part lies beyond the window or the edge of what holds them, outlined.
    #[track_caller]
    pub fn cut(&mut self) -> Vec<String> {
        let found = self.evaluate(CUT);
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns whether the page is wider than the window.
    pub fn scrolls_sideways(&mut self) -> bool {
        self.evaluate(
            "document.fonts.ready.then(() => document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth)",
        ) == Value::Bool(true)
    }
}
