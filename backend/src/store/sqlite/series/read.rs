//! How points come out of their blocks: all of a line, few that draw the same, or those after a cursor.
//!
//! Must not know who asks.

use super::block::{Measured, unpack, unpack_origins, unpack_points};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{SeriesQuery, StoredSample, StoredSeries};
use crate::store::sqlite::rows::get;
use futures::TryStreamExt;
use shared::id::ExecutionId;
use shared::metric::MetricSample;
use shared::series::{Point, at_most};
use sqlx::{Connection, QueryBuilder, Sqlite, SqliteConnection};

impl Store {
    /// The samples of an execution by figure, legend and place; only these figures, or all for none.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn metrics(
        &self,
        id: ExecutionId,
        figures: &[String],
    ) -> Result<Vec<StoredSample>, StoreError> {
        let mut reader = self.reader().await?;
        let mut samples = Vec::new();
        for Named { number, figure, legend } in series_of(&mut reader, id, figures).await? {
            let mut blocks = sqlx::query(
                "SELECT points, origins FROM sample_blocks WHERE series_number = ? ORDER BY first_x",
            )
            .bind(number)
            .fetch(&mut *reader);
            while let Some(row) = blocks.try_next().await? {
                for measured in unpack(get(&row, "points")?, get(&row, "origins")?)? {
                    samples.push(stored(&figure, &legend, measured));
                }
            }
        }
        Ok(samples)
    }

    /// The lines of an execution with at most so many points each, which draw the same, and the revision up to which
    /// they were looked at.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn series(
        &self,
        id: ExecutionId,
        query: SeriesQuery<'_>,
    ) -> Result<(Vec<StoredSeries>, i64), StoreError> {
        let mut reader = self.reader().await?;
        let mut moment = reader.begin().await?;
        let newest: i64 = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'revision'")
            .fetch_one(&mut *moment)
            .await?;
        let (mut series, mut points, mut origins) = (Vec::new(), Vec::new(), Vec::new());
        for Named { number, figure, legend } in series_of(&mut moment, id, query.figures).await? {
            points.clear();
            origins.clear();
            let mut blocks = sqlx::query(
                "SELECT points, origins FROM sample_blocks \
                 WHERE series_number = ? AND last_x >= ? AND first_x <= ? ORDER BY first_x",
            )
            .bind(number)
            .bind(query.range.start())
            .bind(query.range.end())
            .fetch(&mut *moment);
            while let Some(row) = blocks.try_next().await? {
                unpack_points(get(&row, "points")?, &mut points)?;
                unpack_origins(get(&row, "origins")?, &mut origins)?;
            }
            let start = points.partition_point(|point| point.x < *query.range.start());
            let end = points.partition_point(|point| point.x <= *query.range.end()).max(start);
            let within = points.get(start..end).unwrap_or_default();
            let kept = at_most(within, query.max_points);
            // Those that are kept are in the order of all, each at a place of its own.
            let mut rest = within.iter().zip(origins.iter().skip(start));
            let origin_of =
                |kept: &Point| rest.find(|(point, _)| point.x == kept.x).map(|(_, origin)| *origin);
            let origins = kept.iter().filter_map(origin_of).map(|origin| (origin.attempt, origin.at_ms));
            series.push(StoredSeries {
                figure,
                legend,
                origins: origins.collect(),
                points: kept,
                total_count: within.len() as u64,
            });
        }
        Ok((series, newest))
    }
}

/// A series by its number.
struct Named {
    number: i64,
    figure: String,
    legend: String,
}

async fn series_of(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    figures: &[String],
) -> Result<Vec<Named>, StoreError> {
    let mut select =
        QueryBuilder::<Sqlite>::new("SELECT number, figure, legend FROM series WHERE execution_id = ");
    select.push_bind(id.to_string());
    if !figures.is_empty() {
        select.push(" AND figure IN (");
        let mut names = select.separated(", ");
        for figure in figures {
            names.push_bind(figure);
        }
        select.push(")");
    }
    select.push(" ORDER BY figure, legend");
    let rows = select.build().persistent(false).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Named {
                number: get(row, "number")?,
                figure: get(row, "figure")?,
                legend: get(row, "legend")?,
            })
        })
        .collect()
}

fn stored(figure: &str, legend: &str, Measured { point, origin }: Measured) -> StoredSample {
    let Point { x, y } = point;
    StoredSample {
        sample: MetricSample { figure: figure.to_owned(), legend: legend.to_owned(), x, y },
        attempt: origin.attempt,
        at_ms: origin.at_ms,
    }
}

/// A sample with its revision.
pub(in crate::store::sqlite) struct Stamped {
    pub(in crate::store::sqlite) revision: i64,
    pub(in crate::store::sqlite) sample: StoredSample,
}

/// The first samples after a cursor, by revision, `limit` at most. Blocks are looked at from the oldest on, until
/// none that follows can hold anything earlier than what was found.
pub(in crate::store::sqlite) async fn samples_after(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    cursor: i64,
    limit: usize,
) -> Result<Vec<Stamped>, StoreError> {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut found: Vec<(usize, Measured)> = Vec::new();
    let mut blocks = sqlx::query(
        "SELECT b.oldest_revision, b.points, b.origins, s.figure, s.legend \
         FROM sample_blocks b CROSS JOIN series s ON s.number = b.series_number \
         WHERE b.execution_id = ? AND b.newest_revision > ? ORDER BY b.oldest_revision",
    )
    .bind(id.to_string())
    .bind(cursor)
    .fetch(connection);
    while let Some(row) = blocks.try_next().await? {
        let bound = match found.last() {
            Some((_, last)) if found.len() == limit => last.origin.revision,
            _ => i64::MAX,
        };
        if get::<i64>(&row, "oldest_revision")? > bound {
            break;
        }
        let block = unpack(get(&row, "points")?, get(&row, "origins")?)?;
        let name = names.len();
        names.push((get(&row, "figure")?, get(&row, "legend")?));
        let is_wanted = |measured: &Measured| (cursor + 1..bound).contains(&measured.origin.revision);
        found.extend(block.into_iter().filter(is_wanted).map(|measured| (name, measured)));
        found.sort_by_key(|(_, measured)| measured.origin.revision);
        found.truncate(limit);
    }
    let stamp = |(name, measured): (usize, Measured)| {
        let (figure, legend) = names.get(name)?;
        Some(Stamped { revision: measured.origin.revision, sample: stored(figure, legend, measured) })
    };
    Ok(found.into_iter().filter_map(stamp).collect())
}
