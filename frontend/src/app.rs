//! The shell: what every page stands in, and which page stands at which path.
//!
//! Must not know what a page shows.

use crate::commands::{self, Command, KeyMeaning, for_key};
use crate::components::dialog::QuestionDialog;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::empty::Skeleton;
use crate::components::icon::{Icon, IconView};
use crate::components::palette::{Choice, Palette};
use crate::components::shortcut_sheet::ShortcutSheet;
use crate::components::toast::ToastRegion;
use crate::pages::datasets::Importing;
use crate::pages::not_found::NotFoundPage;
use crate::pages::sign_in::{SignInPage, UnreachablePage};
use crate::pages::training::TrainingPage;
use crate::parts;
use crate::routes::{NewModel, Place};
use crate::state::act::Act;
use crate::state::attention::rest_while_unseen;
use crate::state::clock::{Clock, browser_now_ms};
use crate::state::focus;
use crate::state::layers::{Layers, is_covered};
use crate::state::live::{Connection, Live};
use crate::state::navigation::Navigation;
use crate::state::preferences::{Preferences, Theme};
use crate::state::services::Services;
use crate::state::session::{Session, SessionState};
use crate::state::title::Announcement;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos_router::components::{Redirect, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::path;
use std::time::Duration;
use wasm_bindgen::JsCast;

#[component]
pub fn App() -> impl IntoView {
    let preferences = Preferences::load();
    let clock = Clock::start();
    let session = Session::start();
    let live = Live::new(clock, session);
    provide_context(preferences);
    provide_context(clock);
    provide_context(session);
    provide_context(live);
    provide_context(Services::new(session));
    provide_context(Toasts::new());
    provide_context(Layers::new());
    provide_context(Announcement(RwSignal::new(String::new())));
    view! {
        <Router>
            <Shell/>
        </Router>
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asking,
    In,
    Out,
    Unreachable,
}

#[component]
fn Shell() -> impl IntoView {
    let session = expect_context::<Session>();
    let live = expect_context::<Live>();
    let services = expect_context::<Services>();
    provide_context(Navigation::new());
    let stage = memo(move |_| match session.state.get() {
        SessionState::Asking => Stage::Asking,
        SessionState::SignedIn { .. } => Stage::In,
        SessionState::SignedOut(_) => Stage::Out,
        SessionState::Unreachable => Stage::Unreachable,
    });
    fetch_parts_when_idle(live);
    rest_while_unseen(live);
    effect(move |_| match stage.get() {
        Stage::In => live.start(),
        Stage::Asking | Stage::Unreachable => live.stop(),
        Stage::Out => {
            live.stop();
            services.forget();
        }
    });
    dynamic(move || match stage.get() {
        Stage::Asking => view! { <main class="main" id="main"><Skeleton rows=6/></main> }.into_any(),
        Stage::In => view! { <SignedIn/> }.into_any(),
        Stage::Out => view! { <SignInPage/> }.into_any(),
        Stage::Unreachable => view! { <UnreachablePage/> }.into_any(),
    })
}

/// The first page draws what it has got before anything else is fetched.
const FIRST_PAGE: Duration = Duration::from_millis(200);

/// What other pages need is fetched once the first one shows what there is.
fn fetch_parts_when_idle(live: Live) {
    let was_loaded = memo(move |was: Option<&bool>| was.copied().unwrap_or_default() || live.is_loaded.get());
    effect(move |_| {
        if was_loaded.get() {
            set_timeout(|| request_idle_callback(parts::fetch_all), FIRST_PAGE);
        }
    });
}

#[component]
fn SignedIn() -> impl IntoView {
    let announcement = expect_context::<Announcement>();
    let run = carried_out();
    provide_context(Importing::new());
    keep_focus();
    listen_to_keys(run);
    let choices = palette_choices(run);
    view! {
        <div class="app">
            <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
            <Header run/>
            <LostBar/>
            <main class="main" id="main" tabindex="-1">
                <Routes fallback=elsewhere>
                    <Route path=path!("/") view=ToTraining/>
                    <Route path=path!("/sign-in") view=ToTraining/>
                    <Route path=path!("/models") view=|| parts::show(&parts::VERSIONS)/>
                    <Route path=path!("/models/architectures") view=|| parts::show(&parts::ARCHITECTURES)/>
                    <Route path=path!("/models/training") view=TrainingPage/>
                    <Route path=path!("/models/compare") view=|| parts::show(&parts::COMPARE)/>
                    <Route path=path!("/models/new") view=|| parts::show(&parts::CREATE)/>
                    <Route path=path!("/models/:id/train/:step?") view=|| parts::show(&parts::TRAIN)/>
                    <Route path=path!("/models/:id/:tab?") view=|| parts::show(&parts::MODEL)/>
                    <Route path=path!("/datasets") view=|| parts::show(&parts::DATASETS)/>
                    <Route path=path!("/datasets/:id") view=|| parts::show(&parts::DATASET)/>
                    <Route path=path!("/datasets/:id/recipes") view=|| parts::show(&parts::RECIPES)/>
                    <Route path=path!("/services") view=|| parts::show(&parts::SERVICES)/>
                    <Route path=path!("/services/machines") view=|| parts::show(&parts::MACHINES)/>
                    <Route path=path!("/services/:name/:tab?") view=|| parts::show(&parts::SERVICE)/>
                    <Route path=path!("/settings/secrets") view=|| parts::show(&parts::SECRETS)/>
                    <Route path=path!("/settings") view=ToSettings/>
                    <Route path=path!("/settings/appearance") view=|| parts::show(&parts::APPEARANCE)/>
                    <Route path=path!("/help/filters") view=|| parts::show(&parts::FILTER_LANGUAGE)/>
                </Routes>
            </main>
        </div>
        <p class="visually-hidden" aria-live="polite">{dynamic(move || announcement.0.get())}</p>
        <ToastRegion/>
        <QuestionDialog/>
        <ShortcutSheet/>
        <Palette choices/>
    }
}

/// What stands where no route leads: builds for who works on the UI have one more page.
fn elsewhere() -> AnyView {
    #[cfg(feature = "gallery")]
    if use_location().pathname.with_untracked(|path| path == "/dev/gallery") {
        return parts::show(&parts::GALLERY);
    }
    view! { <NotFoundPage/> }.into_any()
}

/// Frames after another page was asked for in which the focus is looked after: about a second.
const LOOK_FRAMES: u32 = 60;

/// A page that goes takes the focus with it: then it goes to the page that comes, so that Tab leads on from there.
fn keep_focus() {
    let path = use_location().pathname;
    effect(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path) {
            hold_focus(LOOK_FRAMES);
        }
        path
    });
}

/// Gives the focus to the page if nothing has it in one of the next frames.
fn hold_focus(frames: u32) {
    request_animation_frame(move || {
        // A step of the wizard leaves it on the link to the next one, which may lie far below the new step's beginning.
        if (focus::is_lost() || focus::is_out_of_sight())
            && let Some(main) = document().get_element_by_id("main")
        {
            focus::give_to(&main);
        }
        if frames > 0 {
            hold_focus(frames - 1);
        }
    });
}

#[component]
fn ToTraining() -> impl IntoView {
    view! { <Redirect path=Place::Training.path()/> }
}

#[component]
fn ToSettings() -> impl IntoView {
    view! { <Redirect path=Place::Secrets.path()/> }
}

#[component]
fn Header(run: Callback<Command>) -> impl IntoView {
    let preferences = expect_context::<Preferences>();
    let location = use_location();
    let settings = Place::Secrets.path();
    let link = move |place: Place, label: &'static str| {
        let path = place.path();
        let (target, settings) = (path.clone(), settings.clone());
        let current = move || {
            location.pathname.with(|here| {
                let is_model = here.starts_with("/models/") && here != "/models/training";
                let is_dataset = here.starts_with("/datasets/");
                let is_current = *here == target
                    || (target == "/models" && is_model)
                    || (target == "/datasets" && is_dataset)
                    || (target == "/services" && here.starts_with("/services/"))
                    || (target == settings && here.starts_with("/settings/"));
                is_current.then_some(if *here == target { "page" } else { "true" })
            })
        };
        view! { <li><a href=path aria-current=current>{label}</a></li> }
    };
    let theme_label = move || match preferences.theme().other() {
        Theme::Light => "Switch to light theme",
        Theme::Dark => "Switch to dark theme",
    };
    view! {
        <header class="header">
            <a class="brand" href=Place::Training.path()>
                <svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-linecap="round">
                    <path d="M4 24C11 24 10 8 16 8s5 9 12 9" stroke-width="3.5"></path>
                    <path d="M4 28.5h24" stroke-width="2" stroke-dasharray="1.5 4"></path>
                </svg>
                "Trainyard"
            </a>
            <nav class="main-nav" aria-label="Main">
                <ul>
                    {link(Place::Training, "Training")}
                    {link(Place::Models, "Models")}
                    {link(Place::Datasets, "Datasets")}
                    {link(Place::Services, "Services")}
                    {link(Place::Secrets, "Settings")}
                </ul>
            </nav>
            <div class="header-end">
                <LiveIndicator/>
                <button class="icon-button palette-button" type="button" on:click=move |_| run.run(Command::OpenPalette) aria-label="Open command palette, Ctrl K">
                    <IconView icon=Icon::Search/>
                    <span class="palette-hint"><kbd>"Ctrl"</kbd>" "<kbd>"K"</kbd></span>
                </button>
                <button
                    class="icon-button"
                    type="button"
                    on:click=move |_| run.run(Command::ShowShortcuts)
                    aria-label="Show keyboard shortcuts"
                    title="Keyboard shortcuts"
                >
                    <kbd>"?"</kbd>
                </button>
                <button
                    class="icon-button"
                    type="button"
                    aria-label=theme_label
                    title=theme_label
                    on:click=move |_| run.run(Command::ToggleTheme)
                >
                    {dynamic(move || match preferences.theme() {
                        Theme::Light => view! { <IconView icon=Icon::Moon/> },
                        Theme::Dark => view! { <IconView icon=Icon::Sun/> },
                    })}
                </button>
                <button
                    class="icon-button"
                    type="button"
                    aria-label="Sign out"
                    title="Sign out"
                    on:click=move |_| run.run(Command::SignOut)
                >
                    <IconView icon=Icon::Exit/>
                </button>
            </div>
        </header>
    }
}

#[component]
fn LiveIndicator() -> impl IntoView {
    let live = expect_context::<Live>();
    let state = move || match live.connection.get() {
        Connection::Live => ("live", "Live"),
        Connection::Connecting => ("connecting", "Connecting"),
        Connection::Lost { .. } => ("lost", "Not live"),
    };
    view! { <span class="live-indicator" data-state=move || state().0>{dynamic(move || state().1)}</span> }
}

/// What is seen is kept while the stream is lost, and its age is said.
#[component]
fn LostBar() -> impl IntoView {
    let live = expect_context::<Live>();
    let clock = expect_context::<Clock>();
    let is_lost = memo(move |_| matches!(live.connection.get(), Connection::Lost { .. }));
    let words = move || {
        let Connection::Lost { heard_ms, retry_ms } = live.connection.get() else { return String::new() };
        // Read so that the sentence ticks.
        let _ = clock.now_ms();
        let now = browser_now_ms();
        let seconds = ((retry_ms - now).max(0) + 999) / 1000;
        let age = heard_ms.map(|heard| format!(". Data is {} old", text::duration(now - heard)));
        format!("Live updates lost, retrying in {seconds} s{}", age.unwrap_or_default())
    };
    view! {
        <Show when=move || is_lost.get()>
            <div class="lost-bar">
                <span role="status" class="visually-hidden">"Live updates lost, retrying"</span>
                <span aria-hidden="true">{dynamic(words)}</span>
                " "
                <button class="button quiet" type="button" on:click=move |_| live.retry()>"Retry now"</button>
            </div>
        </Show>
    }
}

/// Carries commands out.
fn carried_out() -> Callback<Command> {
    let navigation = expect_context::<Navigation>();
    let layers = expect_context::<Layers>();
    let preferences = expect_context::<Preferences>();
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    Callback::new(move |command| match command {
        Command::GoToTraining => navigation.go(&Place::Training),
        Command::GoToModels => navigation.go(&Place::Models),
        Command::GoToDatasets => navigation.go(&Place::Datasets),
        Command::GoToServices => navigation.go(&Place::Services),
        Command::GoToSecrets => navigation.go(&Place::Secrets),
        Command::GoToAppearance => navigation.go(&Place::Appearance),
        Command::GoToFilterLanguage => navigation.go(&Place::FilterLanguage),
        Command::Compare => navigation.go(&Place::Compare { ids: ids_here() }),
        Command::Train => navigation.go(&Place::NewModel(NewModel::default())),
        Command::ImportDataset => navigation.go(&Place::ImportDataset),
        Command::OpenPalette => layers.palette.set(true),
        Command::ShowShortcuts => layers.shortcuts.set(true),
        Command::FocusSearch => focus_search(),
        Command::ToggleTheme => preferences.toggle_theme(),
        Command::ToggleSingleKeys => {
            let on = preferences.toggle_single_keys();
            toasts.done(if on { "Single-key shortcuts are on" } else { "Single-key shortcuts are off" });
        }
        Command::SignOut => session.sign_out(),
    })
}

/// What a comparison from here begins with: what is selected, or the version whose page it is.
fn ids_here() -> Vec<String> {
    let location = window().location();
    let part = |read: Result<String, wasm_bindgen::JsValue>| read.unwrap_or_default();
    commands::compared_from(&part(location.pathname()), &part(location.search()))
}

fn focus_search() {
    if let Ok(Some(field)) = document().query_selector("[data-search]") {
        let _ = field.unchecked_ref::<web_sys::HtmlElement>().focus();
    }
}

/// Every command, then every model that is or was in training.
fn palette_choices(run: Callback<Command>) -> Callback<(), Vec<Choice>> {
    let live = expect_context::<Live>();
    let navigation = expect_context::<Navigation>();
    Callback::new(move |()| {
        let commands = Command::ALL.into_iter().filter(|command| command.is_in_palette());
        let mut choices: Vec<Choice> = commands.map(|command| Choice::command(command, run)).collect();
        let mut models: Vec<_> = live.rows.with_untracked(|rows| {
            let of = |row: &ArcRwSignal<shared::training::Training>| {
                row.with_untracked(|training| (training.model_name.clone(), training.model_id))
            };
            rows.values().rev().map(of).collect()
        });
        let mut seen = std::collections::HashSet::new();
        models.retain(|(_, id)| seen.insert(*id));
        choices.extend(models.into_iter().map(|(name, id)| Choice {
            label: format!("Open {name}"),
            keys: Vec::new(),
            run: Act::new(move || navigation.go(&Place::model(id))),
        }));
        choices
    })
}

/// Keys of the commands. Single keys rest while one types, and can be turned off.
fn listen_to_keys(run: Callback<Command>) {
    let preferences = expect_context::<Preferences>();
    let pending = StoredValue::new(None::<String>);
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        let key = event.key();
        let with_control = event.ctrl_key() || event.meta_key();
        let meant_with_control = match key.as_str() {
            "k" => Some(Command::OpenPalette),
            "/" => Some(Command::ShowShortcuts),
            _ => None,
        };
        if let Some(command) = meant_with_control.filter(|_| with_control && !is_covered()) {
            event.prevent_default();
            return run.run(command);
        }
        let rests = with_control || event.alt_key() || is_covered() || !preferences.has_single_keys();
        if rests || crate::pages::training::is_in_field(&event) {
            return;
        }
        let before = pending.get_value();
        pending.set_value(None);
        match for_key(before.as_deref(), &key) {
            KeyMeaning::Run(command) => {
                event.prevent_default();
                run.run(command);
            }
            KeyMeaning::WaitForSecond => {
                pending.set_value(Some(key));
                set_timeout(move || pending.set_value(None), Duration::from_secs(1));
            }
            KeyMeaning::Nothing => {}
        }
    });
    on_cleanup(move || listener.remove());
}
