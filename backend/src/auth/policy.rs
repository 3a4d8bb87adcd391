//! Which kind of caller each method wants: one list over the whole API.
//!
//! Must not know how callers prove themselves.

use shared::permission::Permission;

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone: it is how one signs in, or it says nothing of worth.
    Public,
    /// The owner: by the local token or by a browser session.
    Owner,
    /// The owner, unless this permission is withheld from the session.
    OwnerWith(Permission),
    /// A new instance with its one-time token, which the method itself checks and uses up.
    NewInstance,
    /// A registered runner.
    Runner,
}

/// What a method changes, and how a call that is sent again is kept from changing it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Nothing,
    /// With an idempotency key, it has one effect and the same answer.
    Once,
    /// So too, but its answer is a stream, whose last message is the one that counts.
    OnceStreamed,
    /// It gives out or ends credentials. Its answers are kept nowhere, so a key counts for nothing; each link signs in
    /// once, and forgotten ones expire.
    Credentials,
    /// For instances, whose tokens and sequence numbers say what came before.
    Numbered,
}

/// Every method of `trainyard.v1`. A test compares this list with the compiled descriptors.
const METHODS: &[(&str, Access, Effect)] = &[
    ("AccessService/SignIn", Access::Public, Effect::Credentials),
    ("AccessService/GetSession", Access::Owner, Effect::Nothing),
    ("AccessService/SignOut", Access::Owner, Effect::Credentials),
    ("AccessService/CreateSignInLink", Access::Owner, Effect::Credentials),
    ("ArchitectureService/ListArchitectures", Access::Owner, Effect::Nothing),
    ("ArchitectureService/GetArchitecture", Access::Owner, Effect::Nothing),
    ("ArchitectureService/SaveArchitecture", Access::Owner, Effect::Once),
    ("ArchitectureService/ListArchitectureRevisions", Access::Owner, Effect::Nothing),
    ("ArchitectureService/DeleteArchitecture", Access::Owner, Effect::Once),
    ("ComputeService/ListTrainingServices", Access::Owner, Effect::Nothing),
    ("ComputeService/GetTrainingService", Access::Owner, Effect::Nothing),
    ("ComputeService/UpdateTrainingService", Access::Owner, Effect::Once),
    ("ComputeService/ListServiceRevisions", Access::Owner, Effect::Nothing),
    ("ComputeService/ListServiceErrors", Access::Owner, Effect::Nothing),
    ("ComputeService/RestartService", Access::Owner, Effect::Once),
    ("ComputeService/GetInstanceLog", Access::Owner, Effect::Nothing),
    ("ComputeService/ListMachineTypes", Access::Owner, Effect::Nothing),
    ("ComputeService/SaveMachineType", Access::Owner, Effect::Once),
    ("ComputeService/DeleteMachineType", Access::Owner, Effect::Once),
    ("ComputeService/ListInstances", Access::Owner, Effect::Nothing),
    ("ComputeService/PauseService", Access::Owner, Effect::Once),
    ("ComputeService/ResumeService", Access::Owner, Effect::Once),
    ("DatasetService/CreateDataset", Access::Owner, Effect::Once),
    ("DatasetService/GetDataset", Access::Owner, Effect::Nothing),
    ("DatasetService/ListDatasets", Access::Owner, Effect::Nothing),
    ("DatasetService/ListFolders", Access::Owner, Effect::Nothing),
    ("DatasetService/ListItems", Access::Owner, Effect::Nothing),
    ("DatasetService/GetItem", Access::Owner, Effect::Nothing),
    ("DatasetService/TagItems", Access::Owner, Effect::Once),
    ("DatasetService/SplitItems", Access::Owner, Effect::Once),
    ("DatasetService/MoveItems", Access::Owner, Effect::Once),
    ("DatasetService/DeleteItems", Access::Owner, Effect::Once),
    ("DatasetService/UndoItemsChange", Access::Owner, Effect::Once),
    ("DatasetService/ListItemsChanges", Access::Owner, Effect::Nothing),
    ("DatasetService/ImportDataset", Access::Owner, Effect::OnceStreamed),
    ("FilterService/SaveFilter", Access::Owner, Effect::Once),
    ("FilterService/ListFilters", Access::Owner, Effect::Nothing),
    ("FilterService/DeleteFilter", Access::Owner, Effect::Once),
    ("FilterService/PreviewFilter", Access::Owner, Effect::Nothing),
    ("FilterService/CompleteFilter", Access::Owner, Effect::Nothing),
    ("ModelService/CreateModel", Access::Owner, Effect::Once),
    ("ModelService/GetModel", Access::Owner, Effect::Nothing),
    ("ModelService/ListModels", Access::Owner, Effect::Nothing),
    ("ModelService/UpdateModel", Access::Owner, Effect::Once),
    ("ModelService/CloneModel", Access::Owner, Effect::Once),
    ("ModelService/DeleteModel", Access::Owner, Effect::Once),
    ("ModelService/RestoreModel", Access::Owner, Effect::Once),
    ("ModelService/GetDraft", Access::Owner, Effect::Nothing),
    ("ModelService/SaveDraft", Access::Owner, Effect::Once),
    ("ModelService/ListArtifacts", Access::Owner, Effect::Nothing),
    ("RecipeService/CreateRecipe", Access::Owner, Effect::Once),
    ("RecipeService/ListRecipes", Access::Owner, Effect::Nothing),
    ("RecipeService/UpdateRecipe", Access::Owner, Effect::Once),
    ("RecipeService/DeleteRecipe", Access::Owner, Effect::Once),
    ("RunnerService/Register", Access::NewInstance, Effect::Numbered),
    ("RunnerService/Lease", Access::Runner, Effect::Numbered),
    ("RunnerService/Renew", Access::Runner, Effect::Numbered),
    ("RunnerService/Report", Access::Runner, Effect::Numbered),
    ("SecretService/CreateSecret", Access::OwnerWith(Permission::AddSecrets), Effect::Once),
    ("SecretService/ListSecrets", Access::OwnerWith(Permission::ViewSecrets), Effect::Nothing),
    ("SecretService/ReplaceSecret", Access::OwnerWith(Permission::AddSecrets), Effect::Once),
    ("SecretService/DeleteSecret", Access::OwnerWith(Permission::AddSecrets), Effect::Once),
    ("SecretService/RotateKey", Access::OwnerWith(Permission::AddSecrets), Effect::Once),
    ("TrainingService/StartTraining", Access::Owner, Effect::Once),
    ("TrainingService/CheckTraining", Access::Owner, Effect::Nothing),
    ("TrainingService/GetSnapshot", Access::Owner, Effect::Nothing),
    ("TrainingService/ListSnapshotItems", Access::Owner, Effect::Nothing),
    ("TrainingService/GetTraining", Access::Owner, Effect::Nothing),
    ("TrainingService/ListTrainings", Access::Owner, Effect::Nothing),
    ("TrainingService/AbortTraining", Access::Owner, Effect::Once),
    ("TrainingService/RemoveTraining", Access::Owner, Effect::Once),
    ("TrainingService/RestoreTraining", Access::Owner, Effect::Once),
    ("TrainingService/SetPriority", Access::Owner, Effect::Once),
    ("TrainingService/RerunTraining", Access::Owner, Effect::Once),
    ("TrainingService/ListMetrics", Access::Owner, Effect::Nothing),
    ("TrainingService/ListLogs", Access::Owner, Effect::Nothing),
    ("TrainingService/ListHistory", Access::Owner, Effect::Nothing),
    ("WatchService/Watch", Access::Owner, Effect::Nothing),
    // Read by tools before they have credentials; it holds nothing that the project does not publish.
    ("grpc.health.v1.Health/Check", Access::Public, Effect::Nothing),
    ("grpc.health.v1.Health/Watch", Access::Public, Effect::Nothing),
];

/// Who may call the method at this path, for example `/trainyard.v1.ModelService/GetModel`.
/// What is not listed wants the owner, so that a forgotten method is closed, not open.
#[must_use]
pub fn access_of_path(path: &str) -> Access {
    listed(path).map_or(Access::Owner, |(_, access, _)| *access)
}

/// What the method at this path changes; nothing for what is not listed.
#[must_use]
pub fn effect_of_path(path: &str) -> Effect {
    listed(path).map_or(Effect::Nothing, |(_, _, effect)| *effect)
}

fn listed(path: &str) -> Option<&'static (&'static str, Access, Effect)> {
    let name = path.strip_prefix('/').unwrap_or(path);
    let short = name.strip_prefix("trainyard.v1.").unwrap_or(name);
    METHODS.iter().find(|(method, ..)| *method == short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;
    use std::collections::BTreeSet;

    #[test]
    fn every_method_is_listed_and_nothing_else() {
        let descriptors = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
        let mut defined = BTreeSet::new();
        for file in &descriptors.file {
            for service in &file.service {
                for method in &service.method {
                    defined.insert(format!("{}/{}", service.name(), method.name()));
                }
            }
        }
        let listed: BTreeSet<String> = METHODS
            .iter()
            .filter(|(method, ..)| !method.starts_with("grpc."))
            .map(|(method, ..)| (*method).to_owned())
            .collect();
        assert_eq!(defined, listed);
    }

    #[test]
    fn only_the_front_door_is_open() {
        let open: Vec<&str> = METHODS
            .iter()
            .filter(|(_, access, _)| *access == Access::Public)
            .map(|(method, ..)| *method)
            .collect();
        assert_eq!(
            open,
            ["AccessService/SignIn", "grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch"]
        );
        assert_eq!(access_of_path("/trainyard.v1.NewService/Anything"), Access::Owner);
        assert_eq!(
            access_of_path("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
            Access::Owner
        );
    }
}
