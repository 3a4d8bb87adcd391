//! What a key means in a table of trainings, executions or services.
//!
//! Must not know the browser: it reads names of keys.

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Go so many rows down, or up.
    Step(isize),
    /// Go a page down, or up.
    Page {
        is_down: bool,
    },
    First,
    Last,
    /// Select the row with the focus and the one after it, or before, and go there.
    Extend(isize),
    /// Select the row with the focus, or select it no more.
    Toggle,
    OpenMenu,
}

/// Where the focus is, and what is allowed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    pub is_in_row: bool,
    /// A button takes Space for itself; a link does not.
    pub is_on_link: bool,
    /// Letters and signs are shortcuts (WCAG 2.1.4: that can be turned off).
    pub single_keys: bool,
}

/// What a key without Ctrl, Alt or Cmd means, if anything.
pub fn read(key: &str, with_shift: bool, place: Place) -> Option<Press> {
    let press = match key {
        "j" | "k" | "J" | "K" | "." if !place.single_keys => return None,
        "j" => Press::Step(1),
        "k" => Press::Step(-1),
        "J" => Press::Extend(1),
        "K" => Press::Extend(-1),
        "." => Press::OpenMenu,
        _ if !place.is_in_row => return None,
        "ArrowDown" if with_shift => Press::Extend(1),
        "ArrowUp" if with_shift => Press::Extend(-1),
        " " if place.is_on_link => Press::Toggle,
        _ if with_shift => return None,
        "ArrowDown" => Press::Step(1),
        "ArrowUp" => Press::Step(-1),
        "PageDown" => Press::Page { is_down: true },
        "PageUp" => Press::Page { is_down: false },
        "Home" => Press::First,
        "End" => Press::Last,
        _ => return None,
    };
    Some(press)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_no_letters_need_no_setting() {
        let off = Place { is_in_row: true, is_on_link: true, single_keys: false };
        let on = Place { single_keys: true, ..off };
        for (key, with_shift, without, with) in [
            ("j", false, None, Some(Press::Step(1))),
            ("K", true, None, Some(Press::Extend(-1))),
            (".", false, None, Some(Press::OpenMenu)),
            (" ", false, Some(Press::Toggle), Some(Press::Toggle)),
            ("ArrowDown", true, Some(Press::Extend(1)), Some(Press::Extend(1))),
            ("ArrowUp", false, Some(Press::Step(-1)), Some(Press::Step(-1))),
            ("Home", false, Some(Press::First), Some(Press::First)),
            ("End", true, None, None),
            ("x", false, None, None),
        ] {
            assert_eq!(read(key, with_shift, off), without, "{key}");
            assert_eq!(read(key, with_shift, on), with, "{key}");
        }
    }

    #[test]
    fn outside_of_rows_the_page_scrolls_as_ever() {
        let outside = Place { is_in_row: false, is_on_link: false, single_keys: true };
        for key in ["ArrowDown", "PageDown", "Home", "End", " "] {
            assert_eq!(read(key, false, outside), None, "{key}");
        }
        assert_eq!(read("j", false, outside), Some(Press::Step(1)));
        let on_button = Place { is_in_row: true, is_on_link: false, single_keys: true };
        assert_eq!(read(" ", false, on_button), None);
    }
}
