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

/// Every method of `trainyard.v1`. A test compares this list with the compiled descriptors.
const METHODS: &[(&str, Access)] = &[
    ("AccessService/SignIn", Access::Public),
    ("AccessService/GetSession", Access::Owner),
    ("AccessService/SignOut", Access::Owner),
    ("AccessService/CreateSignInLink", Access::Owner),
    ("ArchitectureService/ListArchitectures", Access::Owner),
    ("ComputeService/ListTrainingServices", Access::Owner),
    ("ComputeService/GetTrainingService", Access::Owner),
    ("ComputeService/UpdateTrainingService", Access::Owner),
    ("ComputeService/ListServiceRevisions", Access::Owner),
    ("ComputeService/ListServiceErrors", Access::Owner),
    ("ComputeService/RestartService", Access::Owner),
    ("ComputeService/ListInstances", Access::Owner),
    ("ComputeService/GetInstanceLog", Access::Owner),
    ("ComputeService/ListMachineTypes", Access::Owner),
    ("ComputeService/SaveMachineType", Access::Owner),
    ("ComputeService/DeleteMachineType", Access::Owner),
    ("ComputeService/PauseService", Access::Owner),
    ("ComputeService/ResumeService", Access::Owner),
    ("DatasetService/CreateDataset", Access::Owner),
    ("DatasetService/GetDataset", Access::Owner),
    ("DatasetService/ListDatasets", Access::Owner),
    ("DatasetService/ListFolders", Access::Owner),
    ("DatasetService/ListItems", Access::Owner),
    ("DatasetService/GetItem", Access::Owner),
    ("DatasetService/TagItems", Access::Owner),
    ("DatasetService/SplitItems", Access::Owner),
    ("DatasetService/MoveItems", Access::Owner),
    ("DatasetService/DeleteItems", Access::Owner),
    ("DatasetService/UndoItemsChange", Access::Owner),
    ("DatasetService/ListItemsChanges", Access::Owner),
    ("DatasetService/ImportDataset", Access::Owner),
    ("FilterService/SaveFilter", Access::Owner),
    ("FilterService/ListFilters", Access::Owner),
    ("FilterService/DeleteFilter", Access::Owner),
    ("FilterService/PreviewFilter", Access::Owner),
    ("FilterService/CompleteFilter", Access::Owner),
    ("ModelService/CreateModel", Access::Owner),
    ("ModelService/GetModel", Access::Owner),
    ("ModelService/ListModels", Access::Owner),
    ("ModelService/UpdateModel", Access::Owner),
    ("ModelService/CloneModel", Access::Owner),
    ("ModelService/DeleteModel", Access::Owner),
    ("ModelService/RestoreModel", Access::Owner),
    ("ModelService/GetDraft", Access::Owner),
    ("ModelService/SaveDraft", Access::Owner),
    ("ModelService/ListArtifacts", Access::Owner),
    ("RecipeService/CreateRecipe", Access::Owner),
    ("RecipeService/ListRecipes", Access::Owner),
    ("RecipeService/UpdateRecipe", Access::Owner),
    ("RecipeService/DeleteRecipe", Access::Owner),
    ("RunnerService/Register", Access::NewInstance),
    ("RunnerService/Lease", Access::Runner),
    ("RunnerService/Renew", Access::Runner),
    ("RunnerService/Report", Access::Runner),
    ("SecretService/CreateSecret", Access::OwnerWith(Permission::AddSecrets)),
    ("SecretService/ListSecrets", Access::OwnerWith(Permission::ViewSecrets)),
    ("SecretService/ReplaceSecret", Access::OwnerWith(Permission::AddSecrets)),
    ("SecretService/DeleteSecret", Access::OwnerWith(Permission::AddSecrets)),
    ("SecretService/RotateKey", Access::OwnerWith(Permission::AddSecrets)),
    ("TrainingService/StartTraining", Access::Owner),
    ("TrainingService/CheckTraining", Access::Owner),
    ("TrainingService/GetSnapshot", Access::Owner),
    ("TrainingService/ListSnapshotItems", Access::Owner),
    ("TrainingService/GetTraining", Access::Owner),
    ("TrainingService/ListTrainings", Access::Owner),
    ("TrainingService/AbortTraining", Access::Owner),
    ("TrainingService/RemoveTraining", Access::Owner),
    ("TrainingService/RestoreTraining", Access::Owner),
    ("TrainingService/SetPriority", Access::Owner),
    ("TrainingService/RerunTraining", Access::Owner),
    ("TrainingService/ListMetrics", Access::Owner),
    ("TrainingService/ListLogs", Access::Owner),
    ("TrainingService/ListHistory", Access::Owner),
    ("WatchService/Watch", Access::Owner),
    // Read by tools before they have credentials; it holds nothing that the project does not publish.
    ("grpc.health.v1.Health/Check", Access::Public),
    ("grpc.health.v1.Health/Watch", Access::Public),
];

/// Who may call the method at this path, for example `/trainyard.v1.ModelService/GetModel`.
/// What is not listed wants the owner, so that a forgotten method is closed, not open.
#[must_use]
pub fn access_of_path(path: &str) -> Access {
    let name = path.strip_prefix('/').unwrap_or(path);
    let short = name.strip_prefix("trainyard.v1.").unwrap_or(name);
    METHODS.iter().find(|(method, _)| *method == short).map_or(Access::Owner, |(_, access)| *access)
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
            .filter(|(method, _)| !method.starts_with("grpc."))
            .map(|(method, _)| (*method).to_owned())
            .collect();
        assert_eq!(defined, listed);
    }

    #[test]
    fn only_the_front_door_is_open() {
        let open: Vec<&str> = METHODS
            .iter()
            .filter(|(_, access)| *access == Access::Public)
            .map(|(method, _)| *method)
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
