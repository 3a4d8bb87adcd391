//! What a filter would find, as far as a strip below the bar has room for it: the first pictures, and the labels.
//!
//! Must not know what is filtered.

use crate::text;
use leptos::prelude::*;

/// What the text would find.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    pub count: u64,
    /// Name and address of the first pictures.
    pub pictures: Vec<(String, String)>,
    /// The labels that most of them have, with how many have each.
    pub labels: Vec<(String, u64)>,
}

#[component]
pub fn Sample(found: Found) -> impl IntoView {
    let most = found.labels.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let bar = |(label, count): (String, u64)| {
        let share = count as f64 / most as f64;
        view! {
            <li>
                <span class="bar-name">{label}</span>
                <span class="bar" aria-hidden="true"><span style:width=format!("{:.1}%", share * 100.0)></span></span>
                <span class="bar-count">{text::count(count)}</span>
            </li>
        }
    };
    let picture = |(name, address): (String, String)| {
        view! { <li><img src=address alt=name.clone() title=name decoding="async" draggable="false"/></li> }
    };
    view! {
        <div class="filter-sample">
            <ul class="sample-pictures" aria-label="First items it would find">
                {found.pictures.into_iter().map(picture).collect_view()}
            </ul>
            {(!found.labels.is_empty()).then(|| view! {
                <ul class="bars" aria-label="Items by label">{found.labels.into_iter().map(bar).collect_view()}</ul>
            })}
        </div>
    }
}
