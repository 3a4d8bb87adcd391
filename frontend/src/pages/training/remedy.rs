//! Where on a service's page that is done which would start a waiting training.
//!
//! Must not know how it is drawn.

use crate::routes::ServiceTab;
use shared::training::Blocker;

const SERVICE: &str = "service";

/// What stands before the word for the service, the word, and what stands after it.
pub fn named_service(remedy: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = remedy.split_once(SERVICE)?;
    Some((before, SERVICE, after))
}

/// The tab that helps.
pub const fn tab_of(blocker: &Blocker) -> ServiceTab {
    match blocker {
        Blocker::ServicePaused { failed_starts: Some(_) } | Blocker::ServiceError { .. } => {
            ServiceTab::Errors
        }
        Blocker::NoMachineFits { .. } | Blocker::SlotsBusy { .. } | Blocker::MachineBusy { .. } => {
            ServiceTab::Configuration
        }
        Blocker::ServicePaused { failed_starts: None }
        | Blocker::InstanceStarting
        | Blocker::InstancesReplaced
        | Blocker::BackOff { .. } => ServiceTab::Executions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::training::Waiting;

    #[test]
    fn the_service_is_a_link_where_a_remedy_names_it() {
        assert_eq!(named_service("Resume the service"), Some(("Resume the ", "service", "")));
        assert_eq!(named_service("Abort one that runs"), None);
        let busy = Blocker::SlotsBusy { slots: 1, held_by: Vec::new() };
        assert_eq!(tab_of(&busy), ServiceTab::Configuration);
        assert!(
            named_service(&Waiting::of(busy).remedy()).is_some_and(|(_, _, after)| after.starts_with(','))
        );
        let paused = Blocker::ServicePaused { failed_starts: Some(3) };
        assert_eq!(tab_of(&paused), ServiceTab::Errors);
    }
}
