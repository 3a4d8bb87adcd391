//! Times that a person feels. They are measured and printed for `cargo xtask bench`, and not asserted: how long
//! something takes depends on what else the machine does.
//!
//! Must not know the product's code.

use anyhow::Result;
use std::time::{Duration, Instant};
use tests::dataset::Size;
use tests::server::Server;
use tests::training;
use tests::wait::until;

const DEADLINE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "a measurement: `cargo xtask bench` runs it"]
fn from_train_to_the_first_batch() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 16, validation: 6 })?;
    for (state, model) in [("no instance up", "first"), ("an instance up", "second")] {
        training::create_model(&server, "shapes", model)?;
        let pressed = Instant::now();
        training::start(&server, model, 1)?;
        until("the first batch runs", DEADLINE, || {
            let training = training::of_model(&server, model)?;
            Ok(training["progress"]["step"].as_u64().filter(|step| *step > 0))
        })?;
        println!("| from Train to the first batch, {state} | {} ms |", pressed.elapsed().as_millis());
        training::expect_status(&server, model, "success", DEADLINE)?;
    }
    Ok(())
}
