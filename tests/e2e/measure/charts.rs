//! Many charts under a moving cursor, and zoomed into where not every point is in the browser.
//!
//! Must not know the product's code.

use super::figures::{Budget, at, middle, numbers, print, print_rounds, spread};
use super::house::{DATASET, DEADLINE, ROUNDS, answer, measuring, model_of, number, server};
use anyhow::Result;
use tests::browser::Browser;
use tests::server::Server;
use tests::told::{BURST, Sample, Told, samples};
use tests::training;

const FIGURES: [&str; 12] = [
    "box_loss",
    "cls_loss",
    "dfl_loss",
    "mAP50(B)",
    "mAP50-95(B)",
    "precision(B)",
    "recall(B)",
    "images_per_second",
    "learning_rate",
    "memory",
    "one",
    "two",
];
const LEGENDS: [&str; 5] = ["train", "val", "a", "b", "c"];
const POINTS: u32 = 2_000;
/// More than are fetched of a line at once.
const DETAILED: u32 = 40_000;
const FRAMES: u32 = 300;

fn wave(line: usize, x: f64) -> f64 {
    (x / 7.0 + line as f64).sin().mul_add(0.1, 2.0 / (1.0 + x / 400.0) + 0.1 * line as f64)
}

/// Trains a version that reports these many points of each line, in as many attempts as that takes.
pub fn report(
    server: &Server,
    told: &mut Told<'_>,
    name: &str,
    lines: &[(&str, &str)],
    steps: (u32, f64),
) -> Result<String> {
    let ear = told.start_listening(DATASET, name)?;
    let (points, width) = steps;
    // With room for what is reported meanwhile.
    let places: Vec<u32> = (1..=points).collect();
    let parts = places.chunks((BURST - 100) / lines.len()).map(|places| {
        samples(places.iter().flat_map(|place| {
            lines.iter().enumerate().map(move |(line, (figure, legend))| {
                let x = f64::from(*place);
                Sample { figure, legend, x: x * width, y: wave(line, x) }
            })
        }))
    });
    ear.say_in_attempts(parts)?;
    training::expect_status(server, name, "success", DEADLINE)?;
    model_of(server, name)
}

/// Moves the pointer over the first chart, a step a frame, and gives of each frame how long the page computed for it
/// (what the move starts, with everything that follows from it, then style and layout), and the time since the frame
/// before, which drawing and whatever else the machine does belong to.
const SWEEP: &str = "new Promise((resolve) => {
    const chart = document.querySelector('[role=slider]');
    const place = chart.getBoundingClientRect();
    const busy = [], between = [];
    let frame = 0, before = 0;
    // Behind all that the page has put off until its handlers are done.
    const last = (turns, then) => turns ? queueMicrotask(() => last(turns - 1, then)) : then();
    const step = (now) => {
        if (frame > 0) between.push(now - before);
        before = now;
        const began = performance.now();
        const share = 0.1 + 0.8 * Math.abs(1 - (frame++ / FRAMES) * 2);
        chart.dispatchEvent(new PointerEvent('pointermove', {
            bubbles: true, pointerId: 1, pointerType: 'mouse',
            clientX: place.x + place.width * share, clientY: place.y + place.height / 2,
        }));
        last(30, () => {
            document.body.getBoundingClientRect();
            busy.push(performance.now() - began);
            if (frame < FRAMES) return requestAnimationFrame(step);
            resolve({ busy, between, tips: document.querySelectorAll('.chart-tip').length });
        });
    };
    requestAnimationFrame(step);
})";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench ui"]
async fn many_charts_follow_the_cursor_and_are_zoomed() -> Result<()> {
    let server = server()?;
    let mut told = Told::new(&server)?;
    let lines: Vec<(&str, &str)> =
        FIGURES.iter().flat_map(|figure| LEGENDS.map(|legend| (*figure, legend))).collect();
    let model = report(&server, &mut told, "many", &lines, (POINTS, 1.0))?;
    let deep =
        report(&server, &mut told, "deep", &[("box_loss", "train"), ("box_loss", "val")], (DETAILED, 0.01))?;
    let browser = measuring(&server).await?;
    cursor(&browser, &format!("{}/models/{model}/explore", server.url)).await?;
    zoom(&browser, &format!("{}/models/{deep}/explore", server.url)).await?;
    browser.quit().await
}

async fn cursor(browser: &Browser, address: &str) -> Result<()> {
    let what = format!("{} charts of {} lines of {POINTS} points", FIGURES.len(), LEGENDS.len());
    for way in ["", "&sync=values"] {
        browser.open(&format!("{address}?{}", way.trim_start_matches('&'))).await?;
        number(browser, &format!("measured.when(() => measured.drawn() >= {})", FIGURES.len())).await?;
        browser.screenshot("measured-charts").await?;
        let told = if way.is_empty() { "cursor in all" } else { "values in all" };
        let (mut busy, mut between, mut tips) = (Vec::new(), Vec::new(), 0.0);
        for _ in 0..ROUNDS {
            let sweep = answer(browser, &SWEEP.replace("FRAMES", &FRAMES.to_string())).await?;
            busy.push(at(&numbers(&sweep["busy"])?, 0.95)?);
            between.push(at(&numbers(&sweep["between"])?, 0.95)?);
            tips = sweep["tips"].as_f64().unwrap_or_default();
        }
        let computed = format!("{what}, {told}: script, style and layout of a frame, p95");
        let more = format!("{}; {tips} boxes of values", spread(&busy)?);
        print(&computed, middle(&busy)?, "ms", Budget::AtMost(16.0), &more);
        // On an idle machine that is a frame of the screen.
        let between_frames = format!("{what}, {told}: between two frames, p95");
        print_rounds(&between_frames, &between, "ms", Budget::None)?;
    }
    Ok(())
}

/// From a key that zooms: how long what lies between the points that were here takes to be fetched and drawn.
async fn zoom(browser: &Browser, address: &str) -> Result<()> {
    let (mut fetches, mut wholes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        browser.open(address).await?;
        number(browser, "measured.when(() => measured.drawn() >= 1)").await?;
        let zoom = "(async () => {
            const asked = () => performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/ListMetrics'));
            const before = asked().length;
            const chart = document.querySelector('[role=slider]');
            chart.focus();
            const began = performance.now();
            chart.dispatchEvent(new KeyboardEvent('keydown', { key: '=', bubbles: true }));
            await measured.when(() => asked().length > before && measured.lastStroke() > asked().at(-1).responseEnd);
            const end = await measured.painted();
            return [end - asked().at(-1).startTime, end - began];
        })()";
        let times = numbers(&answer(browser, zoom).await?)?;
        fetches.push(times[0]);
        wholes.push(times[1]);
    }
    let what = format!("zoomed into 2 lines of {DETAILED} points");
    print_rounds(
        &format!("{what}: detail asked for, fetched and drawn"),
        &fetches,
        "ms",
        Budget::AtMost(200.0),
    )?;
    print_rounds(
        &format!("{what}: from the key to the detail, a rest of 150 ms included"),
        &wholes,
        "ms",
        Budget::None,
    )?;
    Ok(())
}
