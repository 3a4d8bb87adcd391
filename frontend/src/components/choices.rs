//! What lists have in common from which one is chosen with the arrow keys, while a field keeps the focus.
//!
//! Must not know what is chosen.

#[cfg(target_arch = "wasm32")]
use leptos::prelude::*;

/// The place after this one, or before it, round the ends; none in an empty list.
pub fn stepped(here: Option<usize>, count: usize, is_forward: bool) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match (here, is_forward) {
        (None, true) => 0,
        (None, false) => last,
        (Some(here), true) => {
            if here >= last {
                0
            } else {
                here + 1
            }
        }
        (Some(here), false) => here.checked_sub(1).unwrap_or(last),
    })
}

/// Scrolls as little as shows a choice, once it is drawn.
#[cfg(target_arch = "wasm32")]
pub fn show_later(id: String) {
    request_animation_frame(move || {
        if let Some(option) = document().get_element_by_id(&id) {
            let nearest = web_sys::ScrollIntoViewOptions::new();
            nearest.set_block(web_sys::ScrollLogicalPosition::Nearest);
            option.scroll_into_view_with_scroll_into_view_options(&nearest);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrows_go_round() {
        for (here, count, is_forward, next) in [
            (None, 0, true, None),
            (Some(3), 0, false, None),
            (None, 3, true, Some(0)),
            (None, 3, false, Some(2)),
            (Some(0), 3, true, Some(1)),
            (Some(2), 3, true, Some(0)),
            (Some(0), 3, false, Some(2)),
            (Some(9), 3, true, Some(0)),
        ] {
            assert_eq!(stepped(here, count, is_forward), next, "{here:?} {count} {is_forward}");
        }
    }
}
