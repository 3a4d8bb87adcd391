//! A slider over a hundred thousand predicted boxes.
//!
//! Must not know the product's code.

use super::figures::{Budget, at, middle, numbers, print};
use super::house::{answer, measuring};
use crate::in_browser::predictions::{expect_tiles, predicted};
use anyhow::Result;
use tests::dataset::Size;
use tests::server::Server;

/// Pictures, and predicted boxes on each.
const PICTURES: u32 = 334;
const BOXES: u32 = 300;

/// Moves the confidence slider for 240 frames; how long each move and each frame took, in milliseconds.
const MOVES: &str = "new Promise((done) => {
    const slider = document.getElementById('confidence');
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
    const [moves, frames] = [[], []];
    let before = performance.now();
    const step = (now) => {
        frames.push(now - before);
        before = now;
        if (moves.length === 240) return done({ moves, frames: frames.slice(2) });
        const value = 0.02 + 0.9 * Math.abs(Math.sin(moves.length / 38));
        const began = performance.now();
        set.call(slider, value.toFixed(3));
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        // What follows from it is worked out in microtasks; a message comes after them.
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
            document.body.offsetHeight;
            moves.push(performance.now() - began);
            requestAnimationFrame(step);
        };
        channel.port2.postMessage(0);
    };
    requestAnimationFrame(step);
})";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn a_slider_is_moved_over_a_hundred_thousand_boxes() -> Result<()> {
    let server = Server::start()?;
    let model = predicted(&server, Size { train: 4, validation: PICTURES }, 1, BOXES)?;
    let browser = measuring(&server).await?;
    browser.open(&format!("{}/models/{model}/predictions", server.url)).await?;
    expect_tiles(&browser, "a page of pictures", |tiles| tiles.len() == 24).await?;
    let measured = answer(&browser, MOVES).await?;
    browser.quit().await?;
    let (moves, frames) = (numbers(&measured["moves"])?, numbers(&measured["frames"])?);
    let more = |values: &[f64]| -> Result<String> {
        Ok(format!("p95 {:.1}, worst {:.1} of {}", at(values, 0.95)?, at(values, 1.0)?, values.len()))
    };
    let what =
        format!("a move of the confidence slider over {} boxes, with everything drawn", PICTURES * BOXES);
    print(&what, middle(&moves)?, "ms", Budget::AtMost(16.0), &more(&moves)?);
    print("a frame meanwhile", middle(&frames)?, "ms", Budget::AtMost(17.0), &more(&frames)?);
    Ok(())
}
