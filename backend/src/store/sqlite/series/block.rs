//! Points of one series as bytes, and how new points are worked into old ones.
//!
//! Must not know tables.

use crate::store::error::StoreError;
use shared::series::Point;

/// Points of one block at most. A block is written anew with each report that adds to it, so larger ones
/// cost more while a run reports; smaller ones cost more when it is read.
pub(super) const BLOCK_POINTS: usize = 256;

/// x and y, little-endian.
const POINT_BYTES: usize = 16;
/// Revision, time and attempt, little-endian.
const ORIGIN_BYTES: usize = 20;

/// A point with where it came from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    pub(super) point: Point,
    pub(super) origin: Origin,
}

/// Where a point came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) revision: i64,
    pub(super) at_ms: i64,
    pub(super) attempt: u32,
}

/// The bytes of points and of their origins.
pub(super) fn pack(block: &[Measured]) -> (Vec<u8>, Vec<u8>) {
    let mut points = Vec::with_capacity(block.len() * POINT_BYTES);
    let mut origins = Vec::with_capacity(block.len() * ORIGIN_BYTES);
    for Measured { point, origin } in block {
        points.extend_from_slice(&point.x.to_le_bytes());
        points.extend_from_slice(&point.y.to_le_bytes());
        origins.extend_from_slice(&origin.revision.to_le_bytes());
        origins.extend_from_slice(&origin.at_ms.to_le_bytes());
        origins.extend_from_slice(&origin.attempt.to_le_bytes());
    }
    (points, origins)
}

/// The points of bytes, added to those there are.
pub(super) fn unpack_points(bytes: &[u8], into: &mut Vec<Point>) -> Result<(), StoreError> {
    let (points, rest) = bytes.as_chunks::<POINT_BYTES>();
    if !rest.is_empty() {
        return Err(cut_off("points"));
    }
    into.extend(points.iter().map(|bytes| {
        let both = u128::from_le_bytes(*bytes);
        Point::new(f64::from_bits(both as u64), f64::from_bits((both >> 64) as u64))
    }));
    Ok(())
}

/// What [`pack`] packed.
pub(super) fn unpack(points: &[u8], origins: &[u8]) -> Result<Vec<Measured>, StoreError> {
    let (mut opened, mut from) = (Vec::with_capacity(points.len() / POINT_BYTES), Vec::new());
    unpack_points(points, &mut opened)?;
    unpack_origins(origins, &mut from)?;
    if from.len() != opened.len() {
        return Err(cut_off("origins"));
    }
    Ok(opened.into_iter().zip(from).map(|(point, origin)| Measured { point, origin }).collect())
}

/// The origins of bytes, added to those there are.
pub(super) fn unpack_origins(bytes: &[u8], into: &mut Vec<Origin>) -> Result<(), StoreError> {
    let (origins, rest) = bytes.as_chunks::<ORIGIN_BYTES>();
    if !rest.is_empty() {
        return Err(cut_off("origins"));
    }
    into.extend(origins.iter().map(|bytes| unpack_origin(*bytes)));
    Ok(())
}

fn unpack_origin(bytes: [u8; ORIGIN_BYTES]) -> Origin {
    let mut parts = [[0; 4]; ORIGIN_BYTES / 4];
    for (part, bytes) in parts.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *part = *bytes;
    }
    let [revision_low, revision_high, at_low, at_high, attempt] = parts.map(u32::from_le_bytes);
    let joined = |low: u32, high: u32| (u64::from(high) << 32 | u64::from(low)).cast_signed();
    Origin { revision: joined(revision_low, revision_high), at_ms: joined(at_low, at_high), attempt }
}

fn cut_off(column: &str) -> StoreError {
    StoreError::corrupt(format!("sample_blocks.{column}"), "its length is not that of whole points")
}

/// Points in the order of x, one at each place: of several, the last that was said.
pub(super) fn in_order(mut points: Vec<Measured>) -> Vec<Measured> {
    // Stable, so that what was said later stands later.
    points.sort_by(|a, b| a.point.x.total_cmp(&b.point.x));
    let mut kept: Vec<Measured> = Vec::with_capacity(points.len());
    for point in points {
        match kept.last_mut() {
            Some(last) if last.point.x == point.point.x => *last = point,
            _ => kept.push(point),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measured(x: f64, y: f64, revision: i64) -> Measured {
        Measured { point: Point::new(x, y), origin: Origin { revision, at_ms: -revision, attempt: 7 } }
    }

    #[test]
    fn bytes_that_are_cut_off_are_refused() {
        let (points, origins) = pack(&[measured(1.0, 2.0, 3), measured(2.0, 2.5, 4)]);
        assert_eq!(unpack(&points, &origins).unwrap().len(), 2);
        for (points, origins) in [
            (&points[1..], &origins[..]),
            (&points[16..], &origins[..]),
            (&points[..], &origins[1..]),
            (&points[..], &origins[20..]),
        ] {
            assert!(unpack(points, origins).unwrap_err().to_string().contains("sample_blocks."));
        }
    }

    #[test]
    fn the_last_value_at_a_place_stays() {
        let said = vec![measured(2.0, 1.0, 1), measured(1.0, 2.0, 2), measured(2.0, 3.0, 3)];
        assert_eq!(in_order(said), [measured(1.0, 2.0, 2), measured(2.0, 3.0, 3)]);
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(
            values in prop::collection::vec((any::<f64>(), any::<f64>(), any::<i64>(), any::<i64>(), any::<u32>()), 0..40)
        ) {
            let block: Vec<Measured> = values
                .into_iter()
                .map(|(x, y, revision, at_ms, attempt)| Measured {
                    point: Point::new(x, y),
                    origin: Origin { revision, at_ms, attempt },
                })
                .collect();
            let (points, origins) = pack(&block);
            let opened = unpack(&points, &origins).unwrap();
            prop_assert_eq!(pack(&opened), (points, origins));
            prop_assert!(opened.iter().zip(&block).all(|(a, b)| a.origin == b.origin));
        }
    }
}
