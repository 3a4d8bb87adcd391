//! Recipes: named lists of labels.

use super::{ConvertError, id_from_wire, list_from_wire};
use crate::v1;
use shared::dataset::Label;
use shared::labels::checked_labels;
use shared::recipe::Recipe;

impl From<Recipe> for v1::Recipe {
    fn from(recipe: Recipe) -> Self {
        Self {
            id: recipe.id.to_string(),
            dataset_id: recipe.dataset_id.to_string(),
            title: recipe.title,
            description: recipe.description,
            labels: recipe.labels.into_iter().map(Into::into).collect(),
            created_at_ms: recipe.created_at_ms,
            updated_at_ms: recipe.updated_at_ms,
        }
    }
}

impl TryFrom<v1::Recipe> for Recipe {
    type Error = ConvertError;

    fn try_from(recipe: v1::Recipe) -> Result<Self, ConvertError> {
        Ok(Self {
            id: id_from_wire("id", &recipe.id)?,
            dataset_id: id_from_wire("dataset_id", &recipe.dataset_id)?,
            title: recipe.title,
            description: recipe.description,
            labels: list_from_wire("labels", recipe.labels)?,
            created_at_ms: recipe.created_at_ms,
            updated_at_ms: recipe.updated_at_ms,
        })
    }
}

/// Labels that a person gives, in class order; those without a colour get one.
///
/// # Errors
/// As [`checked_labels`], or if there is none.
pub fn labels_from_wire(field: &str, labels: Vec<v1::Label>) -> Result<Vec<Label>, ConvertError> {
    if labels.is_empty() {
        return Err(ConvertError::new(field, "is empty; name at least one label"));
    }
    let labels = labels.into_iter().map(|label| Label { name: label.name, colour: label.colour }).collect();
    checked_labels(labels).map_err(|error| ConvertError::new(field, format!("cannot be used: {error}")))
}

/// Names of labels, in class order; none is none.
///
/// # Errors
/// As [`checked_labels`].
pub fn label_names_from_wire(field: &str, names: Vec<String>) -> Result<Vec<String>, ConvertError> {
    let labels = names.into_iter().map(|name| Label { name, colour: String::new() }).collect();
    let labels = checked_labels(labels)
        .map_err(|error| ConvertError::new(field, format!("cannot be used: {error}")))?;
    Ok(labels.into_iter().map(|label| label.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{DatasetId, RecipeId, uuid_v7};

    #[test]
    fn recipes_come_back_as_they_went() {
        let recipe = Recipe {
            id: RecipeId::from_uuid(uuid_v7(1, &[1; 10])),
            dataset_id: DatasetId::from_uuid(uuid_v7(2, &[2; 10])),
            title: "Vehicles".into(),
            description: "from above".into(),
            labels: vec![Label { name: "vehicle.car".into(), colour: "#112233".into() }],
            created_at_ms: 3,
            updated_at_ms: 4,
        };
        assert_eq!(Recipe::try_from(v1::Recipe::from(recipe.clone())), Ok(recipe));
    }

    #[test]
    fn labels_that_cannot_be_used_name_the_field() {
        let label = |name: &str| v1::Label { name: name.into(), colour: String::new() };
        assert_eq!(labels_from_wire("labels", vec![label("a")]).unwrap()[0].name, "a");
        for labels in [Vec::new(), vec![label("a"), label("a")], vec![label("")]] {
            assert_eq!(labels_from_wire("labels", labels).unwrap_err().field(), "labels");
        }
        assert_eq!(label_names_from_wire("labels", Vec::new()), Ok(Vec::new()));
        let error = label_names_from_wire("labels", vec!["a".into(), "a".into()]).unwrap_err();
        assert!(error.to_string().contains("`a` stands twice"), "{error}");
    }
}
