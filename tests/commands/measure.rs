//! Times that a person feels. They are measured and printed for `cargo xtask bench`, and not asserted: how long
//! something takes depends on what else the machine does.
//!
//! Must not know the product's code.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;
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

/// Images of an import that is measured, at first and then: memory must not grow with them.
const IMPORTS: [usize; 2] = [2_000, 10_000];

#[test]
#[ignore = "a measurement: cargo test -p tests --test commands -- --ignored --nocapture importing"]
fn importing_beside_copying_and_hashing() -> Result<()> {
    let server = Server::start()?;
    for count in IMPORTS {
        let folder = server.folder().join(format!("images-{count}"));
        let bytes = write_images(&folder, count)?;
        let from = folder.to_string_lossy().into_owned();
        let copied = Instant::now();
        let to = server.folder().join(format!("copy-{count}"));
        let copy =
            "cp -r \"$0\" \"$1\" && find \"$1\" -type f -print0 | xargs -0 sha256sum > /dev/null && sync";
        let done = Command::new("sh").args(["-c", copy, &from]).arg(&to).status()?;
        ensure!(done.success(), "the files could not be copied");
        let copied = copied.elapsed();
        let imported = Instant::now();
        server.json(&["dataset", "import", &from, "--name", &format!("d{count}")])?;
        let imported = imported.elapsed();
        let rate = |took: Duration| count as f64 / took.as_secs_f64();
        println!(
            "| {count} images of {} KB: import | {:.0} images/s | copying and hashing {:.0} | peak memory {} MiB |",
            bytes / 1000,
            rate(imported),
            rate(copied),
            peak_memory_kib(&server)? / 1024,
        );
    }
    Ok(())
}

/// What the server took at its highest.
fn peak_memory_kib(server: &Server) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process_id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM line")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Distinct JPEG images of about 20 KB with a box each, in the layout of YOLO. Gives the size of one in bytes.
fn write_images(folder: &Path, count: usize) -> Result<usize> {
    let (images, labels) = (folder.join("images/train"), folder.join("labels/train"));
    fs::create_dir_all(&images)?;
    fs::create_dir_all(&labels)?;
    fs::write(
        folder.join("data.yaml"),
        "path: .\ntrain: images/train\nval: images/train\nnc: 1\nnames: ['a']\n",
    )?;
    let mut state = 1_u32;
    let noise = image::RgbImage::from_fn(140, 140, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut jpeg = Cursor::new(Vec::new());
    noise.write_to(&mut jpeg, image::ImageFormat::Jpeg)?;
    let (start, rest) = jpeg.get_ref().split_at(2);
    for number in 0..count {
        // A comment makes each another file.
        let comment = format!("{number:08}");
        let length = u16::try_from(comment.len() + 2)?.to_be_bytes();
        let file = [start, &[0xff, 0xfe], &length, comment.as_bytes(), rest].concat();
        fs::write(images.join(format!("{number:06}.jpg")), file)?;
        fs::write(labels.join(format!("{number:06}.txt")), "0 0.5 0.5 0.4 0.4\n")?;
    }
    Ok(jpeg.get_ref().len())
}
