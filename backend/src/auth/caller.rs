//! A caller that was identified. The server's layers put it into the extensions of each request.
//!
//! Must not know how a caller was identified.

use super::policy::Access;
use super::token::TokenHash;
use shared::id::InstanceId;
use shared::permission::Permissions;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular.
    Anonymous,
    /// The owner, by the local token.
    Owner,
    /// The owner, by a browser session with this token, with what was not withheld from it.
    Browser(TokenHash, Permissions),
    /// Someone who presents the one-time token of an instance. It is not checked yet: registering
    /// checks it and uses it up in one transaction.
    NewInstance(TokenHash),
    /// The runner of this instance.
    Runner(InstanceId),
}

impl Caller {
    /// Whether this caller may use methods of this kind.
    #[must_use]
    pub fn may(&self, access: Access) -> bool {
        match access {
            Access::Public => true,
            Access::Owner => matches!(self, Self::Owner | Self::Browser(..)),
            Access::OwnerWith(permission) => self.permissions().has(permission),
            Access::NewInstance => matches!(self, Self::NewInstance(_)),
            Access::Runner => matches!(self, Self::Runner(_)),
        }
    }

    /// What it may do beyond the rest.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        match self {
            Self::Owner => Permissions::all(),
            Self::Browser(_, permissions) => permissions.clone(),
            Self::Anonymous | Self::NewInstance(_) | Self::Runner(_) => Permissions::none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::{Token, TokenKind};
    use shared::id::uuid_v7;
    use shared::permission::Permission;

    #[test]
    fn each_kind_of_caller_has_its_own_methods() {
        let hash = Token::generate(TokenKind::Session).unwrap().hash();
        let callers = [
            (Caller::Anonymous, [true, false, false, false, false]),
            (Caller::Owner, [true, true, true, false, false]),
            (Caller::Browser(hash, Permissions::all()), [true, true, true, false, false]),
            (Caller::Browser(hash, Permissions::none()), [true, true, false, false, false]),
            (Caller::NewInstance(hash), [true, false, false, true, false]),
            (Caller::Runner(InstanceId::from_uuid(uuid_v7(1, &[0; 10]))), [true, false, false, false, true]),
        ];
        let secrets = Access::OwnerWith(Permission::AddSecrets);
        for (caller, expected) in callers {
            let got = [Access::Public, Access::Owner, secrets, Access::NewInstance, Access::Runner]
                .map(|access| caller.may(access));
            assert_eq!(got, expected, "{caller:?}");
        }
    }
}
