//! `trainyard secret ...`. Values come by standard input alone, since others can read command lines.
//!
//! Must not know how values are sealed, and prints none.

use super::args::{Output, Place};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::print;
use super::secret_args::{CreateSecret, OneSecret, SecretCommand};
use crate::secrets::SecretValue;
use proto::v1;
use serde_json::{Value, json};
use shared::secret::{MAX_VALUE_BYTES, check_description, check_name, check_value};
use std::io::{IsTerminal, Read};
use zeroize::Zeroizing;

pub(super) async fn run(place: &Place, command: SecretCommand) -> Result<(), Failure> {
    // What cannot be done is told before any server is asked.
    let value = match &command {
        SecretCommand::Create(create) => {
            check_name(&create.name).map_err(|problem| Failure::usage(format!("the name {problem}")))?;
            check_description(&create.description)
                .map_err(|problem| Failure::usage(format!("the description {problem}")))?;
            Some(read_value(&create.name)?)
        }
        SecretCommand::Replace(one) => Some(read_value(&one.secret)?),
        SecretCommand::List(_) | SecretCommand::Delete(_) | SecretCommand::RotateKey(_) => None,
    };
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = match (command, value) {
        (SecretCommand::Create(create), Some(value)) => make(&connection, create, &value).await,
        (SecretCommand::Replace(one), Some(value)) => replace(&connection, one, &value).await,
        (SecretCommand::Delete(one), _) => delete(&connection, one).await,
        (SecretCommand::RotateKey(output), _) => rotate_key(&connection, output).await,
        (SecretCommand::List(output), _) => list(&connection, output).await,
        (SecretCommand::Create(_) | SecretCommand::Replace(_), None) => {
            Err(Failure::usage("no value came by standard input"))
        }
    };
    connection.close().await;
    result
}

/// Reads all of standard input, but for one line break at its end, which `echo` and editors add.
fn read_value(name: &str) -> Result<SecretValue, Failure> {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!(
            "Type the value and end with Ctrl-D on a line of its own. It shows while you type: \
             a file or a program as standard input is better."
        );
    }
    let limit = MAX_VALUE_BYTES as u64 + 2;
    // As large at once as it can become, so that growing leaves no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_VALUE_BYTES + 2));
    input.lock().take(limit).read_to_end(&mut bytes)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage("the value is not UTF-8 text; encode it first"))?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    check_value(name, text).map_err(|problem| Failure::usage(format!("the value {problem}")))?;
    Ok(SecretValue::handed_over(text.to_owned()))
}

async fn make(connection: &Connection, create: CreateSecret, value: &SecretValue) -> Result<(), Failure> {
    let request = v1::CreateSecretRequest {
        name: create.name,
        description: create.description,
        value: value.expose().to_owned(),
        idempotency_key: format!("{:032x}", rand::random::<u128>()),
    };
    let made = connection.secrets().create_secret(request).await?.into_inner();
    print_one(&made, create.output)
}

async fn replace(connection: &Connection, one: OneSecret, value: &SecretValue) -> Result<(), Failure> {
    let id = find(connection, &one.secret).await?.id;
    let request = v1::ReplaceSecretRequest { id, value: value.expose().to_owned() };
    let replaced = connection.secrets().replace_secret(request).await?.into_inner();
    print_one(&replaced, one.output)
}

async fn delete(connection: &Connection, one: OneSecret) -> Result<(), Failure> {
    let found = find(connection, &one.secret).await?;
    connection.secrets().delete_secret(v1::DeleteSecretRequest { id: found.id.clone() }).await?;
    if one.output.json {
        return print::json(&json!({ "deleted": found.id }));
    }
    print::line(&format!("the secret {} is deleted", print::plain(&found.name)))
}

async fn rotate_key(connection: &Connection, output: Output) -> Result<(), Failure> {
    let v1::RotateKeyResponse { key_id, resealed_count } =
        connection.secrets().rotate_key(v1::RotateKeyRequest {}).await?.into_inner();
    if output.json {
        return print::json(&json!({ "key_id": key_id, "resealed_count": resealed_count }));
    }
    print::line(&format!(
        "{resealed_count} secrets are sealed with the new key {key_id}; keep a copy of the key file"
    ))
}

async fn list(connection: &Connection, output: Output) -> Result<(), Failure> {
    let secrets = all(connection).await?;
    if output.json {
        return print::json(&secrets.iter().map(json_of).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 5]> = secrets
        .iter()
        .map(|secret| {
            let live = secret.used_by.iter().filter(|used| used.is_live).count();
            [
                secret.name.clone(),
                secret.fingerprint.clone(),
                format!("{live} live, {} over", secret.used_by.len() - live),
                secret.description.clone(),
                secret.id.clone(),
            ]
        })
        .collect();
    print::table(["NAME", "FINGERPRINT", "TRAININGS", "DESCRIPTION", "ID"], &rows)
}

async fn all(connection: &Connection) -> Result<Vec<v1::Secret>, Failure> {
    Ok(connection.secrets().list_secrets(v1::ListSecretsRequest {}).await?.into_inner().secrets)
}

async fn find(connection: &Connection, name_or_id: &str) -> Result<v1::Secret, Failure> {
    let found = all(connection)
        .await?
        .into_iter()
        .find(|secret| secret.name == name_or_id || secret.id == name_or_id);
    found.ok_or_else(|| {
        Failure::failed(format!(
            "there is no secret `{}`; `trainyard secret list` shows them",
            print::plain(name_or_id)
        ))
    })
}

fn print_one(secret: &v1::Secret, output: Output) -> Result<(), Failure> {
    if output.json {
        return print::json(&json_of(secret));
    }
    print::line(&format!("secret {} ({}), fingerprint {}", secret.name, secret.id, secret.fingerprint))
}

fn json_of(secret: &v1::Secret) -> Value {
    let used_by: Vec<Value> = secret
        .used_by
        .iter()
        .map(|used| {
            json!({ "training_id": used.training_id, "model_name": used.model_name, "is_live": used.is_live })
        })
        .collect();
    json!({
        "id": secret.id,
        "name": secret.name,
        "description": secret.description,
        "fingerprint": secret.fingerprint,
        "created_by": secret.created_by,
        "created_at_ms": secret.created_at_ms,
        "updated_at_ms": secret.updated_at_ms,
        "used_by": used_by,
    })
}
