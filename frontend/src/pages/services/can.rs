//! What can be done with a service, and why not.
//!
//! Must not know how it is done.

use shared::service::Service;

/// Whether pausing it changes anything.
pub const fn can_pause(service: &Service) -> Result<(), &'static str> {
    if service.paused { Err("It is paused already") } else { Ok(()) }
}

/// Whether it can go on.
pub const fn can_resume(service: &Service) -> Result<(), &'static str> {
    if service.paused { Ok(()) } else { Err("It is not paused") }
}

/// Whether there is anything to replace or to forget.
pub const fn can_restart(service: &Service, alive: u32) -> Result<(), &'static str> {
    if alive == 0 && service.failed_starts == 0 && service.error.is_none() {
        Err("It has no instances and no failed starts: there is nothing to restart")
    } else {
        Ok(())
    }
}

/// What a pause does to so many waiting and running executions.
pub fn pause_words(waiting: u32, running: u32) -> String {
    let number = |count: u32| crate::text::count(u64::from(count));
    match (waiting, running) {
        (0, 0) => "no execution starts until it is resumed".into(),
        (waiting, 0) => format!("waiting until it is resumed: {}", number(waiting)),
        (0, running) => format!("going on to the end: {}; no other starts", number(running)),
        (waiting, running) => {
            format!(
                "going on to the end: {}; waiting until it is resumed: {}",
                number(running),
                number(waiting)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{ServiceId, uuid_v7};
    use shared::service::ServiceSettings;

    #[test]
    fn only_what_changes_something_can_be_done() {
        let service = |paused, failed_starts| Service {
            id: ServiceId::from_uuid(uuid_v7(1, &[0; 10])),
            name: "mgmt-train-yolov8".into(),
            architecture_id: "yolov8".into(),
            settings: ServiceSettings::default(),
            settings_revision: 1,
            generation: 1,
            paused,
            paused_by_force: false,
            failed_starts,
            retry_at_ms: None,
            error: None,
            served_at_ms: None,
            created_at_ms: 1,
        };
        assert!(can_pause(&service(false, 0)).is_ok() && can_pause(&service(true, 0)).is_err());
        assert!(can_resume(&service(true, 0)).is_ok() && can_resume(&service(false, 0)).is_err());
        assert!(can_restart(&service(false, 0), 0).is_err());
        assert!(can_restart(&service(false, 1), 0).is_ok() && can_restart(&service(true, 0), 2).is_ok());
    }

    #[test]
    fn a_pause_says_what_it_does() {
        for (waiting, running, words) in [
            (0, 0, "no execution starts until it is resumed"),
            (7, 0, "waiting until it is resumed: 7"),
            (0, 2, "going on to the end: 2; no other starts"),
            (3, 1, "going on to the end: 1; waiting until it is resumed: 3"),
        ] {
            assert_eq!(pause_words(waiting, running), words);
        }
    }
}
