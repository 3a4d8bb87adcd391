//! What the Training tab shows, as it stands in the URL: search, statuses and order.
//!
//! Must not know the browser: it reads and writes texts.

use crate::routes::encoded;
use crate::text;
use shared::status::Status;
use shared::training::Training;

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

    /// The class of its cells, which says how wide they are.
    pub const fn cell_class(self) -> &'static str {
        match self {
            Self::Name => "name-cell",
            Self::CreatedAt => "created-cell",
            Self::Status => "status-cell",
            Self::Progress => "progress-cell",
            Self::Duration => "duration-cell",
            Self::Service => "service-cell",
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
    BestPrecision,
    Course,
    ModelId,
    ExecutionId,
    Attempt,
    Dataset,
    Architecture,
    Priority,
}

impl Extra {
    /// In the order of the table.
    pub const ALL: [Self; 8] = [
        Self::BestPrecision,
        Self::Course,
        Self::ModelId,
        Self::ExecutionId,
        Self::Attempt,
        Self::Dataset,
        Self::Architecture,
        Self::Priority,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::BestPrecision => "Best mAP50-95",
            Self::Course => "Course of mAP50-95",
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
            Self::BestPrecision => "best",
            Self::Course => "course",
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
        let headline = training.headline.as_ref();
        match self {
            Self::BestPrecision => {
                headline.map_or_else(|| "–".to_owned(), |headline| text::metric(headline.best))
            }
            Self::Course => headline.map_or_else(
                || "–".to_owned(),
                |headline| {
                    let values: Vec<String> =
                        headline.course.iter().map(|value| text::metric(*value)).collect();
                    values.join(" ")
                },
            ),
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
    fn a_second_click_turns_the_order_round() {
        let by_name = Query::default().sorted_by(Column::Name);
        assert_eq!((by_name.column, by_name.descending), (Column::Name, false));
        assert!(by_name.sorted_by(Column::Name).descending);
        assert!(by_name.sorted_by(Column::Duration).descending);
    }

    #[test]
    fn filters_are_cleared_alone() {
        let query = Query { service: "mgmt-train-resnet".into(), search: "x".into(), ..Query::default() }
            .toggled(Status::Rerun)
            .toggled(Status::Success)
            .with_column(Extra::Dataset)
            .sorted_by(Column::Name);
        assert_eq!(query.statuses, [Status::Success, Status::Rerun]);
        assert_eq!(query.toggled(Status::Rerun).statuses, [Status::Success]);
        let all = query.without_filters();
        assert_eq!((all.extras.clone(), all.column), (vec![Extra::Dataset], Column::Name));
        assert!(all.search.is_empty() && all.service.is_empty() && all.statuses.is_empty());
        assert!(query.with_column(Extra::Dataset).extras.is_empty());
    }
}
