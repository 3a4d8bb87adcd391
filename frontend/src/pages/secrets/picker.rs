//! Picks secrets for a training by their names, and makes one on the way.
//!
//! Must not know the training.

use super::form::{Asked, SecretDialog};
use crate::api;
use crate::arrange::sort_by;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::state::resource::{Loaded, fetched};
use crate::state::session::Session;
use leptos::prelude::*;
use proto::v1::Secret;
use shared::permission::Permission;

#[component]
pub fn SecretPicker(
    /// Names of those that are picked.
    chosen: RwSignal<Vec<String>>,
    /// What the Train function asks for, in words.
    asks: String,
    #[prop(into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let cannot_see = move || session.lacks(Permission::ViewSecrets);
    let cannot_add = memo(move |_| session.lacks(Permission::AddSecrets).or_else(cannot_see));
    let secrets = fetched(move || {
        let may_see = untrack(cannot_see).is_none();
        async move { if may_see { api::secrets::list().await } else { Ok(Vec::new()) } }
    });
    let asked = RwSignal::new(None::<Asked>);
    let on_done = Callback::new(move |secret: Secret| {
        chosen.update(|chosen| {
            if !chosen.contains(&secret.name) {
                chosen.push(secret.name.clone());
                sort_by(chosen, Ord::cmp);
            }
        });
        secrets.again.try_run(());
    });
    view! {
        <p class="hint">{format!("The Train function finds each in the environment variable of its name. {asks}")}</p>
        {dynamic(move || match secrets.state.get() {
            Loaded::Loading => view! { <Skeleton rows=2/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The secrets" error again=secrets.again/> }.into_any()
            }
            Loaded::Ready(_) if cannot_see().is_some() => {
                view! { <p class="muted">{Permission::ViewSecrets.lack()}</p> }.into_any()
            }
            Loaded::Ready(list) => view! { <Choices list chosen/> }.into_any(),
        })}
        {dynamic(move || problem.get().map(|problem| view! {
            <p class="problem" role="alert"><IconView icon=Icon::CrossInOctagon/>{problem}</p>
        }))}
        <div>
            <button
                class="button"
                type="button"
                aria-disabled=move || cannot_add.get().map(|_| "true")
                title=move || cannot_add.get()
                on:click=move |_| if cannot_add.get_untracked().is_none() { asked.set(Some(Asked::New)) }
            >
                "Add new secret…"
            </button>
        </div>
        <SecretDialog asked on_done/>
    }
}

#[component]
fn Choices(list: Vec<Secret>, chosen: RwSignal<Vec<String>>) -> impl IntoView {
    // One that was deleted since can still be let go.
    let gone = chosen.with_untracked(|chosen| {
        let is_gone = |name: &&String| !list.iter().any(|secret| secret.name == **name);
        chosen.iter().filter(is_gone).cloned().collect::<Vec<_>>()
    });
    if list.is_empty() && gone.is_empty() {
        return view! { <p class="muted">"There are no secrets yet"</p> }.into_any();
    }
    let gone = gone.into_iter().map(|name| Secret {
        name,
        description: "is there no more; take it out".to_owned(),
        ..Secret::default()
    });
    let list: Vec<Secret> = list.into_iter().chain(gone).collect();
    let choice = move |secret: Secret| {
        let (name, shown) = (secret.name.clone(), secret.name.clone());
        let for_change = secret.name.clone();
        view! {
            <li>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || chosen.with(|chosen| chosen.contains(&name))
                        on:change=move |event| {
                            let is_picked = event_target_checked(&event);
                            chosen.update(|chosen| {
                                chosen.retain(|name| *name != for_change);
                                if is_picked {
                                    chosen.push(for_change.clone());
                                    sort_by(chosen, Ord::cmp);
                                }
                            });
                        }
                    />
                    <span class="mono">{shown}</span>
                    <span class="muted">{secret.description}</span>
                </label>
            </li>
        }
    };
    view! { <ul class="check-list" aria-label="Secrets">{list.into_iter().map(choice).collect_view()}</ul> }
        .into_any()
}
