//! How much a service has of instances and how much of them is used, in words.
//!
//! Must not know the page.

use shared::format::percent;
use shared::service::ServiceSettings;

/// "1 now, 0 to 2".
pub fn instance_words(settings: &ServiceSettings, alive: u32) -> String {
    let (least, most) = (settings.min_instances, settings.max_instances);
    if settings.is_fixed() {
        format!("{alive} now, always {most}")
    } else {
        format!("{alive} now, {least} to {most}")
    }
}

/// Executions that run, of those that the instances could work on at once: "1 of 2 (50 %)".
pub fn utilisation(settings: &ServiceSettings, alive: u32, running: u32) -> String {
    let places = u64::from(alive) * u64::from(settings.concurrency);
    if places == 0 {
        return "–".into();
    }
    format!("{running} of {places} ({})", percent(f64::from(running) / places as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_a_share_of_what_could_be() {
        let settings = |concurrency, min_instances, max_instances| ServiceSettings {
            concurrency,
            min_instances,
            max_instances,
            ..ServiceSettings::default()
        };
        assert_eq!(utilisation(&settings(1, 0, 1), 0, 0), "–");
        assert_eq!(utilisation(&settings(2, 0, 3), 2, 1), "1 of 4 (25 %)");
        assert_eq!(instance_words(&settings(1, 0, 2), 1), "1 now, 0 to 2");
        assert_eq!(instance_words(&settings(1, 2, 2), 1), "1 now, always 2");
    }
}
