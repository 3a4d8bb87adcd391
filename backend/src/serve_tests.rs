//! The real server on loopback, over its real port.

use super::*;
use std::path::Path;

fn config(data: &Path) -> ServeConfig {
    ServeConfig {
        data: DataFolder::at(data),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        allow_remote: false,
        secrets_key_file: None,
    }
}

async fn refusal(config: ServeConfig) -> String {
    match Server::start(config, false).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_folder_has_one_server_and_says_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::at(folder.path());
    assert_eq!(running_server(&data), None);
    let server = Server::start(config(folder.path()), true).await.unwrap();
    assert_eq!(running_server(&data).as_deref(), Some(server.url()));
    let refused = refusal(config(folder.path())).await;
    assert!(
        refused.contains("in use by another server (process") && refused.contains(server.url()),
        "{refused}"
    );
    server.stop().await;
    assert_eq!(running_server(&data), None);
    assert!(!data.server_file().exists());
    Server::start(config(folder.path()), false).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_file_left_by_a_killed_server_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::at(folder.path());
    std::fs::write(data.server_file(), r#"{"url":"http://127.0.0.1:1","pid":1}"#).unwrap();
    std::fs::write(data.lock_file(), "").unwrap();
    assert_eq!(running_server(&data), None);
}

#[tokio::test]
async fn a_server_that_cannot_start_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let refused = refusal(ServeConfig { listen: address, ..config(folder.path()) }).await;
    assert!(refused.contains(&address.port().to_string()) && refused.contains("--listen"), "{refused}");

    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let refused = refusal(ServeConfig { listen: everywhere, ..config(folder.path()) }).await;
    assert!(refused.contains("--allow-remote"), "{refused}");

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = refusal(config(&file)).await;
    assert!(refused.contains("file") && refused.contains("--data"), "{refused}");
}

#[test]
fn an_open_address_is_reached_over_loopback_from_here() {
    let cases = [
        ("127.0.0.1:80", "http://127.0.0.1:80"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://[::1]:80"),
    ];
    for (address, url) in cases {
        assert_eq!(url_of(address.parse().unwrap()), url);
    }
}
