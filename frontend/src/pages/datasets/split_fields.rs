//! The fields of a split by chance: three percentages and a seed.
//!
//! Must not know what is split.

use super::split::{DEFAULT_PERCENT, SplitChoice, SplitProblem};
use crate::components::dynamic::memo;
use crate::components::field::TextField;
use leptos::prelude::*;
use proto::convert::SplitPercentages;

/// What was typed.
#[derive(Debug, Clone, Copy)]
pub struct SplitForm {
    percent: [RwSignal<String>; 3],
    seed: RwSignal<String>,
    reading: Memo<Result<SplitChoice, SplitProblem>>,
}

impl SplitForm {
    pub fn new() -> Self {
        let percent = DEFAULT_PERCENT.map(|percent| RwSignal::new(percent.to_string()));
        let seed = RwSignal::new("0".to_owned());
        let reading = memo(move |_| {
            let [train, validation, test] = percent.map(|text| text.get());
            SplitChoice::read([&train, &validation, &test], &seed.get())
        });
        Self { percent, seed, reading }
    }

    /// The split, if it can be used.
    pub fn choice(self) -> Option<SplitPercentages> {
        let SplitChoice { percent: [train, validation, test], seed } = self.reading.get_untracked().ok()?;
        Some(SplitPercentages { train, validation, test, seed })
    }
}

#[component]
pub fn SplitFields(form: SplitForm, #[prop(into)] id: String) -> impl IntoView {
    let problem = move |find: fn(&SplitProblem, usize) -> Option<String>, index: usize| {
        Signal::derive(move || {
            form.reading.with(|reading| reading.as_ref().err().and_then(|problem| find(problem, index)))
        })
    };
    let fields = ["Train (%)", "Validation (%)", "Test (%)"]
        .into_iter()
        .zip(form.percent)
        .enumerate()
        .map(|(index, (label, value))| {
            let problem = problem(SplitProblem::at_percent, index);
            view! { <TextField id=format!("{id}-{index}") label value problem input_mode="numeric"/> }
        })
        .collect_view();
    view! {
        <div class="split-fields">
            {fields}
            <TextField
                id=format!("{id}-seed")
                label="Seed"
                hint="The same seed parts the same items alike"
                value=form.seed
                problem=problem(|problem, _| problem.at_seed(), 0)
                input_mode="numeric"
            />
        </div>
    }
}
