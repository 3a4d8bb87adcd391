//! Turns the user's reference of the filter language into HTML, so that the browser needs no parser of Markdown.
//!
//! Must not know how the page looks: it gives the text its structure, and the style sheets do the rest.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::error::Error;
use std::path::Path;

/// The text that `trainyard dql --help` prints.
const REFERENCE: &str = "../shared/src/dql/reference.md";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={REFERENCE}");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        // What takes the module apart must know which function names which.
        println!("cargo:rustc-link-arg-bins=--emit-relocs");
    }
    let markdown =
        std::fs::read_to_string(REFERENCE).map_err(|error| format!("cannot read {REFERENCE}: {error}"))?;
    let page = Page::of(&markdown)?.html();
    let out_dir = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out_dir).join("filter_language.html"), page)?;
    Ok(())
}

/// A text in parts: its title, the sections to jump to, and everything below the title.
#[derive(Default)]
struct Page {
    title: String,
    sections: Vec<Section>,
    body: String,
}

struct Section {
    id: String,
    heading: String,
}

impl Page {
    fn of(markdown: &str) -> Result<Self, String> {
        let events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
        let mut page = Self::default();
        let mut written = Vec::with_capacity(events.len());
        let mut table = TablePlace::default();
        let mut events = events.into_iter();
        while let Some(event) = events.next() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let is_end = |event: &Event<'_>| matches!(event, Event::End(TagEnd::Heading(_)));
                    let inner: Vec<_> = events.by_ref().take_while(|event| !is_end(event)).collect();
                    written.extend(page.start_section(level, inner)?.map(|html| Event::Html(html.into())));
                }
                Event::Html(_) | Event::InlineHtml(_) => {
                    return Err(format!("{REFERENCE} holds HTML, which a terminal cannot show"));
                }
                event => written.push(match page.markup(&event, &mut table) {
                    Some(markup) => Event::Html(markup.into()),
                    None => event,
                }),
            }
        }
        html::push_html(&mut page.body, written.into_iter());
        Ok(page)
    }

    /// The first heading is the title; those below it can be linked to.
    fn start_section(
        &mut self,
        level: HeadingLevel,
        inner: Vec<Event<'_>>,
    ) -> Result<Option<String>, String> {
        let heading: String = inner.iter().filter_map(plain_text).collect();
        let mut inner_html = String::new();
        html::push_html(&mut inner_html, inner.into_iter());
        if level == HeadingLevel::H1 {
            self.title = inner_html;
            return Ok(None);
        }
        let id = id_of(&heading);
        if id.is_empty() || self.sections.iter().any(|section| section.id == id) {
            return Err(format!(
                "{REFERENCE}: the heading `{heading}` needs words of its own to be linked to"
            ));
        }
        let html = format!("<{level} id=\"{id}\">{inner_html}</{level}>\n");
        self.sections.push(Section { id, heading });
        Ok(Some(html))
    }

    /// Markup of what may be wider than its place: with a name, for whoever reaches it to scroll.
    fn markup(&self, event: &Event<'_>, table: &mut TablePlace) -> Option<String> {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let name = self.name_of("Example");
                let language = match kind {
                    CodeBlockKind::Fenced(language) => escaped(language),
                    CodeBlockKind::Indented => String::new(),
                };
                Some(format!(
                    "<pre data-language=\"{language}\" data-scrolls role=\"group\" aria-label=\"{name}\"><code>"
                ))
            }
            Event::Start(Tag::Table(_)) => {
                let name = self.name_of("Table");
                Some(format!(
                    "<div class=\"table-frame\" data-scrolls role=\"group\" aria-label=\"{name}\">\
                     <table class=\"table\">"
                ))
            }
            event => table.markup(event).map(str::to_owned),
        }
    }

    /// What assistive technology calls a part of the section that is being written.
    fn name_of(&self, part: &str) -> String {
        match self.sections.last() {
            Some(section) => format!("{part}, {}", escaped(&section.heading)),
            None => part.to_owned(),
        }
    }

    /// Title, links to the sections, text. The links are the browser's own business (`external`): it moves the
    /// keyboard's place along with the view, which the router does not.
    fn html(&self) -> String {
        let Self { title, body, .. } = self;
        let link = |section: &Section| {
            let heading = escaped(&section.heading);
            format!("<li><a href=\"#{}\" rel=\"external\">{heading}</a></li>\n", section.id)
        };
        let links: String = self.sections.iter().map(link).collect();
        format!(
            "<h1>{title}</h1>\n<nav class=\"prose-contents\" aria-label=\"On this page\"><ul>\n{links}</ul></nav>\n\
             <div class=\"prose-text\">\n{body}</div>\n"
        )
    }
}

/// Where in a table the text is.
#[derive(Default)]
struct TablePlace {
    is_head: bool,
    column: usize,
}

impl TablePlace {
    /// The library gives rows no header cell; here the first cell of a row names it.
    fn markup(&mut self, event: &Event<'_>) -> Option<&'static str> {
        let markup = match event {
            Event::Start(Tag::TableHead) => {
                *self = Self { is_head: true, column: 0 };
                "<thead><tr>"
            }
            Event::End(TagEnd::TableHead) => "</tr></thead><tbody>\n",
            Event::Start(Tag::TableRow) => {
                *self = Self { is_head: false, column: 0 };
                "<tr>"
            }
            Event::End(TagEnd::TableRow) => "</tr>\n",
            Event::End(TagEnd::Table) => "</tbody></table></div>\n",
            Event::Start(Tag::TableCell) if self.is_head => "<th scope=\"col\">",
            Event::Start(Tag::TableCell) if self.column == 0 => "<th scope=\"row\">",
            Event::Start(Tag::TableCell) => "<td>",
            Event::End(TagEnd::TableCell) => {
                let is_header = self.is_head || self.column == 0;
                self.column += 1;
                if is_header { "</th>" } else { "</td>" }
            }
            _ => return None,
        };
        Some(markup)
    }
}

fn plain_text(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(text) | Event::Code(text) => Some(text.to_string()),
        Event::SoftBreak | Event::HardBreak => Some(" ".into()),
        _ => None,
    }
}

/// The words of a heading in lower case, joined by hyphens: a link holds for as long as the heading does.
fn id_of(heading: &str) -> String {
    let words = heading.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
