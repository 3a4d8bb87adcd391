//! Queries of the filter language over stored items and annotations.
//!
//! Must not know the text of a query, gRPC or pages on the wire. What is found is what `shared::dql::matching` finds
//! over the documents of `shared::dataset`: SQL narrows, exactly where it can, and evaluation decides the rest.

mod atoms;
mod complete;
mod condition;
mod evaluation;
mod expression;
mod fields;
mod index;
mod integers;
mod paths;
mod plan;
mod preview;
mod sort;
mod translate;

pub(in crate::store) use index::Indices;
pub(super) use index::revision_of;

use super::datasets::attach_annotations;
use super::interrupt::Interruptible;
use super::rows::{get, item, parsed, region};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{Found, Page};
use condition::{Condition, unsupported};
use expression::Expression;
use fields::{Scope, Table};
use futures::TryStreamExt;
use plan::{Purpose, Source};
use shared::dataset::{Annotation, Item};
use shared::dql::{Normal, Query};
use shared::id::{DatasetId, ItemId, ProjectId};
use sqlx::{Connection, QueryBuilder, Row, Sqlite, SqliteConnection};
use std::collections::{HashMap, HashSet};

/// Candidates that evaluation looks at first, and by how much each further window is larger. Only their numbers are
/// in memory, eight bytes a row. Tests have few rows, and look at them in several windows all the same.
const FIRST_WINDOW: i64 = if cfg!(test) { 5 } else { 512 };
const WINDOW_GROWTH: i64 = 4;
/// Rows that are read by number in one statement.
const ROWS_AT_ONCE: usize = 500;

impl Store {
    /// A page of the items that a query finds, with annotations: in the order of `sort`, otherwise by folder and name.
    ///
    /// `skip` and `limit` of the query say which of the rows belong to the answer; `page` and `pageSize` are left to
    /// the caller, who chooses the page.
    ///
    /// # Errors
    /// [`StoreError::UnsupportedQuery`] if it asks for something else than items, sorts by metadata of one's own, or
    /// joins by a field that is no column.
    pub async fn find_items(
        &self,
        dataset_id: DatasetId,
        query: &Query,
        page: Page,
    ) -> Result<Found<Item>, StoreError> {
        let mut reading = Interruptible::new(self.reader().await?).await?;
        let found = async {
            let mut transaction = reading.connection()?.begin().await?;
            let search =
                Search::of(&mut transaction, dataset_id, query, Table::Items, self.project_id()).await?;
            let needs_evaluation = !search.condition.rest.is_empty();
            let known = match needs_evaluation {
                true => self.page_in_memory(&mut transaction, dataset_id, query, page).await?,
                false => None,
            };
            let (numbers, has_more) = match known {
                Some(known) => known,
                None => search.page(&mut transaction, query, page).await?,
            };
            let mut items = items_by_number(&mut transaction, &numbers).await?;
            attach_annotations(&mut transaction, &mut items).await?;
            Ok(Found { rows: items, has_more })
        };
        let found: Result<_, StoreError> = found.await;
        reading.give_back().await?;
        found
    }

    /// How many items a query finds, after its `skip` and `limit`.
    ///
    /// # Errors
    /// As [`find_items`](Self::find_items).
    pub async fn count_items(&self, dataset_id: DatasetId, query: &Query) -> Result<u64, StoreError> {
        self.count(dataset_id, query, Table::Items).await
    }

    /// A page of the annotations that a query finds, each with its item: by folder, name and place in the item.
    ///
    /// # Errors
    /// As [`find_items`](Self::find_items), with annotations instead of items.
    pub async fn find_annotations(
        &self,
        dataset_id: DatasetId,
        query: &Query,
        page: Page,
    ) -> Result<Found<(ItemId, Annotation)>, StoreError> {
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        let search =
            Search::of(&mut transaction, dataset_id, query, Table::Annotations, self.project_id()).await?;
        let (numbers, has_more) = search.page(&mut transaction, query, page).await?;
        Ok(Found { rows: annotations_by_number(&mut transaction, &numbers).await?, has_more })
    }

    /// How many annotations a query finds, after its `skip` and `limit`.
    ///
    /// # Errors
    /// As [`find_annotations`](Self::find_annotations).
    pub async fn count_annotations(&self, dataset_id: DatasetId, query: &Query) -> Result<u64, StoreError> {
        self.count(dataset_id, query, Table::Annotations).await
    }

    async fn count(&self, dataset_id: DatasetId, query: &Query, table: Table) -> Result<u64, StoreError> {
        let mut reading = Interruptible::new(self.reader().await?).await?;
        let counted = async {
            let mut transaction = reading.connection()?.begin().await?;
            let search = Search::of(&mut transaction, dataset_id, query, table, self.project_id()).await?;
            let is_left_open = table == Table::Items && !search.condition.rest.is_empty();
            if is_left_open && index::is_answerable(query, dataset_id, self.project_id()) {
                return Ok(None);
            }
            search.count(&mut transaction).await.map(Some)
        };
        let counted: Result<Option<u64>, StoreError> = counted.await;
        reading.give_back().await?;
        let all = match counted? {
            Some(all) => all,
            None => self.count_in_memory(dataset_id, query).await?,
        };
        Ok(all.saturating_sub(query.skip.unwrap_or(0)).min(query.limit.unwrap_or(u64::MAX)))
    }
}

/// The numbers of all items that a query finds, after its `skip` and `limit`.
///
/// # Errors
/// As [`Store::find_items`].
pub(super) async fn item_numbers(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
    query: &Query,
    project_id: ProjectId,
) -> Result<Vec<i64>, StoreError> {
    let search = Search::of(connection, dataset_id, query, Table::Items, project_id).await?;
    Ok(search.page(connection, query, Page { offset: 0, limit: u32::MAX }).await?.0)
}

/// All annotations that a query finds, each with its item.
///
/// # Errors
/// As [`Store::find_annotations`].
pub(super) async fn all_annotations(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
    query: &Query,
    project_id: ProjectId,
) -> Result<Vec<(ItemId, Annotation)>, StoreError> {
    let search = Search::of(connection, dataset_id, query, Table::Annotations, project_id).await?;
    let (numbers, _) = search.page(connection, query, Page { offset: 0, limit: u32::MAX }).await?;
    annotations_by_number(connection, &numbers).await
}

/// A query that is ready to be run.
struct Search {
    table: Table,
    scope: Scope,
    condition: Condition,
    order: String,
}

impl Search {
    async fn of(
        connection: &mut SqliteConnection,
        dataset_id: DatasetId,
        query: &Query,
        table: Table,
        project_id: ProjectId,
    ) -> Result<Self, StoreError> {
        if Table::of(query.resource()) != Some(table) {
            let (asked, wanted) = match table {
                Table::Items => (query.resource().name(), "items"),
                Table::Annotations => (query.resource().name(), "annotations"),
            };
            return Err(unsupported(
                format!("the query asks for {asked}, and {wanted} are looked for here"),
                format!("leave `resource` out, or write \"{wanted}\""),
            ));
        }
        let mut scope = Scope { dataset_id: dataset_id.to_string(), files: HashSet::new() };
        scope.files = files_named_like_folders(connection, query, &scope).await?;
        let condition = Condition::of(query, table, &scope, &project_id.to_string())?;
        let order = sort::order_of(query, table, &scope)?;
        Ok(Self { table, scope, condition, order })
    }

    /// The numbers of the rows of a page, and whether there are more after it.
    async fn page(
        &self,
        connection: &mut SqliteConnection,
        query: &Query,
        page: Page,
    ) -> Result<(Vec<i64>, bool), StoreError> {
        let left = query.limit.unwrap_or(u64::MAX).saturating_sub(page.offset);
        let wanted = u64::from(page.limit).min(left);
        if wanted == 0 || self.condition.at_most == Expression::False {
            return Ok((Vec::new(), false));
        }
        let first = query.skip.unwrap_or(0).saturating_add(page.offset);
        // One more than wanted tells whether there are more.
        let [first, most] =
            [first, wanted.saturating_add(1)].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let purpose = Purpose::Page(sort::first_key(query));
        let source = plan::choose(connection, &self.condition, self.table, &self.scope, purpose).await?;
        let mut numbers = if self.condition.rest.is_empty() {
            self.candidates(connection, &source, Window { first, most }).await?
        } else {
            self.evaluated(connection, &source, first.saturating_add(most)).await?.split_off_from(first)
        };
        let has_more = numbers.len() as u64 > wanted && left > wanted;
        numbers.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        Ok((numbers, has_more))
    }

    async fn count(&self, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
        if self.condition.at_most == Expression::False {
            return Ok(0);
        }
        let source =
            plan::choose(connection, &self.condition, self.table, &self.scope, Purpose::Count).await?;
        if !self.condition.rest.is_empty() {
            return Ok(self.evaluated(connection, &source, i64::MAX).await?.count);
        }
        let mut statement = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM ");
        match &source {
            // The labels alone tell, without the items.
            Source::WithLabel(with_label) if source.left_of(&self.condition.at_most) == with_label.places => {
                with_label.push_to(&self.scope, &mut statement);
            }
            _ => self.push_condition(&source, &mut statement),
        }
        let count: i64 = statement.build().persistent(false).fetch_one(connection).await?.try_get(0)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn push_condition(&self, source: &Source, statement: &mut QueryBuilder<Sqlite>) {
        source.push_to(self.table, &self.scope, statement);
        let left = source.left_of(&self.condition.at_most);
        if left != Expression::True {
            statement.push(" AND ");
            left.push_to(statement);
        }
    }

    /// The numbers of rows that may match, in order.
    async fn candidates(
        &self,
        connection: &mut SqliteConnection,
        source: &Source,
        window: Window,
    ) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.select(
            match self.table {
                Table::Items => "SELECT i.rowid FROM ",
                Table::Annotations => "SELECT a.rowid FROM ",
            },
            source,
            window,
        );
        // One row at a time: a row is a hundred times as large as its number.
        let mut rows = statement.build().persistent(false).fetch(connection);
        let mut numbers = Vec::new();
        while let Some(row) = rows.try_next().await? {
            numbers.push(row.try_get(0)?);
        }
        Ok(numbers)
    }

    fn select(&self, columns: &'static str, source: &Source, window: Window) -> QueryBuilder<Sqlite> {
        let mut statement = QueryBuilder::<Sqlite>::new(columns);
        self.push_condition(source, &mut statement);
        statement.push(" ORDER BY ").push(source.order(&self.order));
        statement.push(" LIMIT ").push_bind(window.most).push(" OFFSET ").push_bind(window.first);
        statement
    }

    /// How many rows of a window may match, and the numbers of those that do.
    async fn evaluated_window(
        &self,
        connection: &mut SqliteConnection,
        source: &Source,
        window: Window,
    ) -> Result<(usize, Vec<i64>), StoreError> {
        if self.condition.needs_user_metadata_alone() {
            let columns = "SELECT i.rowid AS row_number, i.metadata AS metadata FROM ";
            let statement = self.select(columns, source, window);
            return evaluation::matching_by_user_metadata(connection, statement, &self.condition).await;
        }
        let candidates = self.candidates(connection, source, window).await?;
        let matching =
            evaluation::matching(connection, &candidates, &self.condition, self.table, &self.scope).await?;
        Ok((candidates.len(), matching))
    }

    /// The first rows that match, as many as are wanted; of all before the last page only the count is of interest,
    /// so a caller that counts keeps none.
    async fn evaluated(
        &self,
        connection: &mut SqliteConnection,
        source: &Source,
        wanted: i64,
    ) -> Result<Evaluated, StoreError> {
        let mut evaluated = Evaluated { numbers: Vec::new(), count: 0 };
        let mut window = Window { first: 0, most: FIRST_WINDOW };
        loop {
            let (seen, matching) = self.evaluated_window(connection, source, window).await?;
            evaluated.count += matching.len() as u64;
            if wanted < i64::MAX {
                evaluated.numbers.extend(matching);
            }
            let is_last = i64::try_from(seen).is_ok_and(|seen| seen < window.most);
            if is_last || i64::try_from(evaluated.count).is_ok_and(|count| count >= wanted) {
                return Ok(evaluated);
            }
            window = Window {
                first: window.first.saturating_add(window.most),
                most: window.most.saturating_mul(WINDOW_GROWTH),
            };
        }
    }
}

/// A part of the candidates.
#[derive(Debug, Clone, Copy)]
struct Window {
    first: i64,
    most: i64,
}

/// What evaluation has found.
struct Evaluated {
    numbers: Vec<i64>,
    count: u64,
}

impl Evaluated {
    fn split_off_from(mut self, first: i64) -> Vec<i64> {
        let first = usize::try_from(first).unwrap_or(usize::MAX).min(self.numbers.len());
        self.numbers.split_off(first)
    }
}

/// `/a/**` includes a file `/a`: which of the folders of a query's patterns are names of files?
async fn files_named_like_folders(
    connection: &mut SqliteConnection,
    query: &Query,
    scope: &Scope,
) -> Result<HashSet<String>, StoreError> {
    let mut folders = HashSet::new();
    for part in [Some(query), query.intersect.as_deref(), query.except.as_deref()].into_iter().flatten() {
        let joined = part.join.as_ref().map(|join| &join.filter);
        for filter in std::iter::once(&part.filter).chain(joined) {
            translate::folders_of_patterns(&Normal::of(filter), &mut folders);
        }
    }
    let pairs = folders.iter().filter_map(|folder| paths::split_file_name(folder));
    let pairs: Vec<_> = pairs.map(|(dir, name)| serde_json::json!([dir, name])).collect();
    if pairs.is_empty() {
        return Ok(HashSet::new());
    }
    let mut statement =
        QueryBuilder::<Sqlite>::new("SELECT i.dir, i.name FROM items i WHERE i.dataset_id = ");
    statement.push_bind(scope.dataset_id.clone());
    statement.push(" AND (i.dir, i.name) IN (SELECT value ->> 0, value ->> 1 FROM json_each(");
    expression::push_operand(&atoms::list(pairs), &mut statement);
    statement.push("))");
    let rows = statement.build().persistent(false).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(shared::dataset::full_name(get(row, "dir")?, get(row, "name")?))).collect()
}

/// Rows by their numbers, in the order of the numbers.
async fn rows_by_number<T>(
    connection: &mut SqliteConnection,
    select: &'static str,
    numbers: &[i64],
    read: impl Fn(&sqlx::sqlite::SqliteRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::with_capacity(numbers.len());
    for chunk in numbers.chunks(ROWS_AT_ONCE) {
        let mut statement = QueryBuilder::<Sqlite>::new(select);
        let mut list = statement.separated(", ");
        for number in chunk {
            list.push_bind(*number);
        }
        statement.push(")");
        let mut by_number = HashMap::with_capacity(chunk.len());
        for row in &statement.build().persistent(false).fetch_all(&mut *connection).await? {
            by_number.insert(get::<i64>(row, "row_number")?, read(row)?);
        }
        found.extend(chunk.iter().filter_map(|number| by_number.remove(number)));
    }
    Ok(found)
}

pub(super) async fn items_by_number(
    connection: &mut SqliteConnection,
    numbers: &[i64],
) -> Result<Vec<Item>, StoreError> {
    let select = "SELECT rowid AS row_number, * FROM items WHERE rowid IN (";
    rows_by_number(connection, select, numbers, item).await
}

async fn annotations_by_number(
    connection: &mut SqliteConnection,
    numbers: &[i64],
) -> Result<Vec<(ItemId, Annotation)>, StoreError> {
    let select = "SELECT rowid AS row_number, * FROM annotations WHERE rowid IN (";
    rows_by_number(connection, select, numbers, |row| {
        let annotation =
            Annotation { id: parsed(row, "id")?, label: get(row, "label")?, region: region(row)? };
        Ok((parsed(row, "item_id")?, annotation))
    })
    .await
}
