//! Every page in both looks, empty and filled: WCAG's rules hold and the console is quiet.
//!
//! Must not know the product's code.

use super::pages::{TRAINING_DEADLINE, sign_in};
use anyhow::Result;
use tests::accessibility::expect_no_violation;
use tests::browser::{Browser, Theme};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;

/// A path, and what is visible there once the page is drawn: role and name.
type Page<'a> = (String, &'a str, &'a str);

async fn check_in_both_looks(
    browser: &mut Browser,
    server: &Server,
    state: &str,
    pages: &[Page<'_>],
) -> Result<()> {
    let mut complaints = Vec::new();
    for (path, role, name) in pages {
        for theme in Theme::ALL {
            browser.prefer(theme).await?;
            browser.open(&format!("{}{path}", server.url)).await?;
            browser.find(role, name).await?;
            let what = format!("{path} ({state}, {})", theme.name());
            if let Err(error) = expect_no_violation(browser, &what).await {
                complaints.push(format!("{error:#}"));
            }
            browser.screenshot(&picture_name(path, state, theme)).await?;
        }
        browser.expect_quiet_console(&[]).await?;
    }
    anyhow::ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

/// Without the id in the path of a model, so that a later run replaces the picture.
fn picture_name(path: &str, state: &str, theme: Theme) -> String {
    let is_id = |part: &&str| part.len() == 36 && part.contains('-');
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && !is_id(part)).collect();
    format!("{}-{state}-{}", parts.join("-"), theme.name())
}

fn pages(model: Option<&str>) -> Vec<Page<'static>> {
    let mut pages = vec![
        ("/models/training".to_owned(), "heading", "Training"),
        ("/models".to_owned(), "heading", "Versions"),
        ("/models/architectures".to_owned(), "heading", "Models"),
        ("/models/compare".to_owned(), "heading", "Nothing to compare yet"),
        ("/models/new".to_owned(), "heading", "Create version"),
        ("/services".to_owned(), "heading", "Services"),
        ("/services/machines".to_owned(), "heading", "Machine types"),
        ("/settings/secrets".to_owned(), "heading", "Secrets"),
        ("/datasets".to_owned(), "heading", "Datasets"),
        ("/help/filters".to_owned(), "row", "~$exists"),
        ("/no/such/page".to_owned(), "heading", "Page not found"),
    ];
    if let Some(model) = model {
        for tab in ["explore", "logs", "data", "artifacts", "config"] {
            pages.push((format!("/models/{model}/{tab}"), "heading", "~tiny"));
        }
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_with_nothing_in_them_are_accessible_in_both_looks() -> Result<()> {
    let server = Server::start()?;
    let mut browser = Browser::start().await?;
    let outside = [("/sign-in".to_owned(), "heading", "Sign in to Trainyard")];
    check_in_both_looks(&mut browser, &server, "outside", &outside).await?;
    sign_in(&browser, &server).await?;
    check_in_both_looks(&mut browser, &server, "empty", &pages(None)).await?;
    browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_with_a_training_are_accessible_in_both_looks() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
    training::create_model(&server, "shapes", "tiny")?;
    training::start(&server, "tiny", 2)?;
    let training = training::expect_status(&server, "tiny", "success", TRAINING_DEADLINE)?;
    let model = training::text(&training, &["model_id", "modelId"]);
    training::create_model(&server, "shapes", "fresh")?;
    let mut pages = pages(Some(&model));
    for (step, heading) in
        [("data", "Validation subset"), ("config", "Configuration"), ("service", "Execution configuration")]
    {
        pages.push((format!("/models/fresh/train/{step}"), "heading", heading));
    }
    let mut browser = Browser::start().await?;
    sign_in(&browser, &server).await?;
    check_in_both_looks(&mut browser, &server, "loaded", &pages).await?;
    browser.quit().await
}
