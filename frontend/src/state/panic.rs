//! What a person sees when the program itself has failed: without a word, the page would only stop to answer.
//!
//! Must not use what may have failed: no signals, no views.

use std::panic::PanicHookInfo;
use web_sys::Element;

/// Says it in the console and on the page.
pub fn tell(info: &PanicHookInfo<'_>) {
    console_error_panic_hook::hook(info);
    // One that cannot be shown is in the console.
    let _ = show();
}

fn show() -> Option<()> {
    let document = web_sys::window()?.document()?;
    let body = document.body()?;
    if document.get_element_by_id("crash").is_some() {
        return None;
    }
    let make = |name: &str, class: &str, text: &str| -> Option<Element> {
        let element = document.create_element(name).ok()?;
        element.set_class_name(class);
        element.set_text_content(Some(text));
        Some(element)
    };
    let notice = make("div", "notice crash", "")?;
    notice.set_id("crash");
    notice.set_attribute("data-look", "error").ok()?;
    notice.set_attribute("role", "alert").ok()?;
    let words = make("div", "grow", "")?;
    words.append_child(&make("strong", "", "This tab has stopped working")?.into()).ok()?;
    words
        .append_child(
            &make("p", "", "Trainings go on. The browser's console says what happened; load the page again")?
                .into(),
        )
        .ok()?;
    notice.append_child(&words.into()).ok()?;
    let again = make("a", "button", "Load the page again")?;
    again.set_attribute("href", "").ok()?;
    again.set_attribute("rel", "external").ok()?;
    notice.append_child(&again.into()).ok()?;
    body.prepend_with_node_1(&notice.into()).ok()
}
