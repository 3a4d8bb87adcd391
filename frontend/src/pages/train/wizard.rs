//! What the wizard holds: every input as a signal, the draft that follows from them, and what the server says of it.
//!
//! Must not know how a step looks, nor check values by itself: `shared` and the server do.

use super::draft::{ChoiceDraft, Draft};
use super::fields::Settings;
use super::keeper::Keeper;
use super::service_form::{self, settings_from};
use super::steps::Step;
use crate::api::models::KeptDraft;
use crate::api::{self, ApiError, idempotency_key};
use crate::components::dynamic::effect;
use crate::state::resource::{Fetched, Loaded, fetched};
use crate::state::settled::settled;
use leptos::prelude::*;
use proto::v1::{Recipe, StartTrainingRequest, TrainingCheck};
use shared::architecture::{Architecture, architecture};
use shared::dataset::{Dataset, Subset, Task};
use shared::model::{ChoiceMode, Model, SubsetChoice};
use shared::service::ServiceSettings;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the inputs are still before the server is asked what they come to.
const CHECK_AFTER: Duration = Duration::from_millis(300);

/// How one subset is chosen.
#[derive(Clone, Copy)]
pub struct Choice {
    pub subset: Subset,
    pub draft: RwSignal<ChoiceDraft>,
    /// The way that is offered first.
    pub offered: ChoiceMode,
    /// Why.
    pub reason: StoredValue<String>,
}

impl Choice {
    fn new(subset: Subset, brought: Option<&SubsetChoice>, kept: Option<&ChoiceDraft>) -> Self {
        let (offered, reason) = ChoiceDraft::offered(brought, subset);
        let mode = offered.mode;
        let draft = RwSignal::new(kept.cloned().unwrap_or(offered));
        Self { subset, draft, offered: mode, reason: StoredValue::new(reason) }
    }

    /// The query of items that it comes to.
    pub fn query(self) -> String {
        self.draft.with(|draft| draft.query(self.subset))
    }
}

/// The wizard of one version.
#[derive(Clone, Copy)]
pub struct Wizard {
    pub model: StoredValue<Model>,
    pub datasets: StoredValue<Vec<Dataset>>,
    pub dataset_id: RwSignal<String>,
    /// Empty for the version's own labels.
    pub recipe_id: RwSignal<String>,
    pub recipes: Fetched<Vec<Recipe>>,
    pub train: Choice,
    pub validation: Choice,
    pub settings: Settings,
    /// Texts of the service's settings that differ from the defaults, by key.
    pub service: RwSignal<BTreeMap<String, String>>,
    /// Names of the secrets that the Train function gets.
    pub secrets: RwSignal<Vec<String>>,
    /// The last answer of the server to what is filled in.
    pub check: RwSignal<Option<TrainingCheck>>,
    /// What it was an answer to.
    checked: RwSignal<Option<StartTrainingRequest>>,
    /// Why there is no newer one.
    pub check_error: RwSignal<Option<ApiError>>,
    /// What the last press of the button was refused with.
    pub refusal: RwSignal<Option<ApiError>>,
    /// Keeps what is filled in.
    pub keeper: Keeper,
    /// Set once the training is there: then nothing is kept any more.
    pub is_over: RwSignal<bool>,
    /// What was last asked to be started, and the key that stands for it.
    asked: StoredValue<(Option<StartTrainingRequest>, String)>,
}

impl Wizard {
    /// Starts from the draft that was kept.
    pub fn new(
        model: Model,
        datasets: Vec<Dataset>,
        family: &'static Architecture,
        kept: &KeptDraft,
    ) -> Self {
        let draft = Draft::from_json(&kept.json);
        let keeper = Keeper::new(model.id.to_string(), kept.at_ms);
        let own = model.dataset_id.to_string();
        let dataset_id = RwSignal::new(if draft.dataset.is_empty() { own } else { draft.dataset.clone() });
        let settings = Settings::new(family.schema(), &model.configuration);
        settings.put(&draft.configuration);
        let wizard = Self {
            keeper,
            dataset_id,
            recipe_id: RwSignal::new(draft.recipe.clone()),
            recipes: fetched(move || api::recipes::list(dataset_id.get())),
            train: Choice::new(Subset::Train, model.train.as_ref(), draft.train.as_ref()),
            validation: Choice::new(Subset::Validation, model.validation.as_ref(), draft.validation.as_ref()),
            settings,
            service: RwSignal::new(draft.service.clone()),
            secrets: RwSignal::new(draft.secrets.clone()),
            check: RwSignal::new(None),
            checked: RwSignal::new(None),
            check_error: RwSignal::new(None),
            refusal: RwSignal::new(None),
            is_over: RwSignal::new(false),
            asked: StoredValue::new((None, String::new())),
            model: StoredValue::new(model),
            datasets: StoredValue::new(datasets),
        };
        keeper.follow(wizard);
        wizard.follow_check();
        wizard.follow_changes();
        wizard
    }

    /// The filter of annotations that is in force where none was written, as spaced JSON.
    pub fn usual_annotations(self) -> String {
        let task =
            self.model.with_value(|model| architecture(&model.architecture_id).map(|family| family.task));
        let query = shared::dql::annotations_query(task.unwrap_or(Task::Detection));
        crate::text::spaced_json(&query.to_string())
    }

    /// What is filled in; whoever reads it here is told of changes.
    pub fn draft(self) -> Draft {
        let own = self.model.with_value(|model| model.dataset_id.to_string());
        Draft {
            dataset: Some(self.dataset_id.get()).filter(|id| *id != own).unwrap_or_default(),
            recipe: self.recipe_id.get(),
            train: Some(self.train.draft.get()),
            validation: Some(self.validation.draft.get()),
            configuration: self.settings.changed(),
            service: self.service.get(),
            secrets: self.secrets.get(),
        }
    }

    pub const fn choices(self) -> [Choice; 2] {
        [self.train, self.validation]
    }

    /// The dataset that is chosen.
    pub fn dataset(self) -> Option<Dataset> {
        let id = self.dataset_id.get();
        self.datasets.with_value(|list| list.iter().find(|dataset| dataset.id.to_string() == id).cloned())
    }

    /// The labels of the chosen recipe; none for the version's own.
    ///
    /// # Errors
    /// Why the recipe cannot be used, or cannot be used yet.
    fn recipe_labels(self) -> Result<Vec<String>, String> {
        let id = self.recipe_id.get();
        if id.is_empty() {
            return Ok(Vec::new());
        }
        self.recipes.state.with(|state| {
            let recipes = match state {
                Loaded::Ready(recipes) => recipes,
                Loaded::Loading => return Err("The recipes are being loaded".to_owned()),
                Loaded::Failed(error) => {
                    return Err(format!("The recipes could not be loaded: {}", error.sentence()));
                }
            };
            match recipes.iter().find(|recipe| recipe.id == id) {
                Some(recipe) if recipe.labels.is_empty() => {
                    Err(format!("The recipe {} has no labels; choose another", recipe.title))
                }
                Some(recipe) => Ok(recipe.labels.iter().map(|label| label.name.clone()).collect()),
                None => Err("The recipe is there no more; choose another".to_owned()),
            }
        })
    }

    /// The labels that the training learns, in class order.
    pub fn labels(self) -> Vec<String> {
        let labels = self.recipe_labels().unwrap_or_default();
        if labels.is_empty() { self.model.with_value(|model| model.labels.clone()) } else { labels }
    }

    /// What the server is asked to start; none while a setting cannot be read.
    pub fn request(self) -> Option<StartTrainingRequest> {
        let draft = self.draft();
        self.settings.track();
        let choice = |choice: Choice| {
            choice.draft.with(|draft| proto::v1::SubsetChoice {
                mode: draft.mode.name().to_owned(),
                filter: draft.query(choice.subset),
                annotation_filter: draft.annotation_filter.clone(),
                saved_filter_id: match draft.mode {
                    ChoiceMode::DqlFilter => draft.saved_filter_id.clone(),
                    ChoiceMode::TaggedItems | ChoiceMode::Folder => String::new(),
                },
            })
        };
        let settings = settings_from(&draft.service).ok()?;
        // A service that is there keeps its own; whether there is one, the first answer tells.
        let is_new = self.check.with(|check| check.as_ref().is_some_and(|check| !check.service_exists));
        Some(StartTrainingRequest {
            model: self.model.with_value(|model| model.id.to_string()),
            configuration_json: self.settings.overrides_json()?,
            dataset: draft.dataset,
            labels: self.recipe_labels().ok()?,
            train: Some(choice(self.train)),
            validation: Some(choice(self.validation)),
            service_settings: is_new.then(|| settings.into()),
            secrets: draft.secrets,
            snapshot_of: String::new(),
            priority: 0,
            idempotency_key: String::new(),
        })
    }

    /// The key under which this request has one effect: the same as long as the same is asked.
    pub fn key_for(self, request: &StartTrainingRequest) -> String {
        self.asked.update_value(|(asked, key)| {
            if asked.as_ref() != Some(request) {
                *asked = Some(request.clone());
                *key = idempotency_key();
            }
        });
        self.asked.with_value(|(_, key)| key.clone())
    }

    /// What the form sees by itself, by the path of its field.
    fn own_problems(self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        problems.extend(self.recipe_labels().err().map(|problem| ("labels".to_owned(), problem)));
        for choice in self.choices() {
            let name = choice.subset.name();
            choice.draft.with(|draft| {
                problems.extend(draft.problem().map(|problem| (format!("{name}.filter"), problem)));
                problems.extend(
                    draft.annotation_problem().map(|problem| (format!("{name}.annotation_filter"), problem)),
                );
            });
        }
        self.settings.problems.with(|found| {
            problems.extend(
                found.iter().map(|(key, problem)| (format!("configuration_json.{key}"), problem.clone())),
            );
        });
        if let Err(found) = self.service.with(settings_from) {
            problems
                .extend(found.into_iter().map(|(key, problem)| (format!("service_settings.{key}"), problem)));
        }
        problems
    }

    /// What keeps the training from being started: what the form sees, and what the server said of what is filled in.
    pub fn blocking_problems(self) -> Vec<(String, String)> {
        let mut problems = self.own_problems();
        self.check.with(|check| {
            for problem in check.iter().flat_map(|check| &check.problems) {
                add_problem(&mut problems, &problem.field, &problem.message);
            }
        });
        problems
    }

    /// Everything that cannot be used, by the path of its field; also what the last press was refused with.
    pub fn problems(self) -> Vec<(String, String)> {
        let mut problems = self.blocking_problems();
        self.refusal.with(|refusal| {
            for (field, reason) in refusal.iter().flat_map(|refusal| &refusal.fields) {
                add_problem(&mut problems, field, reason);
            }
        });
        problems
    }

    /// Whether the server's last answer is about what is filled in now.
    pub fn is_checked(self) -> bool {
        let request = self.request();
        request.is_none()
            || self.checked.with(|checked| *checked == request)
            || self.check_error.with(Option::is_some)
    }

    /// What is wrong with a field or with something inside it.
    pub fn problem_of(self, field: &str) -> Option<String> {
        let is_inside = |known: &str| {
            known.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.problems().into_iter().find(|(known, _)| is_inside(known)).map(|(_, problem)| problem)
    }

    /// What is wrong with a field as a whole.
    pub fn problem_at(self, field: &str) -> Option<String> {
        self.problems().into_iter().find(|(known, _)| known == field).map(|(_, problem)| problem)
    }

    /// How many things are wrong in a step.
    pub fn problem_count(self, step: Step) -> usize {
        self.problems().iter().filter(|(field, _)| Step::of_field(field) == step).count()
    }

    /// The settings of the service as they would be: its own if it is there.
    pub fn service_text(self, key: &str) -> String {
        let typed = self.service.with(|texts| texts.get(key).cloned());
        typed.unwrap_or_else(|| service_form::text_of(&ServiceSettings::default(), key))
    }

    /// A refusal is void once something else is filled in, and what belongs to one dataset is void with another.
    fn follow_changes(self) {
        effect(move |before: Option<Draft>| {
            let draft = self.draft();
            if before.is_some_and(|before| before != draft) {
                self.refusal.set(None);
            }
            draft
        });
        effect(move |before: Option<String>| {
            let dataset = self.dataset_id.get();
            if before.is_some_and(|before| before != dataset) {
                self.recipe_id.set(String::new());
                for choice in self.choices() {
                    choice.draft.update(|draft| draft.dir = String::new());
                }
            }
            dataset
        });
    }

    /// Asks the server what is filled in comes to, once it rests.
    fn follow_check(self) {
        let request = settled(move || self.request(), CHECK_AFTER);
        let answer = fetched(move || {
            let request = request.get();
            async move {
                match request {
                    Some(request) => {
                        api::trainings::check(request.clone()).await.map(|check| Some((request, check)))
                    }
                    None => Ok(None),
                }
            }
        });
        effect(move |_| match answer.state.get() {
            Loaded::Loading => {}
            Loaded::Ready(None) => self.check_error.set(None),
            Loaded::Ready(Some((request, check))) => {
                self.check.set(Some(check));
                self.checked.set(Some(request));
                self.check_error.set(None);
            }
            Loaded::Failed(error) => self.check_error.set(Some(error)),
        });
    }
}

fn add_problem(problems: &mut Vec<(String, String)>, field: &str, problem: &str) {
    if !problems.iter().any(|(known, _)| known == field) {
        problems.push((field.to_owned(), problem.to_owned()));
    }
}
