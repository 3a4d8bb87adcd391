//! Where events stand on a strip, so that none lies over another: those too near to each other share a place.
//!
//! Must not know what the events are.

use std::ops::Range;

/// Events at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The places of its events in the order of time.
    pub events: Range<usize>,
    /// Its middle, in pixels from the left.
    pub x: f64,
}

/// The share of a span at which a time lies, from 0 to 1; a span of no length is all beginning.
pub fn share(at_ms: i64, (from_ms, to_ms): (i64, i64)) -> f64 {
    if to_ms <= from_ms {
        return 0.0;
    }
    ((at_ms - from_ms) as f64 / (to_ms - from_ms) as f64).clamp(0.0, 1.0)
}

/// Places of events, sorted by time, on a strip of this width; no two are nearer than `size`, and none stands out.
pub fn clusters(times_ms: &[i64], span: (i64, i64), width: f64, size: f64) -> Vec<Cluster> {
    let room = (width - size).max(0.0);
    let mut places: Vec<Cluster> = Vec::new();
    for (place, at_ms) in times_ms.iter().enumerate() {
        let x = size / 2.0 + share(*at_ms, span) * room;
        places.push(Cluster { events: place..place + 1, x });
        // What joins another moves the middle of both, which may then be too near to the one before.
        while let [.., before, last] = places.as_slice() {
            if last.x - before.x >= size {
                break;
            }
            let joined = joined(before, last);
            places.truncate(places.len() - 2);
            places.push(joined);
        }
    }
    places
}

fn joined(one: &Cluster, other: &Cluster) -> Cluster {
    let (few, many) = (one.events.len() as f64, other.events.len() as f64);
    Cluster { events: one.events.start..other.events.end, x: (one.x * few + other.x * many) / (few + many) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: f64 = 28.0;

    #[test]
    fn events_apart_stand_in_proportion_to_time() {
        let places = clusters(&[0, 250, 1_000], (0, 1_000), 428.0, SIZE);
        let x: Vec<f64> = places.iter().map(|place| place.x).collect();
        assert_eq!(x, [14.0, 114.0, 414.0]);
    }

    #[test]
    fn many_events_share_places_and_none_is_lost() {
        // A full cycle of the numbers below a prime, crowded towards the beginning.
        let mut times: Vec<i64> = (0..997).map(|number| (number * 37 % 997) * (number * 37 % 997)).collect();
        times.sort_unstable();
        for width in [0.0, 20.0, 28.0, 60.0, 320.0, 1_200.0] {
            let places = clusters(&times, (0, 996 * 996), width, SIZE);
            let events: Vec<usize> = places.iter().flat_map(|place| place.events.clone()).collect();
            assert_eq!(events, (0..times.len()).collect::<Vec<_>>(), "{width}");
            for pair in places.windows(2) {
                assert!(pair[1].x - pair[0].x >= SIZE, "{width}: {pair:?}");
            }
            for place in &places {
                assert!((SIZE / 2.0..=(width - SIZE / 2.0).max(SIZE / 2.0)).contains(&place.x), "{width}");
            }
        }
    }

    #[test]
    fn a_moment_has_no_length() {
        assert_eq!(
            (share(5, (5, 5)), share(9, (5, 5)), share(-1, (0, 10)), share(99, (0, 10))),
            (0.0, 0.0, 0.0, 1.0)
        );
        assert_eq!(clusters(&[5, 5, 5], (5, 5), 400.0, SIZE).len(), 1);
        assert!(clusters(&[], (0, 0), 400.0, SIZE).is_empty());
    }
}
