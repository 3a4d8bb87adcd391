//! The page of the organization's secrets.
//!
//! Must not know any value.

use super::form::{Asked, SecretDialog};
use crate::api;
use crate::arrange::sort_by;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, LoadFailed, NotPermitted, Skeleton};
use crate::components::section_tabs::{Section, SectionTabs};
use crate::components::time::TimeAgo;
use crate::state::act::Act;
use crate::state::layers::{Layers, Question};
use crate::state::resource::{Loaded, fetched};
use crate::state::session::Session;
use crate::state::title::use_title;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use proto::v1::Secret;
use shared::permission::Permission;

#[component]
pub fn SecretsPage() -> impl IntoView {
    use_title(|| "Secrets".into());
    let toasts = expect_context::<Toasts>();
    let session = expect_context::<Session>();
    let cannot_see = move || session.lacks(Permission::ViewSecrets);
    let cannot_add = memo(move |_| session.lacks(Permission::AddSecrets));
    let secrets = fetched(move || {
        let may_see = untrack(cannot_see).is_none();
        async move { if may_see { api::secrets::list().await } else { Ok(Vec::new()) } }
    });
    let asked = RwSignal::new(None::<Asked>);
    let on_done = Callback::new(move |secret: Secret| {
        toasts.done(format!("{} is kept", secret.name));
        secrets.again.try_run(());
    });
    view! {
        <div class="page-head">
            <h1>"Secrets"</h1>
            <AddButton cannot_add asked/>
        </div>
        <SectionTabs section=Section::Settings/>
        <p class="hint">"What a Train function must know and nobody may read. A value can be replaced; it is never shown again"</p>
        {dynamic(move || match secrets.state.get() {
            Loaded::Loading => view! { <Skeleton rows=4/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The secrets" error again=secrets.again/> }.into_any()
            }
            Loaded::Ready(_) if cannot_see().is_some() => {
                view! { <NotPermitted lack=Permission::ViewSecrets.lack()/> }.into_any()
            }
            Loaded::Ready(list) if list.is_empty() => view! {
                <Empty title="No secrets yet">
                    <p>"A token or a password that a Train function needs is kept here, sealed, and handed to it alone"</p>
                </Empty>
            }.into_any(),
            Loaded::Ready(list) => view! { <SecretTable list asked again=secrets.again/> }.into_any(),
        })}
        <SecretDialog asked on_done/>
    }
}

#[component]
fn AddButton(cannot_add: Memo<Option<&'static str>>, asked: RwSignal<Option<Asked>>) -> impl IntoView {
    view! {
        <button
            class="button primary"
            type="button"
            aria-disabled=move || cannot_add.get().map(|_| "true")
            title=move || cannot_add.get()
            on:click=move |_| if cannot_add.get_untracked().is_none() { asked.set(Some(Asked::New)) }
        >
            "New secret…"
        </button>
    }
}

#[component]
fn SecretTable(list: Vec<Secret>, asked: RwSignal<Option<Asked>>, again: Callback<()>) -> impl IntoView {
    let footer = text::counted(list.len() as u64, "secret", "secrets");
    let row = move |secret: Secret| view! { <SecretRow secret asked again/> };
    view! {
        <div class="table-frame">
            <table class="table">
                <caption class="visually-hidden">"Secrets"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Description"</th>
                        <th scope="col">"Fingerprint"</th>
                        <th scope="col">"Used by"</th>
                        <th scope="col">"Created by"</th>
                        <th scope="col">"Updated"</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>{list.into_iter().map(row).collect_view()}</tbody>
            </table>
            <div class="table-footer">{footer}</div>
        </div>
    }
}

/// Why a secret cannot be deleted now.
fn why_kept(secret: &Secret) -> Option<String> {
    let live: Vec<&str> =
        secret.used_by.iter().filter(|used| used.is_live).map(|used| used.model_name.as_str()).collect();
    (!live.is_empty()).then(|| format!("In use by the training of {}", live.join(", ")))
}

#[component]
fn SecretRow(secret: Secret, asked: RwSignal<Option<Asked>>, again: Callback<()>) -> impl IntoView {
    let layers = expect_context::<Layers>();
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let mut users: Vec<String> = secret.used_by.iter().map(|used| used.model_name.clone()).collect();
    sort_by(&mut users, Ord::cmp);
    users.dedup();
    let used_by = if users.is_empty() { "–".to_owned() } else { users.join(", ") };
    let cannot_change = untrack(|| session.lacks(Permission::AddSecrets));
    let reason = StoredValue::new(cannot_change.map(str::to_owned).or_else(|| why_kept(&secret)));
    let (id, name) = (secret.id.clone(), secret.name.clone());
    let (for_replace, for_delete) = ((id.clone(), name.clone()), (id, name.clone()));
    let replace = move |_| {
        if cannot_change.is_some() {
            return;
        }
        asked.set(Some(Asked::Replace(for_replace.0.clone(), for_replace.1.clone())));
    };
    let delete = move |_| {
        if reason.with_value(Option::is_some) {
            return;
        }
        let (id, name) = for_delete.clone();
        layers.ask(Question {
            title: format!("Delete the secret {name}?"),
            body: "Its value is gone for good; trainings that name it can no longer start".into(),
            yes: "Delete secret",
            on_yes: Act::new(move || {
                let (id, name) = (id.clone(), name.clone());
                spawn_local(async move {
                    match api::secrets::delete(id).await {
                        Ok(()) => {
                            toasts.done(format!("{name} is deleted"));
                            again.try_run(());
                        }
                        Err(error) => {
                            session.check(&error);
                            toasts.problem(format!("{name} was not deleted: {}", error.sentence()));
                        }
                    }
                });
            }),
            is_dangerous: true,
        });
    };
    view! {
        <tr>
            <td class="mono">{secret.name}</td>
            <td>{secret.description}</td>
            <td class="mono">{secret.fingerprint}</td>
            <td>{used_by}</td>
            <td>{secret.created_by}</td>
            <td class="created-cell"><TimeAgo at_ms=secret.updated_at_ms/></td>
            <td class="number">
                <button
                    class="button"
                    type="button"
                    aria-label=format!("Replace {name}…")
                    aria-disabled=cannot_change.map(|_| "true")
                    title=cannot_change
                    on:click=replace
                >
                    "Replace…"
                </button>
                " "
                <button
                    class="button danger"
                    type="button"
                    aria-label=format!("Delete {name}…")
                    aria-disabled=reason.with_value(Option::is_some).then_some("true")
                    title=reason.get_value()
                    on:click=delete
                >
                    "Delete…"
                </button>
            </td>
        </tr>
    }
}
