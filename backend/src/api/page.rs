//! Pages of long lists: their size, and the token that leads to the next one.
//!
//! Must not know what is listed.

use super::error::Problem;

/// Entries when none are asked for, and the most that are given.
const DEFAULT_SIZE: u32 = 100;
const LARGEST_SIZE: u32 = 1000;
/// Says what a token is, so that one of another kind is not taken for one.
const PREFIX: &str = "o";

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Entries to skip.
    pub offset: u64,
    /// Entries at most.
    pub limit: u32,
}

impl Window {
    /// The part that a request asks for.
    ///
    /// # Errors
    /// If the token is not one that [`next_token`](Self::next_token) made.
    pub fn from_request(page_size: u32, page_token: &str) -> Result<Self, Problem> {
        let limit = if page_size == 0 { DEFAULT_SIZE } else { page_size.min(LARGEST_SIZE) };
        if page_token.is_empty() {
            return Ok(Self { offset: 0, limit });
        }
        page_token
            .strip_prefix(PREFIX)
            .and_then(|digits| digits.parse().ok())
            .filter(|offset| i64::try_from(*offset).is_ok())
            .map(|offset| Self { offset, limit })
            .ok_or_else(|| {
                Problem::field(
                    "page_token",
                    "is not one that an earlier answer gave; leave it out to start over",
                )
            })
    }

    /// The part that a query asks for by itself: its `page`, from 0, of `pageSize` entries.
    #[must_use]
    pub fn from_query(page: Option<u64>, page_size: Option<u64>) -> Self {
        let limit = page_size.map_or(DEFAULT_SIZE, |size| u32::try_from(size).unwrap_or(LARGEST_SIZE));
        let limit = limit.min(LARGEST_SIZE);
        Self { offset: page.unwrap_or(0).saturating_mul(u64::from(limit)), limit }
    }

    /// The token of the page after one with `returned` entries, of `total` in all; empty after the last.
    #[must_use]
    pub fn next_token(&self, returned: usize, total: u64) -> String {
        let end = self.offset.saturating_add(returned as u64);
        self.token_if(returned > 0 && end < total, returned)
    }

    /// The token of the page after one with `returned` entries, if there is one.
    #[must_use]
    pub fn token_if(&self, has_more: bool, returned: usize) -> String {
        let end = self.offset.saturating_add(returned as u64);
        if has_more { format!("{PREFIX}{end}") } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let (total, mut token, mut seen) = (2_500_u64, String::new(), 0);
        loop {
            let window = Window::from_request(5_000, &token).unwrap();
            let returned = (total - window.offset).min(u64::from(window.limit));
            seen += returned;
            token = window.next_token(usize::try_from(returned).unwrap(), total);
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, total);
    }

    #[test]
    fn a_query_chooses_its_page() {
        for (page, size, offset, limit) in [
            (None, None, 0, DEFAULT_SIZE),
            (Some(2), Some(10), 20, 10),
            (Some(1), Some(5_000), 1_000, LARGEST_SIZE),
            (Some(u64::MAX), Some(u64::MAX), u64::MAX, LARGEST_SIZE),
            (Some(3), Some(0), 0, 0),
        ] {
            assert_eq!(Window::from_query(page, size), Window { offset, limit }, "{page:?} {size:?}");
        }
    }

    #[test]
    fn strange_tokens_are_refused() {
        for token in ["7", "o-1", "oo", "o", "o99999999999999999999", "o18446744073709551615", "'; DROP"] {
            assert_eq!(Window::from_request(0, token).unwrap_err().violations[0].0, "page_token", "{token}");
        }
        assert_eq!(Window::from_request(0, "").unwrap(), Window { offset: 0, limit: DEFAULT_SIZE });
    }
}
