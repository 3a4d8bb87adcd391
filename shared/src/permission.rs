//! What a session may do beyond working with data, models and trainings.
//!
//! Must not know who has which permission, nor how that is proven.

use std::collections::BTreeSet;
use std::fmt;

/// Something that the maker of a sign-in link can withhold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// To see which secrets there are, and to pick them for a training.
    ViewSecrets,
    /// To make, replace and delete secrets, and to change their key.
    AddSecrets,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::ViewSecrets, Self::AddSecrets];

    /// The word used in stores, on the wire and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ViewSecrets => "view-secrets",
            Self::AddSecrets => "add-secrets",
        }
    }

    /// The permission with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }

    /// Why it cannot be done without, and who can help, for a person.
    #[must_use]
    pub const fn lack(self) -> &'static str {
        match self {
            Self::ViewSecrets => {
                "This session may not see secrets: ask who made its sign-in link for one with the permission `view-secrets`"
            }
            Self::AddSecrets => {
                "This session may not change secrets: ask who made its sign-in link for one with the permission `add-secrets`"
            }
        }
    }
}

/// The permissions of a caller.
///
/// ```
/// use shared::permission::{Permission, Permissions};
/// let all = Permissions::all();
/// let fewer = all.without([Permission::AddSecrets]);
/// assert!(fewer.has(Permission::ViewSecrets) && !fewer.has(Permission::AddSecrets));
/// assert_eq!(fewer.withheld().to_string(), "add-secrets");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions(BTreeSet<Permission>);

impl Permissions {
    /// Every permission there is.
    #[must_use]
    pub fn all() -> Self {
        Self(Permission::ALL.into())
    }

    /// None at all.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn has(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// These, apart from those.
    #[must_use]
    pub fn without(&self, withheld: impl IntoIterator<Item = Permission>) -> Self {
        let mut left = self.0.clone();
        for permission in withheld {
            left.remove(&permission);
        }
        Self(left)
    }

    /// What is missing from all of them. Kept in place of what is given, so that a permission that a later version
    /// brings is not missing from the sessions of before.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self::all().without(self.iter())
    }

    /// One after the other, in order.
    pub fn iter(&self) -> impl Iterator<Item = Permission> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(permissions.into_iter().collect())
    }
}

impl fmt::Display for Permissions {
    /// Their names, with spaces between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Permission::name).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_nothing_else_does() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.name()), Some(permission));
            assert!(permission.lack().contains(permission.name()), "{permission:?}");
        }
        assert_eq!(Permission::from_name("view secrets"), None);
    }

    #[test]
    fn what_is_withheld_and_what_is_given_are_all() {
        for given in [&[][..], &[Permission::ViewSecrets], &Permission::ALL] {
            let given: Permissions = given.iter().copied().collect();
            assert_eq!(given.withheld().withheld(), given);
            assert_eq!(Permissions::all().without(given.withheld().iter()), given);
        }
        assert_eq!(Permissions::all().to_string(), "view-secrets add-secrets");
    }
}
