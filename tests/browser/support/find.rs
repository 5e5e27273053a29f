//! Finding things by role and name, in the tree that Chromium hands to screen readers.

use std::fmt::Write;

use serde_json::{Value, json};

use super::tab::Tab;

/// An element that assistive technology can meet.
pub(super) struct Found {
    /// Its number in the DOM.
    pub node: u64,
    pub role: String,
    pub name: String,
    pub is_disabled: bool,
}

impl Tab {
    /// There is one such thing or more, or there will be.
    #[track_caller]
    pub fn has(&mut self, role: &str, name: &str) {
        self.wait(&format!("there is no {role} {name:?}"), |tab| (tab.count(role, name) > 0).then_some(()));
    }

    /// There is no such thing, or there will be none.
    #[track_caller]
    pub fn lacks(&mut self, role: &str, name: &str) {
        self.wait(&format!("there is a {role} {name:?}"), |tab| (tab.count(role, name) == 0).then_some(()));
    }

    /// The text is to be read on the page, or will be.
    #[track_caller]
    pub fn says(&mut self, text: &str) {
        self.wait(&format!("the page does not say {text:?}"), |tab| {
            tab.text_now().filter(|shown| shown.contains(text)).map(|_| ())
        });
    }

    /// Counts the elements of this role and name now.
    pub fn count(&mut self, role: &str, name: &str) -> usize {
        self.all(Some(role), name).len()
    }

    /// Does something within the one thing of this role that has the name, or in which something has it: the row of a
    /// key, a dialog, a group.
    #[track_caller]
    pub fn within<T>(&mut self, role: &str, name: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        self.scope.push((role.to_owned(), name.to_owned()));
        let done = act(self);
        self.scope.pop();
        done
    }

    /// The one thing of this role and name.
    #[track_caller]
    pub(super) fn find(&mut self, role: &str, name: &str) -> Found {
        self.only(&format!("{role} {name:?}"), |tab| tab.all(Some(role), name))
    }

    /// The one thing that `look` finds, once it does; two are one too many.
    #[track_caller]
    pub(super) fn only(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Vec<Found>) -> Found {
        let mut found = self.wait(&format!("there is no {what}"), |tab| Some(look(tab)).filter(|found| !found.is_empty()));
        if found.len() > 1 {
            let outline = self.outline();
            panic!("there are {} of {what}: say within what\n{outline}", found.len());
        }
        found.remove(0)
    }

    /// Everything of this role, if one is given, and this name.
    pub(super) fn all(&mut self, role: Option<&str>, name: &str) -> Vec<Found> {
        let Some(root) = self.root() else { return Vec::new() };
        self.query(root, role, Some(name))
    }

    /// The root of the scope; `None` while it is not on the page.
    #[track_caller]
    fn root(&mut self) -> Option<u64> {
        let document = self.try_call("DOM.getDocument", json!({ "depth": 0 })).ok()?;
        let mut root = document["root"]["backendNodeId"].as_u64()?;
        for (role, name) in self.scope.clone() {
            let mut parts = self.query(root, Some(&role), None);
            if parts.iter().any(|part| part.name == name) {
                parts.retain(|part| part.name == name);
            } else {
                parts.retain(|part| !self.query(part.node, None, Some(&name)).is_empty());
            }
            assert!(parts.len() < 2, "there are {} of {role} {name:?} to look within", parts.len());
            root = parts.first()?.node;
        }
        Some(root)
    }

    fn query(&mut self, root: u64, role: Option<&str>, name: Option<&str>) -> Vec<Found> {
        let mut how = json!({ "backendNodeId": root });
        how.as_object_mut().expect("an object").extend(role.map(|role| ("role".to_owned(), role.into())));
        how.as_object_mut().expect("an object").extend(name.map(|name| ("accessibleName".to_owned(), name.into())));
        // The page may be leaving: then there is nothing on it.
        let answer = self.try_call("Accessibility.queryAXTree", how).unwrap_or_default();
        let nodes = answer["nodes"].as_array().cloned().unwrap_or_default();
        nodes.iter().filter(|node| node["ignored"] != true).filter_map(found).collect()
    }

    /// The accessibility tree, one element per line: `role "name"`.
    pub(super) fn outline(&mut self) -> String {
        let tree = self.try_call("Accessibility.getFullAXTree", json!({})).unwrap_or_default();
        let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
        let mut outline = String::new();
        if let Some(root) = nodes.first() {
            draw(&nodes, root, 0, &mut outline);
        }
        outline
    }
}

pub(super) fn found(node: &Value) -> Option<Found> {
    let text = |of: &str| node[of]["value"].as_str().unwrap_or_default().trim().to_owned();
    let mut properties = node["properties"].as_array().into_iter().flatten();
    Some(Found {
        node: node["backendDOMNodeId"].as_u64()?,
        role: text("role"),
        name: text("name"),
        is_disabled: properties.any(|property| property["name"] == "disabled" && property["value"]["value"] == true),
    })
}

fn draw(nodes: &[Value], node: &Value, depth: usize, outline: &mut String) {
    let (role, name) = (node["role"]["value"].as_str().unwrap_or_default(), node["name"]["value"].as_str().unwrap_or_default());
    if role == "InlineTextBox" {
        return;
    }
    let is_shown = node["ignored"] != true && !(matches!(role, "generic" | "none") && name.is_empty());
    if is_shown {
        writeln!(outline, "{:width$}{role} {name:?}", "", width = depth * 2).expect("text");
    }
    for id in node["childIds"].as_array().into_iter().flatten() {
        if let Some(child) = nodes.iter().find(|node| node["nodeId"] == *id) {
            draw(nodes, child, depth + usize::from(is_shown), outline);
        }
    }
}
