//! Help → Filter language: the user's reference, as the command line prints it too.
//!
//! Must not know the language: the text comes from `shared`, and `build.rs` has turned it into HTML.

#[cfg(target_arch = "wasm32")]
mod page;

#[cfg(target_arch = "wasm32")]
pub use page::FilterLanguagePage;

/// Title, links to the sections and text, as HTML.
pub const REFERENCE_HTML: &str = include_str!(concat!(env!("OUT_DIR"), "/filter_language.html"));

#[cfg(test)]
mod tests {
    use super::REFERENCE_HTML;
    use shared::dql::{COMBINERS, REFERENCE, TESTS};
    use std::collections::BTreeSet;

    /// What stands between each `start` and the next `end`.
    fn between<'a>(start: &str, end: &str) -> Vec<&'a str> {
        REFERENCE_HTML.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
    }

    /// Lines of the Markdown outside examples.
    fn lines() -> Vec<&'static str> {
        let mut is_example = false;
        let outside = |line: &&str| {
            let is_fence = line.starts_with("```");
            is_example ^= is_fence;
            !is_example && !is_fence
        };
        REFERENCE.lines().filter(outside).collect()
    }

    #[test]
    fn the_page_is_the_text_of_the_command_line() {
        let count = |is_meant: fn(&&&str) -> bool| lines().iter().filter(is_meant).count();
        let title = REFERENCE.lines().next().and_then(|line| line.strip_prefix("# "));
        assert_eq!(between("<h1>", "</h1>").first().copied(), title);
        assert_eq!(between("<h2 ", "</h2>").len(), count(|line| line.starts_with("## ")));
        assert_eq!(between("<li>", "</li>").len() - sections().len(), count(|line| line.starts_with("- ")));
        assert_eq!(between("<pre ", "</pre>").len() * 2, REFERENCE.matches("```").count());
        let heads = between("<thead>", "</thead>").len();
        // A head, a ruler and rows.
        assert_eq!(between("<tr>", "</tr>").len() + heads, count(|line| line.starts_with('|')));
        for operator in TESTS.iter().chain(COMBINERS) {
            assert!(REFERENCE_HTML.contains(&format!("<code>{operator}</code>")), "{operator}");
        }
    }

    fn sections() -> Vec<&'static str> {
        between("<a href=\"#", "\"")
    }

    #[test]
    fn every_section_has_a_link_that_lasts() {
        let ids = between(" id=\"", "\"");
        assert_eq!(sections(), ids);
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
        for id in ["queries", "fields", "values", "operators", "dates", "when-are-two-filters-the-same"] {
            assert!(ids.contains(&id), "{id} of {ids:?}");
        }
        // The skip link of the shell leads there.
        assert!(!ids.contains(&"main"));
    }

    #[test]
    fn tables_have_header_cells_and_what_scrolls_has_a_name() {
        let rows = between("<tbody>", "</tbody>");
        let rows: Vec<&str> = rows.iter().flat_map(|body| body.trim().lines()).collect();
        assert!(!rows.is_empty());
        for row in rows {
            assert!(row.starts_with("<tr><th scope=\"row\">") && row.ends_with("</td></tr>"), "{row}");
        }
        for head in between("<thead><tr>", "</tr></thead>") {
            assert!(head.starts_with("<th scope=\"col\">") && !head.contains("<td>"), "{head}");
        }
        let scrolling = between("data-scrolls ", ">");
        assert_eq!(scrolling.len(), between("<table", ">").len() + between("<pre ", ">").len());
        for attributes in scrolling {
            assert!(attributes.starts_with("role=\"group\" aria-label=\""), "{attributes}");
        }
    }

    #[test]
    fn the_content_security_policy_has_nothing_to_refuse() {
        for refused in ["<script", "<style", " style=", "javascript:", "<img", "<iframe"] {
            assert!(!REFERENCE_HTML.contains(refused), "{refused}");
        }
    }
}
