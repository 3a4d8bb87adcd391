//! Whether the figures can be trusted: pictures that a training both learnt from and was measured on.
//!
//! Must not know how they are found.

use crate::components::icon::{Icon, IconView};
use crate::routes::Place;
use crate::text;
use leptos::prelude::*;
use proto::v1::Item;
use shared::dataset::full_name;

#[component]
pub fn LeakCheck(count: u64, first: Vec<Item>, dataset: String) -> impl IntoView {
    let words = if count == 1 { "picture is" } else { "pictures are" };
    let more = count.saturating_sub(first.len() as u64);
    let item = move |item: Item| {
        let name = full_name(&item.dir, &item.name);
        let filter = serde_json::json!({ "filename": name.clone() }).to_string();
        let place = Place::DatasetItems { dataset: dataset.clone(), filter };
        view! { <li><a href=place.path()>{name}</a></li> }
    };
    view! {
        <section class="card stack" aria-labelledby="leak-check">
            <h2 id="leak-check">"Leak check"</h2>
            {if count == 0 {
                view! { <p>"No picture is in both subsets"</p> }.into_any()
            } else {
                view! {
                    <p class="notice" data-look="waiting">
                        <IconView icon=Icon::Warning/>
                        <span class="grow">
                            {format!(
                                "{} {words} in the train and in the validation subset: the figures look better than \
                                they are. Take them out of one of the two, and train again",
                                text::count(count)
                            )}
                        </span>
                    </p>
                    <ul class="leak-list" aria-label="Pictures in both subsets">
                        {first.into_iter().map(item).collect_view()}
                    </ul>
                    {(more > 0).then(|| view! { <p class="hint">{format!("And {} more", text::count(more))}</p> })}
                }
                .into_any()
            }}
        </section>
    }
}
