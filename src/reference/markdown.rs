//! Markdown as HTML.
//!
//! The attributes of a code block follow its language: `tab=NAME` puts consecutive blocks behind tabs, `file=NAME` names a file.
//! `run` and `output` are for the test that runs the examples (`tests/process/examples.rs`), and are not shown.
//!
//! Pictures are those of `src/frame/files.rs`: the Content-Security-Policy refuses others, of which the text is shown.

use std::collections::HashSet;

use askama::Template;
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// A page as HTML, with its headings of the second level.
pub(super) struct Rendered {
    pub html: String,
    pub headings: Vec<Heading>,
}

pub(super) struct Heading {
    pub anchor: String,
    pub text: String,
}

#[derive(Template)]
#[template(path = "reference/sample.html")]
struct Sample<'a> {
    id: String,
    title: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "reference/tabs.html")]
struct Tabs<'a> {
    number: usize,
    /// The number of each sample, the name of its tab, and the sample.
    samples: Vec<(usize, &'a str, Sample<'a>)>,
}

/// A picture among the files of this product, or its text if there is none of this name.
#[derive(Template)]
#[template(path = "reference/picture.html")]
struct Picture<'a> {
    name: &'a str,
    alt: &'a str,
}

/// A code block: its language, its attributes, and its text.
struct Block {
    info: String,
    text: String,
}

impl Block {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.info.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// The line above the code: the name of its file, if it has one.
    fn title(&self) -> &str {
        self.attribute("file").unwrap_or_else(|| self.tab())
    }

    /// The name of its tab; of a block without tabs that of its language.
    fn tab(&self) -> &str {
        let language = self.info.split(' ').next().unwrap_or_default();
        self.attribute("tab").unwrap_or_else(|| name_of(language, &self.info))
    }
}

fn name_of<'a>(language: &'a str, info: &str) -> &'a str {
    if info.split(' ').any(|word| word == "output") {
        return "Output";
    }
    match language {
        "bash" | "sh" => "Shell",
        "json" => "JSON",
        "python" => "Python",
        "js" => "JavaScript",
        "go" => "Go",
        "rust" => "Rust",
        "http" => "HTTP",
        "toml" => "TOML",
        "yaml" => "YAML",
        "text" | "" => "Text",
        other => other,
    }
}

/// Renders Markdown. HTML in it is shown as text.
pub(super) fn render(markdown: &str) -> Result<Rendered, askama::Error> {
    let mut events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(without_html).peekable();
    let mut page = Page::default();
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let inner: Vec<_> =
                    events.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_)))).collect();
                page.heading(level, inner);
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.into_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                let inside = events.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::CodeBlock)));
                let text = inside.fold(String::new(), |text, event| text + text_of(&event));
                page.blocks.push(Block { info, text });
                let next = events
                    .peek()
                    .map(|next| matches!(next, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if has_tab(info)));
                if !(next == Some(true) && page.blocks.last().is_some_and(|block| has_tab(&block.info))) {
                    page.samples()?;
                }
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let inside = events.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::Image)));
                let alt = inside.fold(String::new(), |text, event| text + text_of(&event));
                let name = dest_url.strip_prefix("/assets/").unwrap_or_default();
                page.html(Picture { name, alt: &alt }.render()?);
            }
            Event::Start(Tag::Table(alignments)) => {
                page.html("<div class=\"wide-table\">".to_owned());
                page.events.push(Event::Start(Tag::Table(alignments)));
            }
            Event::End(TagEnd::Table) => {
                page.events.push(event);
                page.html("</div>".to_owned());
            }
            other => page.events.push(other),
        }
    }
    let mut text = String::new();
    html::push_html(&mut text, page.events.into_iter());
    Ok(Rendered { html: text, headings: page.headings })
}

/// Turns HTML into text, and drops the alignment of columns: it would be a `style` attribute, which the Content-Security-Policy
/// refuses.
fn without_html(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Table(columns)) => Event::Start(Tag::Table(vec![Alignment::None; columns.len()])),
        other => other,
    }
}

fn has_tab(info: &str) -> bool {
    info.split(' ').any(|word| word.starts_with("tab="))
}

fn text_of<'a>(event: &'a Event<'_>) -> &'a str {
    match event {
        Event::Text(text) | Event::Code(text) => text,
        _ => "",
    }
}

#[derive(Default)]
struct Page<'a> {
    events: Vec<Event<'a>>,
    headings: Vec<Heading>,
    anchors: HashSet<String>,
    /// Code blocks that are not rendered yet: those behind tabs are rendered together.
    blocks: Vec<Block>,
    samples: usize,
}

impl<'a> Page<'a> {
    fn html(&mut self, html: String) {
        self.events.push(Event::Html(html.into()));
    }

    /// A heading is a link to itself.
    fn heading(&mut self, level: HeadingLevel, inner: Vec<Event<'a>>) {
        let text = inner.iter().map(text_of).collect::<String>();
        if level == HeadingLevel::H1 {
            self.html("<h1>".to_owned());
            self.events.extend(inner);
            return self.html("</h1>\n".to_owned());
        }
        let anchor = unique_anchor(&text, &mut self.anchors);
        self.html(format!("<{level} id=\"{anchor}\"><a class=\"anchor\" href=\"#{anchor}\">"));
        self.events.extend(inner);
        self.html(format!("</a></{level}>\n"));
        if level == HeadingLevel::H2 {
            self.headings.push(Heading { anchor, text });
        }
    }

    fn samples(&mut self) -> Result<(), askama::Error> {
        let blocks = std::mem::take(&mut self.blocks);
        let first = self.samples + 1;
        self.samples += blocks.len();
        let samples = blocks.iter().zip(first..).map(|(block, number)| {
            let text = block.text.strip_suffix('\n').unwrap_or(&block.text);
            (number, block.tab(), Sample { id: format!("code-{number}"), title: block.title(), text })
        });
        let html = if blocks.iter().any(|block| has_tab(&block.info)) {
            Tabs { number: first, samples: samples.collect() }.render()?
        } else {
            samples.map(|(_, _, sample)| sample.render()).collect::<Result<String, _>>()?
        };
        self.html(html);
        Ok(())
    }
}

/// Returns the anchor of a heading: “API keys” → `api-keys`.
pub(super) fn anchor(text: &str) -> String {
    let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    text.to_lowercase().chars().filter(is_kept).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// Returns the anchor of a heading on a page where these are taken, and takes it.
pub(super) fn unique_anchor(text: &str, taken: &mut HashSet<String>) -> String {
    let mut anchor = anchor(text);
    while !taken.insert(anchor.clone()) {
        anchor.push_str("-2");
    }
    anchor
}

/// Returns Markdown without the attributes of its code blocks, for readers. The name of a file is above its block.
pub(super) fn without_attributes(markdown: &str) -> String {
    let line = |line: &str| match line.strip_prefix("```").and_then(|info| info.split_once(' ')) {
        Some((language, attributes)) => {
            let file = attributes.split(' ').find_map(|word| word.strip_prefix("file="));
            let name = file.map(|file| format!("`{file}`:\n\n")).unwrap_or_default();
            format!("{name}```{language}\n")
        }
        None => format!("{line}\n"),
    };
    markdown.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markdown: &str) -> String {
        render(markdown).expect("HTML").html
    }

    #[test]
    fn headings_are_links_to_themselves_and_differ() {
        let page = render("# Title\n\n## The `id` of a key\n\n## The id of a key\n\n### Below\n").expect("HTML");
        let anchors: Vec<_> = page.headings.iter().map(|heading| heading.anchor.as_str()).collect();
        assert_eq!(anchors, ["the-id-of-a-key", "the-id-of-a-key-2"]);
        assert!(page.html.contains("<h1>Title</h1>"), "{}", page.html);
        let first =
            "<h2 id=\"the-id-of-a-key\"><a class=\"anchor\" href=\"#the-id-of-a-key\">The <code>id</code> of a key</a></h2>";
        assert!(page.html.contains(first), "{}", page.html);
        assert!(page.html.contains("<h3 id=\"below\">"), "{}", page.html);
    }

    #[test]
    fn html_in_markdown_is_text() {
        let page = html("A <script>alert(1)</script> b\n\n<b>c</b>\n\n```html\n<i>\n```\n");
        assert!(!page.contains("<script>") && !page.contains("<b>") && !page.contains("<i>"), "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("&#60;i&#62;"), "{page}");
        let page = html("# <u>a</u>\n\n## <i>b</i> c\n");
        assert!(page.contains("<h1>&lt;u&gt;a&lt;/u&gt;</h1>"), "{page}");
        assert!(page.contains(">&lt;i&gt;b&lt;/i&gt; c</a></h2>"), "{page}");
    }

    #[test]
    fn aligned_tables_have_no_style_attributes() {
        let page = html("| a | b |\n| :-- | --: |\n| 1 | 2 |\n");
        assert!(page.contains("<td>2</td>") && !page.contains("style"), "{page}");
    }

    #[test]
    fn picture_has_a_text_and_a_size_and_waits_until_it_is_near() {
        let page = html("![The page “Trips” & its *filters*](/assets/trips.png)\n");
        let link = crate::frame::asset("trips.png");
        assert!(link.starts_with("/assets/trips.png?v="), "{link}");
        let expected = format!(
            "<p><img src=\"{link}\" alt=\"The page “Trips” &#38; its filters\" width=\"1280\" height=\"800\" loading=\"lazy\"></p>"
        );
        assert_eq!(page.trim(), expected);
    }

    #[test]
    fn picture_from_elsewhere_is_its_text() {
        for address in ["https://planes.example.com/a.png", "/assets/nothing.png", "/assets/page.css", "trips.png"] {
            assert_eq!(html(&format!("![A <b> chart]({address})\n")).trim(), "<p>A &#60;b&#62; chart</p>", "{address}");
        }
    }

    #[test]
    fn files_have_their_names_above_them() {
        let markdown = "```python tab=Python file=push.py\na\n```\n\n```js tab=Node.js file=push.mjs\nb\n```\n";
        let page = html(markdown);
        assert!(page.contains("<span>push.py</span>") && page.contains("<span>push.mjs</span>"), "{page}");
        assert!(page.contains("value=\"Python\"") && page.contains(">Node.js</label>"), "{page}");
        let expected = "`push.py`:\n\n```python\na\n```\n\n`push.mjs`:\n\n```js\nb\n```\n";
        assert_eq!(without_attributes(markdown), expected);
    }

    #[test]
    fn consecutive_blocks_with_tabs_are_one_group() {
        let page = html("```bash tab=curl\na\n```\n\n```python tab=Python\nb\n```\n\n```json\nc\n```\n");
        assert_eq!(page.matches("type=\"radio\"").count(), 2, "{page}");
        assert_eq!(page.matches(" checked").count(), 1, "{page}");
        assert_eq!(page.matches("<pre").count(), 3, "{page}");
    }

    #[test]
    fn attributes_of_code_blocks_are_not_shown() {
        assert_eq!(without_attributes("```bash run\na\n```\n\nText ``` here\n"), "```bash\na\n```\n\nText ``` here\n");
        assert!(!html("```bash run\na\n```\n").contains("run"));
    }
}
