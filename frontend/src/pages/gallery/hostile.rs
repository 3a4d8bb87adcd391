//! Texts that break what was not made for them.
//!
//! Must not know where they are shown.

/// Each with what is wrong about it.
pub fn texts() -> Vec<(&'static str, String)> {
    vec![
        ("500 letters without a break", "Wahnsinnig".repeat(50)),
        ("500 letters with breaks", "very long ".repeat(50)),
        ("Right to left", "\u{0634}\u{0628}\u{0643}\u{0629} \u{05e8}\u{05e9}\u{05ea} 2/3 (v1)".into()),
        ("Turned round", "safe\u{202e}gnp.exe".into()),
        ("Emoji", "\u{1f469}\u{200d}\u{1f52c}\u{1f1e9}\u{1f1ea}\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}".into()),
        ("Stacked accents", format!("z{}", "\u{0351}\u{0489}\u{035b}".repeat(12))),
        ("Markup", "<img src=x onerror=alert(1)><b>bold</b> &amp; <script>".into()),
        ("Control codes", "tab\there bell\u{7} escape\u{1b}[31mred line\nnext null\u{0}".into()),
        ("Empty", String::new()),
        ("Spaces", "   ".into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_they_say() {
        let all = texts();
        let of =
            |name: &str| all.iter().find(|(what, _)| *what == name).map(|(_, text)| text.clone()).unwrap();
        assert_eq!(of("500 letters without a break").chars().count(), 500);
        assert!(of("Control codes").chars().any(char::is_control));
        assert!(of("Markup").contains("<script>"));
    }
}
