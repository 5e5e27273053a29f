//! The HTML of a response, asked in the terms of a reader: roles, names, headings, table rows and form fields.
//!
//! ```ignore
//! let page = t.person(Role::Admin).await.get("/settings/api-keys").await.is(200).page();
//! assert_eq!(page.row("Scheduler").text_of("button"), ["Rotate", "Revoke"]);
//! assert_eq!(page.field("name").value(), "Scheduler");
//! assert_eq!(page.link("Next"), "?page=2");
//! ```

use scraper::{ElementRef, Html, Selector};

use crate::support::Response;

/// A parsed HTML page.
pub struct Page(Html);

/// An element of a page.
#[derive(Clone, Copy)]
pub struct Part<'a>(ElementRef<'a>);

impl Response {
    pub fn page(&self) -> Page {
        Page(Html::parse_document(&self.text))
    }

    /// Asserts that the page has an element of this role and name.
    #[track_caller]
    pub fn shows(self, role: &str, name: &str) -> Self {
        assert!(self.page().root().has(role, name), "there is no {role} “{name}”: {}", self.text);
        self
    }

    /// Asserts that there is a message under the field with this id.
    #[track_caller]
    pub fn reports(self, field: &str) -> Self {
        assert!(self.page().error_of(field).is_some(), "{field} has no message: {}", self.text);
        self
    }

    /// Asserts the value of a form field.
    #[track_caller]
    pub fn keeps(self, field: &str, value: &str) -> Self {
        assert_eq!(self.page().field(field).value(), value, "{field}: {}", self.text);
        self
    }

    /// Asserts that the page has no element of this role and name.
    #[track_caller]
    pub fn lacks(self, role: &str, name: &str) -> Self {
        assert!(!self.page().root().has(role, name), "there is a {role} “{name}”: {}", self.text);
        self
    }
}

impl Page {
    pub fn root(&self) -> Part<'_> {
        Part(self.0.root_element())
    }

    pub fn title(&self) -> String {
        self.root().first("title").text()
    }

    /// The `href` of the link with this text.
    #[track_caller]
    pub fn link(&self, text: &str) -> String {
        self.root().find("link", text).attribute("href").to_owned()
    }

    /// The form field with this `name`; of radio buttons the checked one.
    #[track_caller]
    pub fn field(&self, name: &str) -> Part<'_> {
        let selector = ["input", "select", "textarea"].map(|tag| format!("{tag}[name=\"{name}\"]")).join(", ");
        let fields = self.root().select(&selector);
        let checked = fields.iter().find(|field| field.has_attribute("checked"));
        *checked.or(fields.first()).unwrap_or_else(|| panic!("there is no field {name}: {}", self.0.html()))
    }

    /// The message under the field with this id, if there is one.
    pub fn error_of(&self, id: &str) -> Option<String> {
        self.root().select(&format!("#{id}-fault")).first().map(|error| error.text())
    }

    /// The names and values of the hidden fields of the form that is sent to `action`.
    #[track_caller]
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        // Of the form that signs out there may be another one in the header.
        let form = format!("form[action=\"{action}\"]");
        let in_main = self.root().select(&format!("main {form}")).first().copied();
        let form = in_main.unwrap_or_else(|| self.root().first(&form));
        let fields = form.select("input[type=hidden]");
        fields.iter().map(|field| (field.attribute("name").to_owned(), field.attribute("value").to_owned())).collect()
    }

    /// The rows of all tables, without their headers.
    pub fn rows(&self) -> Vec<Part<'_>> {
        self.root().select("tbody tr")
    }

    /// The row that has a link with this text.
    #[track_caller]
    pub fn row(&self, name: &str) -> Part<'_> {
        let rows = self.rows();
        *rows.iter().find(|row| row.has("link", name)).unwrap_or_else(|| panic!("there is no row {name}: {}", self.0.html()))
    }

    /// The element around the heading with this text.
    #[track_caller]
    pub fn section(&self, heading: &str) -> Part<'_> {
        let heading = self.root().find("heading", heading);
        Part(heading.0.parent().and_then(ElementRef::wrap).expect("a heading in an element"))
    }

    /// The notice with this text in it.
    #[track_caller]
    pub fn notice(&self, text: &str) -> Part<'_> {
        let notices = self.root().select(".notice");
        let found = notices.iter().find(|notice| notice.text().contains(text));
        *found.unwrap_or_else(|| panic!("no notice says “{text}”: {}", self.0.html()))
    }
}

impl<'a> Part<'a> {
    /// The text, with single spaces.
    pub fn text(self) -> String {
        self.0.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn has_attribute(self, name: &str) -> bool {
        self.0.attr(name).is_some()
    }

    #[track_caller]
    pub fn attribute(self, name: &str) -> &'a str {
        self.0.value().attr(name).unwrap_or_else(|| panic!("there is no {name}: {}", self.0.html()))
    }

    /// The value of a form field: of a list the selected option, of a text area its text.
    #[track_caller]
    pub fn value(self) -> String {
        match self.0.value().name() {
            "textarea" => self.0.text().collect(),
            "select" => {
                let option = self.first("option[selected]");
                option.0.attr("value").map_or_else(|| option.text(), str::to_owned)
            }
            _ => self.attribute("value").to_owned(),
        }
    }

    /// The elements that a CSS selector matches, in the order of the page.
    pub fn select(self, selector: &str) -> Vec<Self> {
        let selector = Selector::parse(selector).expect("a selector");
        self.0.select(&selector).map(Self).collect()
    }

    /// The first element that a CSS selector matches.
    #[track_caller]
    pub fn first(self, selector: &str) -> Self {
        *self.select(selector).first().unwrap_or_else(|| panic!("nothing matches {selector}: {}", self.0.html()))
    }

    /// The texts of all elements of this role.
    pub fn text_of(self, role: &str) -> Vec<String> {
        self.select(selector_of(role)).into_iter().map(Self::text).collect()
    }

    /// The element of this role with this text.
    #[track_caller]
    pub fn find(self, role: &str, name: &str) -> Self {
        let found = self.select(selector_of(role)).into_iter().find(|part| part.text() == name);
        found.unwrap_or_else(|| panic!("there is no {role} “{name}”: {}", self.0.html()))
    }

    /// Returns whether there is an element of this role with this text.
    pub fn has(self, role: &str, name: &str) -> bool {
        self.text_of(role).iter().any(|text| text == name)
    }

    /// The values of all attributes of all elements.
    pub fn attribute_values(self) -> impl Iterator<Item = &'a str> {
        self.select("*").into_iter().flat_map(|part| part.0.value().attrs().map(|(_, value)| value))
    }
}

/// A selector of the elements with this ARIA role.
fn selector_of(role: &str) -> &'static str {
    match role {
        "button" => "button",
        "cell" => "td",
        "columnheader" => "th[scope=col]",
        "heading" => "h1, h2, h3",
        "link" => "a[href]",
        "listitem" => "li",
        _ => panic!("no selector is known for the role {role}"),
    }
}
