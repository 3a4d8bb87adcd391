//! The wizard's frame: finds the version and its draft, then three steps, the summary and the way on.
//!
//! Must not know what a step asks.

use super::configuration_step::ConfigurationStep;
use super::data_step::DataStep;
use super::keeper::Keeping;
use super::service_step::ServiceStep;
use super::steps::Step;
use super::submit::Submit;
use super::summary::Summary;
use super::wizard::Wizard;
use crate::api::models::KeptDraft;
use crate::api::{self, ApiError, ErrorKind};
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::pages::not_found::{NoSuch, NotFoundPage, Thing};
use crate::routes::Place;
use crate::state::resource::{Loaded, fetched_for_form};
use crate::state::title::use_title;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use shared::architecture::architecture;
use shared::dataset::Dataset;
use shared::model::Model;

#[component]
pub fn TrainPage() -> impl IntoView {
    let parameters = use_params_map();
    let wanted = memo(move |_| parameters.with(|all| all.get("id").unwrap_or_default()));
    let step = memo(move |_| {
        let word = parameters.with(|all| all.get("step"));
        word.map_or(Some(Step::Data), |word| Step::from_name(&word))
    });
    use_title(move || format!("Train · {}", step.get().map_or("", Step::label)));
    let needed = fetched_for_form(move || {
        let wanted = wanted.get();
        async move {
            let model = api::models::get(wanted.clone()).await?;
            let datasets = api::datasets::list().await?;
            let draft = api::models::draft(wanted).await?;
            Ok::<_, ApiError>((model, datasets, draft))
        }
    });
    // Apart from the step itself: the wizard and what is filled in outlive a change of steps.
    let is_step = memo(move |_| step.get().is_some());
    dynamic(move || match (needed.state.get(), is_step.get()) {
        (_, false) => view! { <NotFoundPage/> }.into_any(),
        (Loaded::Loading, _) => view! { <h1>"Train"</h1> <Skeleton rows=5/> }.into_any(),
        (Loaded::Failed(error), _) if error.kind == ErrorKind::NotFound => {
            view! { <NoSuch thing=Thing::Model/> }.into_any()
        }
        (Loaded::Failed(error), _) => view! {
            <h1>"Train"</h1>
            <LoadFailed what="What the wizard needs" error again=needed.again/>
        }
        .into_any(),
        (Loaded::Ready((model, datasets, draft)), _) => {
            let step = Signal::derive(move || step.get().unwrap_or(Step::Data));
            view! { <Frame model datasets draft step reload=needed.again/> }.into_any()
        }
    })
}

#[component]
fn Frame(
    model: Model,
    datasets: Vec<Dataset>,
    draft: KeptDraft,
    step: Signal<Step>,
    reload: Callback<()>,
) -> impl IntoView {
    let Some(family) = architecture(&model.architecture_id) else {
        return view! { <NotFoundPage/> }.into_any();
    };
    let name = model.name.clone();
    let can_train = model.status.can_train();
    let model_path = Place::model(model.id).path();
    let id = model.id.to_string();
    let wizard = Wizard::new(model, datasets, family, &draft);
    view! {
        <div class="page-head">
            <h1>"Train " <a href=model_path>{name}</a></h1>
        </div>
        {can_train.err().map(|reason| view! {
            <p class="notice" data-look="waiting" role="status">
                <IconView icon=Icon::Info/>
                <span class="grow">{reason}</span>
            </p>
        })}
        <StepLinks wizard step model=id.clone()/>
        <div class="wizard">
            <div class="wizard-step form">
                <DraftNote wizard reload/>
                <Refusal wizard/>
                {dynamic(move || match step.get() {
                    Step::Data => view! { <DataStep wizard/> }.into_any(),
                    Step::Configuration => view! { <ConfigurationStep wizard/> }.into_any(),
                    Step::Service => view! { <ServiceStep wizard/> }.into_any(),
                })}
                <WayOn wizard step model=id/>
            </div>
            <Summary wizard/>
        </div>
    }
    .into_any()
}

/// The steps as links, each with the number of things that are wrong in it.
#[component]
fn StepLinks(wizard: Wizard, step: Signal<Step>, model: String) -> impl IntoView {
    let link = move |each: Step| {
        let path = Place::Train { model: model.clone(), step: each }.path();
        let count = memo(move |_| wizard.problem_count(each));
        view! {
            <li>
                <a href=path aria-current=move || (step.get() == each).then_some("step")>
                    <span class="step-number" aria-hidden="true">{each.number()}</span>
                    {each.label()}
                    {dynamic(move || (count.get() > 0).then(|| {
                        let words = crate::text::counted(count.get() as u64, "problem", "problems");
                        view! { <span class="step-problems">{words}</span> }
                    }))}
                </a>
            </li>
        }
    };
    view! {
        <nav class="steps" aria-label="Steps">
            <ol>{Step::ALL.map(link).collect_view()}</ol>
        </nav>
    }
}

/// Whether what is filled in is kept, where it is not.
#[component]
fn DraftNote(wizard: Wizard, reload: Callback<()>) -> impl IntoView {
    let state = wizard.keeper.state;
    let note = move || match state.get() {
        Keeping::Kept | Keeping::Changed => None,
        Keeping::Retrying => Some("Draft not saved yet, retrying".to_owned()),
        Keeping::Refused(reason) => Some(format!("Draft not saved: {reason}")),
    };
    let keep_mine = move |_| wizard.keeper.keep_mine(&untrack(|| wizard.draft()));
    view! {
        <div role="status">{dynamic(move || note().map(|note| view! { <p class="muted">{note}</p> }))}</div>
        <Show when=move || state.get() == Keeping::Changed>
            <div class="notice" data-look="waiting" role="alert">
                <IconView icon=Icon::Warning/>
                <span class="grow">"This draft was changed in another tab"</span>
                <button class="button" type="button" on:click=move |_| reload.run(())>"Load it"</button>
                <button class="button" type="button" on:click=keep_mine>"Keep mine"</button>
            </div>
        </Show>
    }
}

/// What the server said to the last press of the button.
#[component]
fn Refusal(wizard: Wizard) -> impl IntoView {
    dynamic(move || {
        wizard.refusal.get().map(|error| {
            view! {
                <div class="notice" data-look="error" role="alert">
                    <IconView icon=Icon::CrossInOctagon/>
                    <div class="grow">
                        <strong>"The training was not started"</strong>
                        <p>{error.sentence()}</p>
                    </div>
                </div>
            }
        })
    })
}

/// Back, on, and at the end the button that starts it all.
#[component]
fn WayOn(wizard: Wizard, step: Signal<Step>, model: String) -> impl IntoView {
    let link = move |to: Step| Place::Train { model: model.clone(), step: to }.path();
    let link = StoredValue::new(link);
    view! {
        <div class="form-actions">
            {dynamic(move || step.get().previous().map(|previous| {
                let path = link.with_value(|link| link(previous));
                view! { <a class="button" href=path>"Back"</a> }
            }))}
            {dynamic(move || match step.get().next() {
                Some(next) => {
                    let path = link.with_value(|link| link(next));
                    view! { <a class="button primary" href=path>{format!("Next: {}", next.label())}</a> }.into_any()
                }
                None => view! { <Submit wizard/> }.into_any(),
            })}
        </div>
    }
}
