//! Uploads on a real disk: taken once, gone on with, thrown away.

use super::*;
use crate::clock::ManualClock;
use std::io::Write as _;
use std::time::Duration;

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::new(1_000)) }
    }

    fn open(&self) -> Uploads {
        Uploads::open(&self.folder.path().join("uploads"), self.clock.clone()).unwrap()
    }

    fn folders(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("uploads")).unwrap().count()
    }
}

fn files(sizes: &[u64]) -> Vec<AnnouncedFile> {
    let name = |size: &u64| AnnouncedFile { name: format!("../{size}"), size_bytes: *size };
    sizes.iter().map(name).collect()
}

#[test]
fn a_file_goes_on_where_it_ended_also_after_a_restart() {
    let bench = Bench::new();
    let id = {
        let uploads = bench.open();
        let id = uploads.create(files(&[6, 0])).unwrap().id;
        let mut open = uploads.open_file(id, 0).unwrap();
        assert!(matches!(uploads.open_file(id, 0), Err(StoreError::Conflict(_))), "one writer a file");
        open.file.write_all(b"abc").unwrap();
        id
    };
    let uploads = bench.open();
    assert_eq!(uploads.offsets(id).unwrap(), [3, 0]);
    assert!(matches!(uploads.take(id), Err(StoreError::Refused { .. })), "it is not complete");
    let mut open = uploads.open_file(id, 0).unwrap();
    assert_eq!((open.offset, open.size_bytes), (3, 6));
    open.file.write_all(b"def").unwrap();
    drop(open);
    let complete = uploads.take(id).unwrap();
    assert_eq!(std::fs::read(&complete.files[0].1).unwrap(), b"abcdef");
    assert_eq!(std::fs::read(&complete.files[1].1).unwrap(), b"");
    assert!(uploads.open_file(id, 0).is_err() && uploads.delete(id).is_err(), "it is being imported");
    std::fs::write(complete.folder.join("x"), "x").unwrap();
    uploads.put_back(&complete).unwrap();
    drop(complete);
    let complete = uploads.take(id).unwrap();
    uploads.finish(&complete).unwrap();
    assert!(matches!(uploads.get(id), Err(StoreError::NotFound { .. })));
    assert_eq!(bench.folders(), 0);
}

#[test]
fn old_ones_and_half_announced_ones_are_thrown_away() {
    let bench = Bench::new();
    let uploads = bench.open();
    let old = uploads.create(files(&[1])).unwrap().id;
    bench.clock.advance(Duration::from_millis(UPLOAD_LIFE_MS as u64 - 1));
    let young = uploads.create(files(&[1])).unwrap().id;
    assert_eq!(uploads.sweep().unwrap(), 0);
    bench.clock.advance(Duration::from_millis(1));
    let writing = uploads.open_file(old, 0).unwrap();
    assert_eq!(uploads.sweep().unwrap(), 0, "one that is written to is left");
    drop(writing);
    assert_eq!(uploads.sweep().unwrap(), 1);
    assert!(uploads.get(old).is_err() && uploads.get(young).is_ok());
    std::fs::remove_file(uploads.folder_of(young).join(LIST)).unwrap();
    std::fs::write(bench.folder.path().join("uploads/stray"), "x").unwrap();
    bench.open();
    assert_eq!(bench.folders(), 0);
}

#[test]
fn there_is_a_limit_to_everything() {
    let bench = Bench::new();
    let uploads = bench.open();
    for wrong in [files(&[]), files(&[MAX_UPLOAD_BYTES, 1]), files(&vec![0; MAX_UPLOAD_FILES + 1])] {
        assert!(matches!(uploads.create(wrong), Err(StoreError::Refused { .. })));
    }
    for _ in 0..MAX_UPLOADS {
        uploads.create(files(&[1])).unwrap();
    }
    assert!(matches!(uploads.create(files(&[1])), Err(StoreError::Refused { .. })));
}
