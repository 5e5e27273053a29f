//! The keyboard, and where it leads.

use serde_json::json;

use super::find::found;
use super::tab::Tab;

impl Tab {
    /// Presses a key, such as `Tab`, `Shift+Tab`, `Enter`, `Space`, `Escape`, `ArrowDown`, `Control+a`, and waits until
    /// that has led wherever it leads.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        self.strike(keys);
        self.settle();
    }

    /// Writes a text to where the keyboard is.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// The role and name of where the keyboard is.
    pub fn focused(&mut self) -> (String, String) {
        let object = self.call("Runtime.evaluate", json!({ "expression": "document.activeElement" }));
        let how = json!({ "objectId": object["result"]["objectId"], "fetchRelatives": false });
        let answer = self.call("Accessibility.getPartialAXTree", how);
        let focused = found(&answer["nodes"][0]).expect("an element");
        (focused.role, focused.name)
    }

    /// Types a date or a time, part by part as its field asks for it: `2026-12-31`, `18:30` or `2026-12-31T18:30`.
    #[track_caller]
    pub(super) fn type_time(&mut self, value: &str) {
        let (date, time) = match value.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None if value.contains(':') => ("", Some(value)),
            None => (value, None),
        };
        if let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] {
            for part in [month, day, year] {
                part.chars().for_each(|digit| self.strike(digit.encode_utf8(&mut [0; 4])));
            }
            self.strike("ArrowRight");
        }
        if let Some((hour, minute)) = time.and_then(|time| time.split_once(':')) {
            let hour: u8 = hour.parse().expect("an hour");
            let half = if hour < 12 { "a" } else { "p" };
            let hour = format!("{:02}", (hour + 11) % 12 + 1);
            hour.chars().chain(minute.chars()).for_each(|digit| self.strike(digit.encode_utf8(&mut [0; 4])));
            self.strike(half);
        }
    }

    #[track_caller]
    fn strike(&mut self, keys: &str) {
        let (held, key) = keys.rsplit_once('+').unwrap_or(("", keys));
        let modifiers: u8 = held
            .split('+')
            .map(|held| match held {
                "Alt" => 1,
                "Control" => 2,
                "Shift" => 8,
                _ => 0,
            })
            .sum();
        let (number, text) = meaning(key);
        let text = if modifiers & 2 == 0 { text } else { "" };
        let key = if key == "Space" { " " } else { key };
        // Chromium leaves what such a key edits to the system, which is not there.
        let commands = if keys == "Control+a" { &["selectAll"][..] } else { &[] };
        for kind in [if text.is_empty() { "rawKeyDown" } else { "keyDown" }, "keyUp"] {
            let text = if kind == "keyUp" { "" } else { text };
            let event = json!({
                "type": kind, "key": key, "text": text, "modifiers": modifiers,
                "windowsVirtualKeyCode": number, "commands": commands,
            });
            self.call("Input.dispatchKeyEvent", event);
        }
    }
}

/// The number of a key, and what it writes.
fn meaning(key: &str) -> (u32, &str) {
    match key {
        "Backspace" => (8, ""),
        "Tab" => (9, ""),
        "Enter" => (13, "\r"),
        "Escape" => (27, ""),
        "Space" => (32, " "),
        "PageUp" => (33, ""),
        "PageDown" => (34, ""),
        "End" => (35, ""),
        "Home" => (36, ""),
        "ArrowLeft" => (37, ""),
        "ArrowUp" => (38, ""),
        "ArrowRight" => (39, ""),
        "ArrowDown" => (40, ""),
        "Delete" => (46, ""),
        _ => {
            let mut letters = key.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => (letter.to_ascii_uppercase().into(), key),
                _ => panic!("there is no key {key:?}"),
            }
        }
    }
}
