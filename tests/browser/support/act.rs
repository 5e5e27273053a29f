//! Mouse actions and form input.

use serde_json::{Value, json};

use super::find::Found;
use super::tab::Tab;

/// Roles of what one writes into, as Chromium names them.
const FIELDS: [&str; 7] = ["textbox", "searchbox", "spinbutton", "combobox", "Date", "DateTime", "InputTime"];

/// The point to click, after scrolling to it; a hidden control is clicked at its label.
const AIM: &str = "function() {
    const own = this.getBoundingClientRect();
    const isHidden = own.width < 4 || own.height < 4 || getComputedStyle(this).opacity === '0';
    const target = isHidden && this.labels?.length ? this.labels[0] : this;
    target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = target.getClientRects()[0];
    if (!box) return { why: 'it is not shown' };
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const hit = document.elementFromPoint(x, y);
    const isReached = hit && (target.contains(hit) || hit.closest('label')?.control === this);
    return isReached ? { x, y } : { why: 'this lies over it: ' + (hit ? hit.outerHTML.slice(0, 200) : 'nothing') };
}";

const SELECT: &str = "function(label) {
    const option = [...this.options].find(option => option.label.trim() === label && !option.disabled);
    if (!option) return false;
    if (!option.selected) {
        option.selected = true;
        for (const type of ['input', 'change']) this.dispatchEvent(new Event(type, { bubbles: true }));
    }
    return true;
}";

impl Tab {
    /// Clicks on it with the mouse, and waits until that has led wherever it leads.
    #[track_caller]
    pub fn click(&mut self, role: &str, name: &str) {
        let found = self.find(role, name);
        self.click_on(&found);
    }

    /// Picks a radio button, ticks a checkbox.
    #[track_caller]
    pub fn choose(&mut self, role: &str, name: &str) {
        if !self.chosen(role, name) {
            self.click(role, name);
        }
        assert!(self.chosen(role, name), "{role} {name:?} was clicked and is not chosen");
    }

    #[track_caller]
    pub fn chosen(&mut self, role: &str, name: &str) -> bool {
        let found = self.find(role, name);
        self.ask(&found, "function() { return this.checked }", &[]) == true
    }

    /// Writes into the field with this label, over what is there. Dates are written as in `value`: `2026-12-31`.
    #[track_caller]
    pub fn fill(&mut self, label: &str, value: &str) {
        let field = self.field(label);
        assert!(!field.is_disabled, "{} {label:?} is disabled", field.role);
        if matches!(field.role.as_str(), "Date" | "DateTime" | "InputTime") {
            self.call("DOM.focus", json!({ "backendNodeId": field.node }));
            self.type_time(value);
            assert_eq!(self.value(label), value, "what is in {label:?} after typing it");
        } else {
            self.click_on(&field);
            self.press("Control+a");
            self.press("Delete");
            self.type_text(value);
        }
        self.settle();
    }

    /// Picks an option of a list.
    #[track_caller]
    pub fn select(&mut self, label: &str, option: &str) {
        let list = self.find("combobox", label);
        assert!(!list.is_disabled, "combobox {label:?} is disabled");
        let is_there = self.ask(&list, SELECT, &[json!({ "value": option })]);
        assert_eq!(is_there, true, "{label:?} has no option {option:?} that can be picked");
        self.settle();
    }

    /// The value of a field; of a list, the text of the selected option.
    #[track_caller]
    pub fn value(&mut self, label: &str) -> String {
        let field = self.field(label);
        let value = self.ask(&field, "function() { return this.selectedOptions?.[0]?.label ?? this.value }", &[]);
        value.as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn field(&mut self, label: &str) -> Found {
        self.only(&format!("field {label:?}"), |tab| {
            let mut found = tab.all(None, label);
            found.retain(|found| FIELDS.contains(&found.role.as_str()));
            found
        })
    }

    #[track_caller]
    fn click_on(&mut self, found: &Found) {
        let what = format!("{} {:?}", found.role, found.name);
        assert!(!found.is_disabled, "{what} is disabled");
        let mut why = String::new();
        let point = self.wait(&format!("{what} cannot be clicked"), |tab| {
            let aim = tab.ask(found, AIM, &[]);
            aim["why"].as_str().unwrap_or_default().clone_into(&mut why);
            aim["x"].is_number().then_some(aim)
        });
        for (kind, clicks) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 1)] {
            let button = if clicks == 0 { "none" } else { "left" };
            let event = json!({ "type": kind, "x": point["x"], "y": point["y"], "button": button, "clickCount": clicks });
            self.call("Input.dispatchMouseEvent", event);
        }
        self.settle();
    }

    /// Calls a function on an element, also where scripts are disabled; null if the element was removed.
    pub(super) fn ask(&mut self, found: &Found, function: &str, arguments: &[Value]) -> Value {
        let Ok(object) = self.try_call("DOM.resolveNode", json!({ "backendNodeId": found.node })) else { return Value::Null };
        let how = json!({
            "objectId": object["object"]["objectId"],
            "functionDeclaration": function,
            "arguments": arguments,
            "returnByValue": true,
        });
        self.try_call("Runtime.callFunctionOn", how).unwrap_or_default()["result"]["value"].take()
    }
}
