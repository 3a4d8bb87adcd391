//! What the Training tab shows, as it stands in the URL: search, statuses and order.
//!
//! Must not know the browser: it reads and writes texts.

use crate::routes::encoded;
use shared::status::Status;
use shared::training::Training;
use std::cmp::Ordering;

/// A column that rows can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Name,
    CreatedAt,
    Status,
    Progress,
    Duration,
    Service,
}

impl Column {
    /// All columns, in the order of the table.
    pub const ALL: [Self; 6] =
        [Self::Name, Self::CreatedAt, Self::Status, Self::Progress, Self::Duration, Self::Service];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::CreatedAt => "Created At",
            Self::Status => "Status",
            Self::Progress => "Progress",
            Self::Duration => "Duration",
            Self::Service => "Service",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::CreatedAt => "created",
            Self::Status => "status",
            Self::Progress => "progress",
            Self::Duration => "duration",
            Self::Service => "service",
        }
    }
}

/// A column that is shown when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    ModelId,
    ExecutionId,
    Attempt,
    Dataset,
    Architecture,
    Priority,
}

impl Extra {
    /// In the order of the table.
    pub const ALL: [Self; 6] =
        [Self::ModelId, Self::ExecutionId, Self::Attempt, Self::Dataset, Self::Architecture, Self::Priority];

    pub const fn label(self) -> &'static str {
        match self {
            Self::ModelId => "Model ID",
            Self::ExecutionId => "Execution ID",
            Self::Attempt => "Attempt",
            Self::Dataset => "Dataset",
            Self::Architecture => "Architecture",
            Self::Priority => "Priority",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::ModelId => "model-id",
            Self::ExecutionId => "execution-id",
            Self::Attempt => "attempt",
            Self::Dataset => "dataset",
            Self::Architecture => "architecture",
            Self::Priority => "priority",
        }
    }

    /// What stands in its cell.
    pub fn of(self, training: &Training) -> String {
        match self {
            Self::ModelId => training.model_id.to_string(),
            Self::ExecutionId => training.execution_id.to_string(),
            Self::Attempt if training.attempt == 0 => "–".to_owned(),
            Self::Attempt => format!("{} of {}", training.attempt, training.max_attempts),
            Self::Dataset => training.dataset_name.clone(),
            Self::Architecture => training.architecture.clone(),
            Self::Priority => training.priority.to_string(),
        }
    }
}

/// What is shown, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub search: String,
    /// None shows all.
    pub statuses: Vec<Status>,
    /// The name of a service; empty for all.
    pub service: String,
    /// Columns beside the usual ones.
    pub extras: Vec<Extra>,
    pub column: Column,
    pub descending: bool,
}

impl Default for Query {
    /// Everything, newest first.
    fn default() -> Self {
        Self {
            search: String::new(),
            statuses: Vec::new(),
            service: String::new(),
            extras: Vec::new(),
            column: Column::CreatedAt,
            descending: true,
        }
    }
}

impl Query {
    /// Reads the parts of a URL's query; what is not understood is left out.
    pub fn from_parts(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |key: &str| get(key).unwrap_or_default();
        let mut query = Self { search: word("q"), service: word("service"), ..Self::default() };
        let statuses = word("status");
        let wanted: Vec<&str> = statuses.split(',').collect();
        query.statuses = Status::ALL.into_iter().filter(|status| wanted.contains(&status.name())).collect();
        let columns = word("cols");
        let wanted: Vec<&str> = columns.split(',').collect();
        query.extras = Extra::ALL.into_iter().filter(|extra| wanted.contains(&extra.name())).collect();
        if let Some(sort) = get("sort") {
            let (name, descending) = match sort.strip_prefix('-') {
                Some(name) => (name, true),
                None => (sort.as_str(), false),
            };
            if let Some(column) = Column::ALL.into_iter().find(|column| column.name() == name) {
                (query.column, query.descending) = (column, descending);
            }
        }
        query
    }

    /// The parts of the URL's query that differ from what is usual.
    pub fn to_parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if !self.search.is_empty() {
            parts.push(format!("q={}", encoded(&self.search)));
        }
        if !self.statuses.is_empty() {
            let names: Vec<&str> = self.statuses.iter().map(|status| status.name()).collect();
            parts.push(format!("status={}", names.join(",")));
        }
        if !self.service.is_empty() {
            parts.push(format!("service={}", encoded(&self.service)));
        }
        if !self.extras.is_empty() {
            let names: Vec<&str> = self.extras.iter().map(|extra| extra.name()).collect();
            parts.push(format!("cols={}", names.join(",")));
        }
        let default = Self::default();
        if (self.column, self.descending) != (default.column, default.descending) {
            parts.push(format!("sort={}{}", if self.descending { "-" } else { "" }, self.column.name()));
        }
        parts
    }

    /// With this column taken in, or out if it was in.
    pub fn with_column(&self, extra: Extra) -> Self {
        let is_in = |other: &Extra| self.extras.contains(other) != (*other == extra);
        Self { extras: Extra::ALL.into_iter().filter(is_in).collect(), ..self.clone() }
    }

    /// The same order and columns, and all rows.
    pub fn without_filters(&self) -> Self {
        Self { search: String::new(), statuses: Vec::new(), service: String::new(), ..self.clone() }
    }

    /// With this status taken in, or out if it was in.
    pub fn toggled(&self, status: Status) -> Self {
        let is_in = |other: &Status| self.statuses.contains(other) != (*other == status);
        Self { statuses: Status::ALL.into_iter().filter(is_in).collect(), ..self.clone() }
    }

    /// Ordered by this column; a second time turns the order round.
    pub fn sorted_by(&self, column: Column) -> Self {
        // Times are looked at newest and longest first.
        let first = matches!(column, Column::CreatedAt | Column::Duration | Column::Progress);
        let descending = if self.column == column { !self.descending } else { first };
        Self { column, descending, ..self.clone() }
    }

    /// Whether a row is of the service and found by the search: by part of a name, or by the start of an id.
    pub fn finds(&self, training: &Training) -> bool {
        if !self.service.is_empty() && self.service != training.service_name {
            return false;
        }
        let wanted = self.search.trim().to_lowercase();
        wanted.is_empty()
            || training.model_name.to_lowercase().contains(&wanted)
            || [training.model_id.to_string(), training.execution_id.to_string(), training.id.to_string()]
                .iter()
                .any(|id| id.starts_with(&wanted))
    }

    /// Whether a row is shown.
    pub fn shows(&self, training: &Training) -> bool {
        let has_status = self.statuses.is_empty() || self.statuses.contains(&training.status);
        has_status && self.finds(training)
    }

    /// The order of two rows; rows that are equal keep the newest first.
    pub fn order(&self, left: &Training, right: &Training) -> Ordering {
        let order = match self.column {
            Column::Name => left.model_name.to_lowercase().cmp(&right.model_name.to_lowercase()),
            Column::CreatedAt => left.created_at_ms.cmp(&right.created_at_ms),
            Column::Status => place(left.status).cmp(&place(right.status)),
            Column::Progress => left.progress.fraction().total_cmp(&right.progress.fraction()),
            Column::Duration => standing_duration(left).cmp(&standing_duration(right)),
            Column::Service => left.service_name.cmp(&right.service_name),
        };
        let order = if self.descending { order.reverse() } else { order };
        order.then_with(|| right.id.cmp(&left.id))
    }
}

fn place(status: Status) -> usize {
    Status::ALL.iter().position(|other| *other == status).unwrap_or(Status::ALL.len())
}

/// Running rows keep their order as they tick alike, so the clock is not needed: the start decides.
fn standing_duration(training: &Training) -> i64 {
    match (training.started_at_ms, training.ended_at_ms) {
        (Some(start), Some(end)) => end - start,
        (Some(start), None) => i64::MAX - start,
        (None, _) => -1,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use shared::id::{ExecutionId, ModelId, TrainingId, uuid_v7};
    use shared::training::Progress;

    pub fn training(name: &str, created_at_ms: i64, status: Status) -> Training {
        let seed: [u8; 10] = std::array::from_fn(|index| name.as_bytes().get(index).copied().unwrap_or(9));
        let uuid = uuid_v7(created_at_ms.unsigned_abs(), &seed);
        Training {
            id: TrainingId::from_uuid(uuid),
            model_id: ModelId::from_uuid(uuid),
            model_name: name.into(),
            dataset_id: shared::id::DatasetId::from_uuid(uuid),
            dataset_name: "bees".into(),
            architecture: "yolov8n".into(),
            service_id: shared::id::ServiceId::from_uuid(uuid),
            service_name: "mgmt-train-yolov8".into(),
            execution_id: ExecutionId::from_uuid(uuid),
            status,
            abort_requested: false,
            progress: Progress::default(),
            attempt: 0,
            max_attempts: 3,
            instance_id: None,
            priority: 0,
            waiting: None,
            cause: None,
            configuration: serde_json::Value::Null,
            created_at_ms,
            started_at_ms: None,
            ended_at_ms: None,
            removed_at_ms: None,
            headline: None,
            revision: 1,
        }
    }

    fn shown(query: &Query, rows: &[Training]) -> Vec<String> {
        let mut rows: Vec<&Training> = rows.iter().filter(|row| query.shows(row)).collect();
        rows.sort_by(|left, right| query.order(left, right));
        rows.iter().map(|row| row.model_name.clone()).collect()
    }

    #[test]
    fn urls_are_read_back_as_they_were_written() {
        let queries = [
            Query::default(),
            Query { search: "bees & wasps".into(), ..Query::default() },
            Query { statuses: vec![Status::Pending, Status::Failed], ..Query::default() },
            Query { service: "mgmt-train-yolov8".into(), ..Query::default() },
            Query { extras: vec![Extra::ModelId, Extra::Priority], ..Query::default() },
            Query { column: Column::Name, descending: false, ..Query::default() },
            Query { column: Column::Duration, descending: true, ..Query::default() },
        ];
        for query in queries {
            let url = query.to_parts().join("&");
            let part = |key: &str| {
                let part = url.split('&').find_map(|part| part.strip_prefix(&format!("{key}=")));
                part.map(|text| text.replace("%20", " ").replace("%26", "&"))
            };
            assert_eq!(Query::from_parts(part), query, "{url}");
        }
        assert!(Query::default().to_parts().is_empty());
        let nonsense = |key: &str| (key != "q" && key != "service").then(|| "-bogus".to_owned());
        assert_eq!(Query::from_parts(nonsense), Query::default());
    }

    #[test]
    fn a_service_narrows_and_filters_are_cleared_alone() {
        let mut other = training("b", 2, Status::Pending);
        other.service_name = "mgmt-train-resnet".into();
        let rows = [training("a", 1, Status::Pending), other];
        let query = Query { service: "mgmt-train-resnet".into(), ..Query::default() }
            .with_column(Extra::Dataset)
            .sorted_by(Column::Name);
        assert_eq!(shown(&query, &rows), ["b"]);
        assert_eq!(shown(&query.without_filters(), &rows), ["a", "b"]);
        assert_eq!(
            (query.without_filters().extras, query.without_filters().column),
            (vec![Extra::Dataset], Column::Name)
        );
        assert!(query.with_column(Extra::Dataset).extras.is_empty());
    }

    #[test]
    fn rows_are_found_by_name_and_by_the_start_of_an_id() {
        let rows =
            [training("yolo-Bees", 1_000, Status::Success), training("wasps", 1 << 40, Status::Pending)];
        let by = |search: &str| shown(&Query { search: search.into(), ..Query::default() }, &rows);
        assert_eq!(by(" bees "), ["yolo-Bees"]);
        assert_eq!(by(&rows[1].model_id.to_string()[..6]), ["wasps"]);
        assert_eq!(by(&rows[1].model_id.to_string()[1..6]), Vec::<String>::new());
        assert_eq!(by("").len(), 2);
    }

    #[test]
    fn statuses_narrow_and_toggle() {
        let rows = [
            training("a", 1, Status::Success),
            training("b", 2, Status::Pending),
            training("c", 3, Status::Rerun),
        ];
        let query = Query::default().toggled(Status::Rerun).toggled(Status::Success);
        assert_eq!(query.statuses, [Status::Success, Status::Rerun]);
        assert_eq!(shown(&query, &rows), ["c", "a"]);
        assert_eq!(shown(&query.toggled(Status::Rerun), &rows), ["a"]);
    }

    #[test]
    fn a_second_click_turns_the_order_round() {
        let rows = [training("b", 1, Status::Success), training("A", 2, Status::Pending)];
        let by_name = Query::default().sorted_by(Column::Name);
        assert_eq!(shown(&by_name, &rows), ["A", "b"]);
        assert_eq!(shown(&by_name.sorted_by(Column::Name), &rows), ["b", "A"]);
        assert_eq!(shown(&Query::default(), &rows), ["A", "b"]);
    }

    #[test]
    fn running_rows_are_ordered_by_their_start() {
        let mut long = training("long", 1, Status::InProgress);
        long.started_at_ms = Some(1_000);
        let mut short = training("short", 2, Status::InProgress);
        short.started_at_ms = Some(5_000);
        let query = Query { column: Column::Duration, descending: true, ..Query::default() };
        let waiting = training("waiting", 3, Status::Pending);
        assert_eq!(shown(&query, &[short, waiting, long]), ["long", "short", "waiting"]);
    }
}
