//! How points come into their blocks: a few statements for a whole report.
//!
//! Must not know which reports are accepted.

use super::block::{BLOCK_POINTS, Measured, Origin, in_order, pack, unpack};
use crate::store::error::StoreError;
use crate::store::sqlite::executions::Execution;
use crate::store::sqlite::rows::get;
use crate::store::writer::Tx;
use shared::id::ExecutionId;
use shared::metric::MetricSample;
use shared::series::Point;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of one statement: enough to make its cost small, and far below SQLite's limit of parameters.
const ROWS: usize = 100;

/// Figure and legend.
type Name = (String, String);

/// Stores what an attempt reported. At a place that has a value already, the new one stands.
pub(in crate::store::sqlite) async fn put_samples(
    tx: &mut Tx,
    execution: &Execution,
    samples: Vec<(i64, MetricSample)>,
) -> Result<(), StoreError> {
    let mut named: BTreeMap<Name, Vec<Measured>> = BTreeMap::new();
    for (at_ms, MetricSample { figure, legend, x, y }) in samples {
        let origin = Origin { revision: tx.next_revision(), at_ms, attempt: execution.attempt };
        // A place on the axis must be a number, and 0 is one place; a value need not be.
        let x = if x.is_finite() { x + 0.0 } else { 0.0 };
        let y = if y.is_nan() { f64::NAN } else { y };
        named.entry((figure, legend)).or_default().push(Measured { point: Point::new(x, y), origin });
    }
    put_points(&mut tx.connection, execution.id, named).await
}

/// Works points into the blocks of their series.
pub(super) async fn put_points(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    named: BTreeMap<Name, Vec<Measured>>,
) -> Result<(), StoreError> {
    let names: Vec<Name> = named.keys().cloned().collect();
    let numbers = numbers_of(connection, id, &names).await?;
    let mut series = BTreeMap::new();
    for (name, points) in named {
        let number = numbers.get(&name).ok_or_else(|| StoreError::corrupt("series", "one was not made"))?;
        series.insert(*number, Series::new(points));
    }
    load_touched(connection, &mut series).await?;
    let mut rows = Vec::new();
    for (number, Series { mut points, new, loaded }) in series {
        // After the old ones, so that the new ones are taken for later.
        points.extend(new);
        let points = in_order(points);
        let blocks = points.chunks(BLOCK_POINTS);
        let kept: BTreeSet<u64> =
            blocks.clone().filter_map(|block| Some(first_x(block)?.to_bits())).collect();
        for first_x in loaded.into_iter().filter(|first_x| !kept.contains(&first_x.to_bits())) {
            sqlx::query("DELETE FROM sample_blocks WHERE series_number = ? AND first_x = ?")
                .bind(number)
                .bind(first_x)
                .execute(&mut *connection)
                .await?;
        }
        rows.extend(blocks.filter_map(|block| BlockRow::of(number, block)));
    }
    write_rows(connection, id, rows).await
}

/// A series while points are worked into it.
struct Series {
    /// Those of the blocks that are touched.
    points: Vec<Measured>,
    new: Vec<Measured>,
    /// Where each of these blocks begins.
    loaded: Vec<f64>,
}

impl Series {
    fn new(new: Vec<Measured>) -> Self {
        Self { points: Vec::new(), new, loaded: Vec::new() }
    }

    /// From the first to the last place.
    fn range(&self) -> (f64, f64) {
        self.new.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(first, last), measured| {
            (first.min(measured.point.x), last.max(measured.point.x))
        })
    }
}

fn first_x(block: &[Measured]) -> Option<f64> {
    block.first().map(|measured| measured.point.x)
}

/// The numbers of series by their names; those that are new get one.
async fn numbers_of(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    names: &[Name],
) -> Result<BTreeMap<Name, i64>, StoreError> {
    let mut numbers = BTreeMap::new();
    for names in names.chunks(ROWS) {
        let mut select =
            QueryBuilder::<Sqlite>::new("SELECT number, figure, legend FROM series WHERE execution_id = ");
        select.push_bind(id.to_string()).push(" AND (figure, legend) IN (");
        select.push_values(names, |mut row, (figure, legend)| {
            row.push_bind(figure).push_bind(legend);
        });
        select.push(")");
        for row in select.build().persistent(names.len() == ROWS).fetch_all(&mut *connection).await? {
            numbers.insert((get(&row, "figure")?, get(&row, "legend")?), get(&row, "number")?);
        }
    }
    let missing: Vec<&Name> = names.iter().filter(|name| !numbers.contains_key(*name)).collect();
    for names in missing.chunks(ROWS) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO series (execution_id, figure, legend) ");
        insert.push_values(names, |mut row, (figure, legend)| {
            row.push_bind(id.to_string()).push_bind(figure).push_bind(legend);
        });
        insert.push(" RETURNING number, figure, legend");
        for row in insert.build().persistent(false).fetch_all(&mut *connection).await? {
            numbers.insert((get(&row, "figure")?, get(&row, "legend")?), get(&row, "number")?);
        }
    }
    Ok(numbers)
}

/// Reads the blocks that hold places among the new ones, and the one before them if it has room: what comes out
/// of all their points stands alone between the blocks that are left. A line grows at its end, so that is one block;
/// reports from all over a line are kept as well, at the cost of writing what lies between.
async fn load_touched(
    connection: &mut SqliteConnection,
    series: &mut BTreeMap<i64, Series>,
) -> Result<(), StoreError> {
    let wanted: Vec<(i64, (f64, f64))> =
        series.iter().map(|(number, series)| (*number, series.range())).collect();
    for wanted in wanted.chunks(ROWS) {
        let mut select = QueryBuilder::<Sqlite>::new("WITH wanted (number, first_x, last_x) AS (");
        select.push_values(wanted, |mut row, (number, (first, last))| {
            row.push_bind(number).push_bind(first).push_bind(last);
        });
        select.push(
            ") SELECT b.series_number, b.first_x, b.points, b.origins FROM wanted w CROSS JOIN sample_blocks b \
             ON b.series_number = w.number AND b.first_x <= w.last_x AND b.first_x >= COALESCE((SELECT MAX(p.first_x) \
             FROM sample_blocks p WHERE p.series_number = w.number AND p.first_x <= w.first_x), w.first_x) \
             WHERE b.last_x >= w.first_x OR b.points_count < ",
        );
        select.push_bind(BLOCK_POINTS as i64);
        for row in select.build().persistent(wanted.len() == ROWS).fetch_all(&mut *connection).await? {
            let Some(series) = series.get_mut(&get::<i64>(&row, "series_number")?) else { continue };
            series.loaded.push(get(&row, "first_x")?);
            series.points.extend(unpack(get(&row, "points")?, get(&row, "origins")?)?);
        }
    }
    Ok(())
}

/// A block as its row has it.
struct BlockRow {
    number: i64,
    range: (f64, f64),
    count: i64,
    revisions: (i64, i64),
    points: Vec<u8>,
    origins: Vec<u8>,
}

impl BlockRow {
    fn of(number: i64, block: &[Measured]) -> Option<Self> {
        let (first, last) = (block.first()?, block.last()?);
        let revisions = block.iter().map(|measured| measured.origin.revision);
        let (points, origins) = pack(block);
        Some(Self {
            number,
            range: (first.point.x, last.point.x),
            count: block.len() as i64,
            revisions: (revisions.clone().min()?, revisions.max()?),
            points,
            origins,
        })
    }
}

async fn write_rows(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    mut rows: Vec<BlockRow>,
) -> Result<(), StoreError> {
    for rows in rows.chunks_mut(ROWS) {
        let is_whole = rows.len() == ROWS;
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO sample_blocks (series_number, execution_id, first_x, last_x, points_count, oldest_revision, \
             newest_revision, points, origins) ",
        );
        insert.push_values(rows, |mut row, block| {
            row.push_bind(block.number).push_bind(id.to_string());
            row.push_bind(block.range.0).push_bind(block.range.1).push_bind(block.count);
            row.push_bind(block.revisions.0).push_bind(block.revisions.1);
            row.push_bind(std::mem::take(&mut block.points)).push_bind(std::mem::take(&mut block.origins));
        });
        insert.push(
            " ON CONFLICT (series_number, first_x) DO UPDATE SET last_x = excluded.last_x, \
             points_count = excluded.points_count, oldest_revision = excluded.oldest_revision, \
             newest_revision = excluded.newest_revision, points = excluded.points, origins = excluded.origins",
        );
        insert.build().persistent(is_whole).execute(&mut *connection).await?;
    }
    Ok(())
}
